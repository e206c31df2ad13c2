/**
 * What the tests run with permissions and flags of its own:
 * `udp_program.ts path|option|collect:PACKETS`. Prints one line of JSON.
 *
 * @module
 */

import { DatagramBatch, openUdpSocket } from "../../../src/net/udp.ts";
import type { UdpAddress } from "../../../src/net/udp.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
/** More than one run of equal sizes holds, less than a receive buffer. */
const WINDOW = 128;
const PACKET_BYTES = 240;
/** Packets that have not come after so long are sent again. */
const RESEND_MS = 250;
/** Without a new packet for so long, what is missing stays lost. */
const STALLED_MS = 30_000;
/** Where a packet is looked at; what overwrites it takes more than four bytes. */
const PROBES = [0, 100, PACKET_BYTES - 4];
/** Windows, or receives, that a batch lives for. */
const BATCH_LIFE = 7;

const gc = (globalThis as unknown as {
  gc: (how?: { type: "minor" | "major" }) => void;
}).gc;

function path(from: string): Record<string, unknown> {
  const forced = from === "option" ? { fastPath: false } : {};
  using socket = openUdpSocket({ ...LOCAL, ...forced });
  const { receiveBufferBytes } = socket;
  return { path: socket.path, receiveBufferBytes };
}

/**
 * Batches that are forgotten after a few uses. With each new one everything is
 * collected, and memory that became free is taken and written at once: an
 * address of a collected buffer would show.
 */
class ShortLived {
  readonly #slotBytes: number;
  #uses = 0;
  #batch: DatagramBatch;
  /** Not for reading: it takes the memory. */
  spoilt: Uint32Array | undefined;

  constructor(slotBytes: number) {
    this.#slotBytes = slotBytes;
    this.#batch = new DatagramBatch(WINDOW, slotBytes);
  }

  next(): DatagramBatch {
    if (++this.#uses % BATCH_LIFE > 0) return this.#batch;
    this.#batch = new DatagramBatch(WINDOW, this.#slotBytes);
    this.spoilt = undefined;
    gc({ type: "major" });
    this.spoilt = new Uint32Array(this.#batch.bytes.length >> 2)
      .fill(0xdeadbeef);
    return this.#batch;
  }
}

/** What came at the end of the hop, told apart by the numbers in it. */
class Sink {
  damaged = 0;
  repeated = 0;
  came = 0;
  newestAt = performance.now();
  #first = 0;
  #missing = new Set<number>();
  #progress = Promise.withResolvers<void>();

  /** The numbers that are waited for now. */
  expect(first: number, count: number): void {
    this.#first = first;
    this.#missing = new Set(Array.from({ length: count }, (_, i) => first + i));
    this.newestAt = performance.now();
  }

  get missing(): number[] {
    return [...this.#missing];
  }

  take(batch: DatagramBatch, index: number, from: UdpAddress): void {
    const view = new DataView(batch.bytes.buffer);
    const start = batch.starts[index]!;
    const number = view.getUint32(start, true);
    const isWhole = batch.lengths[index] === PACKET_BYTES &&
      batch.sources[index]?.port === from.port &&
      PROBES.every((at) => view.getUint32(start + at, true) === number);
    if (!isWhole || number >= this.#first + WINDOW) this.damaged++;
    else if (!this.#missing.delete(number)) this.repeated++;
    else {
      this.came++;
      this.newestAt = performance.now();
      if (this.#missing.size === 0) this.#progress.resolve();
    }
  }

  /** Resolves when nothing is missing, or it is time to send that again. */
  async wait(): Promise<void> {
    if (this.#missing.size === 0) return;
    this.#progress = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#progress.resolve(), RESEND_MS);
    await this.#progress.promise;
    clearTimeout(timer);
  }
}

/**
 * Packets through a hop, each with its number all over, a window at a time.
 * UDP may lose any of them: what did not come is sent again. A packet that
 * came once more than it was sent is as wrong as a damaged one: it was read
 * from memory that had become another's.
 */
async function collect(total: number): Promise<Record<string, unknown>> {
  using source = openUdpSocket(LOCAL);
  using relay = openUdpSocket(LOCAL);
  using end = openUdpSocket(LOCAL);
  const sink = new Sink();
  const relaying = (async () => {
    const batches = new ShortLived(PACKET_BYTES + 1);
    for (let batch = batches.next(); await relay.receive(batch);) {
      gc({ type: "minor" });
      await relay.send(batch, 0, batch.count, end.address);
      batch = batches.next();
    }
  })();
  const sinking = (async () => {
    const batches = new ShortLived(PACKET_BYTES + 1);
    for (let batch = batches.next(); await end.receive(batch);) {
      for (let i = 0; i < batch.count; i++) sink.take(batch, i, relay.address);
      batch = batches.next();
    }
  })();
  const batches = new ShortLived(PACKET_BYTES);
  let resent = 0;
  let stalled = false;
  for (let next = 0; next < total && !stalled; next += WINDOW) {
    sink.expect(next, Math.min(WINDOW, total - next));
    for (let round = 0; sink.missing.length > 0 && !stalled; round++) {
      const numbers = sink.missing;
      if (round > 0) resent += numbers.length;
      const out = batches.next();
      fill(out, numbers);
      await source.send(out, 0, out.count, relay.address);
      await sink.wait();
      stalled = performance.now() - sink.newestAt > STALLED_MS;
    }
  }
  relay.close();
  end.close();
  await Promise.all([relaying, sinking]);
  return {
    path: relay.path,
    packets: total,
    lost: total - sink.came,
    damaged: sink.damaged + Math.max(0, sink.repeated - resent),
  };
}

function fill(out: DatagramBatch, numbers: readonly number[]): void {
  out.count = 0;
  for (const number of numbers) {
    const words = new Uint32Array(PACKET_BYTES / 4).fill(number);
    out.append(new Uint8Array(words.buffer));
  }
}

// Last, so that the classes above exist.
const [what = "", packets] = Deno.args[0]?.split(":") ?? [];
console.log(JSON.stringify(
  what === "collect" ? await collect(Number(packets)) : path(what),
));
