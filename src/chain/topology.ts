/**
 * Who follows whom. The chain's order is the order of registration; the
 * coordinator sends to the first peer, and each peer to the next. With a
 * fan-out the coordinator feeds several chains, and who registers goes to the
 * end of the shortest.
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

/** The order of one chain after another. */
type Chains = readonly (readonly TopologyPeer[])[];

/** The chain's order. Peer names are checked before they get here. */
export class Topology {
  #chains: Chains;
  #peers: readonly TopologyPeer[] = [];
  readonly #coordinatorBinary: boolean;

  /**
   * `coordinatorBinary`: whether the coordinator may send our binary wire;
   * `fanOut`: chains that it feeds, 1 by default.
   */
  constructor(
    options: {
      readonly coordinatorBinary?: boolean;
      readonly fanOut?: number;
    } = {},
  ) {
    this.#coordinatorBinary = options.coordinatorBinary ?? true;
    this.#chains = Array.from({ length: options.fanOut ?? 1 }, () => []);
  }

  /** The coordinator's next hop; `undefined` while the (first) chain is empty. */
  get firstHop(): Link | undefined {
    return this.firstHops[0];
  }

  /** The coordinator's next hop in each chain; `undefined` for an empty one. */
  get firstHops(): readonly (Link | undefined)[] {
    return this.#chains.map((chain) => this.#nextOf(chain, -1));
  }

  /** Peers in chain order, one chain after another. */
  list(): readonly TopologyPeer[] {
    return this.#peers;
  }

  /** The peer of that name. */
  lookup(name: string): TopologyPeer | undefined {
    return this.#peers.find((peer) => peer.name === name);
  }

  /** The peer before `name`; `undefined` for the first and for strangers. */
  previousOf(name: string): TopologyPeer | undefined {
    const chain = this.#chainOf(name);
    return chain[indexOf(chain, name) - 1];
  }

  /** Where `name` sends to; `undefined` for the last and for strangers. */
  nextOf(name: string): Link | undefined {
    const chain = this.#chainOf(name);
    const index = indexOf(chain, name);
    return index < 0 ? undefined : this.#nextOf(chain, index);
  }

  /** The hop that leads to `name`; `undefined` for strangers. */
  linkTo(name: string): Link | undefined {
    const chain = this.#chainOf(name);
    const index = indexOf(chain, name);
    return index < 0 ? undefined : this.#nextOf(chain, index - 1);
  }

  /**
   * Appends a peer to the shortest chain. An empty name becomes `peer{N+1}`; a name that is already
   * there is a peer that came back: its old place is bridged and it goes to
   * the end.
   *
   * @throws {RangeError} when the chain is full.
   */
  register(peer: TopologyPeer): Registration {
    const others = without(this.#chains, peer.name);
    if (others.flat().length >= MAX_PEERS) {
      throw new RangeError(
        `Cannot register another peer: the chain has ${MAX_PEERS}`,
      );
    }
    const named = peer.name === "" ? { ...peer, name: this.#freeName() } : peer;
    const least = Math.min(...others.map(({ length }) => length));
    const at = others.findIndex(({ length }) => length === least);
    const previous = others[at]?.at(-1);
    const updates = this.#change(
      others.map((chain, index) => index === at ? [...chain, named] : chain),
    );
    return { peer: named, previous, updates };
  }

  /** Takes a peer out and joins its neighbours; does nothing for a stranger. */
  remove(name: string): LinkUpdate[] {
    return this.#change(without(this.#chains, name));
  }

  /** The chain with that peer; an empty one for strangers. */
  #chainOf(name: string): readonly TopologyPeer[] {
    return this.#chains.find((chain) => indexOf(chain, name) >= 0) ?? [];
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
  #change(after: Chains): LinkUpdate[] {
    const before = this.#chains;
    const hops = new Map(
      before.flatMap((chain) =>
        chain.map((peer, index) =>
          [peer.name, this.#nextOf(chain, index)] as const
        )
      ),
    );
    this.#chains = after;
    this.#peers = after.flat();
    const updates: LinkUpdate[] = [];
    for (const [branch, chain] of after.entries()) {
      for (let index = -1; index < chain.length; index++) {
        const from = chain[index];
        const next = this.#nextOf(chain, index);
        const old = from === undefined
          ? this.#nextOf(before[branch] ?? [], -1)
          : hops.get(from.name);
        if (!sameLink(old, next)) updates.push({ from, next });
      }
    }
    return updates;
  }
}

function indexOf(chain: readonly TopologyPeer[], name: string): number {
  return chain.findIndex((peer) => peer.name === name);
}

function without(chains: Chains, name: string): Chains {
  return chains.map((chain) => chain.filter((peer) => peer.name !== name));
}

function sameLink(a: Link | undefined, b: Link | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.wire === b.wire && a.peer.name === b.peer.name &&
    a.peer.host === b.peer.host && a.peer.port === b.peer.port;
}
