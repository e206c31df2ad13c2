import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  describeMjpegWarning,
  detectContainer,
  encodeMjpegFrame,
  encodeMultipartPart,
  encodeMultipartStart,
  type FrameSpan,
  MAX_BUFFERED_BYTES,
  MAX_FRAME_BYTES,
  type MjpegContainer,
  type MjpegFraming,
  MjpegIndexer,
  MjpegReader,
  type MjpegWarning,
} from "../../src/jpeg/mod.ts";
import { ffmpegPath, makeClip, makeJpegs } from "../support/clips.ts";
import { cuts, join, pieces } from "./support/cut.ts";
import { segment, syntheticJpeg } from "./support/synthetic.ts";

/** Frames with everything in them that could end one too early. */
const FRAMES = [1, 2, 3].map((seed) =>
  syntheticJpeg({
    seed,
    width: 8,
    height: 8,
    restartInterval: 1,
    huffman: "absent",
    extraSegments: [
      segment(0xe1, [...Buffer.from("Exif\0\0"), 0xff, 0xd8, 0xff, 0xd9]),
      [0xff, 0xff],
      segment(0xfe, []),
    ],
  })
);

const CONTAINERS: readonly MjpegContainer[] = ["ascii", "binary", "raw"];
const FRAMINGS: readonly MjpegFraming[] = [...CONTAINERS, "multipart"];

Deno.test("frames come out of every container, wherever the stream is cut", () => {
  for (const framing of FRAMINGS) {
    const stream = encode(framing, FRAMES);
    for (const cut of cuts(stream)) {
      const { frames, warnings } = readAll(framing, cut);
      assert.deepEqual(frames, FRAMES);
      assert.deepEqual(warnings, []);
    }
  }
});

Deno.test("the index says where the frames are, wherever the file is cut", () => {
  for (const container of CONTAINERS) {
    const file = encode(container, FRAMES);
    const expected = spansOf(container, FRAMES);
    for (const cut of cuts(file)) {
      const indexer = new MjpegIndexer(container);
      const spans = cut.flatMap((piece) => indexer.push(piece));
      indexer.end();
      assert.deepEqual(spans, expected);
      assert.deepEqual(indexer.takeWarnings(), []);
      assert.equal(indexer.offset, file.length);
    }
  }
});

Deno.test("the index of a file with prefixes needs but a few bytes a frame", () => {
  for (const container of CONTAINERS) {
    const file = encode(container, FRAMES);
    const indexer = new MjpegIndexer(container);
    const spans: FrameSpan[] = [];
    let read = 0;
    while (indexer.offset < file.length) {
      if (indexer.skippable > 0) {
        spans.push(
          ...[indexer.skip(indexer.skippable)].flatMap((span) => span ?? []),
        );
      } else {
        const at = indexer.offset;
        spans.push(...indexer.push(file.subarray(at, at + 1)));
        read++;
      }
    }
    indexer.end();
    assert.deepEqual(spans, spansOf(container, FRAMES));
    assert.deepEqual(indexer.takeWarnings(), []);
    if (container !== "raw") assert.equal(read, FRAMES.length * 7);
    assert.throws(() => indexer.skip(1), RangeError);
  }
});

Deno.test("a truncated last frame is dropped with a warning", () => {
  for (const framing of FRAMINGS) {
    const first = encode(framing, FRAMES.slice(0, 2));
    const whole = encode(framing, FRAMES);
    // In multipart the next part's headers begin where the boundary ends.
    for (let end = first.length + 1; end < frameEnd(framing); end++) {
      const { frames, warnings } = readAll(framing, [whole.subarray(0, end)]);
      assert.deepEqual(frames, FRAMES.slice(0, 2));
      assert.deepEqual(warnings, [{
        code: "truncated-frame",
        offset: first.length,
        bytes: end - first.length,
      }]);
    }
    assert.deepEqual(readAll(framing, [first]).warnings, []);
  }
});

Deno.test("a truncated last frame is not in the index", () => {
  for (const container of CONTAINERS) {
    const indexer = new MjpegIndexer(container);
    const spans = indexer.push(encode(container, FRAMES).subarray(0, -1));
    indexer.end();
    assert.deepEqual(spans, spansOf(container, FRAMES.slice(0, 2)));
    assert.equal(indexer.takeWarnings()[0]?.code, "truncated-frame");
  }
});

Deno.test("what lies between raw frames is skipped with a warning", () => {
  const junk = Uint8Array.of(0, 1, 0xff, 2, 0xff, 0xff, 0);
  const [first, second] = FRAMES;
  const stream = join(junk, first!, new Uint8Array(3), second!, junk);
  for (const cut of cuts(stream)) {
    const { frames, warnings } = readAll("raw", cut);
    assert.deepEqual(frames, [first, second]);
    const at = junk.length + first!.length;
    assert.deepEqual(warnings, [
      { code: "skipped-bytes", offset: 0, bytes: junk.length },
      { code: "skipped-bytes", offset: at, bytes: 3 },
      {
        code: "skipped-bytes",
        offset: at + 3 + second!.length,
        bytes: junk.length,
      },
    ]);
  }
});

