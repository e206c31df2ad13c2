/**
 * Who follows whom. The chain's order is the order of registration; the
 * coordinator sends to the first peer, and each peer to the next.
 *
 * @module
 */

import type { PeerEntry } from "./control_message.ts";
import type { ChainWire } from "./report.ts";

/**
 * Most peers in a chain. A frame takes a millisecond a hop, so longer chains
 * make no sense, and strangers must not be able to grow the list without end.
 */
export const MAX_PEERS = 256;

/** A registered peer. */
export interface TopologyPeer extends PeerEntry {
  /** Address it receives at. */
  readonly host: string;
  /** Whether it reads and writes our binary wire. */
  readonly binary: boolean;
  /** Whether it keeps a session and understands what we add to UPDATE_NEXT. */
  readonly session: boolean;
  /** Its own page. */
  readonly page: string | undefined;
  /** How much its UDP socket holds, in the kernel's count, where it says so. */
  readonly bufferBytes: number | undefined;
}

/** One hop: to whom, and what to speak. */
export interface Link {
  /** The receiving peer. */
  readonly peer: TopologyPeer;
  /** What both ends agreed on. */
  readonly wire: ChainWire;
}

/** Somebody's next hop has changed. */
export interface LinkUpdate {
  /** Who is to be told; `undefined` is the coordinator itself. */
  readonly from: TopologyPeer | undefined;
  /** Where it sends from now on; `undefined` when it is the last. */
  readonly next: Link | undefined;
}

/** What a registration changed. */
export interface Registration {
  /** The peer, with its name. */
  readonly peer: TopologyPeer;
  /** The one before it; `undefined` for the first. */
  readonly previous: TopologyPeer | undefined;
  /** Next hops that changed, in chain order. */
  readonly updates: LinkUpdate[];
}

/** The chain's order. Peer names are checked before they get here. */
export class Topology {
  #peers: readonly TopologyPeer[] = [];
  readonly #coordinatorBinary: boolean;

  /** `coordinatorBinary`: whether the coordinator may send our binary wire. */
  constructor(options: { readonly coordinatorBinary?: boolean } = {}) {
    this.#coordinatorBinary = options.coordinatorBinary ?? true;
  }

  /** The coordinator's next hop; `undefined` while the chain is empty. */
  get firstHop(): Link | undefined {
    return this.#nextOf(this.#peers, -1);
  }

  /** Peers in chain order. */
  list(): readonly TopologyPeer[] {
    return this.#peers;
  }

  /** The peer of that name. */
  lookup(name: string): TopologyPeer | undefined {
    return this.#peers.find((peer) => peer.name === name);
  }

  /** The peer before `name`; `undefined` for the first and for strangers. */
  previousOf(name: string): TopologyPeer | undefined {
    return this.#peers[this.#indexOf(name) - 1];
  }

  /** Where `name` sends to; `undefined` for the last and for strangers. */
  nextOf(name: string): Link | undefined {
    const index = this.#indexOf(name);
    return index < 0 ? undefined : this.#nextOf(this.#peers, index);
  }

  /**
   * Appends a peer. An empty name becomes `peer{N+1}`; a name that is already
   * there is a peer that came back: its old place is bridged and it goes to
   * the end.
   *
   * @throws {RangeError} when the chain is full.
   */
  register(peer: TopologyPeer): Registration {
    const others = this.#peers.filter((other) => other.name !== peer.name);
    if (others.length >= MAX_PEERS) {
      throw new RangeError(
        `Cannot register another peer: the chain has ${MAX_PEERS}`,
      );
    }
    const named = peer.name === "" ? { ...peer, name: this.#freeName() } : peer;
    const previous = others.at(-1);
    const updates = this.#change([...others, named]);
    return { peer: named, previous, updates };
  }

  /** Takes a peer out and joins its neighbours; does nothing for a stranger. */
  remove(name: string): LinkUpdate[] {
    return this.#change(this.#peers.filter((peer) => peer.name !== name));
  }

  #indexOf(name: string): number {
    return this.#peers.findIndex((peer) => peer.name === name);
  }

  #freeName(): string {
    let number = this.#peers.length + 1;
    while (this.lookup(`peer${number}`) !== undefined) number++;
    return `peer${number}`;
  }

  /** The hop that leaves `index` of `peers`; -1 is the coordinator. */
  #nextOf(peers: readonly TopologyPeer[], index: number): Link | undefined {
    const peer = peers[index + 1];
    if (peer === undefined) return undefined;
    const from = peers[index]?.binary ?? this.#coordinatorBinary;
    return { peer, wire: from && peer.binary ? "binary" : "strandcast" };
  }

  /** Installs a new order; what differs from the old one is to be told. */
  #change(after: readonly TopologyPeer[]): LinkUpdate[] {
    const before = this.#peers;
    const places = new Map(before.map((peer, index) => [peer.name, index]));
    this.#peers = after;
    const updates: LinkUpdate[] = [];
    for (let index = -1; index < after.length; index++) {
      const from = after[index];
      const place = from === undefined ? -1 : places.get(from.name);
      const next = this.#nextOf(after, index);
      const old = place === undefined ? undefined : this.#nextOf(before, place);
      if (!sameLink(old, next)) updates.push({ from, next });
    }
    return updates;
  }
}

function sameLink(a: Link | undefined, b: Link | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.wire === b.wire && a.peer.name === b.peer.name &&
    a.peer.host === b.peer.host && a.peer.port === b.peer.port;
}
