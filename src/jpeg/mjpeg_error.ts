/**
 * What is thrown for bytes that are not a MJPEG stream.
 *
 * @module
 */

/** Says which fault a {@linkcode MjpegError} is about; stable, for programs. */
export type MjpegErrorCode =
  /** Length digits or bytes that are none. */
  | "bad-length"
  /** A frame larger than {@linkcode MAX_FRAME_BYTES}, or than the container can say. */
  | "frame-too-large"
  /** A frame that does not begin with FF D8: the stream is out of step. */
  | "not-a-jpeg"
  /** A multipart header without a usable Content-Length, or none at all. */
  | "bad-part-header"
  /** More bytes pushed than {@linkcode MAX_BUFFERED_BYTES} without taking frames out. */
  | "buffer-full";

/** Bytes that are not the MJPEG stream they should be. */
export class MjpegError extends SyntaxError {
  /** The class, for programs that cannot use `instanceof`. */
  override readonly name = "MjpegError";

  /** `code` is for programs, `message` for people. */
  constructor(readonly code: MjpegErrorCode, message: string) {
    super(message);
  }
}

/** Something wrong that reading goes on after. */
export interface MjpegWarning {
  /**
   * `truncated-frame`: a frame that does not end was dropped;
   * `skipped-bytes`: bytes between frames were.
   */
  readonly code: "truncated-frame" | "skipped-bytes";
  /** Where in the stream it begins. */
  readonly offset: number;
  /** How many bytes were dropped. */
  readonly bytes: number;
}

/** One sentence for a log. */
export function describeMjpegWarning(
  { code, offset, bytes }: MjpegWarning,
): string {
  return code === "truncated-frame"
    ? `dropped a truncated frame of ${bytes} bytes at byte ${offset}`
    : `skipped ${bytes} bytes that belong to no frame at byte ${offset}`;
}
