/**
 * RTP packets back into JPEG files (RFC 2435).
 *
 * Pieces of a frame may come in any order, and those of the next frame before
 * its last; a frame with a piece missing never comes out.
 *
 * @module
 */

import { serialDistance } from "../bytes/mod.ts";
import { buildJpeg, type JpegParts, rfc2435QuantTables } from "../jpeg/mod.ts";
import { RtpProtocolError } from "./errors.ts";
import { decodeJpegPayload, splitJpegTables } from "./jpeg_payload.ts";
import type { JpegPayload } from "./jpeg_payload.ts";
import type { RtpPacket } from "./packet.ts";

/**
 * Largest scan put together. The wire's 24 bits allow 16 MiB; the pictures it
 * can carry (2040×2040) stay far below 8 even at quality 100.
 */
export const MAX_FRAME_LENGTH = 8 * 1024 * 1024;
/** Frames being put together at once; reordering never reaches further. */
const MAX_FRAMES = 4;
/** Pieces that may lie apart in one frame: each needs a lost or late packet. */
const MAX_ISLANDS = 256;
/** A step back by more is a sender that started over, not a late packet. */
const MAX_MISORDER = 3000;
/** First room for a scan; doubled when it does not do. */
const FIRST_CAPACITY = 64 * 1024;

type Tables = readonly [Uint8Array, Uint8Array];

/** A frame as it comes out. */
export interface ReceivedJpegFrame extends Omit<ReceivedJpegParts, "parts"> {
  /** A complete JFIF file. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** A frame of which no file has been made yet. */
export interface ReceivedJpegParts {
  /**
   * What a file is made of. The scan lies in a buffer that is used again: it
   * stays until the next frame has come out, and then until the next push.
   */
  readonly parts: JpegParts;
  /** RTP timestamp. */
  readonly timestamp: number;
  /** Pixels: as described, or the wire's multiple of eight. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Packets it came in. */
  readonly packets: number;
  /** Sequence number of its last packet. */
  readonly lastSequence: number;
}

/** What to put together, and how much of it. */
export interface JpegDepacketizerOptions {
  /** Largest scan in bytes; {@linkcode MAX_FRAME_LENGTH} when left out. */
  readonly maxFrameLength?: number;
  /**
   * True picture size from the session description. Used where it rounds up to
   * what the packets say: 1620 pixels travel as 1624.
   */
  readonly dimensions?: { readonly width: number; readonly height: number };
}

/** A frame that is being put together. */
class Assembly {
  readonly timestamp: number;
  readonly header: JpegPayload;
  tables: Tables | undefined;
  buffer: Uint8Array<ArrayBuffer>;
  /** Bytes there without a hole from the beginning. */
  covered = 0;
  /** Pieces behind a hole, by their start. */
  readonly islands = new Map<number, number>();
  /** Where the piece with the marker ends, once it is there. */
  end: number | undefined;
  lowestSequence: number;
  highestSequence: number;
  /** Where the piece of `highestSequence` stands. */
  highestOffset = -1;
  packets = 0;

  constructor(
    timestamp: number,
    sequence: number,
    header: JpegPayload,
    buffer: Uint8Array<ArrayBuffer>,
  ) {
    this.timestamp = timestamp;
    this.lowestSequence = sequence;
    this.highestSequence = sequence;
    this.header = header;
    this.buffer = buffer;
  }

  /**
   * All pieces are there and all packets between the first and the last: a
   * sender whose frames share a timestamp must not get two of them mixed.
   */
  get complete(): boolean {
    return this.end !== undefined && this.covered >= this.end &&
      this.tables !== undefined &&
      this.packets ===
        serialDistance(this.highestSequence, this.lowestSequence, 16) + 1;
  }

  /** Whether a later packet must belong to another frame of the same timestamp. */
  precedes(sequence: number, offset: number): boolean {
    return serialDistance(sequence, this.highestSequence, 16) > 0 &&
      (this.end !== undefined || offset <= this.highestOffset);
  }

  /** Whether a piece belongs to the same picture as the others. */
  agrees({ type, q, width, height }: JpegPayload): boolean {
    const header = this.header;
    return header.type === type && header.q === q && header.width === width &&
      header.height === height;
  }

  place(sequence: number, offset: number, data: Uint8Array): void {
    if (offset < this.covered || this.islands.has(offset)) return;
    this.packets++;
    if (serialDistance(sequence, this.lowestSequence, 16) < 0) {
      this.lowestSequence = sequence;
    }
    if (
      this.highestOffset < 0 ||
      serialDistance(sequence, this.highestSequence, 16) > 0
    ) {
      this.highestSequence = sequence;
      this.highestOffset = offset;
    }
    const end = offset + data.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
      grown.set(this.buffer);
      this.buffer = grown;
    }
    this.buffer.set(data, offset);
    if (offset > this.covered) {
      if (this.islands.size < MAX_ISLANDS) this.islands.set(offset, end);
      return;
    }
    this.covered = end;
    while (this.islands.size > 0) {
      const next = this.islands.get(this.covered);
      if (next === undefined) return;
      this.islands.delete(this.covered);
      this.covered = next;
    }
  }
}

/** Puts the JPEG frames of one source together. */
export class JpegDepacketizer {
  readonly #maxFrameLength: number;
  readonly #dimensions: { width: number; height: number } | undefined;
  #assemblies: Assembly[] = [];
  /** Tables sent in-band under Q 128–254, kept for frames that say "as before". */
  readonly #tablesByQ = new Map<number, Tables>();
  #lastSequence: number | undefined;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  /** Where the scan of the newest frame lies. */
  #newest: Uint8Array<ArrayBuffer> | undefined;
  #complete = 0;
  #incomplete = 0;

