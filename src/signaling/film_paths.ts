/**
 * The ways between a member that has the film and one that wants it: WebRTC,
 * more of it when one connection is too slow, the blind relay, the relay over
 * HTTP. Both ends of each.
 *
 * @module
 */

import { MAX_CONNECTIONS } from "./channel_message.ts";
import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import {
  parseRtcSignal,
  type RtcConnection,
  type RtcFactory,
  type RtcServer,
  type RtcSignal,
} from "./rtc.ts";
import { NONCE_BYTES, openValue, sealValue } from "./seal.ts";
import type { FilmTransport, PartyClock, TransportKind } from "./transport.ts";

/** A way that does not open within this is not waited for, ms. */
const OPEN_MS = 4000;
/** Pause before a lost way is tried again, ms. */
const RETRY_MS = 400;
/** At most, ms. */
const MAX_RETRY_MS = 4000;
/** How often it is looked at whether the film comes quickly enough, ms. */
const LOOK_MS = 2000;
/** Bytes that tell one attempt to connect from the next. */
const ATTEMPT_BYTES = 6;
/** Connections that one member may hold open to us, over all its ways. */
const MAX_PER_MEMBER = MAX_CONNECTIONS + 1;

/** Opens a relay with a ticket. */
export type OpenRelay = (ticket: string) => Promise<FilmTransport>;

/** What the ways need. */
export interface FilmPathsParts {
  /** Sends an event to the server. */
  readonly emit: (
    event: string,
    payload: Readonly<Record<string, unknown>>,
  ) => void;
  /** Seals what the server shall not read. */
  readonly key: CryptoKey;
  /** WebRTC, where there is one. */
  readonly rtc: RtcFactory | undefined;
  /** The blind relay, where there is one. */
  readonly openRelay: OpenRelay | undefined;
  /** The relay over HTTP, where there is one. */
  readonly openHttp: ((receiver: FilmReceiver) => FilmTransport) | undefined;
  /** Time. */
  readonly clock: PartyClock;
  /** Random bytes. */
  readonly random: (length: number) => Bytes;
  /** A way opened or closed. */
  readonly onChange: () => void;
}

/** The ways of one member. */
export class FilmPaths {
  readonly #parts: FilmPathsParts;
  readonly #connections = new Map<
    string,
    { readonly attempt: string; readonly connection: RtcConnection }
  >();
  /** STUN and TURN servers, as the server told. */
  iceServers: readonly RtcServer[] = [];
  #sender: FilmSender | undefined;
  #receiver: FilmReceiver | undefined;
  #source: string | undefined;
  /** By the id that the receiver knows, which is never used twice. */
  readonly #open = new Map<string, { name: string; kind: TransportKind }>();
  #serial = 0;
  #next: TransportKind = "rtc";
  #retryMs = RETRY_MS;
  #cancelOpen: () => void = () => {};
  #cancelLook: () => void = () => {};
  #need = 0;
  #asked = 1;
  #outgoing: Promise<void> = Promise.resolve();
  #incoming: Promise<void> = Promise.resolve();

  /** No way yet. */
  constructor(parts: FilmPathsParts) {
    this.#parts = parts;
  }

