/**
 * One member's part in a swarm: connected to its neighbours, it takes from them
 * what they have, gives them what it has, tells them what that is, watches that
 * nobody cheats, and leaves room on its line.
 *
 * It is the policy of the receiver's scheduler, so it hears of every chunk.
 *
 * @module
 */

import type { ChannelSender } from "./channel_message.ts";
import { parseChannelMessage } from "./channel_message.ts";
import type { Bytes } from "./chunk.ts";
import type { ChunkPolicy, OpenChunks } from "./chunk_policy.ts";
import type { SwarmStatus } from "./client_event.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import { FilmSender } from "./film_sender.ts";
import type { FilmManifest } from "./manifest.ts";
import type { PartyState } from "./party_state.ts";
import type { RtcLink, RtcLinks, RtcLinksParts } from "./rtc_links.ts";
import { encodeHaveBits, encodeHaveList } from "./swarm_have.ts";
import { OWN, SwarmPlan } from "./swarm_plan.ts";
import {
  MOST_NEIGHBOURS,
  neighboursOf,
  offers,
  SWARM_INDEX,
} from "./swarm_ring.ts";
import { splitTransport } from "./swarm_split.ts";
import { UplinkGovernor } from "./swarm_uplink.ts";
import { SLOW_BAN_MS, SwarmWatch } from "./swarm_watch.ts";
import type { FilmTransport, PartyClock } from "./transport.ts";

/** What came is told to the neighbours together, this often, ms. */
const TELL_MS = 50;
/** How often the neighbours are looked at, ms. */
const LOOK_MS = 500;
/** Pause before a connection is tried again, ms. */
const RETRY_MS = 2000;
/** At most, ms. */
const MAX_RETRY_MS = 30_000;
/** Within this a member is connected to somebody, or it cannot be, ms. */
const REACH_MS = 10_000;
/** Rates are measured over this, ms. */
const RATE_MS = 2000;

/** Films with fewer chunks are over before a swarm has met: 8 MiB. */
export const LEAST_SWARM_CHUNKS = 128;

/** Opens the connections between participants. */
export type OpenSwarmLinks = (
  events: Pick<RtcLinksParts, "wants" | "opened" | "closed">,
) => RtcLinks;

/** What a member of a swarm is made of. */
export interface FilmSwarmParts {
  /** The film, verified. */
  readonly manifest: FilmManifest;
  /** Seals chunks. */
  readonly key: CryptoKey;
  /** Who we are. */
  readonly from: ChannelSender;
  /** A chunk that we have; rejects when we have it no more. */
  readonly read: (chunk: number) => Promise<Bytes>;
  /** Opens connections. */
  readonly links: OpenSwarmLinks;
  /** Random bytes. */
  readonly random: (length: number) => Bytes;
  /** Time. */
  readonly clock: PartyClock;
  /** Whether we give as well as take: not on a line that is paid by the byte. */
  readonly uploads: boolean;
  /** Upload at most, bytes a second. */
  readonly bytesPerSecond?: number;
  /** Somebody was left. */
  readonly onProblem?: (memberId: string, reason: string) => void;
}

/** A neighbour, for people. */
export interface SwarmNeighbour {
  /** The member. */
  readonly memberId: string;
  /** Chunks that it has. */
  readonly chunks: number;
  /** Bytes that came from it. */
  readonly received: number;
  /** Bytes that it was sent. */
  readonly sent: number;
  /** Bytes a second that come from it. */
  readonly downBytesPerSecond: number;
  /** Bytes a second that it is sent. */
  readonly upBytesPerSecond: number;
  /** It takes and does not give. */
  readonly demoted: boolean;
}

interface Neighbour {
  readonly memberId: string;
  readonly source: string;
  /** What was exchanged at the last looks, oldest first. */
  readonly seen: { at: number; sent: number; received: number }[];
}