Deno.test("a raw frame that the next one interrupts is dropped with a warning", () => {
  const [first, second] = FRAMES;
  for (const kept of [2, 60, first!.length - 30, first!.length - 2]) {
    const stream = join(first!.subarray(0, kept), second!, first!);
    for (const cut of [[stream], pieces(stream, 1)]) {
      const { frames, warnings } = readAll("raw", cut);
      // A cut inside a segment swallows the start of the next frame with it.
      assert.deepEqual(frames.at(-1), first);
      assert.equal(warnings[0]?.code, "truncated-frame");
      assert.equal(warnings[0]?.offset, 0);
    }
  }
});

Deno.test("a raw frame that makes no sense is dropped up to the next", () => {
  const [first, second] = FRAMES;
  const broken = [
    [0xff, 0xd8, 0x55, 0x55],
    [0xff, 0xd8, 0xff, 0x02, 0x55],
    [0xff, 0xd8, 0xff, 0xdb, 0, 1],
    [0xff, 0xd8, 0xff, 0xd0],
  ];
  for (const each of broken) {
    const stream = join(first!, Uint8Array.from(each), second!);
    const { frames, warnings } = readAll("raw", pieces(stream, 1));
    assert.deepEqual(frames, [first, second]);
    const dropped = warnings.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(dropped, each.length);
  }
});

Deno.test("many warnings do not pile up", () => {
  const stream = join(
    ...Array.from({ length: 500 }, () => Uint8Array.of(0xff, 0xd8, 0xff, 0xd8)),
  );
  const { warnings } = readAll("raw", [stream]);
  assert.equal(warnings.length, 100);
});

Deno.test("streams out of step are an error", () => {
  const jpeg = FRAMES[0]!;
  const faults: [MjpegFraming, string, Uint8Array][] = [
    ["ascii", "bad-length", join("0001x", jpeg)],
    ["ascii", "bad-length", join("   99", jpeg)],
    ["ascii", "bad-length", join("00003", jpeg)],
    ["ascii", "not-a-jpeg", join("00099", "x".repeat(99))],
    ["ascii", "not-a-jpeg", join("00099", Uint8Array.of(0xff, 0xd9, 0))],
    ["binary", "frame-too-large", join(Uint8Array.of(1, 0, 0, 0, 0), jpeg)],
    ["binary", "frame-too-large", Uint8Array.of(0, 1, 0, 0, 1)],
    ["binary", "bad-length", Uint8Array.of(0, 0, 0, 0, 0)],
    ["binary", "not-a-jpeg", join(Uint8Array.of(0, 0, 0, 0, 9), "junk")],
    ["multipart", "bad-part-header", join("--a\r\nno colon\r\n")],
    ["multipart", "bad-part-header", join("--a\r\nX: y\r\n\r\n", jpeg)],
    [
      "multipart",
      "bad-part-header",
      join("--a\r\nContent-Length: many\r\n\r\n", jpeg),
    ],
    ["multipart", "bad-part-header", join("--a\r\nX: ", "y".repeat(9000))],
    ["multipart", "bad-part-header", join("junk ".repeat(2000))],
    [
      "multipart",
      "frame-too-large",
      join("--a\r\nContent-Length: 99999999\r\n\r\n"),
    ],
    [
      "multipart",
      "not-a-jpeg",
      join("--a\r\nContent-Length: 9\r\n\r\n123456789"),
    ],
  ];
  for (const [framing, code, stream] of faults) {
    for (const cut of [[stream], pieces(stream, 1)]) {
      assert.throws(
        () => readAll(framing, cut),
        { name: "MjpegError", code },
        `${framing} ${code}`,
      );
    }
  }
});

Deno.test("frames before the fault are not lost", () => {
  const reader = new MjpegReader("ascii");
  reader.push(join(encode("ascii", FRAMES), "oops!"));
  assert.deepEqual([reader.next(), reader.next(), reader.next()], FRAMES);
  assert.throws(() => reader.next(), { code: "bad-length" });
});

Deno.test("a raw frame without end is given up at the limit", () => {
  const reader = new MjpegReader("raw");
  const jpeg = FRAMES[0]!;
  reader.push(jpeg.subarray(0, -2));
  const chunk = new Uint8Array(1024 * 1024);
  assert.throws(
    () => {
      for (let sent = 0; sent <= MAX_FRAME_BYTES; sent += chunk.length) {
        assert.equal(reader.next(), undefined);
        reader.push(chunk);
      }
      reader.next();
    },
    { code: "frame-too-large" },
  );
});

