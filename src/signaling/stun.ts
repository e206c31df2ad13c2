/**
 * STUN binding requests and answers (RFC 8489, section 5): a client learns the
 * address that it is seen under.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |0 0|     message type          |         message length        |
 * |                  magic cookie 0x2112A442                      |
 * |                     transaction id, 96 bits                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
/** A binding request of any client is far below; what is longer is not answered. */
const MAX_REQUEST_BYTES = 548;

/** An address as the one who answers sees it. */
export interface MappedAddress {
  /** 4 bytes, or 16. */
  readonly address: Uint8Array;
  /** UDP port. */
  readonly port: number;
}

/**
 * The transaction id (12 bytes) of a binding request; `undefined` for a STUN
 * message of another kind, which gets no answer.
 *
 * @throws {SignalProtocolError} for what is no STUN message.
 */
export function readBindingRequest(
  bytes: Uint8Array,
): Uint8Array | undefined {
  const view = readHeader(bytes);
  if (view.getUint16(0) !== BINDING_REQUEST) return undefined;
  return bytes.slice(8, HEADER_BYTES);
}

/** A binding request, for tests and for asking others. */
export function encodeBindingRequest(transactionId: Uint8Array): Uint8Array {
  return encodeHeader(BINDING_REQUEST, transactionId, 0);
}

/** The answer to a binding request from this address (XOR-MAPPED-ADDRESS, section 14.2). */
export function encodeBindingSuccess(
  transactionId: Uint8Array,
  { address, port }: MappedAddress,
): Uint8Array {
  const bytes = encodeHeader(
    BINDING_SUCCESS,
    transactionId,
    8 + address.length,
  );
  const view = new DataView(bytes.buffer);
  view.setUint16(20, XOR_MAPPED_ADDRESS);
  view.setUint16(22, 4 + address.length);
  view.setUint8(25, address.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6);
  view.setUint16(26, port ^ (MAGIC_COOKIE >>> 16));
  for (const [index, byte] of address.entries()) {
    // The mask is the cookie and, for IPv6, the transaction id behind it.
    bytes[28 + index] = byte ^ (bytes[4 + index] ?? 0);
  }
  return bytes;
}

/**
 * The address in an answer to the request with this id; `undefined` when it
 * answers something else.
 *
 * @throws {SignalProtocolError} for what is no STUN message.
 */
export function readBindingSuccess(
  bytes: Uint8Array,
  transactionId: Uint8Array,
): MappedAddress | undefined {
  const view = readHeader(bytes);
  if (view.getUint16(0) !== BINDING_SUCCESS) return undefined;
  if (transactionId.some((byte, index) => bytes[8 + index] !== byte)) {
    return undefined;
  }
  for (let at = HEADER_BYTES; at + 4 <= bytes.length;) {
    const length = view.getUint16(at + 2);
    const end = at + 4 + length;
    if (end > bytes.length) break;
    if (view.getUint16(at) === XOR_MAPPED_ADDRESS) {
      const size = view.getUint8(at + 5) === FAMILY_IPV4 ? 4 : 16;
      if (length < 4 + size) break;
      return {
        port: view.getUint16(at + 6) ^ (MAGIC_COOKIE >>> 16),
        address: bytes.slice(at + 8, at + 8 + size).map((byte, index) =>
          byte ^ (bytes[4 + index] ?? 0)
        ),
      };
    }
    at = end + (4 - length % 4) % 4;
  }
  throw new SignalProtocolError(
    "bad-stun",
    "Cannot read the STUN answer: it has no address",
  );
}

function readHeader(bytes: Uint8Array): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (
    bytes.length < HEADER_BYTES || bytes.length > MAX_REQUEST_BYTES ||
    view.getUint16(0) >>> 14 !== 0 || view.getUint32(4) !== MAGIC_COOKIE ||
    view.getUint16(2) !== bytes.length - HEADER_BYTES ||
    bytes.length % 4 !== 0
  ) {
    throw new SignalProtocolError(
      "bad-stun",
      `Cannot read ${bytes.length} bytes: no STUN message`,
    );
  }
  return view;
}

function encodeHeader(
  type: number,
  transactionId: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type);
  view.setUint16(2, length);
  view.setUint32(4, MAGIC_COOKIE);
  bytes.set(transactionId.subarray(0, 12), 8);
  return bytes;
}

/** The bytes of an IPv4 or IPv6 address in text; `undefined` for a name. */
export function addressBytes(text: string): Uint8Array | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(mapped)) {
    return Uint8Array.from(mapped.split("."), Number);
  }
  if (!text.includes(":")) return undefined;
  const [head = "", tail] = text.split("%")[0]!.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (missing < 0 || missing > 0 && tail === undefined) return undefined;
  const all = [...left, ...new Array<number>(missing).fill(0), ...right];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}
