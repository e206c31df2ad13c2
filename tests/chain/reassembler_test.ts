import assert from "node:assert/strict";
import {
  BinaryHeader,
  FramePool,
  MAX_FRAME_JUMP,
  readBinaryHeader,
} from "../../src/chain/mod.ts";
import {
  Reassembler,
  type ReassemblerOptions,
} from "../../src/chain/reassembler.ts";
import { fakeJpeg, fragments } from "./support.ts";

type Limits = Omit<ReassemblerOptions, "pool">;

/** A reassembler that takes datagrams and keeps what became whole. */
class Bench {
  readonly pool = new FramePool();
  readonly reassembler: Reassembler;
  readonly whole: Uint8Array[] = [];
  readonly #header = new BinaryHeader();

  constructor(limits: Limits = {}) {
    this.reassembler = new Reassembler({ ...limits, pool: this.pool });
  }

  add(datagram: Uint8Array, mayJump = false): string | 0 {
    const unreadable = readBinaryHeader(datagram, this.#header);
    if (unreadable !== 0) return unreadable;
    const drop = this.reassembler.add(this.#header, datagram, mayJump);
    const frame = this.reassembler.completed;
    if (frame !== undefined) {
      this.whole.push(frame.bytes.slice());
      frame.release();
    }
    return drop;
  }

  /** All results, when they are the same; else the list. */
  addAll(datagrams: readonly Uint8Array[]): unknown {
    const results = new Set(datagrams.map((one) => this.add(one)));
    return results.size === 1 ? [...results][0] : [...results];
  }
}

const FRAME = fakeJpeg(1234);

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const order = fakeJpeg(items.length + 10, seed);
  return items
    .map((item, index) => ({ item, key: order[index + 5]! * 1000 + index }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

Deno.test("a frame is whole when its last fragment has come, in any order", () => {
  for (const bytes of [1, 39, 41, 100, 101, 1234, 100_000]) {
    for (const fragmentBytes of [1, 30, 40, 41, 100, 1360]) {
      if (bytes / fragmentBytes > 5000) continue;
      const frame = new Uint8Array(bytes).map((_, at) => at * 7 + (at >> 8));
      const datagrams = fragments(frame, 3, { fragmentBytes });
      for (
        const order of [
          datagrams,
          [...datagrams].reverse(),
          shuffled(datagrams, bytes),
        ]
      ) {
        const bench = new Bench();
        assert.equal(bench.addAll(order), 0);
        assert.deepEqual(bench.whole, [frame], `${bytes}/${fragmentBytes}`);
        assert.equal(bench.reassembler.framesInFlight, 0);
        assert.equal(bench.reassembler.bytesInFlight, 0);
        bench.reassembler.reset();
        assert.equal(bench.pool.bytesInUse, 0);
      }
    }
  }
});

Deno.test("frames that interleave are all put together, each when it is whole", () => {
  const frames = [1, 2, 3].map((seed) => fakeJpeg(1000, seed));
  const datagrams = frames.flatMap((frame, at) => fragments(frame, at));
  const bench = new Bench();
  assert.equal(bench.addAll(shuffled(datagrams, 9)), 0);
  assert.equal(bench.whole.length, 3);
  for (const frame of frames) {
    assert(bench.whole.some((one) => one.toHex() === frame.toHex()));
  }
});

Deno.test("duplicates are told, of a frame in flight and of one that is done", () => {
  const bench = new Bench();
  const datagrams = fragments(FRAME, 0);
  assert.equal(bench.add(datagrams[0]!), 0);
  assert.equal(bench.add(datagrams[0]!), "duplicate");
  assert.equal(bench.addAll(datagrams.slice(1)), 0);
  assert.equal(bench.addAll(datagrams), "duplicate");
  assert.equal(bench.whole.length, 1);
});

Deno.test("a fragment that contradicts the frame's first is refused", () => {
  const bench = new Bench();
  bench.add(fragments(FRAME, 0)[0]!);
  const [, otherSize] = fragments(fakeJpeg(1300), 0);
  const [, otherTotal] = fragments(FRAME, 0, { fragmentBytes: 200 });
  assert.equal(bench.add(otherSize!), "conflict");
  assert.equal(bench.add(otherTotal!), "conflict");
  bench.addAll(fragments(FRAME, 0));
  assert.deepEqual(bench.whole, [FRAME]);
});

Deno.test("a frame beyond the limit is refused before anything is kept", () => {
  const bench = new Bench({ maxFrameBytes: 1000 });
  assert.equal(bench.addAll(fragments(FRAME, 0)), "too-large");
  assert.equal(bench.pool.bytesInUse, 0);
  assert.equal(bench.reassembler.newest, -1);
});

Deno.test("lost frames are those expected, less those that came and those that may", () => {
  const bench = new Bench({ maxFramesInFlight: 4 });
  const { reassembler } = bench;
  const datagrams = (number: number): Uint8Array[] => fragments(FRAME, number);
  bench.addAll(datagrams(10));
  assert.equal(reassembler.framesLost, 0);
  bench.add(datagrams(11)[0]!);
  assert.equal(reassembler.framesLost, 0, "11 is in flight");
  bench.addAll(datagrams(12));
  bench.addAll(datagrams(14));
  assert.equal(reassembler.framesLost, 1, "13 is missing, 11 in flight");
  bench.addAll(datagrams(13));
  assert.equal(reassembler.framesLost, 0, "13 was only late");
  bench.addAll(datagrams(15));
  assert.equal(reassembler.framesLost, 1, "11 has left the window");
  assert.equal(bench.addAll(datagrams(11)), "stale");
  assert.equal(reassembler.framesReceived, 5);
  bench.reassembler.reset();
  assert.equal(bench.pool.bytesInUse, 0);
});

Deno.test("a frame joined in its middle is not lost, and counts when it becomes whole", () => {
  const first = fragments(FRAME, 50);
  const second = fragments(FRAME, 51);
  const joined = new Bench();
  joined.addAll(first.slice(3));
  joined.addAll(second);
  assert.equal(joined.reassembler.framesLost, 0);
  joined.reassembler.setTotal(52);
  assert.equal(joined.reassembler.framesLost, 0);

  const reordered = new Bench();
  reordered.addAll([...first].reverse());
  reordered.addAll(second);
  assert.equal(reordered.whole.length, 2);
  reordered.reassembler.setTotal(52);
  assert.equal(reordered.reassembler.framesLost, 0);
  assert.equal(reordered.reassembler.framesReceived, 2);
});

Deno.test("the stream's very first frame is expected, however it begins", () => {
  const bench = new Bench();
  bench.addAll(fragments(FRAME, 0).slice(1));
  bench.addAll(fragments(FRAME, 1));
  bench.reassembler.setTotal(2);
  assert.equal(bench.reassembler.framesLost, 1);
});

Deno.test("at the end what is missing is lost, until it comes after all", () => {
  const bench = new Bench();
  bench.addAll(fragments(FRAME, 0));
  const last = fragments(FRAME, 4);
  bench.addAll(last.slice(1));
  bench.reassembler.setTotal(5);
  assert.equal(bench.reassembler.framesLost, 4);
  bench.add(last[0]!);
  assert.equal(bench.reassembler.framesLost, 3);
  bench.reassembler.setTotal(undefined);
  assert.equal(bench.reassembler.framesLost, 3);
});

Deno.test("a million incomplete frames hold no more than the window", () => {
  const bench = new Bench({ maxFramesInFlight: 16 });
  const [template] = fragments(fakeJpeg(200), 0);
  const header = new BinaryHeader();
  assert.equal(readBinaryHeader(template!, header), 0);
  let most = 0;
  for (let number = 0; number < 1_000_000; number++) {
    header.frameNumber = number;
    assert.equal(bench.reassembler.add(header, template!), 0);
    most = Math.max(most, bench.reassembler.bytesInFlight);
  }
  assert.equal(most, 16 * 200);
  assert.equal(bench.reassembler.framesInFlight, 16);
  assert.equal(bench.reassembler.framesLost, 1_000_000 - 16);
  assert.equal(bench.pool.bytesInUse, 16 * 200);
  bench.reassembler.reset();
  assert.equal(bench.pool.bytesInUse, 0);
});

Deno.test("large frames push the oldest out before the bytes exceed their limit", () => {
  const bench = new Bench({ maxFramesInFlight: 16, maxBytesInFlight: 3000 });
  const start = (number: number): string | 0 =>
    bench.add(fragments(fakeJpeg(1000), number)[0]!);
  for (let number = 20; number < 30; number++) {
    assert.equal(start(number), 0);
    assert(bench.reassembler.bytesInFlight <= 3000);
  }
  assert.equal(bench.reassembler.framesInFlight, 3);
  assert.equal(bench.reassembler.framesLost, 7);
  // What was pushed out is not begun again.
  const [, late] = fragments(fakeJpeg(1000), 22);
  assert.equal(bench.add(late!), "stale");
  // One older than all, when all room is taken, is the one to go.
  assert.equal(start(19), "no-room");
  assert.equal(bench.reassembler.framesInFlight, 3);
});

Deno.test("a frame larger than all room is refused", () => {
  const bench = new Bench({ maxBytesInFlight: 1000 });
  assert.equal(bench.add(fragments(FRAME, 0)[0]!), "no-room");
  assert.equal(bench.pool.bytesInUse, 0);
  assert.equal(bench.reassembler.bytesInFlight, 0);
});

Deno.test("a frame number far ahead is not believed while the stream runs", () => {
  const bench = new Bench();
  bench.addAll(fragments(FRAME, 0));
  const far = fragments(FRAME, 4_294_967_295);
  assert.equal(bench.addAll(far), "frame-jump");
  assert.equal(bench.reassembler.newest, 0);
  assert.equal(bench.addAll(fragments(FRAME, MAX_FRAME_JUMP)), 0);
  assert.equal(bench.reassembler.framesLost, MAX_FRAME_JUMP - 1);
});

Deno.test("after silence any frame number is, and the way back is open", () => {
  const bench = new Bench();
  bench.addAll(fragments(FRAME, 100));
  assert.equal(bench.add(fragments(FRAME, 4_000_000_000)[0]!, true), 0);
  assert.equal(bench.addAll(fragments(FRAME, 101)), "stale");
  assert.equal(bench.add(fragments(FRAME, 101)[0]!, true), 0);
  assert.equal(bench.addAll(fragments(FRAME, 101).slice(1)), 0);
  assert.equal(bench.addAll(fragments(FRAME, 102)), 0);
  assert.equal(bench.reassembler.framesLost, 0);
  assert.equal(bench.reassembler.framesReceived, 3);
});

Deno.test("a reset begins anew", () => {
  const bench = new Bench();
  bench.addAll(fragments(FRAME, 400));
  bench.add(fragments(FRAME, 403)[0]!);
  bench.reassembler.reset();
  assert.equal(bench.reassembler.framesReceived, 0);
  assert.equal(bench.reassembler.framesLost, 0);
  assert.equal(bench.pool.bytesInUse, 0);
  assert.equal(bench.addAll(fragments(FRAME, 0)), 0);
});
