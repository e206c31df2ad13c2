/**
 * RTP and RTCP packets as bytes and as data: tables for the tests of reading,
 * of writing, and for the fuzzer.
 *
 * @module
 */

import type { RtcpPacket, RtpPacket } from "../../src/rtp/mod.ts";
import { bytesOf } from "../support/bytes.ts";

/** One packet in both shapes. */
export interface PacketCase<Packet> {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly packet: Packet;
}

const PLAIN: RtpPacket = {
  payloadType: 26,
  marker: false,
  sequence: 0x1234,
  timestamp: 0x01020304,
  ssrc: 0xdeadbeef,
  csrcs: [],
  payload: bytesOf("aabbcc"),
  paddingLength: 0,
};

/** RTP packets. */
export const RTP_CASES: readonly PacketCase<RtpPacket>[] = [
  {
    name: "a plain packet",
    bytes: bytesOf("801a1234 01020304 deadbeef aabbcc"),
    packet: PLAIN,
  },
  {
    name: "the marker, the highest payload type and numbers",
    bytes: bytesOf("80ffffff ffffffff ffffffff aabbcc"),
    packet: {
      ...PLAIN,
      payloadType: 127,
      marker: true,
      sequence: 0xffff,
      timestamp: 0xffffffff,
      ssrc: 0xffffffff,
    },
  },
  {
    name: "two contributing sources",
    bytes: bytesOf("821a1234 01020304 deadbeef 00000001 ffffffff aabbcc"),
    packet: { ...PLAIN, csrcs: [1, 0xffffffff] },
  },
  {
    name: "a header extension",
    bytes: bytesOf("901a1234 01020304 deadbeef bede0001 10203040 aabbcc"),
    packet: {
      ...PLAIN,
      extension: { profile: 0xbede, data: bytesOf("10203040") },
    },
  },
  {
    name: "an empty header extension",
    bytes: bytesOf("901a1234 01020304 deadbeef 00000000 aabbcc"),
    packet: {
      ...PLAIN,
      extension: { profile: 0, data: new Uint8Array() },
    },
  },
  {
    name: "padding behind the payload",
    bytes: bytesOf("a01a1234 01020304 deadbeef aabbcc 0000000005"),
    packet: { ...PLAIN, paddingLength: 5 },
  },
  {
    name: "nothing but padding",
    bytes: bytesOf("a01a1234 01020304 deadbeef 01"),
    packet: { ...PLAIN, payload: new Uint8Array(), paddingLength: 1 },
  },
  {
    name: "everything at once",
    bytes: bytesOf(
      "b19a1234 01020304 deadbeef 00000007 00010001 00000000 aabb 0002",
    ),
    packet: {
      ...PLAIN,
      marker: true,
      csrcs: [7],
      extension: { profile: 1, data: bytesOf("00000000") },
      payload: bytesOf("aabb"),
      paddingLength: 2,
    },
  },
];

const BLOCK = {
  ssrc: 0xcafe0001,
  fractionLost: 64,
  cumulativeLost: -3,
  highestSequence: 0x0001_0010,
  jitter: 7,
  lastSenderReport: 0x11223344,
  delaySinceLastSenderReport: 0x00010000,
};
const BLOCK_BYTES = "cafe0001 40 fffffd 00010010 00000007 11223344 00010000";

/** RTCP compounds. */
export const RTCP_CASES: readonly PacketCase<readonly RtcpPacket[]>[] = [
  {
    name: "a bare receiver report, as players open firewalls with",
    bytes: bytesOf("80c90001 00000001"),
    packet: [{ type: "receiver-report", ssrc: 1, reports: [] }],
  },
  {
    name: "a sender report with its CNAME",
    bytes: bytesOf(
      `80c80006 deadbeef 83aa7e80 80000000 00015f90 00000012 00006400
       81ca0003 deadbeef 01 03 612e62 00 0000`,
    ),
    packet: [
      {
        type: "sender-report",
        ssrc: 0xdeadbeef,
        ntp: { seconds: 0x83aa7e80, fraction: 0x80000000 },
        rtpTimestamp: 90_000,
        packetCount: 18,
        octetCount: 25_600,
        reports: [],
      },
      {
        type: "source-description",
        chunks: [{
          ssrc: 0xdeadbeef,
          items: [{ type: 1, text: "a.b" }],
        }],
      },
    ],
  },
  {
    name: "a receiver report with a block",
    bytes: bytesOf(`81c90007 00000002 ${BLOCK_BYTES}`),
    packet: [{ type: "receiver-report", ssrc: 2, reports: [BLOCK] }],
  },
  {
    name: "a goodbye with its reason",
    bytes: bytesOf(
      "80c90001 00000001 81cb0003 deadbeef 05 656e646564 0000",
    ),
    packet: [
      { type: "receiver-report", ssrc: 1, reports: [] },
      { type: "bye", ssrcs: [0xdeadbeef], reason: "ended" },
    ],
  },
  {
    name: "a goodbye without sources, and an application packet",
    bytes: bytesOf(
      "80c90001 00000001 80cb0000 85cc0003 00000009 74657374 01020304",
    ),
    packet: [
      { type: "receiver-report", ssrc: 1, reports: [] },
      { type: "bye", ssrcs: [] },
      {
        type: "app",
        subtype: 5,
        ssrc: 9,
        name: "test",
        data: bytesOf("01020304"),
      },
    ],
  },
  {
    name: "two chunks of items",
    bytes: bytesOf(
      `80c90001 00000001 82ca0006 00000001 01 01 61 06 01 74 00 00
       00000002 01 02 6262 00000000`,
    ),
    packet: [
      { type: "receiver-report", ssrc: 1, reports: [] },
      {
        type: "source-description",
        chunks: [
          {
            ssrc: 1,
            items: [{ type: 1, text: "a" }, { type: 6, text: "t" }],
          },
          { ssrc: 2, items: [{ type: 1, text: "bb" }] },
        ],
      },
    ],
  },
];
