import assert from "node:assert/strict";
import {
  CHUNK_BYTES,
  deriveKeys,
  formatLink,
  openBytes,
  openChunk,
  openValue,
  parseLink,
  parseSecret,
  sealBytes,
  sealChunk,
  SEALED_CHUNK_BYTES,
  sealValue,
  SignalProtocolError,
} from "../../src/signaling/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { noise, random } from "./support.ts";

const PLACE = { filmId: new Uint8Array(16), chunk: 7 };

Deno.test("a sealed chunk opens in its place with its key, and nowhere else", async () => {
  const { film } = await deriveKeys(random(32));
  const plain = noise(CHUNK_BYTES);
  const sealed = await sealChunk(film, PLACE, plain, random(12));
  assert.equal(sealed.length, SEALED_CHUNK_BYTES);
  assertSameBytes(await openChunk(film, PLACE, sealed), plain);
  const other = await deriveKeys(random(32));
  const flipped = sealed.slice();
  flipped[1000]! ^= 1;
  const flagged = sealed.slice();
  flagged[0]! ^= 1;
  for (
    const [key, place, bytes] of [
      [other.film, PLACE, sealed],
      [film, { ...PLACE, chunk: 8 }, sealed],
      [film, { ...PLACE, filmId: random(16) }, sealed],
      [film, PLACE, flipped],
      [film, PLACE, flagged],
      [film, PLACE, sealed.subarray(0, 20)],
    ] as const
  ) await assert.rejects(openChunk(key, place, bytes), SignalProtocolError);
});

Deno.test("what shrinks is deflated: a film's index to a third", async () => {
  const { film } = await deriveKeys(random(32));
  const index = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(index.buffer);
  for (let at = 0; at < CHUNK_BYTES; at += 4) {
    view.setUint32(at, 900 + at * 7919 % 200); // sizes of samples
  }
  const sealed = await sealChunk(film, PLACE, index, random(12));
  assert.ok(sealed.length < CHUNK_BYTES / 3, `${sealed.length}`);
  assertSameBytes(await openChunk(film, PLACE, sealed), index);
  const whole = await sealChunk(film, PLACE, index, random(12), false);
  assert.equal(whole.length, SEALED_CHUNK_BYTES);
});

Deno.test("a chunk that inflates to more than a chunk is refused", async () => {
  const { film } = await deriveKeys(random(32));
  const bomb = new Uint8Array(10 * CHUNK_BYTES);
  const sealed = await sealChunk(film, PLACE, bomb, random(12));
  await assert.rejects(openChunk(film, PLACE, sealed), /inflates to too much/);
});

Deno.test("messages are sealed for those with the key", async () => {
  const { message } = await deriveKeys(random(32));
  const value = { text: "hällo", list: [1, null] };
  const sealed = await sealValue(message, value, random(12));
  assert.doesNotMatch(JSON.stringify(sealed), /llo/);
  assert.deepEqual(await openValue(message, sealed), value);
  const other = await deriveKeys(random(32));
  for (
    const bad of [null, 5, {}, { sealed: 5 }, { sealed: "%" }, { sealed: "" }]
  ) await assert.rejects(openValue(message, bad), SignalProtocolError);
  await assert.rejects(openValue(other.message, sealed), SignalProtocolError);
  const bytes = await sealBytes(message, random(5), random(12));
  await assert.rejects(openBytes(other.message, bytes), SignalProtocolError);
});

Deno.test("the keys for films and for messages are different ones", async () => {
  const { film, message } = await deriveKeys(new Uint8Array(32));
  const sealed = await sealBytes(film, random(9), random(12));
  await assert.rejects(openBytes(message, sealed), SignalProtocolError);
});

Deno.test("a link is taken apart as it was put together", () => {
  const link = {
    server: "https://example.org:3001/",
    roomId: "K7Q2ZD",
    key: random(32),
    fingerprint: random(16),
  };
  const text = formatLink(link);
  assert.match(text, /^https:\/\/example\.org:3001\/\?room=K7Q2ZD#[\w-]{64}$/);
  assert.deepEqual(parseLink(text), link);
});

Deno.test("what is missing in a link is said, without its key", () => {
  const secret = "A".repeat(64);
  for (
    const [text, reason] of [
      ["nonsense", /no web address/],
      ["ftp://x/?room=A#" + secret, /no web address/],
      [`http://x/#${secret}`, /names no room/],
      ["http://x/?room=ABC", /copy the whole link/],
      [`http://x/?room=ABC#${secret.slice(1)}`, /copy the whole link/],
    ] as const
  ) {
    assert.throws(() => parseLink(text), (error: Error) => {
      assert.match(error.message, reason);
      assert.doesNotMatch(error.message, /AAAA/);
      return error instanceof SignalProtocolError;
    });
  }
  assert.equal(parseSecret("#%%%"), undefined);
});
