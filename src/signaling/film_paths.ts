/**
 * The ways between members that have the film and members that want it, both
 * ends of each: who is served, and from whom it comes.
 *
 * @module
 */

import { MAX_CONNECTIONS } from "./channel_message.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import { MemberWays } from "./member_ways.ts";
import type { RtcServer } from "./rtc.ts";
import { RtcLinks, type RtcLinksParts } from "./rtc_links.ts";
import { SWARM_INDEX } from "./swarm_ring.ts";
import type { FilmTransport, PartyClock, TransportKind } from "./transport.ts";

/** Opens a relay with a ticket; resolves when the other end is there too, rejects when it does not come or `signal` aborts. */
export type OpenRelay = (
  ticket: string,
  signal: AbortSignal,
) => Promise<FilmTransport>;

/** What the ways need. */
export interface FilmPathsParts
  extends Pick<RtcLinksParts, "emit" | "key" | "rtc" | "random"> {
  /** The blind relay, where there is one. */
  readonly openRelay: OpenRelay | undefined;
  /** The relay over HTTP, where there is one: it is to whoever has the room's film. */
  readonly openHttp: ((receiver: FilmReceiver) => FilmTransport) | undefined;
  /** Time. */
  readonly clock: PartyClock;
  /** A way opened or closed. */
  readonly onChange: () => void;
}

/** The ways of one member. */
export class FilmPaths {
  readonly #parts: FilmPathsParts;
  readonly #links: RtcLinks;
  #swarm: RtcLinks | undefined;
  readonly #served = new WeakMap<FilmTransport, string>();
  /** By the member that the film comes from. */
  readonly #ways = new Map<string, MemberWays>();
  #sender: FilmSender | undefined;
  #receiver: FilmReceiver | undefined;
  #need = Infinity;
  #serial = 0;
  readonly #closing = new AbortController();

