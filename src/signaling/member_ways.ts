/**
 * The ways by which the film comes from one member: the blind relay, which is
 * open first, WebRTC, which takes over, more of it when one connection is too
 * slow, the relay again when that is faster, and the relay over HTTP.
 *
 * @module
 */

import { MAX_CONNECTIONS } from "./channel_message.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import { type TriedWay, WayTrial } from "./way_trial.ts";
import type { FilmTransport, PartyClock, TransportKind } from "./transport.ts";

/** When no way opens within this, the one that always works is taken, ms. */
const OPEN_MS = 4000;
/** WebRTC may take as long as this before it is begun again: a slow machine, a far TURN server, ms. */
const RTC_PATIENCE_MS = 12_000;
/** Pause before a lost way is tried again, ms. */
const RETRY_MS = 400;
/** At most, ms. */
const MAX_RETRY_MS = 8000;
/** How often it is looked at whether the film comes quickly enough, ms. */
const LOOK_MS = 500;
/** A way shows within this what it can, ms. */
const TRIAL_MS = 2000;
/** More connections must give so many times what there was. */
const WORTH_MORE = 1.2;
/** A relay that was not faster is tried again after this, ms. */
const RELAY_PAUSE_MS = 30_000;

/** What the ways to a member need. */
export interface MemberWaysParts {
  /** Who has the film. */
  readonly memberId: string;
  /** Who takes it. */
  readonly receiver: FilmReceiver;
  /** Asks the member for a WebRTC connection; `undefined` without WebRTC. */
  readonly askRtc: (() => void) | undefined;
  /** Ends the WebRTC connections that are not open yet, and those that are. */
  readonly dropRtc: () => void;
  /** Asks the server for a relay; `undefined` without one. */
  readonly askRelay: (() => void) | undefined;
  /** Opens the relay over HTTP; `undefined` without one. */
  readonly openHttp: (() => FilmTransport) | undefined;
  /** A number that no way had before. */
  readonly serial: () => number;
  /** Time. */
  readonly clock: PartyClock;
  /** A way opened or closed. */
  readonly onChange: () => void;
}

interface Way {
  readonly name: string;
  readonly kind: TransportKind;
  readonly since: number;
  /** What had come by it when it was looked at last. */
  bytes: number;
  /** Bytes a second since then. */
  rate: number;
}

/** The ways to one member. */
export class MemberWays {
  readonly #parts: MemberWaysParts;
  /** By the id that the receiver knows. */
  readonly #open = new Map<string, Way>();
  readonly #retryMs = { rtc: RETRY_MS, relay: RETRY_MS };
  readonly #cancel = new Map<string, () => void>();
  #relayAskedAt = -Infinity;
  #asked = 1;
  #moreAt = -Infinity;
  #lookedAt: number;
  #trial: WayTrial | undefined;
  /** What WebRTC gave before more of it was asked for, bytes a second. */
  #rateBefore = 0;
  #closed = false;
  /** Bytes a second that are needed now; 0 when there is enough. */
  need: number = Infinity;

  /** Asks for all ways that are there. */
  constructor(parts: MemberWaysParts) {
    this.#parts = parts;
    this.#lookedAt = parts.clock.now();
    this.#askRtc();
    this.#askRelay();
    this.#after("http", this.#hasFast() ? OPEN_MS : 0, () => this.#openHttp());
    this.#after("look", LOOK_MS, () => this.#look());
  }

