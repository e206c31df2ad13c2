/**
 * A UDP path that is bad on purpose: it sits between two programs, and what
 * it does to their datagrams is seeded, counted and changeable at any time.
 *
 * @module
 */

import {
  FateSource,
  type Impairment,
  type ImpairmentCounters,
  noFaults,
  TokenBucket,
} from "./impairment.ts";

/** Larger than any UDP payload over IPv4 (65,507 bytes). */
const RECEIVE_BUFFER_BYTES = 65_536;

/** A held-back datagram leaves after this long even when nothing overtakes it. */
const HOLD_AT_MOST_MS = 50;

/** Timers are this coarse: what is due within one step leaves now. */
const TIMER_STEP_MS = 1;

/** Senders that one relay keeps apart; a test has a few. */
const MAX_SENDERS = 64;

const DEFAULT_REORDER_BY = 3;

/** Where a relay stands and what it does. */
export interface LossyRelayOptions {
  /** Where datagrams go on to. */
  target: { hostname?: string; port: number };
  /** The relay's own port; a free one by default. */
  port?: number;
  /** The start of chance; 1 by default. */
  seed?: number;
  /** Faults on the way to the target. */
  forward?: Impairment;
  /** Faults on the way back to the sender. */
  backward?: Impairment;
}

/** One direction: fates, rate, delay, and the datagrams under way. */
class Direction {
  impairment: Impairment;
  readonly counters: ImpairmentCounters = noFaults();
  readonly #fates: FateSource;
  readonly #bucket = new TokenBucket();
  readonly #holds = new Set<ReturnType<typeof setTimeout>>();
  #held: { send: () => void; overtakers: number }[] = [];
  #line: { departure: number; go: () => void }[] = [];
  #lineTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(seed: number, impairment: Impairment) {
    this.#fates = new FateSource(seed);
    this.impairment = impairment;
  }

  /** Passes a datagram on, late, twice, changed, or not at all; `bytes` is the callee's to keep. */
  pass(bytes: Uint8Array, send: (bytes: Uint8Array) => void): void {
    this.counters.received++;
    const fate = this.#fates.next(bytes, this.impairment);
    if (fate.lost) {
      this.counters.lost++;
      return;
    }
    if (fate.flippedBit !== undefined) {
      const at = fate.flippedBit >> 3;
      bytes[at] = bytes[at]! ^ (1 << (fate.flippedBit & 7));
      this.counters.corrupted++;
    }
    if (fate.duplicated) this.counters.duplicated++;
    const dispatch = (): void => {
      this.#depart(bytes, send);
      if (fate.duplicated) this.#depart(bytes, send);
    };
    if (fate.reordered) {
      this.counters.reordered++;
      this.#hold(dispatch);
      return;
    }
    dispatch();
    this.#overtake();
  }

  #hold(send: () => void): void {
    const entry = {
      send,
      overtakers: this.impairment.reorderBy ?? DEFAULT_REORDER_BY,
    };
    this.#held.push(entry);
    const timer = setTimeout(() => {
      this.#holds.delete(timer);
      this.#release(entry);
    }, HOLD_AT_MOST_MS);
    this.#holds.add(timer);
  }

  #overtake(): void {
    for (const entry of [...this.#held]) {
      if (--entry.overtakers <= 0) this.#release(entry);
    }
  }

  #release(entry: { send: () => void; overtakers: number }): void {
    const at = this.#held.indexOf(entry);
    if (at < 0) return;
    this.#held.splice(at, 1);
    entry.send();
  }

  #depart(bytes: Uint8Array, send: (bytes: Uint8Array) => void): void {
    const now = performance.now();
    const wait = this.#bucket.reserve(bytes.length, now, this.impairment);
    if (wait === undefined) {
      this.counters.overflowed++;
      return;
    }
    const go = (): void => {
      this.counters.forwarded++;
      send(bytes);
    };
    const departure = Math.max(
      now + wait + (this.impairment.delayMs ?? 0),
      this.#line.at(-1)?.departure ?? 0,
    );
    if (departure <= now) {
      go();
      return;
    }
    this.#line.push({ departure, go });
    this.#lineTimer ??= setTimeout(() => this.#leave(), departure - now);
  }

  /** Lets go of all whose time has come, in order: one timer keeps the line. */
  #leave(): void {
    const now = performance.now() + TIMER_STEP_MS;
    const stays = this.#line.findIndex(({ departure }) => departure > now);
    const leaving = stays < 0 ? this.#line : this.#line.slice(0, stays);
    this.#line = stays < 0 ? [] : this.#line.slice(stays);
    const next = this.#line[0];
    this.#lineTimer = next &&
      setTimeout(() => this.#leave(), next.departure - now);
    for (const { go } of leaving) go();
  }

  close(): void {
    for (const timer of this.#holds) clearTimeout(timer);
    clearTimeout(this.#lineTimer);
    this.#holds.clear();
    this.#held = [];
    this.#line = [];
  }
}

/** A running relay; senders use {@linkcode LossyRelay.port} in place of the target's. */
export class LossyRelay implements AsyncDisposable {
  readonly #front: Deno.DatagramConn;
  readonly #target: Deno.NetAddr;
  readonly #forward: Direction;
  readonly #backward: Direction;
  readonly #senders = new Map<string, Deno.DatagramConn>();
  readonly #sending = new Map<Deno.DatagramConn, Promise<void>>();
  readonly #loops: Promise<void>[] = [];
  #closed = false;

  /** Starts to relay on 127.0.0.1. */
  constructor(
    { target, port = 0, seed = 1, forward = {}, backward = {} }:
      LossyRelayOptions,
  ) {
    this.#front = Deno.listenDatagram({
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    });
    this.#target = {
      transport: "udp",
      hostname: target.hostname ?? "127.0.0.1",
      port: target.port,
    };
    this.#forward = new Direction(seed, forward);
    this.#backward = new Direction(seed ^ 0x5eed, backward);
    this.#loops.push(
      this.#receive(this.#front, (bytes, from) => {
        const upstream = this.#upstreamOf(from);
        if (upstream === undefined) return;
        this.#forward.pass(
          bytes,
          (out) => this.#send(upstream, out, this.#target),
        );
      }),
    );
  }

  /** The port that senders use. */
  get port(): number {
    return (this.#front.addr as Deno.NetAddr).port;
  }

  /** What was injected on the way to the target. */
  get forward(): Readonly<ImpairmentCounters> {
    return this.#forward.counters;
  }

  /** What was injected on the way back. */
  get backward(): Readonly<ImpairmentCounters> {
    return this.#backward.counters;
  }

  /** Changes the faults from the next datagram on; a direction left out stays as it is. */
  impair(change: { forward?: Impairment; backward?: Impairment }): void {
    if (change.forward) this.#forward.impairment = change.forward;
    if (change.backward) this.#backward.impairment = change.backward;
  }

  /** Each sender gets a socket of its own towards the target, so that answers find their way. */
  #upstreamOf(from: Deno.NetAddr): Deno.DatagramConn | undefined {
    const key = `${from.hostname}:${from.port}`;
    const known = this.#senders.get(key);
    if (known || this.#senders.size >= MAX_SENDERS) return known;
    const upstream = Deno.listenDatagram({
      transport: "udp",
      hostname: "127.0.0.1",
      port: 0,
    });
    this.#senders.set(key, upstream);
    this.#loops.push(
      this.#receive(upstream, (bytes) => {
        this.#backward.pass(
          bytes,
          (out) => this.#send(this.#front, out, from),
        );
      }),
    );
    return upstream;
  }

  async #receive(
    socket: Deno.DatagramConn,
    handle: (bytes: Uint8Array, from: Deno.NetAddr) => void,
  ): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
    while (!this.#closed) {
      try {
        const [bytes, from] = await socket.receive(buffer);
        handle(bytes.slice(), from as Deno.NetAddr);
      } catch (error) {
        // A closed target answers with ICMP: the path is there all the same.
        if (this.#closed || !isRefusal(error)) break;
      }
    }
  }

  /** One after another: sends of one socket that overlap may overtake each other. */
  #send(socket: Deno.DatagramConn, bytes: Uint8Array, to: Deno.NetAddr): void {
    const before = this.#sending.get(socket) ?? Promise.resolve();
    this.#sending.set(
      socket,
      before.then(async () => {
        if (this.#closed) return;
        try {
          await socket.send(bytes, to);
        } catch {
          // As on a real path: what cannot be delivered is gone.
        }
      }),
    );
  }

  /** Stops; datagrams under way are dropped. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forward.close();
    this.#backward.close();
    this.#front.close();
    for (const socket of this.#senders.values()) socket.close();
    await Promise.all([...this.#loops, ...this.#sending.values()]);
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionReset;
}
