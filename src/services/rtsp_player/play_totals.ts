/**
 * Figures that go on while links come and go.
 *
 * @module
 */

import type { PacketFigures } from "./options.ts";
import type { MediaReceiver } from "./receiver.ts";

const NO_PACKETS: PacketFigures = {
  received: 0,
  lost: 0,
  duplicates: 0,
  reordered: 0,
  late: 0,
  invalid: 0,
  restarts: 0,
};

/** What earlier links of the same player have counted. */
export interface Totals {
  readonly framesReceived: number;
  readonly framesLost: number;
  readonly frame: number;
  readonly octets: number;
  readonly packets: PacketFigures;
}

/** What has been counted at the beginning. */
export const NOTHING: Totals = {
  framesReceived: 0,
  framesLost: 0,
  frame: 0,
  octets: 0,
  packets: NO_PACKETS,
};

/** What there is when a link's figures are added. */
export function addFigures(before: Totals, receiver: MediaReceiver): Totals {
  return {
    framesReceived: before.framesReceived + receiver.framesReceived,
    framesLost: before.framesLost + receiver.framesLost,
    frame: before.frame + receiver.frameNumber,
    octets: before.octets + receiver.octets,
    packets: addPackets(before.packets, receiver),
  };
}

function addPackets(
  before: PacketFigures,
  { packets }: Pick<MediaReceiver, "packets">,
): PacketFigures {
  return {
    received: before.received + packets.received,
    lost: before.lost + packets.lost,
    duplicates: before.duplicates + packets.duplicates,
    reordered: before.reordered + packets.reordered,
    late: before.late + packets.late,
    invalid: before.invalid + packets.invalid,
    restarts: before.restarts + packets.restarts,
  };
}
