import assert from "node:assert/strict";
import fc from "fast-check";
import {
  detectContainer,
  encodeMjpegFrame,
  encodeMultipartPart,
  encodeMultipartStart,
  type FrameSpan,
  MjpegError,
  type MjpegFraming,
  MjpegIndexer,
  MjpegReader,
  type MjpegWarning,
} from "../../src/jpeg/mod.ts";
import { join } from "../jpeg/support/cut.ts";
import { syntheticJpeg } from "../jpeg/support/synthetic.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const FRAMINGS: readonly MjpegFraming[] = [
  "ascii",
  "binary",
  "raw",
  "multipart",
];

/** What reading a stream brought, errors included. */
interface Outcome {
  readonly frames: Uint8Array[];
  readonly warnings: MjpegWarning[];
  readonly error: string | undefined;
}

const framing = fc.constantFrom(...FRAMINGS);
const frames = fc.array(
  fc.record({
    seed: fc.nat(1000),
    width: fc.integer({ min: 1, max: 16 }),
    height: fc.constant(8),
    huffman: fc.constantFrom("absent", "standard"),
    restartInterval: fc.nat(1),
  }).map((options) => syntheticJpeg(options)),
  { minLength: 1, maxLength: 4 },
);
const cutSizes = fc.array(fc.integer({ min: 1, max: 900 }), {
  minLength: 1,
  maxLength: 6,
});
const damage = fc.array(
  fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    bytes: fc.uint8Array({ maxLength: 4 }),
  }),
  { maxLength: 4 },
);

Deno.test("frames come back whatever they are and wherever the stream is cut", () => {
  fc.assert(
    fc.property(framing, frames, cutSizes, (framing, frames, sizes) => {
      const { error, ...rest } = read(framing, encode(framing, frames), sizes);
      assert.equal(error, undefined);
      assert.deepEqual(rest, { frames, warnings: [] });
    }),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("a damaged stream reads the same wherever it is cut, or throws a MjpegError", () => {
  fc.assert(
    fc.property(
      framing,
      frames,
      damage,
      cutSizes,
      (framing, frames, damage, sizes) => {
        const stream = damaged(encode(framing, frames), damage);
        const whole = read(framing, stream, [stream.length]);
        assert.deepEqual(read(framing, stream, sizes), whole);
        assert.deepEqual(read(framing, stream, [1]), whole);
        if (framing !== "multipart" && whole.error === undefined) {
          const indexer = new MjpegIndexer(framing);
          const spans: FrameSpan[] = indexer.push(stream);
          indexer.end();
          assert.deepEqual(
            spans.map(({ offset, length }) =>
              stream.slice(offset, offset + length)
            ),
            whole.frames,
          );
          assert.deepEqual(indexer.takeWarnings(), whole.warnings);
        }
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("any bytes are no harm to any reader", () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.array(fc.constantFrom(0xff, 0xd8, 0xd9, 0xda, 0xd0, 0xfe, 0, 2, 0x2d)),
  );
  fc.assert(
    fc.property(framing, junk, cutSizes, (framing, junk, sizes) => {
      const bytes = Uint8Array.from(junk);
      detectContainer(bytes);
      const whole = read(framing, bytes, [400]);
      assert.deepEqual(read(framing, bytes, sizes), whole);
      if (framing !== "raw" || whole.error !== undefined) return;
      // Every byte is in a frame or in a warning, unless there were too many.
      const dropped = whole.warnings.reduce((sum, { bytes }) => sum + bytes, 0);
      const kept = whole.frames.reduce((sum, { length }) => sum + length, 0);
      if (whole.warnings.length < 100) {
        assert.equal(dropped + kept, bytes.length);
      }
    }),
    { numRuns: fuzzRuns() },
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

function damaged(
  stream: Uint8Array,
  damage: readonly { place: number; bytes: Uint8Array }[],
): Uint8Array {
  const changed = stream.slice();
  for (const { place, bytes } of damage) {
    const at = Math.floor(place * changed.length);
    changed.set(bytes.subarray(0, changed.length - at), at);
  }
  return changed;
}

function read(
  framing: MjpegFraming,
  stream: Uint8Array,
  sizes: readonly number[],
): Outcome {
  const reader = new MjpegReader(framing);
  const frames: Uint8Array[] = [];
  let error: string | undefined;
  try {
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      reader.push(stream.subarray(at, at + size));
      at += size;
      for (;;) {
        const frame = reader.next();
        if (frame === undefined) break;
        frames.push(frame);
      }
    }
    reader.end();
  } catch (caught) {
    if (!(caught instanceof MjpegError)) throw caught;
    error = caught.code;
  }
  return { frames, warnings: reader.takeWarnings(), error };
}
