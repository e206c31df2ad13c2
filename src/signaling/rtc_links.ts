/**
 * WebRTC connections to other members: who offers one, what both say sealed
 * through the server until it is open, and which attempt it belongs to.
 *
 * @module
 */

import { MAX_CONNECTIONS } from "./channel_message.ts";
import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import {
  parseRtcSignal,
  type RtcConnection,
  type RtcFactory,
  type RtcServer,
  type RtcSignal,
} from "./rtc.ts";
import { NONCE_BYTES, openValue, sealValue } from "./seal.ts";
import type { FilmTransport } from "./transport.ts";

/** Bytes that tell one attempt to connect from the next. */
const ATTEMPT_BYTES = 6;
/** Connections that one member may hold open to us in each direction. */
const MAX_PER_MEMBER = MAX_CONNECTIONS + 1;

/** Sends an event to the server. */
export type Emit = (
  event: string,
  payload: Readonly<Record<string, unknown>>,
) => void;

/** A connection. */
export interface RtcLink {
  /** The member at its other end. */
  readonly memberId: string;
  /** Which of the connections with that member. */
  readonly index: number;
  /** Whether it was us who offered it: who has the film does. */
  readonly offered: boolean;
}

/** Numbers of the connections from who has the film. */
const FILM_INDEXES = { first: 0, end: MAX_CONNECTIONS } as const;

/** What connections need. */
export interface RtcLinksParts {
  /** Sends an event to the server. */
  readonly emit: Emit;
  /** Seals what the server shall not read. */
  readonly key: CryptoKey;
  /** WebRTC, where there is one. */
  readonly rtc: RtcFactory | undefined;
  /** Random bytes. */
  readonly random: (length: number) => Bytes;
  /** Numbers that these connections may have; others' are not for these. */
  readonly indexes?: { readonly first: number; readonly end: number };
  /** Whether a connection that this member offers is wanted. */
  readonly wants: (memberId: string) => boolean;
  /** A connection is open. */
  readonly opened: (link: RtcLink, transport: FilmTransport) => void;
  /** A connection did not open, or is open no more. */
  readonly closed: (link: RtcLink) => void;
}

/** All connections of one member. */
export class RtcLinks {
  readonly #parts: RtcLinksParts;
  /** By attempt. */
  readonly #links = new Map<
    string,
    { readonly link: RtcLink; readonly connection: RtcConnection }
  >();
  /** STUN and TURN servers, as the server told. */
  iceServers: readonly RtcServer[] = [];
  #outgoing: Promise<void> = Promise.resolve();
  #incoming: Promise<void> = Promise.resolve();

  /** No connection yet. */
  constructor(parts: RtcLinksParts) {
    this.#parts = parts;
  }

  /** Offers a connection; one that is there under this number stays. */
  offer(memberId: string, index: number): void {
    const mine = this.#of(memberId, true);
    if (
      mine.length >= MAX_PER_MEMBER ||
      mine.some(([, { link }]) => link.index === index)
    ) return;
    const attempt = this.#parts.random(ATTEMPT_BYTES).toBase64();
    this.#connect(attempt, { memberId, index, offered: true });
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

  /** Ends the connections with a member: those that we offered, those that it did, or all. */
  drop(memberId: string, offered?: boolean): void {
    for (const [attempt, { connection }] of this.#of(memberId, offered)) {
      this.#links.delete(attempt);
      connection.close();
    }
  }

  /** Ends all connections. */
  close(): void {
    for (const [attempt, { connection }] of [...this.#links]) {
      this.#links.delete(attempt);
      connection.close();
    }
  }

  #of(
    memberId: string,
    offered?: boolean,
  ): [string, { link: RtcLink; connection: RtcConnection }][] {
    return [...this.#links].filter(([, { link }]) =>
      link.memberId === memberId &&
      (offered === undefined || link.offered === offered)
    );
  }

  #accept(
    memberId: string,
    index: number,
    attempt: string,
    signal: RtcSignal,
  ): void {
    if (signal.kind !== "offer") {
      // What belongs to an attempt that was given up is late.
      const open = this.#links.get(attempt);
      if (open?.link.memberId === memberId) open.connection.accept(signal);
      return;
    }
    const { wants, indexes = FILM_INDEXES } = this.#parts;
    if (
      !Number.isInteger(index) || index < indexes.first ||
      index >= indexes.end || this.#links.has(attempt) || !wants(memberId)
    ) return;
    for (const [old, { link, connection }] of this.#of(memberId, false)) {
      if (link.index !== index) continue;
      this.#links.delete(old);
      connection.close();
    }
    this.#connect(attempt, { memberId, index, offered: false })?.accept(signal);
  }

  #connect(attempt: string, link: RtcLink): RtcConnection | undefined {
    const { rtc, opened, closed } = this.#parts;
    const connection = rtc?.({
      offer: link.offered,
      iceServers: this.iceServers,
    }, {
      signal: (signal) => this.#tell(attempt, link, signal),
      open: (transport) => opened(link, transport),
      closed: () => {
        if (this.#links.delete(attempt)) closed(link);
      },
    });
    if (connection !== undefined) {
      this.#links.set(attempt, { link, connection });
    }
    return connection;
  }

  #tell(
    attempt: string,
    { memberId, index }: RtcLink,
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
        { connection: index, attempt, signal },
        random(NONCE_BYTES),
      );
      emit(event, { participantId: memberId, [field]: sealed });
    });
  }
}
