/**
 * Cuts frames into the datagrams of our wire.
 *
 * @module
 */

import { type Sealing, writeBinaryHeader } from "./binary_datagram.ts";
import {
  BINARY_FLAG,
  BINARY_HEADER_BYTES,
  BINARY_TYPE,
  MAX_FRAGMENTS,
} from "./binary_header.ts";
import type { StoredFrame } from "./repair_responder.ts";

/**
 * Payload of a datagram unless told otherwise: 1400 bytes with the header,
 * which leaves room for IP, UDP and a tunnel within an Ethernet frame of 1500.
 */
export const DEFAULT_FRAGMENT_BYTES = 1400 - BINARY_HEADER_BYTES;

/** Largest payload of an IPv4 UDP datagram: 65,535 - 20 (IP) - 8 (UDP). */
const MAX_UDP_BYTES = 65_507;

/**
 * Cuts one frame at a time. The shell writes each datagram when it really
 * sends it, so that its times are those of the sending.
 */
export class BinaryFragmenter {
  readonly #fragmentBytes: number;
  readonly #fields = {
    type: BINARY_TYPE.fragment as number,
    streamId: 0,
    frameNumber: 0,
    index: 0,
    total: 0,
    frameBytes: 0,
    payloadBytes: 0,
    extensionBytes: 0,
  };
  readonly #seal: Sealing | undefined;
  #frame: Uint8Array = new Uint8Array(0);
  #stride = 0;

  /**
   * For stream `streamId`, with at most `fragmentBytes` of a frame in a
   * datagram.
   *
   * @throws {RangeError} when the stream id is no non-zero 32-bit number or a
   * datagram would be larger than UDP takes.
   */
  constructor(
    options: {
      readonly streamId: number;
      readonly fragmentBytes?: number;
      /** Seals every datagram. */
      readonly seal?: Sealing | undefined;
    },
  ) {
    const { streamId, fragmentBytes = DEFAULT_FRAGMENT_BYTES, seal } = options;
    this.#seal = seal;
    this.#fields.extensionBytes = seal?.sealBytes ?? 0;
    if (streamId === 0 || streamId !== streamId >>> 0) {
      throw new RangeError(
        `Cannot fragment stream ${streamId}: the id is no number from 1 to 4294967295`,
      );
    }
    const most = MAX_UDP_BYTES - this.#headerBytes;
    if (
      !Number.isInteger(fragmentBytes) || fragmentBytes < 1 ||
      fragmentBytes > most
    ) {
      throw new RangeError(
        `Cannot put ${fragmentBytes} bytes into a datagram: 1 to ${most} fit`,
      );
    }
    this.#fields.streamId = streamId;
    this.#fragmentBytes = fragmentBytes;
  }

  /** Bytes before the payload. */
  get #headerBytes(): number {
    return BINARY_HEADER_BYTES + this.#fields.extensionBytes;
  }

  /** The stream the datagrams belong to. */
  get streamId(): number {
    return this.#fields.streamId;
  }

  /** Bytes of every datagram of the frame but the last, header included. */
  get datagramBytes(): number {
    return this.#stride + this.#headerBytes;
  }

  /** Bytes of all the frame's datagrams together. */
  get totalBytes(): number {
    return this.#frame.length + this.#fields.total * this.#headerBytes;
  }

  /**
   * Takes a frame and gives the number of its datagrams. The frame's bytes
   * are read as the datagrams are written: they must not change before.
   *
   * @throws {RangeError} when the frame is empty or needs too many fragments.
   */
  begin(frame: Uint8Array, frameNumber: number): number {
    const total = Math.ceil(frame.length / this.#fragmentBytes);
    if (total < 1 || total > MAX_FRAGMENTS) {
      throw new RangeError(
        `Cannot fragment a frame of ${frame.length} bytes: it takes ${total} fragments and 1 to ${MAX_FRAGMENTS} are possible`,
      );
    }
    this.#frame = frame;
    this.#stride = Math.ceil(frame.length / total);
    this.#fields.frameNumber = frameNumber;
    this.#fields.total = total;
    this.#fields.frameBytes = frame.length;
    return total;
  }

  /**
   * Writes datagram `index` of the frame to `out` at `offset`, stamped with
   * `nowUs` (µs since the epoch); gives its length.
   *
   * @throws {RangeError} when there is no such fragment or no room for it.
   */
  write(index: number, nowUs: number, out: Uint8Array, offset: number): number {
    const start = index * this.#stride;
    const end = Math.min(start + this.#stride, this.#frame.length);
    if (!Number.isInteger(index) || index < 0 || start >= end) {
      throw new RangeError(
        `Cannot write fragment ${index}: the frame has ${this.#fields.total}`,
      );
    }
    const length = this.#headerBytes + end - start;
    if (offset + length > out.length) {
      throw new RangeError(
        `Cannot write a datagram of ${length} bytes: ${
          out.length - offset
        } are free`,
      );
    }
    out.set(this.#frame.subarray(start, end), offset + this.#headerBytes);
    this.#fields.index = index;
    this.#fields.payloadBytes = end - start;
    writeBinaryHeader(out, offset, this.#fields, nowUs);
    this.#seal?.seal(out.subarray(offset, offset + length));
    return length;
  }

  /**
   * Writes all datagrams of the frame to the front of `out`, one after the
   * other: `count` of them, `stride` bytes each but the last, as UDP
   * segmentation offload (GSO) wants them.
   *
   * @throws {RangeError} when `out` has less than `totalBytes`.
   */
  writeAll(
    nowUs: number,
    out: Uint8Array,
  ): { count: number; stride: number; bytes: number } {
    const stride = this.datagramBytes;
    let bytes = 0;
    for (let index = 0; index < this.#fields.total; index++) {
      bytes += this.write(index, nowUs, out, bytes);
    }
    return { count: this.#fields.total, stride, bytes };
  }
}

/** Bytes of a stored frame's longest datagram. */
export function storedDatagramBytes(
  { bytes, total }: StoredFrame,
  seal?: Sealing,
): number {
  return BINARY_HEADER_BYTES + (seal?.sealBytes ?? 0) +
    Math.ceil(bytes.length / total);
}

/**
 * Writes fragment `index` of a frame that was sent before to `out` at
 * `offset`, marked as sent again; gives the datagram's length.
 *
 * @throws {RangeError} when there is no such fragment or no room for it.
 */
export function writeStoredFragment(
  stored: StoredFrame,
  index: number,
  streamId: number,
  nowUs: number,
  out: Uint8Array,
  offset: number,
  seal?: Sealing,
): number {
  const { bytes, total } = stored;
  const extensionBytes = seal?.sealBytes ?? 0;
  const headerBytes = BINARY_HEADER_BYTES + extensionBytes;
  const stride = Math.ceil(bytes.length / total);
  const payload = bytes.subarray(index * stride, (index + 1) * stride);
  const length = headerBytes + payload.length;
  if (payload.length === 0 || offset + length > out.length) {
    throw new RangeError(
      `Cannot write fragment ${index}: the frame has ${total}, and ${
        out.length - offset
      } bytes are free`,
    );
  }
  out.set(payload, offset + headerBytes);
  writeBinaryHeader(out, offset, {
    type: BINARY_TYPE.fragment,
    streamId,
    frameNumber: stored.number,
    index,
    total,
    frameBytes: bytes.length,
    payloadBytes: payload.length,
    flags: BINARY_FLAG.repair,
    originTimeUs: stored.originTimeUs,
    extensionBytes,
  }, nowUs);
  seal?.seal(out.subarray(offset, offset + length));
  return length;
}
