/**
 * onnxruntime, which is not a part of this program: it is fetched from npm when a
 * model is asked for, and only then. Native where `--allow-ffi` lets it, else
 * WebAssembly.
 *
 * @module
 */

import { ModelError } from "./model_error.ts";

/** The version that was tried. */
export const ONNXRUNTIME_VERSION = "1.30.0";

/** Names a module of onnxruntime (its `.mjs` file) to use instead of the one from npm, for a compiled program. */
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
  const { state } = await Deno.permissions.query({ name: "ffi" });
  const choices: readonly (readonly [string, LoadedRuntime["kind"]])[] =
    own !== undefined && own !== ""
      ? [[new URL(own, `file://${Deno.cwd()}/`).href, "WebAssembly"]]
      : [
        ...state === "granted"
          ? [[`npm:onnxruntime-node@${ONNXRUNTIME_VERSION}`, "native"] as const]
          : [],
        [`npm:onnxruntime-web@${ONNXRUNTIME_VERSION}`, "WebAssembly"],
      ];
  let failure: unknown;
  for (const [specifier, kind] of choices) {
    try {
      // The name is computed, so that no build takes 140 MB along that few need.
      const module = await import(specifier);
      const runtime: OnnxRuntime = module.InferenceSession === undefined
        ? module.default
        : module;
      runtime.env.logLevel = "error";
      // Deno has no threads for it.
      if (runtime.env.wasm !== undefined) runtime.env.wasm.numThreads = 1;
      return { runtime, kind };
    } catch (error) {
      failure = error;
    }
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  throw new ModelError(
    "no_runtime",
    `Cannot load onnxruntime ${ONNXRUNTIME_VERSION} from npm: ${
      why.split("\n")[0]
    }. ` +
      `Run once where npm can be reached, or name its module in ${ONNXRUNTIME_VARIABLE}`,
    { cause: failure },
  );
}
