/**
 * A player's UDP ports: an even one for RTP, the next for RTCP (RFC 3550
 * section 11).
 *
 * @module
 */

import { openUdpSocket } from "../../net/mod.ts";
import type { UdpSocket } from "../../net/mod.ts";

/** Pairs that are tried before it is given up: half of all free ports are odd. */
const MAX_ATTEMPTS = 40;

/** Two sockets on neighbouring ports. */
export interface UdpPair {
  readonly rtp: UdpSocket;
  readonly rtcp: UdpSocket;
}

/**
 * Opens a pair at `hostname`: on `port` and the next, or on free ones.
 *
 * @throws {Error} when there is none to be had.
 */
export function openUdpPair(
  hostname: string,
  port: number | undefined,
): UdpPair {
  const attempts = port === undefined ? MAX_ATTEMPTS : 1;
  let reason: unknown;
  for (let i = 0; i < attempts; i++) {
    try {
      const rtp = openUdpSocket({ hostname, port: port ?? 0 });
      try {
        const first = rtp.address.port;
        if (port === undefined && (first % 2 === 1 || first > 65_533)) {
          rtp.close();
          continue;
        }
        return { rtp, rtcp: openUdpSocket({ hostname, port: first + 1 }) };
      } catch (error) {
        rtp.close();
        throw error;
      }
    } catch (error) {
      reason = error;
    }
  }
  const why = reason instanceof Deno.errors.AddrInUse
    ? "they are taken"
    : (reason as Error | undefined)?.message ?? "none are free";
  throw new Error(
    port === undefined
      ? `Cannot open UDP ports at ${hostname}: ${why}`
      : `Cannot open UDP ports ${port} and ${
        port + 1
      } at ${hostname}: ${why}. Pass another --rtp-port`,
  );
}
