/**
 * onnxruntime, which is not a part of this program: it is fetched from npm when a
 * model is asked for, and only then. Native where `--allow-ffi` lets it, else
 * WebAssembly. A compiled program cannot fetch it and is told where it lies.
 *
 * @module
 */

import { ModelError } from "./model_error.ts";

/** The version that was tried. */
export const ONNXRUNTIME_VERSION = "1.30.0";

/** Names a file of onnxruntime to use instead of the one from npm, for a compiled program. */
export const ONNXRUNTIME_VARIABLE = "STREAMTOOL_ONNXRUNTIME";

/** A value of a model's input or output. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A loaded model. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly OnnxValueInfo[];
  readonly outputMetadata: readonly OnnxValueInfo[];
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
  ): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** What a model says of a value. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** A name where the length is not fixed. */
  readonly shape?: readonly (number | string)[];
}

/** What is used of onnxruntime. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: Readonly<Record<string, unknown>>,
    ): Promise<OnnxSession>;
  };
  readonly Tensor: new (
    type: "float32",
    data: Float32Array,
    dims: readonly number[],
  ) => OnnxTensor;
  readonly env: {
    logLevel: string;
    readonly wasm?: { numThreads: number };
  };
}

/** A runtime and how it computes. */
export interface LoadedRuntime {
  readonly runtime: OnnxRuntime;
  readonly kind: "native" | "WebAssembly";
}

let loading: Promise<LoadedRuntime> | undefined;

/**
 * Loads onnxruntime, once.
 *
 * @throws {ModelError} when it cannot be had.
 */
export function loadOnnxRuntime(): Promise<LoadedRuntime> {
  loading ??= load();
  loading.catch(() => loading = undefined);
  return loading;
}

async function load(): Promise<LoadedRuntime> {
  const own = Deno.env.get(ONNXRUNTIME_VARIABLE);
  return own === undefined || own === ""
    ? await loadFromNpm()
    : await loadFile(own);
}

async function loadFromNpm(): Promise<LoadedRuntime> {
  const { state } = await Deno.permissions.query({ name: "ffi" });
  const choices: readonly (readonly [string, LoadedRuntime["kind"]])[] = [
    ...state === "granted" ? [["onnxruntime-node", "native"] as const] : [],
    ["onnxruntime-web", "WebAssembly"],
  ];
  let failure: unknown;
  for (const [name, kind] of choices) {
    try {
      // The name is computed, so that no build takes 140 MB along that few need.
      const module = await import(`npm:${name}@${ONNXRUNTIME_VERSION}`);
      return { runtime: prepared(module), kind };
    } catch (error) {
      failure = error;
    }
  }
  throw noRuntime(`onnxruntime ${ONNXRUNTIME_VERSION} from npm`, failure);
}

/** A module for browsers, such as `ort.wasm.min.mjs` with its `.wasm` beside it: the native one cannot be loaded by a compiled program. */
async function loadFile(path: string): Promise<LoadedRuntime> {
  const url = new URL(path, `file://${Deno.cwd()}/`);
  try {
    const module = await withoutLocation(() => import(url.href));
    return { runtime: prepared(module), kind: "WebAssembly" };
  } catch (error) {
    throw noRuntime(JSON.stringify(path), error);
  }
}

/** In a worker whose module is a file, onnxruntime takes the origin "null" of `location` for the base of its URLs. */
async function withoutLocation<T>(use: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "location");
  if (before?.configurable !== true) return await use();
  Object.defineProperty(globalThis, "location", {
    value: undefined,
    configurable: true,
  });
  try {
    return await use();
  } finally {
    Object.defineProperty(globalThis, "location", before);
  }
}

function prepared(
  module: OnnxRuntime & { readonly default?: OnnxRuntime },
): OnnxRuntime {
  const runtime = module.InferenceSession === undefined
    ? module.default
    : module;
  if (runtime?.InferenceSession === undefined) {
    throw new TypeError("It is no module of onnxruntime");
  }
  runtime.env.logLevel = "error";
  // Deno has no threads for it.
  if (runtime.env.wasm !== undefined) runtime.env.wasm.numThreads = 1;
  return runtime;
}

function noRuntime(what: string, failure: unknown): ModelError {
  const why = failure instanceof Error ? failure.message : String(failure);
  return new ModelError(
    "no_runtime",
    `Cannot load ${what}: ${why.split("\n")[0]!.replace(/\.+$/, "")}. ` +
      `Unpack onnxruntime-web ${ONNXRUNTIME_VERSION} and name its dist/ort.wasm.min.mjs in ${ONNXRUNTIME_VARIABLE}` +
      // Else npm would do.
      (Deno.build.standalone ? "" : ", or run once where npm can be reached"),
    { cause: failure },
  );
}
