/**
 * Whom a peer takes its datagrams from.
 *
 * @module
 */

import type { UdpAddress } from "../../net/mod.ts";
import { isSameHost } from "../chain/addresses.ts";

/**
 * The peer before this one: the one that the coordinator named, or as long as
 * it named none (an existing coordinator cannot) whoever sends whole frames.
 */
export class Upstream {
  #named: UdpAddress | undefined;
  #learned: UdpAddress | undefined;

  /** The address the coordinator named; port 0 is any port of that host. */
  get named(): UdpAddress | undefined {
    return this.#named;
  }

  /** Listens to `address` only; `undefined` goes back to learning. */
  name(address: UdpAddress | undefined): void {
    this.#named = address;
    this.#learned = undefined;
  }

  /** A whole frame came from there. */
  learn(source: UdpAddress | undefined): void {
    if (this.#named === undefined) this.#learned = source;
  }

  /** Whether a datagram's sender is the upstream. */
  isFrom(source: UdpAddress | undefined): boolean {
    const wanted = this.#named ?? this.#learned;
    if (wanted === undefined || source === undefined) return false;
    if (wanted.port !== source.port && wanted.port !== 0) return false;
    return isSameHost(wanted.hostname, source.hostname);
  }
}