/** A member of a swarm. */
export class FilmSwarm implements ChunkPolicy {
  readonly #parts: FilmSwarmParts;
  readonly #plan: SwarmPlan;
  readonly #watch = new SwarmWatch();
  readonly #uplink: UplinkGovernor;
  readonly #sender: FilmSender;
  readonly #links: RtcLinks;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #memberAt = new WeakMap<FilmTransport, string>();
  readonly #banned = new Map<string, number>();
  readonly #retryAt = new Map<string, { at: number; pause: number }>();
  #receiver: FilmReceiver | undefined;
  #present: readonly string[] = [];
  #fetchers = "";
  /** When each member's part in this film was first heard of. */
  readonly #since = new Map<string, number>();
  #added: number[] = [];
  #lost: number[] = [];
  #cancelTell: (() => void) | undefined;
  #toldAt = -Infinity;
  #cancelLook: () => void = () => {};
  #serial = 0;
  #closed = false;

  /** Alone; give it to a receiver as its policy, then {@linkcode start} it. */
  constructor(parts: FilmSwarmParts) {
    this.#parts = parts;
    const { manifest, key, from, read, random, clock } = parts;
    this.#plan = new SwarmPlan(manifest.totalChunks, from.fromUserId);
    this.#uplink = new UplinkGovernor(parts.bytesPerSecond);
    this.#sender = new FilmSender({
      manifest,
      key,
      from,
      read,
      random,
      clock,
      onAttach: (transport) => {
        if (!parts.uploads) return;
        for (const frame of encodeHaveBits(this.#plan.mine)) {
          transport.send(frame);
        }
      },
      hashPage: (page) =>
        this.#receiver?.pageFrame(page) ?? new Promise(() => {}),
      uplink: {
        take: (transport, bytes, now) =>
          this.#uplink.take(this.#memberAt.get(transport) ?? "", bytes, now),
      },
    });
    this.#links = parts.links({
      wants: (memberId) => this.#mayMeet(memberId),
      opened: (link, transport) => this.#meet(link, transport),
      closed: (link) => this.#lostLink(link),
    });
  }

  /** Gives what we have to who asks, also to somebody who is no neighbour. */
  get sender(): FilmSender {
    return this.#sender;
  }

  /** Begins; the receiver has this as its policy. */
  start(receiver: FilmReceiver): void {
    this.#receiver = receiver;
    this.#look();
  }

  /** Seconds that the film takes to play, when they are known: what is due first follows. */
  setDuration(seconds: number): void {
    if (seconds > 0) {
      this.#plan.setRate(this.#parts.manifest.totalChunks / seconds);
    }
  }

  /** The chunk that is played. */
  setPlaying(chunk: number): void {
    this.#plan.setPlaying(chunk);
  }

  /** Who is in the room and has a part in this film. */
  update({ users, statuses, userId }: PartyState): void {
    const { manifest, uploads, clock } = this.#parts;
    const present: string[] = [];
    const fetchers = uploads ? [userId] : [];
    const now = clock.now();
    for (const { id, away } of users) {
      const swarm = statuses.get(id)?.swarm;
      if (away || id === userId || swarm?.filmId !== manifest.filmId) continue;
      present.push(id);
      const since = this.#since.get(id) ?? now;
      this.#since.set(id, since);
      // Who cannot be reached by anybody fetches for itself alone.
      const reached = swarm.from.length > 0 || now - since < REACH_MS;
      if (swarm.uploads && reached) fetchers.push(id);
    }
    const changed = present.length !== this.#present.length ||
      present.some((id, index) => id !== this.#present[index]);
    this.#present = present;
    for (const id of this.#since.keys()) {
      if (!present.includes(id)) this.#since.delete(id);
    }
    const named = fetchers.join();
    if (named !== this.#fetchers) {
      this.#fetchers = named;
      this.#plan.setFetchers(fetchers);
    }
    if (changed) this.#connect();
  }

  /**
   * Takes from a place of our own too, such as a file that we have already: what
   * comes from there is checked like everything else, and no upload of anybody.
   */
  attachOwn(source: string, transport: FilmTransport): void {
    this.#plan.addPeer(source, OWN);
    this.#receiver?.attach(source, transport);
  }

  /** Bytes that were taken from the others, and given to them. */
  totals(): { readonly sent: number; readonly received: number } {
    return this.#uplink.totals();
  }

  /** For the room: what we have, and what comes from whom. */
  status(): SwarmStatus {
    const { manifest, uploads } = this.#parts;
    return {
      filmId: manifest.filmId,
      uploads,
      have: this.#plan.mine.count / Math.max(1, manifest.totalChunks),
      from: this.neighbours().map(({ memberId, downBytesPerSecond }) =>
        [memberId, Math.round(8 * downBytesPerSecond)] as const
      ),
    };
  }

  /** The neighbours. */
  neighbours(): SwarmNeighbour[] {
    return [...this.#neighbours.values()].map(
      ({ memberId, source, seen }) => {
        const { sent, received, demoted } = this.#uplink.exchange(memberId);
        const first = seen[0];
        const last = seen.at(-1);
        const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1000;
        const rate = (name: "sent" | "received"): number =>
          seconds > 0 ? ((last?.[name] ?? 0) - first![name]) / seconds : 0;
        return {
          memberId,
          chunks: this.#plan.countOf(source),
          received,
          sent,
          downBytesPerSecond: rate("received"),
          upBytesPerSecond: rate("sent"),
          demoted,
        };
      },
    );
  }

  /** Copies of each piece of the film around us, the rarest chunk of each. */
  health(pieces: number): number[] {
    return this.#plan.health(pieces, (chunk) => this.#plan.mine.has(chunk));
  }

  /** Bytes a second that we may send; `Infinity` while the line shows no end. */
  get uploadRate(): number {
    return this.#uplink.rate;
  }

  /** Ends all connections. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTell?.();
    this.#cancelLook();
    this.#sender.close();
    this.#links.close();
  }

  // What follows is said by the receiver and its scheduler.

  /** There is a source. */
  added(source: string): void {
    this.#plan.added(source);
  }

  /** A source is gone. */
  removed(source: string): void {
    this.#watch.remove(source);
    for (const [memberId, neighbour] of this.#neighbours) {
      if (neighbour.source !== source) continue;
      this.#neighbours.delete(memberId);
      this.#uplink.forgetDelays(memberId);
    }
    this.#plan.removed(source);
  }

  /** Whether a source may be asked for a chunk that is needed now. */
  may(source: string, chunk: number, now: number): boolean {
    return this.#plan.may(source, chunk, now);
  }

  /** What a source is asked for ahead of the playhead. */
  ahead(source: string, open: OpenChunks, now: number): number | undefined {
    return this.#plan.ahead(source, open, now);
  }

  /** When the answers change by time alone. */
  nextTimeoutAt(now: number): number | undefined {
    return this.#plan.nextTimeoutAt(now);
  }

  /** A chunk of so many bytes came whole from a source, so long after it was asked for. */
  landed(source: string, bytes: number, tookMs: number): void {
    this.#plan.landed(source, bytes, tookMs);
    this.#watch.landed(source);
    const member = this.#plan.memberOf(source);
    if (member !== undefined && member !== OWN) {
      this.#uplink.received(member, bytes);
    }
  }

  /** A chunk is there. */
  accepted(chunk: number): void {
    this.#plan.accepted(chunk);
    this.#added.push(chunk);
    this.#tellSoon();
  }

  /** A chunk was thrown away. */
  forgotten(chunk: number): void {
    this.#plan.forgotten(chunk);
    this.#lost.push(chunk);
    this.#tellSoon();
  }

  /** A source says that it cannot give a chunk. */
  denied(source: string, chunk: number): void {
    this.#plan.denied(source, chunk);
    this.#watch.missed(source, this.#parts.clock.now());
  }

  /** A source says something that the receiver does not know. */
  heard(source: string, frame: Bytes): void {
    this.#plan.heard(source, frame);
  }

  /** A small message went to a source at `sent` of our clock and was there at `arrived` of its, ms. */
  measured(source: string, sent: number, arrived: number): void {
    const member = this.#plan.memberOf(source);
    if (member === undefined || member === OWN) return;
    this.#uplink.delay(member, arrived - sent, this.#parts.clock.now());
  }

  /** A source was left because what it gave is wrong. */
  left(source: string): void {
    const member = this.#plan.memberOf(source);
    if (member !== undefined) this.#banned.set(member, Infinity);
  }

  #mayMeet(memberId: string): boolean {
    const { clock } = this.#parts;
    return !this.#closed && this.#neighbours.size < MOST_NEIGHBOURS &&
      (this.#banned.get(memberId) ?? -Infinity) <= clock.now();
  }

  /** Offers connections to whom it is on us to do so, and ends what is too much. */
  #connect(): void {
    const { from, clock } = this.#parts;
    const me = from.fromUserId;
    const wanted = neighboursOf(this.#present, me);
    for (const memberId of [...this.#neighbours.keys()]) {
      const gone = !this.#present.includes(memberId);
      const tooMany = this.#neighbours.size > MOST_NEIGHBOURS &&
        !wanted.includes(memberId);
      if (gone || tooMany) this.#links.drop(memberId);
    }
    for (const memberId of wanted) {
      const retry = this.#retryAt.get(memberId)?.at ?? -Infinity;
      if (
        this.#neighbours.has(memberId) || !offers(me, memberId) ||
        !this.#mayMeet(memberId) || retry > clock.now()
      ) continue;
      this.#links.offer(memberId, SWARM_INDEX);
    }
  }

  #meet({ memberId }: RtcLink, transport: FilmTransport): void {
    const receiver = this.#receiver;
    if (receiver === undefined || !this.#mayMeet(memberId)) {
      transport.close();
      return;
    }
    this.#retryAt.delete(memberId);
    const { take, give } = splitTransport(transport);
    const source = `swarm.${++this.#serial}`;
    this.#memberAt.set(give, memberId);
    take.listen({
      frame: (frame) => {
        // A neighbour says first which film it has; it may have gone over to another.
        const hello = typeof frame === "string"
          ? parseChannelMessage(frame)
          : undefined;
        if (hello?.type !== "stream-start" || !this.#isOurs(hello.data)) {
          transport.close();
          return;
        }
        this.#neighbours.set(memberId, { memberId, source, seen: [] });
        this.#plan.addPeer(source, memberId);
        this.#watch.add(source);
        receiver.attach(source, take);
      },
      closed: () => {},
    });
    this.#sender.attach(give);
  }

  #isOurs(manifest: unknown): boolean {
    const { filmId } = (manifest ?? {}) as { filmId?: unknown };
    return filmId === this.#parts.manifest.filmId;
  }

  #lostLink({ memberId }: RtcLink): void {
    const before = this.#retryAt.get(memberId)?.pause ?? RETRY_MS / 2;
    const pause = Math.min(2 * before, MAX_RETRY_MS);
    const at = this.#parts.clock.now() + pause;
    this.#retryAt.set(memberId, { at, pause });
  }

  #tellSoon(): void {
    if (this.#cancelTell !== undefined || this.#closed) return;
    const { clock } = this.#parts;
    const wait = Math.max(0, this.#toldAt + TELL_MS - clock.now());
    this.#cancelTell = clock.after(wait, () => this.#tell());
  }

  #tell(): void {
    this.#cancelTell = undefined;
    this.#toldAt = this.#parts.clock.now();
    const frames = [
      ...encodeHaveList("lost", this.#lost.splice(0)),
      ...encodeHaveList("added", this.#added.splice(0)),
    ];
    if (!this.#parts.uploads) return;
    for (const transport of this.#sender.transports) {
      for (const frame of frames) transport.send(frame);
    }
  }

  #look(): void {
    const { clock, onProblem } = this.#parts;
    this.#cancelLook = clock.after(LOOK_MS, () => this.#look());
    const now = clock.now();
    const inFlight = new Map(
      this.#receiver?.sources().map(({ id, inFlight }) => [id, inFlight]),
    );
    for (const { source, reason } of this.#watch.look(inFlight, now)) {
      const member = this.#plan.memberOf(source);
      if (member === undefined) continue;
      this.#banned.set(member, now + SLOW_BAN_MS);
      onProblem?.(member, reason);
      this.#links.drop(member);
      this.#receiver?.detach(source);
    }
    for (const { memberId, seen } of this.#neighbours.values()) {
      const { sent, received } = this.#uplink.exchange(memberId);
      seen.push({ at: now, sent, received });
      if (seen.length > RATE_MS / LOOK_MS + 1) seen.shift();
    }
    this.#connect();
  }
}
