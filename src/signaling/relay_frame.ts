/**
 * Frames of the blind relay, and who may send how much. A member grants the
 * other end bytes; nobody sends what was not granted, so the server, which
 * passes frames on and cannot read them, never has more than that in memory.
 *
 * ```text
 *  0        1                               5
 * +--------+-------------------------------+
 * |   0    | bytes granted, big-endian     |   credit
 * +--------+-------------------------------+
 * |   1    | a sealed message …            |   data
 * +--------+-------------------------------+
 * ```
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";

const CREDIT = 0;
const DATA = 1;
const CREDIT_BYTES = 5;

/** Bytes of a frame: a sealed chunk and what is written before it. */
export const MAX_RELAY_FRAME_BYTES: number = 64 * 1024 + 256;
/** Bytes that may be granted and not yet sent: enough for 40 Mbit/s at 200 ms. */
export const MAX_RELAY_CREDIT = 1024 * 1024;

/** A frame. */
export type RelayFrame =
  | { readonly type: "credit"; readonly bytes: number }
  | { readonly type: "data"; readonly payload: Uint8Array };

/** Grants `bytes` more. */
export function encodeRelayCredit(bytes: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(CREDIT_BYTES);
  new DataView(frame.buffer).setUint32(1, bytes);
  return frame;
}

/** Wraps a message, whose first byte says what it is. */
export function encodeRelayData(
  kind: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(2 + body.length);
  frame[0] = DATA;
  frame[1] = kind;
  frame.set(body, 2);
  return frame;
}

/**
 * Reads a frame; the payload is a view into `bytes`.
 *
 * @throws {SignalProtocolError} for what is none.
 */
export function readRelayFrame(bytes: Uint8Array): RelayFrame {
  if (bytes.length > MAX_RELAY_FRAME_BYTES) {
    throw new SignalProtocolError(
      "bad-frame",
      `Cannot read the relay frame: ${bytes.length} bytes are too many`,
    );
  }
  if (bytes[0] === DATA) return { type: "data", payload: bytes.subarray(1) };
  if (bytes[0] === CREDIT && bytes.length === CREDIT_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, CREDIT_BYTES);
    return { type: "credit", bytes: view.getUint32(1) };
  }
  throw new SignalProtocolError(
    "bad-frame",
    "Cannot read the relay frame: its type is unknown",
  );
}

/** What one end has granted the other and has not been used. */
export class RelayCredit {
  #bytes = 0;

  /** Bytes that may be sent now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** More was granted; `false` when that is more than {@linkcode MAX_RELAY_CREDIT} in all. */
  grant(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= MAX_RELAY_CREDIT;
  }

  /** Uses credit for a frame of `bytes`; `false` when there is not so much. */
  take(bytes: number): boolean {
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }
}
