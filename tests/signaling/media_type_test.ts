import assert from "node:assert/strict";
import { mediaSourceType } from "../../src/signaling/mod.ts";

/** A box with these contents. */
function box(kind: string, ...contents: readonly number[]): number[] {
  const size = 8 + contents.length;
  return [
    ...[24, 16, 8, 0].map((shift) => size >>> shift & 255),
    ...new TextEncoder().encode(kind),
    ...contents,
  ];
}

Deno.test("a fragmented MP4 names its codecs; another cannot be given piece by piece", () => {
  const tracks = [
    ...box("avcC", 1, 0x42, 0xc0, 0x1e, 0xff),
    ...box("mp4a", 0, 0),
  ];
  const start = box("ftyp", ...new TextEncoder().encode("isom0000"));
  assert.equal(
    mediaSourceType(
      Uint8Array.from([...start, ...box("moov", ...tracks, ...box("mvex"))]),
    ),
    'video/mp4; codecs="avc1.42c01e, mp4a.40.2"',
  );
  assert.equal(
    mediaSourceType(Uint8Array.from([...start, ...box("moov", ...tracks)])),
    undefined,
  );
});

Deno.test("a WebM names its codecs; a Matroska is not for browsers", () => {
  const file = (doctype: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from([
      ...[0x1a, 0x45, 0xdf, 0xa3, 0x9f],
      ...new TextEncoder().encode(`${doctype} … V_VP8 … A_OPUS`),
    ]);
  assert.equal(
    mediaSourceType(file("webm")),
    'video/webm; codecs="vp8, opus"',
  );
  assert.equal(mediaSourceType(file("matroska")), undefined);
});

Deno.test("what is no film has no type", () => {
  for (
    const bytes of [
      new Uint8Array(),
      new Uint8Array(5),
      new Uint8Array(1000),
      new TextEncoder().encode("just a text that is long enough"),
    ]
  ) assert.equal(mediaSourceType(bytes as Uint8Array<ArrayBuffer>), undefined);
});