  /** Whether a way is open. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Kinds of the open ways. */
  get kinds(): TransportKind[] {
    return [...this.#open.values()].map(({ kind }) => kind);
  }

  /** A WebRTC connection of the member is open. */
  rtcOpened(index: number, transport: FilmTransport): void {
    this.#retryMs.rtc = RETRY_MS;
    this.#cancel.get("rtc")?.();
    this.#opened(`rtc${index}`, transport);
  }

  /** A relay to the member is open; `undefined`: there is none. */
  relayOpened(transport: FilmTransport | undefined): void {
    if (transport !== undefined) {
      this.#retryMs.relay = RETRY_MS;
      this.#opened("relay", transport);
    } else if (!this.#isOpen("rtc0")) {
      this.#again("relay", () => this.#askRelay());
    }
  }

  /** A WebRTC connection did not open. */
  rtcFailed(index: number): void {
    if (index === 0 && !this.#isOpen("rtc0")) {
      this.#again("rtc", () => this.#askRtc());
    }
  }

  /** The receiver says that a way is gone; `false` when it is none of these. */
  closed(id: string): boolean {
    const way = this.#open.get(id);
    if (way === undefined) return false;
    this.#open.delete(id);
    this.#parts.onChange();
    if (this.#closed) return true;
    if (way.name === "relay" || way.name === "rtc0") {
      // Who is left is compared with nobody.
      this.#trial = undefined;
      for (const other of this.#open.keys()) {
        this.#parts.receiver.hold(other, false);
      }
    }
    if (way.name === "rtc0") {
      this.#asked = 1;
      this.#again("rtc", () => this.#askRtc());
    }
    if (this.#open.size === 0) {
      this.#again("relay", () => this.#askRelay());
      this.#after(
        "http",
        this.#hasFast() ? OPEN_MS : this.#retryMs.relay,
        () => this.#openHttp(),
      );
    }
    return true;
  }

  /** Ends the search; transports that are open are the receiver's. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancel.values()) cancel();
    for (const id of [...this.#open.keys()]) this.#parts.receiver.detach(id);
    this.#open.clear();
    this.#parts.dropRtc();
  }

  #hasFast(): boolean {
    const { askRtc, askRelay } = this.#parts;
    return askRtc !== undefined || askRelay !== undefined;
  }

  #isOpen(name: string): boolean {
    return this.#idOf(name) !== undefined;
  }

  #idOf(name: string): string | undefined {
    return [...this.#open].find(([, way]) => way.name === name)?.[0];
  }

  #after(what: string, ms: number, run: () => void): void {
    this.#cancel.get(what)?.();
    this.#cancel.set(what, this.#parts.clock.after(ms, run));
  }

  #again(what: "rtc" | "relay", ask: () => void): void {
    this.#after(what, this.#retryMs[what], ask);
    this.#retryMs[what] = Math.min(2 * this.#retryMs[what], MAX_RETRY_MS);
  }

  #askRtc(): void {
    const { askRtc, dropRtc } = this.#parts;
    if (askRtc === undefined) return;
    dropRtc();
    askRtc();
    // Nobody says that a request has come to nothing.
    this.#after(
      "rtc",
      RTC_PATIENCE_MS,
      () => this.#again("rtc", () => this.#askRtc()),
    );
  }

  #askRelay(): void {
    if (this.#parts.askRelay === undefined) return;
    this.#relayAskedAt = this.#parts.clock.now();
    this.#parts.askRelay();
    this.#after(
      "relay",
      OPEN_MS,
      () => {
        if (this.#open.size === 0) this.#again("relay", () => this.#askRelay());
      },
    );
  }

  #openHttp(): void {
    const { openHttp } = this.#parts;
    if (openHttp === undefined || this.#open.size > 0) return;
    this.#opened("http", openHttp());
  }

  #opened(name: string, transport: FilmTransport): void {
    if (this.#closed || this.#isOpen(name)) {
      transport.close();
      return;
    }
    const { receiver, serial, clock, onChange } = this.#parts;
    const id = `${name}.${serial()}`;
    const since = clock.now();
    this.#open.set(id, {
      name,
      kind: transport.kind,
      since,
      bytes: 0,
      rate: 0,
    });
    receiver.attach(id, transport);
    onChange();
  }

  /** Whether there are too few ways, or more than are needed. */
  #look(): void {
    this.#after("look", LOOK_MS, () => this.#look());
    const now = this.#parts.clock.now();
    const { rates, bytes } = this.#measure(now);
    const relay = this.#idOf("relay");
    const rtc = this.#idOf("rtc0");
    if (rtc !== undefined) {
      for (const id of [relay, this.#idOf("http")]) {
        if (id !== undefined && this.#isSpare(rates, rtc, now)) {
          this.#parts.receiver.retire(id);
        }
      }
    }
    if (this.#open.size === 0 || rates.rtc + rates.relay >= this.need) return;
    if (relay === undefined) this.#openRelay(now);
    if (relay !== undefined && rtc !== undefined) {
      const since = this.#open.get(rtc)!.since;
      // The first picture comes first.
      if (now - since >= TRIAL_MS) this.#compare(now, relay, rates, bytes);
    } else if (rtc !== undefined) this.#openMore(now, rtc, rates.rtc);
  }

  /** What came by each kind of way; chunks come in bursts, so a moment says little. */
  #measure(now: number): {
    rates: Record<TransportKind, number>;
    bytes: Record<TransportKind, number>;
  } {
    const rates = { rtc: 0, relay: 0, http: 0, memory: 0 };
    const all = { ...rates };
    for (const { id, bytes } of this.#parts.receiver.sources()) {
      const way = this.#open.get(id);
      if (way === undefined) continue;
      const rate = 1000 * (bytes - way.bytes) / (now - this.#lookedAt);
      way.rate = way.rate === 0 ? rate : (way.rate + rate) / 2;
      way.bytes = bytes;
      rates[way.kind] += way.rate;
      all[way.kind] += bytes;
    }
    this.#lookedAt = now;
    return { rates, bytes: all };
  }

  /** Whether WebRTC alone is enough. */
  #isSpare(
    { rtc }: Readonly<Record<TransportKind, number>>,
    id: string,
    now: number,
  ): boolean {
    const alone = Math.max(rtc, this.#trial?.alone.rtc ?? 0);
    return alone > 0 && alone >= this.need &&
      now - this.#open.get(id)!.since >= LOOK_MS;
  }

  /** The server carries what WebRTC cannot as quickly, and no more. */
  #compare(
    now: number,
    relay: string,
    rates: Readonly<Record<TriedWay, number>>,
    bytes: Readonly<Record<TriedWay, number>>,
  ): void {
    const { receiver } = this.#parts;
    this.#trial ??= new WayTrial();
    this.#trial.look(now, bytes);
    if (this.#trial.isOver && !this.#trial.isRelayFaster) {
      receiver.retire(relay);
      return;
    }
    // A relay that has come to a stop holds up nobody.
    const stopped = this.#trial.isOver && rates.relay < this.#trial.alone.rtc;
    for (const [id, { kind }] of this.#open) {
      receiver.hold(id, !stopped && kind === this.#trial.holds);
    }
    if (stopped) this.#trial = undefined;
  }

  #openRelay(now: number): void {
    if (now - this.#relayAskedAt > RELAY_PAUSE_MS) this.#askRelay();
  }

  /** Twice as many connections, for as long as that helps: it does where there is loss. */
  #openMore(now: number, first: string, rate: number): void {
    const { receiver } = this.#parts;
    if (
      now - Math.max(this.#moreAt, this.#open.get(first)!.since) < TRIAL_MS
    ) return;
    if (this.#asked > 1 && rate < WORTH_MORE * this.#rateBefore) {
      for (const [id, { name }] of this.#open) {
        const index = Number(/^rtc(\d+)$/.exec(name)?.[1] ?? 0);
        if (index >= this.#asked / 2) receiver.retire(id);
      }
      this.#asked = MAX_CONNECTIONS; // until the first one is lost
      this.#rateBefore = 0;
      return;
    }
    if (this.#asked >= MAX_CONNECTIONS) return;
    this.#moreAt = now;
    this.#rateBefore = rate;
    this.#asked *= 2;
    receiver.askForConnections(first, this.#asked);
  }
}
