import assert from "node:assert/strict";
import { FateSource, type Impairment, TokenBucket } from "./impairment.ts";
import { LossyRelay } from "./lossy_relay.ts";
import { quietFor, waitUntil } from "./wait.ts";

/** A UDP socket that keeps what it receives. */
class Endpoint implements AsyncDisposable {
  readonly received: Uint8Array[] = [];
  readonly arrivals: number[] = [];
  readonly #socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  readonly #echo: boolean;
  readonly #loop: Promise<void>;

  constructor({ echo = false } = {}) {
    this.#echo = echo;
    this.#loop = this.#receive();
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** The first byte of each datagram. */
  get order(): number[] {
    return this.received.map((bytes) => bytes[0]!);
  }

  async send(bytes: Uint8Array, port: number): Promise<void> {
    await this.#socket.send(bytes, {
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    });
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      try {
        const [bytes, from] = await this.#socket.receive(buffer);
        this.received.push(bytes.slice());
        this.arrivals.push(performance.now());
        if (this.#echo) await this.#socket.send(bytes.slice(), from);
      } catch {
        return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#loop;
  }
}

/** Sends `count` numbered datagrams, each once the relay has the one before. */
async function sendNumbered(
  sender: Endpoint,
  relay: LossyRelay,
  count: number,
  size = 16,
): Promise<void> {
  const before = relay.forward.received;
  for (let i = 0; i < count; i++) {
    await sender.send(new Uint8Array(size).fill(i), relay.port);
    await waitUntil(() => relay.forward.received === before + i + 1);
  }
}

Deno.test("the same seed gives the same fates, another seed others", () => {
  const impairment: Impairment = {
    loss: 0.1,
    duplicate: 0.1,
    reorder: 0.1,
    corrupt: 0.1,
  };
  const fatesOf = (seed: number): string => {
    const source = new FateSource(seed);
    const bytes = new Uint8Array(100);
    return JSON.stringify(
      Array.from({ length: 500 }, () => source.next(bytes, impairment)),
    );
  };
  assert.equal(fatesOf(1), fatesOf(1));
  assert.notEqual(fatesOf(1), fatesOf(2));
});

Deno.test("one chance does not move the faults of another", () => {
  const losses = (duplicate: number): number[] => {
    const source = new FateSource(5);
    const bytes = new Uint8Array(8);
    return Array.from({ length: 300 }, (_, i) => i)
      .filter(() => source.next(bytes, { loss: 0.2, duplicate }).lost);
  };
  assert.deepEqual(losses(0), losses(0.9));
});

Deno.test("chances come out near their values", () => {
  const source = new FateSource(3);
  const bytes = new Uint8Array(8);
  let lost = 0;
  for (let i = 0; i < 10_000; i++) {
    if (source.next(bytes, { loss: 0.2 }).lost) lost++;
  }
  assert.ok(lost > 1_800 && lost < 2_200, `${lost} of 10,000`);
});

Deno.test("the token bucket lets a burst pass, then keeps the rate, then overflows", () => {
  const bucket = new TokenBucket();
  const path = { bytesPerSecond: 1_000, burstBytes: 100, queueBytes: 200 };
  assert.equal(bucket.reserve(100, 0, path), 0);
  assert.equal(bucket.reserve(100, 0, path), 100);
  assert.equal(bucket.reserve(100, 0, path), 200);
  assert.equal(bucket.reserve(100, 0, path), undefined);
  assert.equal(bucket.reserve(100, 100, path), 200);
  assert.equal(bucket.reserve(100, 10_000, path), 0);
});

Deno.test("a clean relay passes everything both ways, for each sender apart", async () => {
  await using target = new Endpoint({ echo: true });
  await using relay = new LossyRelay({ target });
  await using first = new Endpoint();
  await using second = new Endpoint();
  await first.send(Uint8Array.of(1, 2, 3), relay.port);
  await second.send(Uint8Array.of(4), relay.port);
  await first.send(new Uint8Array(60_000).fill(9), relay.port);
  await waitUntil(() => first.received.length === 2 && second.received.length);
  assert.deepEqual(first.received[0], Uint8Array.of(1, 2, 3));
  assert.equal(first.received[1]?.length, 60_000);
  assert.deepEqual(second.received, [Uint8Array.of(4)]);
  assert.equal(relay.forward.forwarded, 3);
  assert.equal(relay.backward.forwarded, 3);
});

Deno.test("what was injected is what arrives, and the counters say it", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({
    target,
    seed: 11,
    forward: { loss: 0.2, duplicate: 0.2, corrupt: 0.2 },
  });
  await using sender = new Endpoint();
  await sendNumbered(sender, relay, 200);
  const { forwarded, lost, duplicated, corrupted, received } = relay.forward;
  assert.equal(received, 200);
  assert.ok(lost > 0 && duplicated > 0 && corrupted > 0);
  assert.equal(forwarded, 200 - lost + duplicated);
  await waitUntil(() => target.received.length === forwarded);
  const damaged = new Set(
    target.received
      .filter((bytes) => bytes.some((byte) => byte !== bytes[1]))
      .map((bytes) => bytes.join()),
  );
  assert.equal(damaged.size, corrupted);
});

