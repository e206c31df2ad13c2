/**
 * What goes against the stream on a hop of our wire: the receiver asks for
 * fragments again (NACK), and measures how far the sender is (probe).
 *
 * Both have the header of `binary_header.ts`, with these meanings:
 *
 * ```text
 *              NACK (type 3)                    probe (type 5)
 *   stream id  the stream it is about           any, 0 too
 *   frame      the asker's time, ms mod 2^32    the asker's time, µs mod 2^32
 *   index      entries that follow              0 asks, 1 answers
 *   payload    entries of 8 bytes, or nothing   nothing
 *
 *   an entry   0                   1                   2                   3
 *              +---------------------------------------------------------------+
 *              |                          frame number                         |
 *              +-------------------------------+-------------------------------+
 *              | first fragment, 0xffff: all   |  bit i: fragment first + 1 + i |
 *              +-------------------------------+-------------------------------+
 * ```
 *
 * The mask is that of RTCP's generic NACK (RFC 4585 section 6.2.1).
 *
 * @module
 */

import { type Sealing, writeBinaryHeader } from "./binary_datagram.ts";
import {
  BINARY_HEADER_BYTES,
  BINARY_TYPE,
  BinaryHeader,
  isBinaryDatagram,
  readBinaryFields,
} from "./binary_header.ts";
import { ChainProtocolError } from "./chain_error.ts";

/** Says that nothing of a frame has come, so that its fragments are not known. */
export const WHOLE_FRAME = 0xffff;

/** Entries of a NACK: one Ethernet frame's datagram. */
export const MAX_NACK_ENTRIES = 160;

const ENTRY_BYTES = 8;
/** Fragments after the first that an entry's mask reaches. */
const MASK_BITS = 16;

/** A fragment that is asked for. */
export interface WantedFragment {
  /** The frame's number. */
  readonly frame: number;
  /** The fragment's index, or {@linkcode WHOLE_FRAME}. */
  readonly index: number;
}

/** What the receiver of a hop says to its sender. */
export type Feedback =
  | {
    readonly type: "nack";
    /** The stream it is about. */
    readonly streamId: number;
    /** The asker's time, ms mod 2^32: grows from one question to the next. */
    readonly timeMs: number;
    /** In the order of asking, at most 17 for each entry. */
    readonly wanted: readonly WantedFragment[];
  }
  | {
    readonly type: "probe";
    /** Whether it asks, or answers. */
    readonly kind: "ask" | "answer";
    /** The asker's time, µs mod 2^32. */
    readonly timeUs: number;
  };

/** Whether a datagram claims to go against the stream. */
export function isFeedback(bytes: Uint8Array): boolean {
  return isBinaryDatagram(bytes) &&
    (bytes[3] === BINARY_TYPE.nack || bytes[3] === BINARY_TYPE.keepAlive);
}

/**
 * A NACK for `wanted`, which is in order of frames and indices. What does not
 * fit {@linkcode MAX_NACK_ENTRIES} is left out: it is asked for the next time.
 */
export function encodeNack(
  streamId: number,
  wanted: readonly WantedFragment[],
  nowUs: number,
  seal?: Sealing,
): Uint8Array<ArrayBuffer> {
  const entries: { frame: number; first: number; mask: number }[] = [];
  for (const { frame, index } of wanted) {
    const last = entries.at(-1);
    const ahead = last?.frame === frame ? index - last.first : 0;
    if (
      last !== undefined && ahead > 0 && ahead <= MASK_BITS &&
      index !== WHOLE_FRAME
    ) {
      last.mask |= 1 << (ahead - 1);
      continue;
    }
    if (entries.length === MAX_NACK_ENTRIES) break;
    entries.push({ frame, first: index, mask: 0 });
  }
  const payloadBytes = entries.length * ENTRY_BYTES;
  const extensionBytes = seal?.sealBytes ?? 0;
  const payloadStart = BINARY_HEADER_BYTES + extensionBytes;
  const out = new Uint8Array(payloadStart + payloadBytes);
  const view = new DataView(out.buffer, payloadStart);
  entries.forEach(({ frame, first, mask }, i) => {
    view.setUint32(i * ENTRY_BYTES, frame);
    view.setUint16(i * ENTRY_BYTES + 4, first);
    view.setUint16(i * ENTRY_BYTES + 6, mask);
  });
  writeBinaryHeader(out, 0, {
    type: BINARY_TYPE.nack,
    streamId,
    frameNumber: nowUs / 1000,
    index: entries.length,
    total: 0,
    frameBytes: 0,
    payloadBytes,
    extensionBytes,
  }, nowUs);
  seal?.seal(out);
  return out;
}

/** A probe: a question at `timeUs`, or the answer to the one of that time. */
export function encodeProbe(
  kind: "ask" | "answer",
  timeUs: number,
  nowUs: number,
  seal?: Sealing,
): Uint8Array<ArrayBuffer> {
  const extensionBytes = seal?.sealBytes ?? 0;
  const out = new Uint8Array(BINARY_HEADER_BYTES + extensionBytes);
  writeBinaryHeader(out, 0, {
    type: BINARY_TYPE.keepAlive,
    streamId: 0,
    frameNumber: timeUs,
    index: kind === "ask" ? 0 : 1,
    total: 0,
    frameBytes: 0,
    payloadBytes: 0,
    extensionBytes,
  }, nowUs);
  seal?.seal(out);
  return out;
}

function refuse(why: string): ChainProtocolError {
  return new ChainProtocolError(
    "bad-header",
    `Cannot read the chain's feedback: ${why}`,
  );
}

/**
 * Reads a datagram that goes against the stream.
 *
 * @throws {ChainProtocolError} when it is none.
 */
export function decodeFeedback(bytes: Uint8Array): Feedback {
  const header = new BinaryHeader();
  const reason = readBinaryFields(bytes, header);
  if (reason !== 0) {
    throw new ChainProtocolError(
      reason as ChainProtocolError["code"],
      `Cannot read the chain's feedback: ${reason}`,
    );
  }
  const { type, streamId, index, payloadBytes } = header;
  if (header.total !== 0 || header.frameBytes !== 0) {
    throw refuse("it describes a frame");
  }
  if (type === BINARY_TYPE.keepAlive) {
    if (index > 1 || payloadBytes > 0) throw refuse("it is no probe");
    const kind = index === 0 ? "ask" : "answer";
    return { type: "probe", kind, timeUs: header.frameNumber };
  }
  if (type !== BINARY_TYPE.nack) throw refuse("its type is another");
  if (
    streamId === 0 || index > MAX_NACK_ENTRIES ||
    payloadBytes !== index * ENTRY_BYTES
  ) throw refuse("its length is not that of its entries");
  const view = new DataView(
    bytes.buffer,
    bytes.byteOffset + header.payloadStart,
    payloadBytes,
  );
  const wanted: WantedFragment[] = [];
  for (let at = 0; at < payloadBytes; at += ENTRY_BYTES) {
    const frame = view.getUint32(at);
    const first = view.getUint16(at + 4);
    const mask = view.getUint16(at + 6);
    wanted.push({ frame, index: first });
    if (first === WHOLE_FRAME) continue;
    for (let bit = 0; bit < MASK_BITS; bit++) {
      if ((mask & (1 << bit)) === 0) continue;
      if (first + 1 + bit >= WHOLE_FRAME) {
        throw refuse("it asks beyond a frame");
      }
      wanted.push({ frame, index: first + 1 + bit });
    }
  }
  return { type: "nack", streamId, timeMs: header.frameNumber, wanted };
}
