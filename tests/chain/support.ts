/**
 * Frames, datagrams and fixtures for the tests of the chain.
 *
 * @module
 */

import { inflateSync } from "node:zlib";
import { BinaryFragmenter } from "../../src/chain/mod.ts";

/** Any time: 2026, in µs since the epoch. */
export const NOW_US = 1_767_225_600_000_000;

/** `bytes` bytes that begin and end like a JPEG; `seed` makes them another's. */
export function fakeJpeg(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const jpeg = new Uint8Array(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    jpeg[at] = state >>> 16;
  }
  jpeg.set([0xff, 0xd8, 0xff, 0xe0]);
  jpeg.set([0xff, 0xd9], bytes - 2);
  return jpeg;
}

/** A frame's datagrams on our wire, each in a buffer of its own. */
export function fragments(
  frame: Uint8Array,
  frameNumber: number,
  options: {
    streamId?: number;
    fragmentBytes?: number;
    nowUs?: number;
  } = {},
): Uint8Array[] {
  const { streamId = 7, fragmentBytes = 100, nowUs = NOW_US } = options;
  const fragmenter = new BinaryFragmenter({ streamId, fragmentBytes });
  const count = fragmenter.begin(frame, frameNumber);
  return Array.from({ length: count }, (_, index) => {
    const out = new Uint8Array(fragmenter.datagramBytes);
    return out.subarray(0, fragmenter.write(index, nowUs, out, 0));
  });
}

/** `text` as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** UTF-8 bytes as text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Base64 of zlib, as in `fixtures/chain`. */
export function unpacked(text: string): Uint8Array {
  return new Uint8Array(inflateSync(Uint8Array.fromBase64(text)));
}

/** A JSON file of `fixtures/chain`. */
export function fixture<Content>(name: string): Content {
  const url = new URL(`../../fixtures/chain/${name}`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url)) as Content;
}

/**
 * Inputs that once broke `target` or try to: the files of
 * `fixtures/fuzz/<target>`, those named `.hex` decoded.
 */
export function* crashers(
  target: string,
): Generator<{ name: string; bytes: Uint8Array }> {
  const folder = new URL(`../../fixtures/fuzz/${target}/`, import.meta.url);
  for (const { name } of Deno.readDirSync(folder)) {
    const text = Deno.readTextFileSync(new URL(name, folder));
    yield {
      name,
      bytes: name.endsWith(".hex")
        ? Uint8Array.fromHex(text.trim())
        : bytesOf(text),
    };
  }
}
