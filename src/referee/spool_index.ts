/**
 * Where each frame of a spool is, in memory and read back from the file.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { ReceiveBuffer } from "../bytes/mod.ts";
import type { FrameKind } from "./frame_check.ts";
import {
  readSpoolHeader,
  SPOOL_HEADER_BYTES,
  type SpoolEntry,
} from "./spool_record.ts";

/** Bytes of memory that one entry takes: four numbers of eight, three of four, one of one. */
export const INDEX_ENTRY_BYTES = 45;

/** Entries there is room for before the first growth. */
const FIRST_CAPACITY = 256;

const KINDS: readonly FrameKind[] = ["jpeg", "png", "raw"];

/** The entries of a spool in the order of their arrival, column by column. */
export class SpoolIndex {
  #numbers = new Float64Array(FIRST_CAPACITY);
  #timestamps = new Float64Array(FIRST_CAPACITY);
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Float64Array(FIRST_CAPACITY);
  #crcs = new Uint32Array(FIRST_CAPACITY);
  #widths = new Uint32Array(FIRST_CAPACITY);
  #heights = new Uint32Array(FIRST_CAPACITY);
  #kinds = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  /** How many entries there are. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory it takes. */
  get memoryBytes(): number {
    return this.#numbers.length * INDEX_ENTRY_BYTES;
  }

  /** Adds an entry at the end. */
  push(entry: SpoolEntry): void {
    if (this.#length === this.#numbers.length) this.#grow();
    const at = this.#length++;
    this.#numbers[at] = entry.number;
    this.#timestamps[at] = entry.timestamp;
    this.#offsets[at] = entry.offset;
    this.#lengths[at] = entry.length;
    this.#crcs[at] = entry.crc;
    this.#widths[at] = entry.width;
    this.#heights[at] = entry.height;
    this.#kinds[at] = KINDS.indexOf(entry.kind);
  }

  /** The entry at `index`, in the order of arrival. */
  at(index: number): SpoolEntry {
    const kind = KINDS[this.#kinds[index] ?? 0];
    if (index < 0 || index >= this.#length || kind === undefined) {
      throw new RangeError(
        `Cannot read entry ${index}: there are ${this.#length}`,
      );
    }
    return {
      kind,
      number: this.#numbers[index]!,
      timestamp: this.#timestamps[index]!,
      offset: this.#offsets[index]!,
      length: this.#lengths[index]!,
      crc: this.#crcs[index]!,
      width: this.#widths[index]!,
      height: this.#heights[index]!,
    };
  }

  /** All entries in the order of arrival. */
  *[Symbol.iterator](): Generator<SpoolEntry> {
    for (let index = 0; index < this.#length; index++) yield this.at(index);
  }

  #grow(): void {
    const wider = <T extends Float64Array | Uint32Array | Uint8Array>(
      column: T,
    ): T => {
      const Column = column.constructor as new (length: number) => T;
      const grown = new Column(column.length * 2);
      grown.set(column);
      return grown;
    };
    this.#numbers = wider(this.#numbers);
    this.#timestamps = wider(this.#timestamps);
    this.#offsets = wider(this.#offsets);
    this.#lengths = wider(this.#lengths);
    this.#crcs = wider(this.#crcs);
    this.#widths = wider(this.#widths);
    this.#heights = wider(this.#heights);
    this.#kinds = wider(this.#kinds);
  }
}

/**
 * Reads a spool from its beginning, in pieces of any size, and stops for good
 * at the first record that is torn or damaged. Frames are summed up as they pass, never
 * held.
 */
export class SpoolScanner {
  readonly #header = new ReceiveBuffer(SPOOL_HEADER_BYTES);
  readonly #whole: SpoolEntry[] = [];
  #entry: SpoolEntry | undefined;
  #left = 0;
  #sum = 0;
  #offset = 0;
  #damaged = false;

  /** Adds what follows in the file. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#damaged) {
      at += this.#entry === undefined
        ? this.#takeHeader(bytes.subarray(at))
        : this.#takeData(bytes.subarray(at), this.#entry);
    }
  }

  /** The next whole record; `undefined` when it needs more bytes or nothing sound follows. */
  next(): SpoolEntry | undefined {
    return this.#whole.shift();
  }

  /** Whether something that is no record follows the sound part. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Length of the sound part so far: where the file is to be cut and written on. */
  get soundBytes(): number {
    return this.#offset;
  }

  #takeHeader(bytes: Uint8Array): number {
    const count = Math.min(
      bytes.length,
      SPOOL_HEADER_BYTES - this.#header.length,
    );
    this.#header.push(bytes.subarray(0, count));
    const header = this.#header.take(SPOOL_HEADER_BYTES);
    if (header === undefined) return count;
    const entry = readSpoolHeader(header, this.#offset);
    if (entry === undefined) {
      this.#damaged = true;
      return count;
    }
    this.#entry = entry;
    this.#left = entry.length;
    this.#sum = 0;
    if (this.#left === 0) this.#finish(entry);
    return count;
  }

  #takeData(bytes: Uint8Array, entry: SpoolEntry): number {
    const piece = bytes.subarray(0, this.#left);
    this.#sum = crc32(piece, this.#sum);
    this.#left -= piece.length;
    if (this.#left === 0) this.#finish(entry);
    return piece.length;
  }

  #finish(entry: SpoolEntry): void {
    this.#entry = undefined;
    if (this.#sum !== entry.crc) {
      this.#damaged = true;
      return;
    }
    this.#offset = entry.offset + entry.length;
    this.#whole.push(entry);
  }
}
