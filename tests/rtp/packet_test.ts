import assert from "node:assert/strict";
import {
  decodeRtpPacket,
  encodeRtpPacket,
  encodeRtpPacketInto,
  looksLikeRtcp,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { RTCP_CASES, RTP_CASES } from "./packets.ts";

for (const { name, bytes, packet } of RTP_CASES) {
  Deno.test(`an RTP packet with ${name} is read`, () => {
    assert.deepEqual(decodeRtpPacket(bytes), packet);
  });

  Deno.test(`an RTP packet with ${name} is written`, () => {
    assert.deepEqual(encodeRtpPacket(packet), bytes);
  });
}

for (const { name, bytes, expect } of readHexFixtures("rtp/packet")) {
  Deno.test(`an RTP packet is refused: ${name}`, () => {
    assert.throws(
      () => decodeRtpPacket(bytes),
      (error) => error instanceof RtpProtocolError && error.code === expect,
    );
  });
}

Deno.test("every RTP packet cut short is refused or has a shorter payload", () => {
  for (const { bytes, packet } of RTP_CASES) {
    for (let length = 0; length < bytes.length; length++) {
      try {
        const cut = decodeRtpPacket(bytes.subarray(0, length));
        assert.ok(cut.payload.length <= packet.payload.length);
      } catch (error) {
        assert.ok(error instanceof RtpProtocolError);
      }
    }
  }
});

Deno.test("an RTP packet is written into a buffer where it is told to", () => {
  const { bytes, packet } = RTP_CASES[0]!;
  const out = new Uint8Array(bytes.length + 5).fill(9);
  assert.equal(encodeRtpPacketInto(packet, out, 4), bytes.length + 4);
  assert.deepEqual(out.subarray(4, -1), bytes);
  assert.deepEqual([...out.subarray(0, 4), out.at(-1)], [9, 9, 9, 9, 9]);
});

Deno.test("an RTP packet that does not fit is not written", () => {
  const { bytes, packet } = RTP_CASES[0]!;
  assert.throws(
    () => encodeRtpPacketInto(packet, new Uint8Array(bytes.length - 1)),
    RangeError,
  );
});

Deno.test("RTP packets that cannot be said are refused", () => {
  const { packet } = RTP_CASES[0]!;
  const csrcs = new Array<number>(16).fill(0);
  const extension = { profile: 0, data: new Uint8Array(3) };
  for (const wrong of [{ csrcs }, { extension }, { paddingLength: 256 }]) {
    assert.throws(() => encodeRtpPacket({ ...packet, ...wrong }), RangeError);
  }
});

Deno.test("RTP and RTCP on one port are told apart", () => {
  for (const { bytes } of RTP_CASES) {
    assert.equal(looksLikeRtcp(bytes), bytes[1] === 0xc8);
  }
  for (const { bytes } of RTCP_CASES) assert.ok(looksLikeRtcp(bytes));
});
