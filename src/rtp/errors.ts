/**
 * What goes wrong on the RTP side: one error class, stable codes.
 *
 * @module
 */

/** Why bytes are not what RTP, RTCP, RFC 2435, SRTP or MIKEY ask for. */
export type RtpErrorCode =
  | "RTP_TRUNCATED"
  | "RTP_BAD_VERSION"
  | "RTP_BAD_PADDING"
  | "RTP_TOO_LARGE"
  | "RTCP_TRUNCATED"
  | "RTCP_BAD_VERSION"
  | "RTCP_BAD_LENGTH"
  | "RTCP_BAD_PACKET"
  | "JPEG_PAYLOAD_TRUNCATED"
  | "JPEG_PAYLOAD_BAD_TYPE"
  | "JPEG_PAYLOAD_BAD_SIZE"
  | "JPEG_PAYLOAD_BAD_TABLES"
  | "JPEG_PAYLOAD_TOO_LARGE"
  | "SRTP_TRUNCATED"
  | "SRTP_BAD_TAG"
  | "SRTP_REPLAYED"
  | "SRTP_KEY_EXHAUSTED"
  | "SRTP_BAD_KEY"
  | "MIKEY_TRUNCATED"
  | "MIKEY_UNSUPPORTED";

/** Thrown for bytes that a peer sent and that do not follow the protocol. */
export class RtpProtocolError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "RtpProtocolError";
  /** Stable name of the fault. */
  readonly code: RtpErrorCode;

  /** `message` says what cannot be done and why. */
  constructor(code: RtpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
