import fc from "fast-check";
import assert from "node:assert/strict";
import {
  findJpegMedia,
  formatMediaRange,
  formatParameters,
  formatSdp,
  mediaCodecs,
  mediaCryptos,
  mediaDimensions,
  mediaFrameRate,
  mediaMikey,
  parseMediaRange,
  parseSdp,
  SdpProtocolError,
} from "../../src/sdp/mod.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { sdpFixtures } from "../sdp/fixtures.ts";
import { BAD_RANGES, OTHER_RANGES, RANGES } from "../sdp/ranges.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns() };

const lines = [...sdpFixtures().values()].flatMap((text) => text.split("\n"));

const line = fc.oneof(
  fc.constantFrom(...lines),
  fc.string({ maxLength: 30 }),
  fc.tuple(fc.constantFrom(..."voscbtaim"), fc.string({ maxLength: 30 }))
    .map(([type, value]) => `${type}=${value}`),
  fc.tuple(fc.constantFrom(...lines), fc.nat(40), fc.string({ maxLength: 4 }))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at)),
);

const description = fc.tuple(
  fc.constantFrom("v=0", "v=0", "v=0", "v=1", ""),
  fc.array(line, { maxLength: 30 }),
).map(([first, rest]) => [first, ...rest].join("\r\n"));

function check(text: string): void {
  let read;
  try {
    read = parseSdp(text);
  } catch (error) {
    assert.ok(error instanceof SdpProtocolError);
    return;
  }
  findJpegMedia(read);
  for (const media of read.media) {
    mediaCodecs(media);
    mediaCryptos(media);
    mediaDimensions(media);
    mediaFrameRate(media);
    mediaMikey(read, media);
    formatParameters(media, 96);
  }
  let written;
  try {
    written = formatSdp(read);
  } catch (error) {
    assert.ok(error instanceof RangeError);
    return;
  }
  assert.deepEqual(parseSdp(written).media, read.media);
}

function checkRange(text: string): void {
  let range;
  try {
    range = parseMediaRange(text);
  } catch (error) {
    assert.ok(error instanceof SdpProtocolError);
    return;
  }
  const again = parseMediaRange(formatMediaRange(range));
  assert.equal(again.unit, range.unit);
}

Deno.test("any text is a session description or refused as one", () => {
  fc.assert(fc.property(description, check), runs);
});

Deno.test("any text is a range of time or refused as one", () => {
  const known = [
    ...RANGES.map(([text]) => text),
    ...OTHER_RANGES.map(([text]) => text),
    ...BAD_RANGES,
  ];
  const range = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.tuple(fc.constantFrom(...known), fc.nat(20), fc.string({ maxLength: 3 }))
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
  );
  fc.assert(fc.property(range, checkRange), runs);
});

Deno.test("what once broke the SDP reader no longer does", () => {
  for (const { bytes } of readHexFixtures("fuzz/sdp")) {
    const text = new TextDecoder().decode(bytes);
    check(text);
    checkRange(text);
  }
});
