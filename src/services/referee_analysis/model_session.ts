/**
 * A YOLO model: its file checked, loaded, and asked about pictures.
 *
 * @module
 */

import { basename } from "node:path";
import { type YoloLayout, yoloLayout } from "../../vision/mod.ts";
import { ModelError } from "./model_error.ts";
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxSession,
} from "./onnx_runtime.ts";

/** Largest file: the largest YOLO pose model has 280 MB. */
export const MAX_MODEL_BYTES = 512 * 1024 * 1024;

/** Sides of an input that are asked for when the model leaves them open. */
const DEFAULT_SIDE = 640;

/** Largest side of an input. */
const MAX_SIDE = 2048;

/** A model that was loaded. */
export class ModelSession {
  /** Pixels of the picture that it wants. */
  readonly inputWidth: number;
  /** Pixels of the picture that it wants. */
  readonly inputHeight: number;
  /** How it answers. */
  readonly layout: YoloLayout;
  /** What computes it. */
  readonly kind: string;
  readonly #session: OnnxSession;
  readonly #runtime: OnnxRuntime;
  readonly #name: string;

  private constructor(
    name: string,
    session: OnnxSession,
    runtime: OnnxRuntime,
    kind: string,
  ) {
    this.#name = name;
    this.#session = session;
    this.#runtime = runtime;
    this.kind = kind;
    const [batch, channels, height, width] = shapeOf(
      name,
      "input",
      session.inputMetadata[0]?.shape,
      4,
    );
    if (
      session.inputNames.length !== 1 || (batch ?? 1) !== 1 || channels !== 3
    ) {
      throw wrongShape(
        name,
        "input",
        session.inputMetadata[0]?.shape,
        "one picture, [1, 3, height, width]",
      );
    }
    this.inputHeight = side(name, height);
    this.inputWidth = side(name, width);
    const declared = session.outputMetadata[0]?.shape;
    const layout = yoloLayout(
      shapeOf(name, "output", declared, 3).map((length) => length ?? NaN),
    );
    if (layout === undefined) {
      throw wrongShape(
        name,
        "output",
        declared,
        "[1, 56, N], [1, 84, N], [1, N, 57] or [1, N, 6]",
      );
    }
    this.layout = layout;
  }

  /**
   * Loads a file.
   *
   * @throws {ModelError} when it cannot be used, with the reason.
   */
  static async open(path: string): Promise<ModelSession> {
    const name = basename(path);
    const bytes = await readModel(path, name);
    const { runtime, kind } = await loadOnnxRuntime();
    let session: OnnxSession;
    // onnxruntime's WebAssembly puts Node's Worker over the web's, which is ours.
    const { Worker: ours } = globalThis;
    try {
      session = await runtime.InferenceSession.create(bytes, {
        logSeverityLevel: 4,
        graphOptimizationLevel: "all",
      });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ModelError(
        "not_onnx",
        `Cannot use the model "${name}": onnxruntime does not take it (${
          why.split("\n")[0]
        })`,
        { cause },
      );
    } finally {
      globalThis.Worker = ours;
    }
    try {
      return new ModelSession(name, session, runtime, kind);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /**
   * Asks about one picture: three planes from 0 to 1.
   *
   * @throws {Error} when the model fails or answers in another shape than it said.
   */
  async run(input: Float32Array): Promise<ArrayLike<number>> {
    const tensor = new this.#runtime.Tensor("float32", input, [
      1,
      3,
      this.inputHeight,
      this.inputWidth,
    ]);
    const answer = await this.#session.run({
      [this.#session.inputNames[0]!]: tensor,
    });
    const output = answer[this.#session.outputNames[0]!];
    const { boxes, values } = this.layout;
    if (output === undefined || output.data.length !== boxes * values) {
      throw new Error(
        `Cannot read the answer of "${this.#name}": it has ${
          output?.data.length ?? 0
        } numbers and not ${boxes * values}`,
      );
    }
    return output.data;
  }

  /** Frees its memory. */
  async close(): Promise<void> {
    await this.#session.release();
  }
}

/**
 * Loads a model and lets it go: whether it can be used, and what it is.
 *
 * @throws {ModelError} when it cannot, with the reason.
 */
export async function checkModel(
  path: string,
): Promise<{ runtime: string; description: string }> {
  const session = await ModelSession.open(path);
  const { kind, layout, inputWidth, inputHeight } = session;
  await session.close();
  return {
    runtime: kind,
    description: `${layout.kind} at ${inputWidth}x${inputHeight}`,
  };
}

async function readModel(
  path: string,
  name: string,
): Promise<Uint8Array> {
  let size: number;
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw new ModelError(
        "not_found",
        `Cannot use the model "${name}": it is no file`,
      );
    }
    size = info.size;
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(
      "not_found",
      `Cannot use the model "${name}": ${
        cause instanceof Deno.errors.NotFound
          ? "there is no such file"
          : (cause as Error).message
      }`,
      { cause },
    );
  }
  if (size > MAX_MODEL_BYTES) {
    throw new ModelError(
      "too_large",
      `Cannot use the model "${name}": it has ${
        Math.ceil(size / 1e6)
      } MB and may have ${Math.floor(MAX_MODEL_BYTES / 1e6)}`,
    );
  }
  const bytes = await Deno.readFile(path);
  // A ModelProto begins with its version: field 1, a varint.
  if (bytes.length < 16 || bytes[0] !== 0x08) {
    throw new ModelError(
      "not_onnx",
      `Cannot use the model "${name}": it is no ONNX file. Export it as ONNX first`,
    );
  }
  return bytes;
}

/** A shape's numbers, `undefined` where the model leaves a length open. */
function shapeOf(
  name: string,
  what: "input" | "output",
  shape: readonly (number | string)[] | undefined,
  rank: number,
): (number | undefined)[] {
  if (shape?.length !== rank) {
    throw wrongShape(name, what, shape, `${rank} dimensions`);
  }
  return shape.map((length) =>
    typeof length === "number" && length > 0 ? length : undefined
  );
}

function side(name: string, length: number | undefined): number {
  const found = length ?? DEFAULT_SIDE;
  if (found < 32 || found > MAX_SIDE) {
    throw new ModelError(
      "wrong_shape",
      `Cannot use the model "${name}": its input is ${found} pixels wide or high, not 32 to ${MAX_SIDE}`,
    );
  }
  return found;
}

function wrongShape(
  name: string,
  what: "input" | "output",
  shape: readonly (number | string)[] | undefined,
  wanted: string,
): ModelError {
  return new ModelError(
    "wrong_shape",
    `Cannot use the model "${name}": its ${what} is [${
      shape?.join(", ") ?? ""
    }] and not ${wanted}`,
  );
}