Deno.test("pushing without taking frames out is refused before memory is", () => {
  const reader = new MjpegReader("raw");
  const chunk = new Uint8Array(4 * 1024 * 1024);
  assert.throws(() => {
    for (let sent = 0; sent <= MAX_BUFFERED_BYTES; sent += chunk.length) {
      reader.push(chunk);
    }
  }, { code: "buffer-full" });
});

Deno.test("multipart headers are read whatever their case, spaces and line ends", () => {
  const jpeg = FRAMES[0]!;
  const length = jpeg.length;
  const heads = [
    `--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`,
    `--b\nCONTENT-LENGTH:${length}\n\n`,
    `\r\n\r\n--b\r\ncontent-length :  ${length}  \r\nX-Timestamp: 1.5\r\n\r\n`,
    `this part is for old programs\r\n--b\r\nContent-length: ${length}\r\n\r\n`,
  ];
  for (const head of heads) {
    const stream = join(head, jpeg, "\r\n--b--\r\n");
    const { frames, warnings } = readAll("multipart", pieces(stream, 3));
    assert.deepEqual(frames, [jpeg]);
    assert.deepEqual(warnings, []);
  }
});

Deno.test("the container shows in the first seven bytes", () => {
  const cases: [MjpegContainer | undefined, Uint8Array][] = [
    ["ascii", join("10528", Uint8Array.of(0xff, 0xd8))],
    ["binary", Uint8Array.of(0, 0, 0, 0x2e, 0xa8, 0xff, 0xd8)],
    ["raw", FRAMES[0]!],
    [undefined, FRAMES[0]!.subarray(0, 6)],
    [undefined, join("1052", Uint8Array.of(0xff, 0xd8, 0xff))],
    [undefined, Uint8Array.of(9, 9, 9, 9, 9, 0xff, 0xd8)],
    [undefined, join("RIFF....AVI LIST")],
    [undefined, join("     ", Uint8Array.of(0xff, 0xd8))],
    [undefined, new Uint8Array(0)],
  ];
  for (const [container, bytes] of cases) {
    assert.equal(detectContainer(bytes), container);
  }
  for (const container of CONTAINERS) {
    assert.equal(detectContainer(encode(container, FRAMES)), container);
  }
});

Deno.test("ffmpeg's own streams come apart into its frames", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const frames = await makeJpegs({ frames: 5, size: "322x241" });
    const path = `${folder}/clip.mjpeg`;
    await makeClip(path, { frames: 5, size: "322x241" });
    const raw = await Deno.readFile(path);
    assert.deepEqual(readAll("raw", pieces(raw, 65536)).frames, frames);
    const { stdout } = await new Deno.Command(await ffmpegPath(), {
      args: [
        ...["-v", "error", "-nostdin", "-i", path, "-c:v", "copy"],
        ...["-f", "mpjpeg", "pipe:1"],
      ],
      stdin: "null",
    }).output();
    const { frames: parts, warnings } = readAll(
      "multipart",
      pieces(stdout, 4096),
    );
    assert.deepEqual(parts, frames);
    assert.deepEqual(warnings, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("warnings read as sentences", () => {
  const warning = { offset: 12, bytes: 34 };
  assert.equal(
    describeMjpegWarning({ code: "truncated-frame", ...warning }),
    "dropped a truncated frame of 34 bytes at byte 12",
  );
  assert.equal(
    describeMjpegWarning({ code: "skipped-bytes", ...warning }),
    "skipped 34 bytes that belong to no frame at byte 12",
  );
});

function encode(
  framing: MjpegFraming,
  frames: readonly Uint8Array[],
): Uint8Array {
  return framing === "multipart"
    ? join(
      encodeMultipartStart("b"),
      ...frames.map((frame) => encodeMultipartPart(frame, "b")),
    )
    : join(...frames.map((frame) => encodeMjpegFrame(framing, frame)));
}

/** Where the third frame ends. */
function frameEnd(framing: MjpegFraming): number {
  const whole = encode(framing, FRAMES).length;
  return framing === "multipart" ? whole - "\r\n--b\r\n".length : whole;
}

function spansOf(
  container: MjpegContainer,
  frames: readonly Uint8Array[],
): FrameSpan[] {
  const prefix = container === "raw" ? 0 : 5;
  let at = 0;
  return frames.map(({ length }) => {
    const span = { offset: at + prefix, length };
    at += prefix + length;
    return span;
  });
}

function readAll(
  framing: MjpegFraming,
  chunks: readonly Uint8Array[],
): { frames: Uint8Array[]; warnings: MjpegWarning[] } {
  const reader = new MjpegReader(framing);
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (;;) {
      const frame = reader.next();
      if (frame === undefined) break;
      frames.push(frame);
    }
  }
  reader.end();
  assert.equal(reader.next(), undefined);
  return { frames, warnings: reader.takeWarnings() };
}
