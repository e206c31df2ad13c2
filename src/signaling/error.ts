/**
 * What is wrong with a message of the watch party.
 *
 * @module
 */

/** The kinds of fault, stable for programs. */
export type SignalErrorCode =
  | "bad-event"
  | "bad-field"
  | "bad-frame"
  | "bad-manifest"
  | "bad-link"
  | "bad-stun"
  | "bad-seal";

/** A message that breaks the protocol; its text is fit to be shown to whoever sent it. */
export class SignalProtocolError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "SignalProtocolError";
  /** Which kind of fault. */
  readonly code: SignalErrorCode;

  /** A fault with its kind. */
  constructor(code: SignalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
