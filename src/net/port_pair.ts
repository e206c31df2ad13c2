/**
 * Two UDP ports side by side, as RTP and RTCP want them.
 *
 * @module
 */

import { ListenError } from "./listen_error.ts";
import { openUdpSocket, type UdpSocket } from "./udp.ts";

/** Free ports looked at before we give up. */
const MAX_TRIES = 100;

/** What {@linkcode openPortPair} is told. */
export interface PortPairOptions {
  /** Address to bind. */
  readonly hostname: string;
  /** The even port; 0 takes a free pair. */
  readonly port: number;
  /** The flag that chooses the port, for the error message. */
  readonly flag: string;
}

/**
 * Binds an even port and the next one (RFC 3550 section 11).
 *
 * @throws {ListenError} when the pair cannot be had.
 */
export function openPortPair(
  options: PortPairOptions,
): [even: UdpSocket, odd: UdpSocket] {
  const { hostname, port, flag } = options;
  let failure: unknown;
  for (let tries = 0; tries < (port === 0 ? MAX_TRIES : 1); tries++) {
    let first: UdpSocket | undefined;
    try {
      first = openUdpSocket({ hostname, port });
      const even = first.address.port;
      if (even % 2 === 0 && even < 65_534) {
        return [first, openUdpSocket({ hostname, port: even + 1 })];
      }
      if (port !== 0) failure = new Error(`${port} is not even`);
    } catch (error) {
      failure = error;
    }
    first?.close();
  }
  throw new ListenError(hostname, port, flag, failure);
}
