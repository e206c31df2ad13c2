import assert from "node:assert/strict";
import { FRAME_OVERHEAD, MatroskaLayout } from "../../src/referee/mod.ts";
import { sizeBytes } from "../../src/referee/ebml.ts";

/** An element of a file, found by a reader that knows nothing of the writer. */
interface Element {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

const MASTERS = new Set([
  0x18538067,
  0x114d9b74,
  0x4dbb,
  0x1549a966,
  0x1654ae6b,
  0xae,
  0xe0,
  0x1c53bb6b,
  0xbb,
  0xb7,
  0x1f43b675,
  0x1a45dfa3,
]);

function vint(
  bytes: Uint8Array,
  at: number,
  keepMarker: boolean,
): { value: number; width: number } {
  const first = bytes[at]!;
  const width = Math.clz32(first) - 23;
  let value = keepMarker ? first : first & (0xff >> width);
  for (let i = 1; i < width; i++) value = value * 256 + bytes[at + i]!;
  return { value, width };
}

function walk(bytes: Uint8Array, from = 0, to = bytes.length): Element[] {
  const found: Element[] = [];
  for (let at = from; at < to;) {
    const id = vint(bytes, at, true);
    const size = vint(bytes, at + id.width, false);
    const start = at + id.width + size.width;
    const end = start + size.value;
    assert.ok(
      end <= to,
      `element ${id.value.toString(16)} at ${at} reaches beyond its parent`,
    );
    found.push({ id: id.value, start, end });
    if (MASTERS.has(id.value)) found.push(...walk(bytes, start, end));
    at = end;
  }
  return found;
}

function number(bytes: Uint8Array, { start, end }: Element): number {
  return bytes.subarray(start, end).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The whole file of a layout. */
function assemble(
  layout: MatroskaLayout,
  frames: readonly Uint8Array[],
): Uint8Array {
  const file = new Uint8Array(layout.totalBytes);
  file.set(layout.head);
  let at = layout.head.length;
  for (const [index, frame] of frames.entries()) {
    layout.writeFrameHeader(index, file, at);
    at += FRAME_OVERHEAD;
    assert.equal(layout.frameOffset(index), at);
    file.set(frame, at);
    at += frame.length;
  }
  assert.equal(at, file.length);
  return file;
}

const TRACK = { codec: "mjpeg", width: 640, height: 480, fps: 30 } as const;

Deno.test("every element lies in its parent, every frame has its time and its bytes", () => {
  const frames = Array.from(
    { length: 40 },
    (_, at) => new Uint8Array(10 + at * 37).fill(at),
  );
  const times = frames.map((_, at) =>
    at * 33_333 + (at > 20 ? 5_000_000_000 : 0)
  );
  const file = assemble(
    new MatroskaLayout(TRACK, times, frames.map(({ length }) => length)),
    frames,
  );
  const elements = walk(file);
  const of = (id: number): Element[] => elements.filter((one) => one.id === id);
  assert.deepEqual(of(0xe7).map((one) => number(file, one)), times);
  assert.deepEqual(
    of(0xa3).map(({ start, end }) => file.slice(start + 4, end)),
    frames,
  );
  for (const { start } of of(0xa3)) {
    assert.deepEqual([...file.subarray(start, start + 4)], [0x81, 0, 0, 0x80]);
  }
  assert.equal(number(file, of(0xb0)[0]!), 640);
  assert.equal(number(file, of(0xba)[0]!), 480);
  assert.equal(number(file, of(0x23e383)[0]!), 33_333_333);
});

Deno.test("each cue and each seek entry points at what it names", () => {
  const frames = Array.from(
    { length: 90 },
    (_, at) => new Uint8Array(100 + at),
  );
  const times = frames.map((_, at) => Math.round(at * 1e6 / 30));
  const file = assemble(
    new MatroskaLayout(TRACK, times, frames.map(({ length }) => length)),
    frames,
  );
  const elements = walk(file);
  const segment = elements.find(({ id }) => id === 0x18538067)!;
  const cueTimes = elements.filter(({ id }) => id === 0xb3).map((one) =>
    number(file, one)
  );
  const positions = elements.filter(({ id }) => id === 0xf1).map((one) =>
    number(file, one)
  );
  assert.equal(cueTimes.length, positions.length);
  assert.deepEqual(cueTimes, times);
  for (const [at, position] of positions.entries()) {
    const cluster = segment.start + position;
    assert.equal(vint(file, cluster, true).value, 0x1f43b675);
    const [timestamp] = walk(file, cluster + 8, cluster + 18);
    assert.equal(number(file, timestamp!), cueTimes[at]);
  }
  for (const [id, position] of seekEntries(file, elements)) {
    assert.equal(vint(file, segment.start + position, true).value, id);
  }
});

function seekEntries(
  file: Uint8Array,
  elements: readonly Element[],
): [number, number][] {
  const ids = elements.filter(({ id }) => id === 0x53ab).map((one) =>
    number(file, one)
  );
  const positions = elements.filter(({ id }) => id === 0x53ac).map((one) =>
    number(file, one)
  );
  assert.deepEqual(ids, [0x1549a966, 0x1654ae6b, 0x1c53bb6b]);
  return ids.map((id, at) => [id, positions[at]!]);
}

Deno.test("a file without frames is a file", () => {
  const layout = new MatroskaLayout({ ...TRACK, codec: "mpng" }, [], []);
  assert.equal(layout.totalBytes, layout.head.length);
  assert.ok(walk(layout.head).some(({ id }) => id === 0x1654ae6b));
});

Deno.test("a long video has no more cues than can be read at once", () => {
  const count = 45_000;
  const times = Array.from({ length: count }, (_, at) => at * 33_333);
  const layout = new MatroskaLayout(TRACK, times, times.map(() => 1));
  assert.ok(layout.head.length < 20_000 * 45);
});

Deno.test("sizes: all ones mean unknown and are avoided", () => {
  assert.deepEqual([...sizeBytes(126)], [0xfe]);
  assert.deepEqual([...sizeBytes(127)], [0x40, 0x7f]);
  assert.deepEqual([...sizeBytes(5, 8)], [1, 0, 0, 0, 0, 0, 0, 5]);
  assert.deepEqual([...sizeBytes(2 ** 40)], [0x05, 0, 0, 0, 0, 0]);
});
