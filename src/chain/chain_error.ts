/**
 * The one error that unreadable chain messages raise.
 *
 * @module
 */

/** What was wrong with a message, stable for programs. */
export type ChainErrorCode =
  | "truncated"
  | "unknown-wire"
  | "bad-version"
  | "bad-type"
  | "bad-header"
  | "bad-checksum"
  | "bad-json"
  | "bad-field"
  | "bad-data"
  | "bad-pickle"
  | "bad-name"
  | "forged"
  | "no-jpeg"
  | "too-large"
  | "unknown-type";

/** A datagram or control message that breaks the chain's protocol. */
export class ChainProtocolError extends SyntaxError {
  /** What was wrong, stable for programs. */
  readonly code: ChainErrorCode;

  /** `message` follows "Cannot <verb> <thing>: <state now>". */
  constructor(code: ChainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ChainProtocolError";
    this.code = code;
  }
}