  /** No way yet. */
  constructor(parts: FilmPathsParts) {
    this.#parts = parts;
    this.#links = new RtcLinks({
      ...parts,
      wants: (memberId) => this.#ways.has(memberId),
      opened: ({ memberId, index, offered }, transport) => {
        const ways = this.#ways.get(memberId);
        if (offered) this.#serve(memberId, transport);
        else if (ways !== undefined) ways.rtcOpened(index, transport);
        else transport.close();
      },
      closed: ({ memberId, index, offered }) => {
        if (!offered) this.#ways.get(memberId)?.rtcFailed(index);
      },
    });
  }

  /** STUN and TURN servers, as the server told. */
  set iceServers(servers: readonly RtcServer[]) {
    for (const links of [this.#links, this.#swarm]) {
      if (links !== undefined) links.iceServers = servers;
    }
  }

  /** Connections among those who have parts of the film; the ones before end. */
  openSwarm(
    events: Pick<RtcLinksParts, "wants" | "opened" | "closed">,
  ): RtcLinks {
    this.#swarm?.close();
    const links = new RtcLinks({
      ...this.#parts,
      ...events,
      indexes: { first: SWARM_INDEX, end: SWARM_INDEX + 1 },
    });
    links.iceServers = this.#links.iceServers;
    return this.#swarm = links;
  }

  /** Kinds of the ways that the film comes by. */
  get kinds(): TransportKind[] {
    return [
      ...new Set([...this.#ways.values()].flatMap(({ kinds }) => kinds)),
    ];
  }

  /** Who wants the film from us is served by this from now on. */
  serve(sender: FilmSender | undefined): void {
    this.#sender = sender;
  }

  /** The film comes from this member from now on, and from no other. */
  fetch(receiver: FilmReceiver, memberId: string): void {
    if (
      this.#receiver === receiver && this.#ways.get(memberId)?.isOpen
    ) return;
    this.stopFetching();
    this.#receiver = receiver;
    const { openHttp } = this.#parts;
    this.#fetchFrom(memberId, {
      // Without a name the server asks whoever has the room's film.
      request: {},
      openHttp: openHttp && (() => openHttp(receiver)),
    });
  }

  /** The film comes from this member too, who has it or a part of it. */
  fetchAlso(memberId: string): void {
    if (this.#ways.has(memberId)) return;
    this.#fetchFrom(memberId, {
      request: { participantId: memberId },
      openHttp: undefined,
    });
  }

  /** The film is wanted no more of a member, or of anybody. */
  stopFetching(memberId?: string): void {
    for (const [id, ways] of [...this.#ways]) {
      if (memberId !== undefined && id !== memberId) continue;
      this.#ways.delete(id);
      ways.close();
    }
  }

  /** Bytes a second that are needed now: with less, further ways are opened; 0 when there is enough. */
  setNeed(bytesPerSecond: number): void {
    this.#need = bytesPerSecond;
    for (const ways of this.#ways.values()) ways.need = bytesPerSecond;
  }

  /** Ends all ways. */
  close(): void {
    this.#closing.abort();
    this.stopFetching();
    this.#links.close();
    this.#swarm?.close();
  }

  /** A member is gone for good. */
  forget(memberId: string): void {
    this.stopFetching(memberId);
    this.#links.drop(memberId);
    this.#swarm?.drop(memberId);
  }

  /** `join-stream-request`: a member wants the film. */
  wanted(memberId: string): void {
    if (this.#sender === undefined || this.#parts.rtc === undefined) return;
    this.#links.drop(memberId, true);
    this.#links.offer(memberId, 0);
  }

  /** One of the three signaling events. */
  signal(memberId: string, payload: unknown): void {
    this.#links.signal(memberId, payload);
    this.#swarm?.signal(memberId, payload);
  }

  /** `relay-ready`: there is a relay to a member; `asked`: it was us who wanted it. */
  async relayReady(
    memberId: string,
    ticket: string | null,
    asked: boolean,
  ): Promise<void> {
    const { openRelay } = this.#parts;
    let transport: FilmTransport | undefined;
    if (ticket !== null && (asked || this.#sender !== undefined)) {
      transport = await openRelay?.(ticket, this.#closing.signal)
        .catch(() => undefined);
    }
    if (!asked) {
      if (transport !== undefined) this.#serve(memberId, transport);
      return;
    }
    const ways = this.#ways.get(memberId);
    if (ways === undefined) transport?.close();
    else ways.relayOpened(transport);
  }

  /** Offers more connections to a member that we serve. */
  addConnections(memberId: string, count: number): void {
    for (let index = 1; index < Math.min(count, MAX_CONNECTIONS); index++) {
      this.#links.offer(memberId, index);
    }
  }

  /** The member at the other end of a transport that we serve. */
  memberAt(transport: FilmTransport): string | undefined {
    return this.#served.get(transport);
  }

  /** The receiver says that a way is gone. */
  closed(id: string): void {
    for (const ways of this.#ways.values()) {
      if (ways.closed(id)) return;
    }
  }

  #serve(memberId: string, transport: FilmTransport): void {
    if (this.#sender === undefined) {
      transport.close();
      return;
    }
    this.#served.set(transport, memberId);
    this.#sender.attach(transport);
  }

  #fetchFrom(
    memberId: string,
    { request, openHttp }: {
      readonly request: Readonly<Record<string, unknown>>;
      readonly openHttp: (() => FilmTransport) | undefined;
    },
  ): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const { emit, rtc, openRelay, clock, onChange } = this.#parts;
    const ways = new MemberWays({
      memberId,
      receiver,
      askRtc: rtc && (() => emit("join-stream-request", request)),
      dropRtc: () => this.#links.drop(memberId, false),
      askRelay: openRelay &&
        (() => emit("relay-open", { participantId: memberId })),
      openHttp,
      serial: () => ++this.#serial,
      clock,
      onChange,
    });
    ways.need = this.#need;
    this.#ways.set(memberId, ways);
  }
}
