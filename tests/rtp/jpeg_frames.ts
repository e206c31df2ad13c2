/**
 * Frames, packets and loss for the tests of RFC 2435.
 *
 * @module
 */

import type { Rfc2435Profile } from "../../src/jpeg/mod.ts";
import { parseJpeg, rfc2435Profile } from "../../src/jpeg/mod.ts";
import {
  decodeRtpPacket,
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  planJpegPackets,
} from "../../src/rtp/mod.ts";
import type { JpegPacketizeOptions, RtpPacket } from "../../src/rtp/mod.ts";
import { syntheticJpeg } from "../jpeg/support/synthetic.ts";
import { SeededRandom } from "../support/random.ts";

/** What is not said in a test. */
export const OPTIONS: JpegPacketizeOptions = {
  sequence: 65_530,
  timestamp: 0xffff_fff0,
  ssrc: 0x1234_5678,
  maxPayload: 300,
};

/** A frame whose scan is `length` random bytes. */
export function scanFrame(
  length: number,
  more: Partial<Rfc2435Profile> = {},
): Rfc2435Profile {
  const random = new SeededRandom(length + 1);
  const table = (first: number) =>
    Uint8Array.from({ length: 64 }, (_, index) => first + index);
  return {
    type: 1,
    width8: 80,
    height8: 60,
    qTables: [table(1), table(100)],
    restartInterval: 0,
    scan: Uint8Array.from({ length }, () => random.integer(256) & 0x7f),
    ...more,
  };
}

/** A real picture's frame. */
export function pictureFrame(
  seed: number,
  restartInterval = 0,
): { jpeg: Uint8Array; profile: Rfc2435Profile } {
  const jpeg = syntheticJpeg({
    seed,
    width: 96,
    height: 64,
    sampling: ["2x2", "1x1", "1x1"],
    restartInterval,
  });
  const result = rfc2435Profile(parseJpeg(jpeg));
  if (!result.fits) throw new Error(result.message);
  return { jpeg, profile: result.profile };
}

/** The packets of a frame, each in bytes of its own. */
export function packetsOf(
  frame: Rfc2435Profile,
  more: Partial<JpegPacketizeOptions> = {},
): RtpPacket[] {
  const options = { ...OPTIONS, ...more };
  const out = new Uint8Array(planJpegPackets(frame, options).byteLength);
  const run = packetizeJpeg(frame, options, out);
  return Array.from({ length: run.count }, (_, index) => {
    const start = packetOffset(run, index);
    return decodeRtpPacket(
      out.slice(start, start + packetLengthAt(run, index)),
    );
  });
}
