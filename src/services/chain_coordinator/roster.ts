/**
 * Who is in the chain and who was: the order, the sessions, the last reports.
 *
 * @module
 */

import {
  type ChainPeerView,
  type ChainSnapshot,
  type ChainWire,
  type LinkUpdate,
  type PeerReport,
  type Registration,
  Topology,
  type TopologyPeer,
} from "../../chain/mod.ts";
import { nowMicros } from "../../net/mod.ts";
import type { Viewpoint } from "../chain/addresses.ts";
import type { PeerSession } from "./peer_session.ts";

/** Departed peers that the page still hears of. */
const MAX_DEPARTED = 20;
/** How long the page hears of them, seconds. */
const DEPARTED_SECONDS = 30;
/** A peer whose last report is older is shown as silent. */
const SILENT_AFTER_MS = 600;

/** A peer and what we know of it. */
export interface Member {
  /** Its place and its ports. */
  readonly peer: TopologyPeer;
  /** The two ends of the connection it registered over. */
  readonly from: Viewpoint;
  /** Its session; `undefined` for an existing peer. */
  readonly session: PeerSession | undefined;
  /** Its newest report; `undefined` before the first. */
  report: PeerReport | undefined;
  /** When that came, or when it registered, µs. */
  reportedUs: number;
}

/** The chain's order and everybody's state. */
export class Roster {
  readonly #topology: Topology;
  readonly #members = new Map<string, Member>();
  #departed: { name: string; reason: string; atUs: number }[] = [];

  /** `binary`: whether the coordinator may send our binary wire; `fanOut`: chains that it feeds. */
  constructor(binary: boolean, fanOut = 1) {
    this.#topology = new Topology({ coordinatorBinary: binary, fanOut });
  }

  /** Who follows whom. */
  get topology(): Pick<
    Topology,
    "firstHops" | "list" | "lookup" | "previousOf" | "nextOf"
  > {
    return this.#topology;
  }

  /** Everybody, in no order. */
  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** One of them. */
  member(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** The one with that session. */
  memberOf(session: PeerSession): Member | undefined {
    for (const member of this.#members.values()) {
      if (member.session === session) return member;
    }
    return undefined;
  }

  /**
   * Takes a peer in at the end of the chain.
   *
   * @throws {RangeError} when the chain is full.
   */
  add(
    peer: TopologyPeer,
    from: Viewpoint,
    session: PeerSession | undefined,
  ): Registration {
    const registration = this.#topology.register(peer);
    const { name } = registration.peer;
    this.#members.set(name, {
      peer: registration.peer,
      from,
      session,
      report: undefined,
      reportedUs: nowMicros(),
    });
    this.#departed = this.#departed.filter((one) => one.name !== name);
    return registration;
  }

  /** Takes a peer out and says whose next hop changed. */
  remove(name: string, reason: string): LinkUpdate[] {
    this.#members.delete(name);
    this.#departed.push({ name, reason, atUs: nowMicros() });
    if (this.#departed.length > MAX_DEPARTED) this.#departed.shift();
    return this.#topology.remove(name);
  }

  /** What the hop that leads to `name` speaks. */
  wireTo(name: string): ChainWire {
    return this.#topology.linkTo(name)?.wire ?? "strandcast";
  }

  /** The peers' part of what the page shows. */
  snapshot(): Pick<ChainSnapshot, "peers" | "departed"> {
    const now = nowMicros();
    return {
      peers: this.#topology.list().map((peer) => this.#view(peer, now)),
      departed: this.#departed
        .map(({ name, reason, atUs }) => ({
          name,
          reason,
          secondsAgo: (now - atUs) / 1e6,
        }))
        .filter(({ secondsAgo }) => secondsAgo < DEPARTED_SECONDS),
    };
  }

  #view(peer: TopologyPeer, nowUs: number): ChainPeerView {
    const member = this.#members.get(peer.name);
    const report = member?.report;
    const age = report === undefined || member === undefined
      ? null
      : (nowUs - member.reportedUs) / 1000;
    return {
      name: peer.name,
      host: peer.host,
      port: peer.port,
      state: member?.session === undefined
        ? "legacy"
        : age === null || age <= SILENT_AFTER_MS
        ? "live"
        : "silent",
      wire: this.wireTo(peer.name),
      page: peer.page ?? null,
      reportAgeMs: age,
      report: report ?? null,
    };
  }
}
