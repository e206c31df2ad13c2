/**
 * What is wrong with a model.
 *
 * @module
 */

/** Why a model cannot be used. */
export type ModelErrorCode =
  | "not_found"
  | "too_large"
  | "not_onnx"
  | "wrong_shape"
  | "no_runtime";

/** A model's file cannot be used. */
export class ModelError extends Error {
  /** What is wrong, for programs. */
  readonly code: ModelErrorCode;

  /** With the whole sentence. */
  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ModelError";
    this.code = code;
  }
}
