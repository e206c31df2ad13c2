/**
 * What can go wrong with programs and videos.
 *
 * @module
 */

/** A program that is needed is not there and could not be fetched; the command line exits 3. */
export class MissingProgramError extends Error {
  /** The class, in messages and for who cannot import it. */
  override name = "MissingProgramError";
  /** The program's name, such as "ffmpeg". */
  readonly program: string;
  /** What the user can do about it, a whole sentence without full stop. */
  readonly remedy: string;

  /** The message is `message`, and the remedy as a second sentence. */
  constructor(
    program: string,
    message: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${message}. ${remedy}`, options);
    this.program = program;
    this.remedy = remedy;
  }
}

/**
 * Stable names of what {@linkcode MediaError} reports:
 *
 * - `not_found`: there is no such file
 * - `unreadable`: the file, stream or device cannot be opened or decoded
 * - `no_video`: it was opened and has no picture in it
 * - `unsupported`: a kind of input or output that is refused by name
 * - `write_failed`: a picture or recording could not be written
 * - `ffmpeg_failed`: ffmpeg ended with an error in the middle of its work
 */
export type MediaErrorCode =
  | "not_found"
  | "unreadable"
  | "no_video"
  | "unsupported"
  | "write_failed"
  | "ffmpeg_failed";

/** A video that cannot be read or written; the message carries ffmpeg's own last meaningful line. */
export class MediaError extends Error {
  /** The class, in messages and for who cannot import it. */
  override name = "MediaError";
  /** What happened, stable across versions. */
  readonly code: MediaErrorCode;

  /** An error with a stable code. */
  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
