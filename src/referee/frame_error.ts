/**
 * What is thrown for bytes that are no usable frame.
 *
 * @module
 */

/** A frame whose bytes cannot be used; on the wire it is `FRAME_PROCESSING_FAILED`. */
export class FrameFormatError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "FrameFormatError";
}
