/**
 * What is thrown for messages that break the rules of the referee's wire.
 *
 * @module
 */

/** The wire's error codes. */
export type RefereeErrorCode =
  /** Binary where text was due, or the reverse. */
  | "PROTOCOL_ERROR"
  /** Not JSON, an unknown type, a field missing or of the wrong kind. */
  | "INVALID_MESSAGE"
  /** The id is taken or a limit is reached. */
  | "SESSION_START_FAILED"
  /** A frame, an end or a signal without its session. */
  | "NO_ACTIVE_SESSION"
  /** A frame that cannot be used; the connection stays. */
  | "FRAME_PROCESSING_FAILED"
  /** A server's type sent by a client; the connection stays. */
  | "UNKNOWN_MESSAGE_TYPE"
  /** A session that cannot be ended now. */
  | "SESSION_END_FAILED"
  /** The recording could not be processed. */
  | "PROCESSING_FAILED"
  /** The server's own fault. */
  | "INTERNAL_ERROR";

/** All codes, for readers of messages. */
export const REFEREE_ERROR_CODES: ReadonlySet<string> = new Set<
  RefereeErrorCode
>([
  "PROTOCOL_ERROR",
  "INVALID_MESSAGE",
  "SESSION_START_FAILED",
  "NO_ACTIVE_SESSION",
  "FRAME_PROCESSING_FAILED",
  "UNKNOWN_MESSAGE_TYPE",
  "SESSION_END_FAILED",
  "PROCESSING_FAILED",
  "INTERNAL_ERROR",
]);

/** After these the connection goes on. */
const RECOVERABLE: ReadonlySet<RefereeErrorCode> = new Set<RefereeErrorCode>([
  "FRAME_PROCESSING_FAILED",
  "UNKNOWN_MESSAGE_TYPE",
]);

/** What else an error can say. */
export interface RefereeErrorOptions {
  /** The session it is about; `null` when it is about none. */
  readonly sessionId?: string | null;
  /** The reason behind the message, for people; ours, not in the documents. */
  readonly detail?: string | undefined;
}

/** A message that cannot be obeyed; its message is the wire's `error_message`. */
export class RefereeProtocolError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "RefereeProtocolError";
  /** The wire's code. */
  readonly code: RefereeErrorCode;
  /** The session it is about. */
  readonly sessionId: string | null;
  /** The reason behind the message. */
  readonly detail: string | undefined;

  /** An error with the wire's code. */
  constructor(
    code: RefereeErrorCode,
    message: string,
    { sessionId = null, detail }: RefereeErrorOptions = {},
  ) {
    super(message);
    this.code = code;
    this.sessionId = sessionId;
    this.detail = detail;
  }

  /** Whether the connection goes on. */
  get recoverable(): boolean {
    return RECOVERABLE.has(this.code);
  }
}
