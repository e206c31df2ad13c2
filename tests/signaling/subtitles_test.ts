import assert from "node:assert/strict";
import {
  MAX_CUE_LENGTH,
  packSubtitles,
  parseSubtitles,
  SignalProtocolError,
  type SubtitleCue,
  unpackSubtitles,
} from "../../src/signaling/mod.ts";

const SRT = `1\r
00:00:01,500 --> 00:00:03,000\r
<i>Hello</i>,\r
world\r
\r
2\r
01:00:00,000 --> 01:00:01,000 X1:40\r
{\\an8}Late &amp; loud\r
`;
const VTT = `\uFEFFWEBVTT - a film

NOTE 00:01 is no cue

second
00:05.000 --> 00:06.250 line:0
<v Anna>Second</v>

00:01.000 --> 00:02.000
First

00:09.000 --> 00:08.000
ends before it begins
`;

for (
  const [name, text, cues] of [
    ["SubRip", SRT, [
      [1500, 3000, "Hello,\nworld"],
      [3_600_000, 3_601_000, "Late & loud"],
    ]],
    ["WebVTT", VTT, [[1000, 2000, "First"], [5000, 6250, "Second"]]],
  ] as [string, string, SubtitleCue[]][]
) {
  Deno.test(`${name} is read, in order and without its tags`, () => {
    assert.deepEqual(parseSubtitles(text), cues);
  });
}

Deno.test("what has no cue is no subtitles", () => {
  for (const text of ["", "WEBVTT\n\n", "00:01 --> 00:02\n\n", "\0\xff-->"]) {
    assert.throws(() => parseSubtitles(text), SignalProtocolError);
  }
});

Deno.test("subtitles of a whole film fit into its description and come out the same", async () => {
  const words = "You did not think that this would be so easy did you then";
  const cues = Array.from({ length: 1800 }, (_, index): SubtitleCue => [
    index * 4000,
    index * 4000 + 2500,
    words.split(" ").map((word, at) => (at * index) % 7 === 0 ? word : "the")
      .join(" ") + index,
  ]);
  const packed = await packSubtitles({ title: "English", cues });
  assert.deepEqual(await unpackSubtitles(packed), { title: "English", cues });
});

Deno.test("what is no packed subtitles is none, also when it would fill the memory", async () => {
  const blanks = new Blob([`["${" ".repeat(20_000_000)}"]`]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  const bomb = new Uint8Array(await new Response(blanks).arrayBuffer());
  for (
    const value of [
      undefined,
      null,
      5,
      {},
      { title: "x", deflated: "no base64!" },
      { title: "x", deflated: "AAAA" },
      { title: "x", deflated: bomb.toBase64() },
    ]
  ) assert.equal(await unpackSubtitles(value), undefined);
});

Deno.test("subtitles that are too many are refused, and a long cue is cut", async () => {
  const cues = Array.from({ length: 9000 }, (_, index): SubtitleCue => [
    index,
    index + 1,
    crypto.randomUUID(),
  ]);
  await assert.rejects(
    packSubtitles({ title: "x", cues }),
    /Cannot share the subtitles/,
  );
  const [cue] = parseSubtitles(`00:01.000 --> 00:02.000\n${"x".repeat(5000)}`);
  assert.equal(cue?.[2].length, MAX_CUE_LENGTH);
});