Deno.test("a datagram that is held back arrives after those that overtake it", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({
    target,
    forward: { reorder: 1, reorderBy: 2 },
  });
  await using sender = new Endpoint();
  await sendNumbered(sender, relay, 1);
  relay.impair({ forward: {} });
  await sender.send(Uint8Array.of(1), relay.port);
  await sender.send(Uint8Array.of(2), relay.port);
  await sender.send(Uint8Array.of(3), relay.port);
  await waitUntil(() => target.received.length === 4);
  assert.equal(relay.forward.reordered, 1);
  assert.deepEqual(target.order.toSorted(), [0, 1, 2, 3]);
  assert.notEqual(target.order[0], 0);
});

Deno.test("a held-back datagram arrives even when nothing follows it", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({ target, forward: { reorder: 1 } });
  await using sender = new Endpoint();
  await sender.send(Uint8Array.of(7), relay.port);
  await waitUntil(() => target.received.length === 1);
  assert.equal(relay.forward.reordered, 1);
});

Deno.test("a delayed path is late and keeps the order", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({ target, forward: { delayMs: 40 } });
  await using sender = new Endpoint();
  const start = performance.now();
  await sendNumbered(sender, relay, 50);
  await waitUntil(() => target.received.length === 50);
  assert.deepEqual(target.order, Array.from({ length: 50 }, (_, i) => i));
  assert.ok(target.arrivals[0]! - start >= 38);
});

Deno.test("a full queue drops, and says how many", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({
    target,
    forward: { bytesPerSecond: 100_000, burstBytes: 1_000, queueBytes: 4_000 },
  });
  await using sender = new Endpoint();
  await sendNumbered(sender, relay, 20, 1_000);
  const { overflowed } = relay.forward;
  assert.ok(overflowed > 0);
  await waitUntil(() => target.received.length === 20 - overflowed);
});

Deno.test("faults by hand hit the datagrams they name", async () => {
  await using target = new Endpoint();
  await using relay = new LossyRelay({
    target,
    forward: { drop: (index, bytes) => index === 1 || bytes[0] === 3 },
  });
  await using sender = new Endpoint();
  await sendNumbered(sender, relay, 5);
  await waitUntil(() => target.received.length === 3);
  assert.deepEqual(target.order, [0, 2, 4]);
  assert.equal(relay.forward.lost, 2);
});

Deno.test("a closed relay passes nothing more, not even what is under way", async () => {
  await using target = new Endpoint();
  await using sender = new Endpoint();
  const relay = new LossyRelay({ target, forward: { delayMs: 20 } });
  await sendNumbered(sender, relay, 3);
  await relay.close();
  await quietFor(60);
  assert.equal(target.received.length, 0);
});
