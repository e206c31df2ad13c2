/**
 * What goes wrong with a session description.
 *
 * @module
 */

/** Why a text is no session description. */
export type SdpErrorCode =
  | "SDP_TOO_LARGE"
  | "SDP_BAD_LINE"
  | "SDP_BAD_VERSION"
  | "SDP_BAD_MEDIA"
  | "SDP_BAD_RANGE";

/** Thrown for descriptions that do not follow RFC 8866. */
export class SdpProtocolError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "SdpProtocolError";
  /** Stable name of the fault. */
  readonly code: SdpErrorCode;

  /** `message` says what cannot be done and why. */
  constructor(code: SdpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
