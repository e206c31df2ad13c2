/**
 * What goes wrong with RTSP messages.
 *
 * @module
 */

/** Why bytes are no RTSP message, or a header no value of its kind. */
export type RtspErrorCode =
  | "RTSP_BAD_START_LINE"
  | "RTSP_BAD_HEADER"
  | "RTSP_BAD_CONTENT_LENGTH"
  | "RTSP_LINE_TOO_LONG"
  | "RTSP_HEADERS_TOO_LARGE"
  | "RTSP_BODY_TOO_LARGE"
  | "RTSP_NOT_RTSP"
  | "RTSP_OVERFLOW"
  | "RTSP_BAD_URL"
  | "RTSP_BAD_TRANSPORT"
  | "RTSP_BAD_RANGE"
  | "RTSP_BAD_AUTHORIZATION"
  | "RTSP_BAD_SESSION"
  | "RTSP_BAD_TUNNEL";

/** What a reader knew of the message it could not read. */
export interface RtspErrorContext {
  /** Its CSeq, to be echoed; `undefined` when it was not found. */
  readonly cseq?: string;
  /** Whether the stream can be read on behind the message. */
  readonly recoverable: boolean;
  /** Whether the message's lines end in LF and lack the blank line. */
  readonly form?: {
    readonly lineEnding: "\r\n" | "\n";
    readonly hasBlankLine: boolean;
  };
}

/** Thrown for what a peer sent and RTSP does not allow. */
export class RtspProtocolError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "RtspProtocolError";
  /** Stable name of the fault. */
  readonly code: RtspErrorCode;
  /** Status a server answers with. */
  readonly statusHint: number;
  /** What was known of the message. */
  readonly context: RtspErrorContext;

  /** `message` says what cannot be done and why. */
  constructor(
    code: RtspErrorCode,
    message: string,
    statusHint = 400,
    context: RtspErrorContext = { recoverable: true },
  ) {
    super(message);
    this.code = code;
    this.statusHint = statusHint;
    this.context = context;
  }
}
