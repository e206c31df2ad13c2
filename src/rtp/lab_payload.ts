/**
 * The RTP packets of the teaching dialect: a whole JPEG file in one packet,
 * not RFC 2435.
 *
 * The sequence number is the number of the frame, the marker stays clear and
 * the source is 0. A frame larger than one packet may be goes out as pieces of
 * 1,400 bytes with a sequence number each and the marker on the last.
 *
 * @module
 */

import { serialDistance } from "../bytes/mod.ts";
import { RtpProtocolError } from "./errors.ts";
import { JPEG_PAYLOAD_TYPE } from "./jpeg_payload.ts";
import type { PacketRun } from "./jpeg_packetizer.ts";
import type { RtpPacket } from "./packet.ts";
import { RTP_HEADER_LENGTH, writeRtpHeader } from "./packet.ts";

/** Largest frame that goes out in one packet unless told otherwise. */
export const LAB_MAX_PACKET_SIZE = 20_480;
/** Size of the pieces of a larger frame. */
export const LAB_PIECE_LENGTH = 1400;
/** Largest frame put together from pieces; the dialect's files end at 99,999 bytes. */
export const LAB_MAX_FRAME_LENGTH = 16 * 1024 * 1024;
/** A step back by more than this is a server that starts over, not a late packet. */
const LAB_MAX_MISORDER = 50;

/** How to packetise a frame of the teaching dialect. */
export interface LabPacketizeOptions {
  /** Number of the (first) packet; the first frame of a stream has 1. */
  readonly sequence: number;
  /** Any clock: receivers do not rely on it. The first servers sent Unix seconds. */
  readonly timestamp: number;
  /** Largest frame that stays whole; {@linkcode LAB_MAX_PACKET_SIZE} when left out. */
  readonly maxPacketSize?: number;
}

/** Bytes that {@linkcode packetizeLab} needs for a frame of `length` bytes. */
export function labRunLength(
  length: number,
  maxPacketSize: number = LAB_MAX_PACKET_SIZE,
): number {
  const pieces = length <= maxPacketSize
    ? 1
    : Math.ceil(length / LAB_PIECE_LENGTH);
  return length + pieces * RTP_HEADER_LENGTH;
}

/**
 * Writes the packets of one frame into `out`, one behind the other.
 *
 * @throws {RangeError} when the frame is empty or `out` too small.
 */
export function packetizeLab(
  jpeg: Uint8Array,
  options: LabPacketizeOptions,
  out: Uint8Array,
): PacketRun {
  const maxPacketSize = options.maxPacketSize ?? LAB_MAX_PACKET_SIZE;
  const byteLength = labRunLength(jpeg.length, maxPacketSize);
  if (jpeg.length === 0 || byteLength > out.length) {
    throw new RangeError(
      `Cannot packetise frame: ${jpeg.length} bytes need a buffer of ${byteLength}, not ${out.length}`,
    );
  }
  const split = jpeg.length > maxPacketSize;
  const piece = split ? LAB_PIECE_LENGTH : jpeg.length;
  const count = Math.ceil(jpeg.length / piece);
  const stride = RTP_HEADER_LENGTH + piece;
  for (let index = 0; index < count; index++) {
    const start = index * piece;
    writeRtpHeader(out, index * stride, {
      payloadType: JPEG_PAYLOAD_TYPE,
      marker: split && index === count - 1,
      sequence: (options.sequence + index) & 0xffff,
      timestamp: options.timestamp >>> 0,
      ssrc: 0,
    });
    out.set(
      jpeg.subarray(start, start + piece),
      index * stride + RTP_HEADER_LENGTH,
    );
  }
  return {
    count,
    firstOffset: 0,
    stride,
    packetLength: stride,
    lastLength: RTP_HEADER_LENGTH + jpeg.length - (count - 1) * piece,
    byteLength,
    octets: jpeg.length,
  };
}

/** Puts frames of the teaching dialect together again. */
export class LabDepacketizer {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #lastSequence: number | undefined;
  #complete = 0;
  #incomplete = 0;
  #lost = 0;
  #restarts = 0;

  /** Frames that came out. */
  get framesComplete(): number {
    return this.#complete;
  }

  /** Frames of which a piece is missing. */
  get framesIncomplete(): number {
    return this.#incomplete;
  }

  /** Packets missing between those that came; with whole-frame packets, frames. */
  get packetsLost(): number {
    return this.#lost;
  }

  /** Times the server started its numbers over. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Takes a packet; returns the JPEG file it completes. Late and repeated
   * packets give nothing.
   *
   * @throws {RtpProtocolError} when pieces add up to more than any frame.
   */
  push(packet: RtpPacket): Uint8Array | undefined {
    if (!this.#inOrder(packet.sequence)) return undefined;
    const { payload, marker } = packet;
    if (startsImage(payload)) {
      if (this.#pieces.length > 0) this.#abandon();
      if (endsImage(payload) && !marker) {
        this.#complete++;
        return payload;
      }
    } else if (this.#pieces.length === 0) {
      // The beginning of this frame is lost; it was counted when the gap showed,
      // or it is the frame a late joiner came into.
      return undefined;
    }
    this.#length += payload.length;
    if (this.#length > LAB_MAX_FRAME_LENGTH) {
      this.#abandon();
      throw new RtpProtocolError(
        "JPEG_PAYLOAD_TOO_LARGE",
        `Cannot put frame together: its pieces exceed ${LAB_MAX_FRAME_LENGTH} bytes`,
      );
    }
    this.#pieces.push(payload.slice());
    if (!marker) return undefined;
    const frame = new Uint8Array(this.#length);
    let offset = 0;
    for (const piece of this.#pieces) {
      frame.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces = [];
    this.#length = 0;
    this.#complete++;
    return frame;
  }

  /** Whether the packet follows the last one; counts gaps and restarts. */
  #inOrder(sequence: number): boolean {
    const last = this.#lastSequence;
    if (last !== undefined) {
      const step = serialDistance(sequence, last, 16);
      if (step === 0) return false;
      if (step < 0 && step >= -LAB_MAX_MISORDER && sequence !== 1) {
        return false;
      }
      if (step < 0) {
        this.#restarts++;
        if (this.#pieces.length > 0) this.#abandon();
      } else if (step > 1) {
        this.#lost += step - 1;
        if (this.#pieces.length > 0) this.#abandon();
      }
    }
    this.#lastSequence = sequence;
    return true;
  }

  #abandon(): void {
    this.#pieces = [];
    this.#length = 0;
    this.#incomplete++;
  }
}

function startsImage(payload: Uint8Array): boolean {
  return payload[0] === 0xff && payload[1] === 0xd8;
}

/** Zeros behind the end of image are padding that some encoders write. */
function endsImage(payload: Uint8Array): boolean {
  let length = payload.length;
  while (length > 2 && payload[length - 1] === 0) length--;
  return payload[length - 2] === 0xff && payload[length - 1] === 0xd9;
}
