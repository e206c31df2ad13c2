/**
 * Authentication of control messages on a chain with a key.
 *
 * ```text
 *   peer                                              coordinator
 *   register …, "nonce": P                      →
 *                                               ←     {"challenge": C, "proof": tag("coordinator P C")}
 *   {"proof": tag("peer P C <register>")}       →
 *                                               ←     the answer, sealed, with "epoch"
 *   session lines, sealed                      ⇄     session lines, sealed
 * ```
 *
 * Both nonces go into the session's key, so nothing of one session is good for
 * another; lines are counted on both sides, so none can be repeated, left out
 * or turned round. A sealed message has "mac" as its last member: the tag of
 * who says it, the count, and the text without that member. UPDATE_NEXT comes
 * over another connection and has "seq" in place of the count.
 *
 * @module
 */

import { ChainProtocolError } from "./chain_error.ts";
import { type MacKey, sameTag } from "./chain_key.ts";
import { type JsonValue, pythonJson } from "./python_json.ts";
import { integerField, type JsonObject, textField } from "./strict_json.ts";

/** Bytes of a nonce. */
export const NONCE_BYTES = 16;

const NONCE_PATTERN = /^[0-9a-f]{32}$/;
/** Longest tag or nonce that is read before it is looked at. */
const MAX_TAG_LENGTH = 64;

/** Who says something. */
export type ControlRole = "peer" | "coordinator";

/** The error of who does not prove that he has the key. */
export function forged(what: string): ChainProtocolError {
  return new ChainProtocolError(
    "forged",
    `Cannot believe the ${what}: it is not sealed with the chain's key`,
  );
}

/** A nonce that came. @throws {ChainProtocolError} `bad-field` */
export function nonceField(object: JsonObject, key: string): string {
  const nonce = textField(object, key, MAX_TAG_LENGTH);
  if (!NONCE_PATTERN.test(nonce)) throw forged("message");
  return nonce;
}

/** The two ends' proofs that they have the key, and what both then share. */
export class ControlHandshake {
  readonly #key: MacKey;
  readonly #nonces: string;

  /** With the nonces of both, in hexadecimal. */
  constructor(key: MacKey, peerNonce: string, coordinatorNonce: string) {
    this.#key = key.derive("control");
    this.#nonces = `${peerNonce} ${coordinatorNonce}`;
  }

  /** The coordinator's proof, which goes with its challenge. */
  coordinatorProof(): string {
    return this.#key.tagOf(`coordinator ${this.#nonces}`);
  }

  /** The peer's proof, which stands for its `register` as well. */
  peerProof(register: JsonObject): string {
    return this.#key.tagOf(
      `peer ${this.#nonces} ${pythonJson(register as JsonValue)}`,
    );
  }

  /** Checks a proof that came. @throws {ChainProtocolError} `forged` */
  check(object: JsonObject, expected: string): void {
    const proof = textField(object, "proof", MAX_TAG_LENGTH);
    if (!sameTag(proof, expected)) throw forged("proof");
  }

  /** What both ends seal their lines with. */
  session(role: ControlRole): ControlSeal {
    return new ControlSeal(this.#key.derive(`session ${this.#nonces}`), role);
  }
}

/** One end of a sealed session. */
export class ControlSeal {
  readonly #key: MacKey;
  readonly #role: ControlRole;
  #said = 0;
  #heard = 0;
  #updateSeq = 0;

  /** The end of `role`, with the session's key. */
  constructor(key: MacKey, role: ControlRole) {
    this.#key = key;
    this.#role = role;
  }

  /** A message as `encode…` wrote it, with its tag. */
  seal(message: Uint8Array): Uint8Array<ArrayBuffer> {
    const text = new TextDecoder().decode(message).trimEnd();
    return this.#sealed(text, `${this.#role} ${this.#said++}`);
  }

  /**
   * The message without its tag, which was right.
   *
   * @throws {ChainProtocolError} `forged` when it was not.
   */
  open(object: JsonObject): JsonObject {
    const from = this.#role === "peer" ? "coordinator" : "peer";
    return this.#opened(object, `${from} ${this.#heard++}`);
  }

  /** UPDATE_NEXT, with a number that grows from one to the next. */
  sealUpdate(message: Uint8Array, nowUs: number): Uint8Array<ArrayBuffer> {
    this.#updateSeq = Math.max(this.#updateSeq + 1, Math.floor(nowUs));
    const text = new TextDecoder().decode(message).trimEnd();
    const numbered = `${text.slice(0, -1)}, "seq": ${this.#updateSeq}}`;
    return this.#sealed(numbered, "update");
  }

  /**
   * UPDATE_NEXT, which was right and newer than the one before.
   *
   * @throws {ChainProtocolError} `forged` when it was not.
   */
  openUpdate(object: JsonObject): JsonObject {
    const update = this.#opened(object, "update");
    const seq = integerField(update, "seq");
    if (seq <= this.#updateSeq) throw forged("UPDATE_NEXT");
    this.#updateSeq = seq;
    return update;
  }

  #sealed(text: string, context: string): Uint8Array<ArrayBuffer> {
    const tag = this.#key.tagOf(`${context} ${text}`);
    const separator = text === "{}" ? "" : ", ";
    return new TextEncoder().encode(
      `${text.slice(0, -1)}${separator}"mac": "${tag}"}\n`,
    );
  }

  #opened(object: JsonObject, context: string): JsonObject {
    const { mac, ...rest } = object;
    if (typeof mac !== "string") throw forged("message");
    const text = pythonJson(rest as JsonValue);
    if (!sameTag(mac, this.#key.tagOf(`${context} ${text}`))) {
      throw forged("message");
    }
    return rest;
  }
}
