import fc from "fast-check";
import assert from "node:assert/strict";
import {
  decodeRtcpCompound,
  encodeRtcpCompound,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { RTCP_CASES } from "../rtp/packets.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns(400) };

const SEEDS = [
  ...RTCP_CASES.map(({ bytes }) => bytes),
  ...readHexFixtures("rtp/rtcp").map(({ bytes }) => bytes),
];

const compound = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.record({
    parts: fc.array(fc.constantFrom(...SEEDS), { minLength: 1, maxLength: 4 }),
    damage: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 5 }),
    drop: fc.nat(12),
  }).map(({ parts, damage, drop }) => {
    const joined = parts.flatMap((part) => [...part]);
    const bytes = Uint8Array.from(
      joined.slice(0, Math.max(1, joined.length - drop)),
    );
    for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
    return bytes;
  }),
);

function check(bytes: Uint8Array): void {
  let packets;
  try {
    packets = decodeRtcpCompound(bytes);
  } catch (error) {
    assert.ok(error instanceof RtpProtocolError);
    return;
  }
  // Texts that are not UTF-8 grow when written; what can be written reads the same.
  let again;
  try {
    again = encodeRtcpCompound(packets);
  } catch (error) {
    assert.ok(error instanceof RangeError);
    return;
  }
  if (packets.some(({ type }) => type === "app")) return;
  assert.deepEqual(decodeRtcpCompound(again), packets);
}

Deno.test("any bytes are an RTCP compound or refused as one", () => {
  fc.assert(fc.property(compound, check), runs);
});

Deno.test("what once broke the RTCP reader no longer does", () => {
  for (const { bytes } of readHexFixtures("fuzz/rtcp")) check(bytes);
});
