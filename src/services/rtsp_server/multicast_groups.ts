/**
 * The groups of all streams: one address and one pair of ports each.
 *
 * @module
 */

import type { CatalogEntry } from "./catalog.ts";
import {
  type GroupAddress,
  type GroupOptions,
  MulticastGroup,
} from "./multicast_group.ts";

/** Streams that have a group; addresses and ports are counted up for them. */
const MAX_GROUPS = 250;

/** Where groups begin. */
export interface MulticastRange {
  /** IPv4 group of the first stream; the next ones get the next addresses. */
  readonly address: string;
  /** Even port of the first stream; the next ones get the next pairs. */
  readonly port: number;
  /** Routers the packets pass. */
  readonly ttl: number;
}

/** What all groups share. */
export interface MulticastGroupsOptions
  extends Omit<GroupOptions, "media" | "to" | "onReport"> {
  readonly range: MulticastRange;
  /** Somebody at `from` reported on the stream at `path`. */
  readonly onReport: (path: string, from: string, bytes: Uint8Array) => void;
}

/** Opens groups for their first viewer and closes them after the last. */
export class MulticastGroups {
  readonly #options: MulticastGroupsOptions;
  /** A stream keeps its address. */
  readonly #numbers = new Map<string, number>();
  readonly #groups = new Map<
    string,
    { group: Promise<MulticastGroup>; holders: number }
  >();
  readonly #closing = new Set<Promise<void>>();

  /** None yet. */
  constructor(options: MulticastGroupsOptions) {
    this.#options = options;
  }

  /**
   * The group of a stream, until {@linkcode MulticastGroups.release}.
   *
   * @throws {Error} when the system has no way to it, or there are too many.
   */
  async hold(entry: CatalogEntry): Promise<MulticastGroup> {
    const { path } = entry;
    let held = this.#groups.get(path);
    if (held === undefined) {
      held = { group: this.#open(entry), holders: 0 };
      this.#groups.set(path, held);
    }
    held.holders++;
    try {
      return await held.group;
    } catch (error) {
      this.release(path);
      throw error;
    }
  }

  /** One who held the group has gone. */
  release(path: string): void {
    const held = this.#groups.get(path);
    if (held === undefined || --held.holders > 0) return;
    this.#groups.delete(path);
    const closing = held.group.then((group) => group.close(), () => {})
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #open({ path, media }: CatalogEntry): Promise<MulticastGroup> {
    const { range, onReport, ...options } = this.#options;
    const number = this.#numbers.get(path) ?? this.#numbers.size;
    this.#numbers.set(path, number);
    return MulticastGroup.open({
      ...options,
      media,
      to: nthGroup(range, number),
      onReport: (from, bytes) => onReport(path, from, bytes),
    });
  }

  /** Resolves when all that nobody holds any more are closed. */
  async close(): Promise<void> {
    await Promise.all(this.#closing);
  }
}

/**
 * The group of stream `number`.
 *
 * @throws {RangeError} when there is none left.
 */
export function nthGroup(
  { address, port, ttl }: MulticastRange,
  number: number,
): GroupAddress {
  const first = address.split(".").reduce(
    (sum, part) => sum * 256 + Number(part),
    0,
  );
  const value = first + number;
  const rtp = port + 2 * number;
  if (number >= MAX_GROUPS || value >= 0xf000_0000 || rtp > 65_534) {
    throw new RangeError(
      `Cannot open group ${number + 1} from ${address}:${port}: none is left`,
    );
  }
  return {
    address: [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join("."),
    ports: [rtp, rtp + 1],
    ttl,
  };
}