  /** Kinds of the ways that the film comes by. */
  get kinds(): TransportKind[] {
    return [...new Set([...this.#open.values()].map(({ kind }) => kind))];
  }

  /** Who wants the film from us is served by this from now on. */
  serve(sender: FilmSender | undefined): void {
    this.#sender = sender;
  }

  /** The film comes from this member from now on. */
  fetch(receiver: FilmReceiver, memberId: string): void {
    if (
      this.#receiver === receiver && this.#source === memberId &&
      this.#open.size > 0
    ) return;
    this.stopFetching();
    this.#receiver = receiver;
    this.#source = memberId;
    this.#begin();
    this.#look();
  }

  /** The film is wanted no more, or nobody has it now. */
  stopFetching(): void {
    this.#cancelOpen();
    this.#cancelLook();
    if (this.#source !== undefined) this.#dropAll(this.#source);
    this.#source = undefined;
    this.#open.clear();
    this.#next = "rtc";
    this.#asked = 1;
    this.#retryMs = RETRY_MS;
  }

  /** Bytes a second that are needed now: with less, further ways are opened; 0 when there is enough. */
  setNeed(bytesPerSecond: number): void {
    this.#need = bytesPerSecond;
  }

  /** Ends all ways. */
  close(): void {
    this.stopFetching();
    for (const { connection } of [...this.#connections.values()]) {
      connection.close();
    }
    this.#connections.clear();
  }

  /** A member is gone for good. */
  forget(memberId: string): void {
    this.#dropAll(memberId);
  }

  /** `join-stream-request`: a member wants the film. */
  wanted(memberId: string): void {
    if (this.#sender === undefined || this.#parts.rtc === undefined) return;
    this.#dropAll(memberId);
    this.#offer(memberId, 0);
  }

  /** One of the three signaling events. */
  signal(memberId: string, payload: unknown): void {
    // One after another: a candidate must not overtake its offer here.
    this.#incoming = this.#incoming.then(async () => {
      try {
        const value = await openValue(this.#parts.key, payload);
        const { connection, attempt, signal } = value as {
          connection?: unknown;
          attempt?: unknown;
          signal?: unknown;
        };
        const parsed = parseRtcSignal(signal);
        if (
          typeof connection === "number" && typeof attempt === "string" &&
          parsed !== undefined
        ) this.#accept(memberId, connection, attempt, parsed);
      } catch (error) {
        // Not from somebody with the key.
        if (!(error instanceof SignalProtocolError)) throw error;
      }
    });
  }

  /** `relay-ready`: there is a relay to a member. */
  async relayReady(
    memberId: string,
    ticket: string | null,
    asked: boolean,
  ): Promise<void> {
    const { openRelay } = this.#parts;
    if (ticket === null || openRelay === undefined) {
      if (asked) this.#tryNext("relay");
      return;
    }
    try {
      const transport = await openRelay(ticket);
      if (!asked) {
        if (this.#sender === undefined) transport.close();
        else this.#sender.attach(transport);
      } else if (memberId === this.#source) this.#opened("relay", transport);
      else transport.close();
    } catch {
      if (asked) this.#tryNext("relay");
    }
  }

  /** Asks for more connections for a member that we serve. */
  addConnections(memberId: string, count: number): void {
    for (let index = 1; index < Math.min(count, MAX_CONNECTIONS); index++) {
      if (!this.#connections.has(`${memberId}/${index}`)) {
        this.#offer(memberId, index);
      }
    }
  }

  #begin(): void {
    const { rtc, openRelay, openHttp } = this.#parts;
    const order: readonly (readonly [TransportKind, unknown])[] = [
      ["rtc", rtc],
      ["relay", openRelay],
      ["http", openHttp],
    ];
    const from = order.findIndex(([kind]) => kind === this.#next);
    const kind = order.slice(from).find(([, way]) => way !== undefined)?.[0];
    const source = this.#source;
    const receiver = this.#receiver;
    if (kind === undefined || source === undefined || receiver === undefined) {
      this.#later();
      return;
    }
    this.#next = kind;
    this.#cancelOpen();
    this.#cancelOpen = this.#parts.clock.after(
      OPEN_MS,
      () => this.#tryNext(kind),
    );
    switch (kind) {
      case "rtc":
        this.#parts.emit("join-stream-request", {});
        break;
      case "relay":
        this.#parts.emit("relay-open", { participantId: source });
        break;
      default:
        if (openHttp !== undefined) this.#opened("http", openHttp(receiver));
    }
  }

  /** A way did not open: the one after it, and after the last one from the beginning. */
  #tryNext(failed: TransportKind): void {
    if (this.#open.size > 0 || failed !== this.#next) return;
    this.#cancelOpen();
    const after = { rtc: "relay", relay: "http", http: undefined } as const;
    const next = failed === "memory" ? undefined : after[failed];
    if (next === undefined) this.#later();
    else {
      this.#next = next;
      this.#begin();
    }
  }

  #later(): void {
    this.#next = "rtc";
    this.#cancelOpen();
    this.#cancelOpen = this.#parts.clock.after(
      this.#retryMs,
      () => this.#begin(),
    );
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }

  #opened(name: string, transport: FilmTransport): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#source === undefined) {
      transport.close();
      return;
    }
    this.#cancelOpen();
    this.#retryMs = RETRY_MS;
    const id = `${name}.${++this.#serial}`;
    this.#open.set(id, { name, kind: transport.kind });
    receiver.attach(id, transport);
    this.#parts.onChange();
  }

  /** The receiver says that a way is gone. */
  closed(id: string): void {
    if (!this.#open.delete(id)) return;
    this.#parts.onChange();
    if (this.#source !== undefined && this.#open.size === 0) {
      this.#asked = 1;
      this.#later();
    }
  }

  /** Opens further ways while the film comes too slowly. */
  #look(): void {
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.#look());
    const receiver = this.#receiver;
    const source = this.#source;
    if (receiver === undefined || source === undefined || this.#need === 0) {
      return;
    }
    const rate = receiver.sources()
      .reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
    if (rate >= this.#need || this.#open.size === 0) return;
    const first = [...this.#open].find(([, { name }]) => name === "rtc0")?.[0];
    const relayed = [...this.#open.values()].some(({ name }) =>
      name === "relay"
    );
    if (first !== undefined && this.#asked < MAX_CONNECTIONS) {
      this.#asked *= 2;
      receiver.askForConnections(first, this.#asked);
    } else if (!relayed && this.#parts.openRelay !== undefined) {
      this.#parts.emit("relay-open", { participantId: source });
    }
  }

  #offer(memberId: string, index: number): void {
    if (this.#countOf(memberId) < MAX_PER_MEMBER) {
      const attempt = this.#parts.random(ATTEMPT_BYTES).toBase64();
      this.#connect(memberId, index, attempt, true);
    }
  }

  #accept(
    memberId: string,
    index: number,
    attempt: string,
    signal: RtcSignal,
  ): void {
    const id = `${memberId}/${index}`;
    if (signal.kind === "offer") {
      if (
        memberId !== this.#source || !Number.isInteger(index) || index < 0 ||
        index >= MAX_CONNECTIONS
      ) return;
      this.#connections.get(id)?.connection.close();
      this.#connect(memberId, index, attempt, false)?.accept(signal);
      return;
    }
    // What belongs to an attempt that was given up is late.
    const open = this.#connections.get(id);
    if (open?.attempt === attempt) open.connection.accept(signal);
  }

  #connect(
    memberId: string,
    index: number,
    attempt: string,
    offer: boolean,
  ): RtcConnection | undefined {
    const id = `${memberId}/${index}`;
    const connection = this.#parts.rtc?.({
      offer,
      iceServers: this.iceServers,
    }, {
      signal: (signal) => this.#tell(memberId, index, attempt, signal),
      open: (transport) => {
        if (!offer) {
          if (memberId === this.#source) {
            this.#opened(`rtc${index}`, transport);
          } else transport.close();
        } else if (this.#sender === undefined) transport.close();
        else {
          this.#served.set(transport, memberId);
          this.#sender.attach(transport);
        }
      },
      closed: () => {
        if (this.#connections.get(id)?.attempt === attempt) {
          this.#connections.delete(id);
        }
      },
    });
    if (connection !== undefined) {
      this.#connections.set(id, { attempt, connection });
    }
    return connection;
  }

  readonly #served = new WeakMap<FilmTransport, string>();

  /** The member at the other end of a transport that we serve. */
  memberAt(transport: FilmTransport): string | undefined {
    return this.#served.get(transport);
  }

  #tell(
    memberId: string,
    connection: number,
    attempt: string,
    signal: RtcSignal,
  ): void {
    const { key, random, emit } = this.#parts;
    const [event, field] = {
      offer: ["webrtc-offer", "offer"],
      answer: ["webrtc-answer", "answer"],
      candidate: ["ice-candidate", "candidate"],
    }[signal.kind] as [string, string];
    // Sealing takes a moment, and the order must stay.
    this.#outgoing = this.#outgoing.then(async () => {
      const sealed = await sealValue(
        key,
        { connection, attempt, signal },
        random(NONCE_BYTES),
      );
      emit(event, { participantId: memberId, [field]: sealed });
    });
  }

  #countOf(memberId: string): number {
    return [...this.#connections.keys()]
      .filter((id) => id.startsWith(`${memberId}/`)).length;
  }

  #dropAll(memberId: string): void {
    for (const [id, { connection }] of [...this.#connections]) {
      if (!id.startsWith(`${memberId}/`)) continue;
      this.#connections.delete(id);
      connection.close();
    }
  }
}