  /** Limits and what the session description says. */
  constructor(options: JpegDepacketizerOptions = {}) {
    this.#maxFrameLength = options.maxFrameLength ?? MAX_FRAME_LENGTH;
    this.#dimensions = options.dimensions;
  }

  /** Frames that came out. */
  get framesComplete(): number {
    return this.#complete;
  }

  /** Frames given up because a piece, or their tables, never came. */
  get framesIncomplete(): number {
    return this.#incomplete;
  }

  /** Frames not complete yet. */
  get framesPending(): number {
    return this.#assemblies.length;
  }

  /**
   * Takes a packet; returns the frame it completes. Late and repeated packets
   * give nothing.
   *
   * @throws {RtpProtocolError} when the payload is not RFC 2435's; the packet
   * is dropped and the next can be pushed.
   */
  push(packet: RtpPacket): ReceivedJpegFrame | undefined {
    const received = this.pushForParts(packet);
    if (received === undefined) return undefined;
    const { parts, ...rest } = received;
    return { jpeg: buildJpeg(parts), ...rest };
  }

  /**
   * As {@linkcode JpegDepacketizer.push}, for who may not want a file of every
   * frame: making one is half of the work.
   *
   * @throws {RtpProtocolError} as `push`.
   */
  pushForParts(packet: RtpPacket): ReceivedJpegParts | undefined {
    const { sequence, timestamp } = packet;
    const last = this.#lastSequence;
    if (last !== undefined) {
      const step = serialDistance(sequence, last, 16);
      if (step <= 0 && step > -MAX_MISORDER) return undefined;
    }
    const payload = decodeJpegPayload(packet.payload);
    const { fragmentOffset, data } = payload;
    if (data.length === 0) {
      throw new RtpProtocolError(
        "JPEG_PAYLOAD_TRUNCATED",
        "Cannot read JPEG payload: it carries nothing of the picture",
      );
    }
    if (fragmentOffset + data.length > this.#maxFrameLength) {
      throw new RtpProtocolError(
        "JPEG_PAYLOAD_TOO_LARGE",
        `Cannot put frame together: its ${
          fragmentOffset + data.length
        } bytes exceed ${this.#maxFrameLength}`,
      );
    }
    const assembly = this.#assemblyFor(timestamp, sequence, payload);
    if (fragmentOffset === 0) assembly.tables = this.#tablesFor(payload);
    assembly.place(sequence, fragmentOffset, data);
    if (packet.marker) assembly.end = fragmentOffset + data.length;
    return assembly.complete ? this.#finish(assembly) : undefined;
  }

  /** Drops what is not complete and counts it: after a seek or at the end. */
  flush(): void {
    this.#incomplete += this.#assemblies.length;
    this.#assemblies = [];
    this.#lastSequence = undefined;
  }

  #assemblyFor(
    timestamp: number,
    sequence: number,
    payload: JpegPayload,
  ): Assembly {
    const found = this.#assemblies.find((one) => one.timestamp === timestamp);
    if (found !== undefined) {
      const precedes = found.precedes(sequence, payload.fragmentOffset);
      if (!precedes && found.agrees(payload)) return found;
      this.#assemblies = this.#assemblies.filter((one) => one !== found);
      this.#incomplete++;
      if (!precedes) {
        throw new RtpProtocolError(
          "JPEG_PAYLOAD_BAD_SIZE",
          "Cannot put frame together: its packets disagree about type, tables or size",
        );
      }
    }
    if (this.#assemblies.length >= MAX_FRAMES) {
      this.#assemblies.shift();
      this.#incomplete++;
    }
    const buffer = this.#spare ?? new Uint8Array(FIRST_CAPACITY);
    this.#spare = undefined;
    // The header outlives this call: it must not keep the datagram alive.
    const header = { ...payload, tables: undefined, data: new Uint8Array() };
    const assembly = new Assembly(timestamp, sequence, header, buffer);
    this.#assemblies.push(assembly);
    return assembly;
  }

  /** Tables of a frame by its first packet; `undefined` when they never came. */
  #tablesFor(payload: JpegPayload): Tables | undefined {
    const { q, tables } = payload;
    if (q < 128) return rfc2435QuantTables(q);
    if (tables === undefined || tables.data.length === 0) {
      // Section 3.1.8: a length of 0 says "as before", but never with Q 255.
      return q === 255 ? undefined : this.#tablesByQ.get(q);
    }
    const split = splitJpegTables(tables);
    if (q !== 255) this.#tablesByQ.set(q, split);
    return split;
  }

  #finish(assembly: Assembly): ReceivedJpegParts {
    const { header, timestamp, highestSequence, packets } = assembly;
    const size = this.#sizeOf(header);
    const parts: JpegParts = {
      type: header.type,
      ...size,
      qTables: assembly.tables!,
      restartInterval: header.restartInterval,
      scan: assembly.buffer.subarray(0, assembly.end),
    };
    this.#spare = this.#newest;
    this.#newest = assembly.buffer;
    this.#lastSequence = highestSequence;
    const others = this.#assemblies.filter((one) => one !== assembly);
    // What is older can only come out behind a newer picture: too late.
    this.#assemblies = others.filter((one) =>
      serialDistance(one.highestSequence, highestSequence, 16) > 0
    );
    this.#incomplete += others.length - this.#assemblies.length;
    this.#complete++;
    return {
      parts,
      timestamp,
      ...size,
      packets,
      lastSequence: highestSequence,
    };
  }

  #sizeOf(
    { width, height }: JpegPayload,
  ): { width: number; height: number } {
    const told = this.#dimensions;
    if (
      told !== undefined && Math.ceil(told.width / 8) * 8 === width &&
      Math.ceil(told.height / 8) * 8 === height
    ) {
      return { width: told.width, height: told.height };
    }
    return { width, height };
  }
}
