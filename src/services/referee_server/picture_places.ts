/**
 * Where the pictures of an uploaded video lie in its file, when they are JPEGs or
 * PNGs: whatever the container, each is in one piece there, and its checksum tells
 * it from what only looks like one. Then a page can show them without a decoder.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import type { VideoPacket } from "./video_packets.ts";

/** How the pictures of a codec begin (T.81, B.1.1.3; PNG, 5.2). */
const BEGINNINGS: Readonly<Record<string, readonly number[]>> = {
  mjpeg: [0xff, 0xd8, 0xff],
  png: [0x89, 0x50, 0x4e, 0x47],
};

/** Bytes read at a time. */
const WINDOW_BYTES = 2 * 1024 * 1024;

/** Largest picture that is looked for. */
const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

/** Bytes between two pictures: headers, and the sound of some seconds. */
const MAX_GAP_BYTES = 8 * 1024 * 1024;

/** Where pictures are, in their order. */
export interface PicturePlaces {
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
}

/**
 * The places of all pictures; `undefined` when they are no pictures of their
 * own, are not shown in their order, or one of them is not found.
 *
 * @throws the signal's reason when it aborts.
 */
export async function locatePictures(
  path: string,
  codec: string,
  packets: readonly VideoPacket[],
  signal: AbortSignal,
): Promise<PicturePlaces | undefined> {
  const beginning = BEGINNINGS[codec];
  if (
    beginning === undefined ||
    packets.some(({ time, size }, i) =>
      size < beginning.length || size > MAX_PICTURE_BYTES ||
      i > 0 && time < packets[i - 1]!.time
    )
  ) return undefined;
  const offsets = new Float64Array(packets.length);
  using file = await Deno.open(path);
  const window = new FileWindow(file);
  let end = 0;
  for (const [i, packet] of packets.entries()) {
    signal.throwIfAborted();
    const offset = await find(window, end, beginning, packet);
    if (offset === undefined) return undefined;
    offsets[i] = offset;
    end = offset + packet.size;
  }
  return { offsets, lengths: Uint32Array.from(packets, ({ size }) => size) };
}

async function find(
  window: FileWindow,
  end: number,
  beginning: readonly number[],
  { size, crc }: VideoPacket,
): Promise<number | undefined> {
  let from = end;
  while (from - end <= MAX_GAP_BYTES) {
    const bytes = await window.from(from, size);
    if (bytes.length < size) return undefined; // the file ends before it
    const found = indexOf(bytes, beginning);
    if (found < 0) {
      from += bytes.length - beginning.length + 1;
      continue;
    }
    const offset = from + found;
    const picture = await window.from(offset, size);
    if (
      picture.length >= size && crc32(picture.subarray(0, size)) === crc
    ) return offset;
    from = offset + 1;
  }
  return undefined;
}

function indexOf(bytes: Uint8Array, beginning: readonly number[]): number {
  for (
    let at = bytes.indexOf(beginning[0]!);
    at >= 0;
    at = bytes.indexOf(beginning[0]!, at + 1)
  ) {
    if (beginning.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** A part of a file that moves forwards. */
class FileWindow {
  readonly #file: Deno.FsFile;
  #buffer = new Uint8Array(WINDOW_BYTES);
  #offset = 0;
  #filled = 0;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** What is known from `offset` on; `least` bytes of it unless the file ends before. */
  async from(offset: number, least: number): Promise<Uint8Array> {
    const skipped = offset - this.#offset;
    if (skipped + least > this.#filled) await this.#move(skipped, least);
    return this.#buffer.subarray(offset - this.#offset, this.#filled);
  }

  async #move(skipped: number, least: number): Promise<void> {
    const kept = this.#buffer.subarray(
      Math.min(skipped, this.#filled),
      this.#filled,
    );
    const beyond = Math.max(0, skipped - this.#filled);
    if (beyond > 0) await this.#file.seek(beyond, Deno.SeekMode.Current);
    const next = least > this.#buffer.length
      ? new Uint8Array(least)
      : this.#buffer;
    if (next === this.#buffer) next.copyWithin(0, skipped, this.#filled);
    else next.set(kept);
    const { length } = kept;
    this.#buffer = next;
    this.#offset += skipped;
    this.#filled = length;
    while (this.#filled < least) {
      const count = await this.#file.read(next.subarray(this.#filled));
      if (count === null) return;
      this.#filled += count;
    }
  }
}
