/**
 * Who fetches a chunk from the host, and who is connected to whom: both follow
 * from the list of members alone, so everybody comes to the same answer without
 * a word about it.
 *
 * @module
 */

import { MAX_CONNECTIONS } from "./channel_message.ts";

/** Connections that a member has to others, as a rule. */
export const MAX_NEIGHBOURS = 8;
/** With those that are open already, and do no harm. */
export const MOST_NEIGHBOURS: number = MAX_NEIGHBOURS + 4;

/** Number of the one connection between two neighbours: those below it are from who has the film. */
export const SWARM_INDEX: number = MAX_CONNECTIONS;

/** 32 bits that depend on every character (FNV-1a, and MurmurHash3's finalizer). */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix32(hash);
}

/** Spreads 32 bits (MurmurHash3's finalizer). */
export function mix32(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Members that share in fetching, and each one's rank for a chunk: highest
 * random weight, so that who comes or goes takes or leaves only its own part.
 */
export class FetchOrder {
  readonly #members: readonly { readonly id: string; readonly hash: number }[];
  readonly #mine: number | undefined;

  /** An order among these; `me` may be one of them. */
  constructor(members: Iterable<string>, me: string) {
    this.#members = [...new Set(members)].map((id) => ({
      id,
      hash: hash32(id),
    }));
    this.#mine = this.#members.find(({ id }) => id === me)?.hash;
  }

  /** How many there are. */
  get size(): number {
    return this.#members.length;
  }

  /** Members that come before us for this chunk; 0 says that we fetch it. */
  rank(chunk: number): number {
    const mine = this.#mine;
    if (mine === undefined) return this.#members.length;
    const weight = mix32(mine ^ mix32(chunk + 1));
    let before = 0;
    for (const { hash } of this.#members) {
      if (mix32(hash ^ mix32(chunk + 1)) > weight) before++;
    }
    return before;
  }

  /** Who fetches it. */
  fetcher(chunk: number): string | undefined {
    let best: string | undefined;
    let most = -1;
    for (const { id, hash } of this.#members) {
      const weight = mix32(hash ^ mix32(chunk + 1));
      if (weight <= most) continue;
      most = weight;
      best = id;
    }
    return best;
  }
}

/**
 * Whom to be connected to: everybody while they are few, else those next to us
 * on a ring in the order of their hashes, four on each side. Who is my neighbour
 * has me as its neighbour.
 */
export function neighboursOf(
  members: Iterable<string>,
  me: string,
): string[] {
  const ring = [...new Set([...members, me])]
    .map((id) => ({ id, hash: hash32(id) }))
    .sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
  if (ring.length <= MAX_NEIGHBOURS + 1) return ring.filter((id) => id !== me);
  const at = ring.indexOf(me);
  const side = MAX_NEIGHBOURS / 2;
  return Array.from(
    { length: MAX_NEIGHBOURS },
    (_, index) => index < side ? index - side : index - side + 1,
  ).map((step) => ring[(at + step + ring.length) % ring.length]!);
}

/** Which of two begins the connection. */
export function offers(me: string, other: string): boolean {
  return me < other;
}
