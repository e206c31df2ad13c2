/**
 * What a hop costs in the core: microseconds a fragment through a relay
 * (checksum, duplicate check, reassembly, hop time), and what a million of
 * them leave on the heap. The clip is that of the chain's bars: 178 KB a frame.
 *
 * Aims: at most 1.5 µs a fragment, no heap growth.
 */

import {
  BinaryFragmenter,
  DatagramSeal,
  encodeStrandcastFrame,
  readChainKey,
  Relay,
} from "../../src/chain/mod.ts";

const FRAME_BYTES = 178_000;
const FRAGMENTS = 1_000_000;

/** Frames before the clock starts, for the compiler to finish. */
const WARM_UP_FRAMES = 500;

/** 1400-byte datagrams for networks, 7680 on one machine. */
const FRAGMENT_BYTES = [1360, 7640];

const STRANDCAST_FRAMES = 100;

function picture(): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  for (let at = 0; at < frame.length; at += 65_536) {
    crypto.getRandomValues(frame.subarray(at, at + 65_536));
  }
  frame.set([0xff, 0xd8, 0xff]);
  frame.set([0xff, 0xd9], FRAME_BYTES - 2);
  return frame;
}

/** Heap in use is a saw: its lowest points show what is really kept. */
class HeapFloor {
  #early = Infinity;
  #late = Infinity;

  sample(progress: number): void {
    const { heapUsed } = Deno.memoryUsage();
    if (progress < 0.2) this.#early = Math.min(this.#early, heapUsed);
    if (progress > 0.8) this.#late = Math.min(this.#late, heapUsed);
  }

  get growth(): number {
    return this.#late - this.#early;
  }
}

function benchBinary(
  fragmentBytes: number,
  isSealed: boolean,
): void {
  const frame = picture();
  const key = readChainKey(new TextEncoder().encode("only for this bench"));
  const seal = isSealed ? new DatagramSeal(key) : undefined;
  const fragmenter = new BinaryFragmenter({
    streamId: 7,
    fragmentBytes,
    seal,
  });
  const relay = new Relay();
  relay.setSeal(seal);
  relay.announceStream(7);
  const heap = new HeapFloor();
  const count = fragmenter.begin(frame, 0);
  const out = new Uint8Array(fragmenter.totalBytes);
  const { stride } = fragmenter.writeAll(0, out);
  const datagrams = Array.from(
    { length: count },
    (_, index) => out.subarray(index * stride, (index + 1) * stride),
  );
  const frames = Math.ceil(FRAGMENTS / count);
  let nowUs = 1e15;
  let writing = 0;
  let relaying = 0;
  for (let number = 0; number < WARM_UP_FRAMES + frames; number++) {
    fragmenter.begin(frame, number);
    const start = performance.now();
    fragmenter.writeAll(nowUs, out);
    const written = performance.now();
    for (const datagram of datagrams) {
      nowUs += 250;
      const outcome = relay.receive(datagram, nowUs, true);
      if (outcome.drop !== 0) throw new Error(`Dropped: ${outcome.drop}`);
      outcome.frame?.jpeg.release();
    }
    if (number < WARM_UP_FRAMES) continue;
    writing += written - start;
    relaying += performance.now() - written;
    heap.sample((number - WARM_UP_FRAMES) / frames);
  }
  const each = (ms: number): string => (ms * 1000 / frames / count).toFixed(3);
  const kilobytes = heap.growth / 1024 / (frames * count / 1e6);
  console.log(
    `binary${
      isSealed ? ", with a key" : ""
    }, ${fragmentBytes} bytes a fragment, ${count} a frame: ` +
      `write ${each(writing)} µs, relay ${each(relaying)} µs a fragment, ` +
      `heap ${kilobytes.toFixed(0)} KiB a million fragments`,
  );
}

function benchStrandcast(): void {
  const frame = picture();
  const relay = new Relay();
  let writing = 0;
  let relaying = 0;
  for (let number = 0; number < STRANDCAST_FRAMES; number++) {
    const start = performance.now();
    const datagrams = encodeStrandcastFrame(frame, { frameNumber: number });
    const written = performance.now();
    for (const datagram of datagrams) {
      const outcome = relay.receive(datagram, 1e15 + number * 33_333, true);
      if (outcome.drop !== 0) throw new Error(`Dropped: ${outcome.drop}`);
      outcome.frame?.jpeg.release();
    }
    writing += written - start;
    relaying += performance.now() - written;
  }
  const each = (ms: number): string => (ms / STRANDCAST_FRAMES).toFixed(2);
  console.log(
    `strandcast, hex of zlib level 6: write ${each(writing)} ms, ` +
      `relay ${each(relaying)} ms a frame`,
  );
}

for (const isSealed of [false, true]) {
  for (const fragmentBytes of FRAGMENT_BYTES) {
    benchBinary(fragmentBytes, isSealed);
  }
}
benchStrandcast();
