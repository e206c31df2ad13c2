/**
 * Which of a player's transports the server takes.
 *
 * @module
 */

import type { RequestedTransport } from "./server_actions.ts";
import type { Pair, TransportSpec } from "./transport.ts";

/** Which transports a server offers. */
export interface OfferedTransports {
  /** To ports of the player; "secure" as SRTP only. */
  readonly udp: boolean | "secure";
  /** In `$` frames. */
  readonly tcp: boolean;
  /** To a group. */
  readonly multicast: boolean;
}

/** The alternative taken, and what it comes to. */
export interface TransportChoice {
  readonly spec: TransportSpec;
  readonly transport: RequestedTransport;
}

/**
 * Takes the first alternative that is offered; `undefined` is a 461.
 * `usedChannels` are those of the connection's other tracks: a pair that is
 * taken, or not given, is replaced by the first free one.
 */
export function chooseTransport(
  specs: readonly TransportSpec[],
  offered: OfferedTransports,
  protocols: readonly string[],
  usedChannels: ReadonlySet<number>,
): TransportChoice | undefined {
  for (const spec of specs) {
    if (!protocols.includes(spec.protocol)) continue;
    const secure = spec.protocol.startsWith("RTP/SAVP");
    if (spec.delivery === "multicast") {
      if (spec.lower === "udp" && offered.multicast) {
        return { spec, transport: { kind: "multicast", secure } };
      }
    } else if (spec.lower === "tcp") {
      const channels = freeChannels(spec.interleaved, usedChannels);
      if (offered.tcp && channels !== undefined) {
        return { spec, transport: { kind: "tcp", channels, secure } };
      }
    } else if (
      (offered.udp === "secure" ? secure : offered.udp) &&
      spec.clientPorts !== undefined
    ) {
      return {
        spec,
        transport: { kind: "udp", clientPorts: spec.clientPorts, secure },
      };
    }
  }
  return undefined;
}

function freeChannels(
  wanted: Pair | undefined,
  used: ReadonlySet<number>,
): Pair | undefined {
  if (
    wanted !== undefined && wanted[0] !== wanted[1] && !used.has(wanted[0]) &&
    !used.has(wanted[1])
  ) {
    return wanted;
  }
  for (let channel = 0; channel < 255; channel += 2) {
    if (!used.has(channel) && !used.has(channel + 1)) {
      return [channel, channel + 1];
    }
  }
  return undefined;
}
