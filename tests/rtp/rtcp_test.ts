import assert from "node:assert/strict";
import {
  cnameDescription,
  decodeRtcpCompound,
  encodeRtcpCompound,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import type { ReportBlock } from "../../src/rtp/mod.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { bytesOf } from "../support/bytes.ts";
import { RTCP_CASES } from "./packets.ts";

for (const { name, bytes, packet } of RTCP_CASES) {
  Deno.test(`RTCP is read: ${name}`, () => {
    assert.deepEqual(decodeRtcpCompound(bytes), packet);
  });

  Deno.test(`RTCP is written: ${name}`, () => {
    assert.deepEqual(encodeRtcpCompound(packet), bytes);
  });

  Deno.test(`RTCP cut short is refused: ${name}`, () => {
    const whole = new Set([bytes.length]);
    let at = 0;
    while (at < bytes.length) {
      at += 4 * (1 + ((bytes[at + 2]! << 8) | bytes[at + 3]!));
      whole.add(at);
    }
    for (let length = 0; length < bytes.length; length++) {
      if (whole.has(length)) continue;
      assert.throws(
        () => decodeRtcpCompound(bytes.subarray(0, length)),
        RtpProtocolError,
      );
    }
  });
}

for (const { name, bytes, expect } of readHexFixtures("rtp/rtcp")) {
  Deno.test(`RTCP is refused: ${name}`, () => {
    assert.throws(
      () => decodeRtcpCompound(bytes),
      (error) => error instanceof RtpProtocolError && error.code === expect,
    );
  });
}

Deno.test("RTCP packets of unknown types are skipped", () => {
  const [report, picture] = ["80c90001 00000001", "81ce0002 00000001 00000002"];
  assert.deepEqual(decodeRtcpCompound(bytesOf(report + picture)), [
    { type: "receiver-report", ssrc: 1, reports: [] },
  ]);
});

Deno.test("padding of the last RTCP packet is taken off", () => {
  assert.deepEqual(
    decodeRtcpCompound(bytesOf("80c90001 00000001 a0cb0001 00000004")),
    [
      { type: "receiver-report", ssrc: 1, reports: [] },
      { type: "bye", ssrcs: [] },
    ],
  );
});

Deno.test("a source description without the padding of its end is taken", () => {
  const bytes = bytesOf("80c90001 00000001 81ca0002 00000001 01 01 61 00");
  assert.deepEqual(decodeRtcpCompound(bytes)[1], cnameDescription(1, "a"));
});

Deno.test("RTCP that cannot be said is refused", () => {
  const block: ReportBlock = {
    ssrc: 0,
    fractionLost: 0,
    cumulativeLost: 0,
    highestSequence: 0,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  };
  const report = { type: "receiver-report", ssrc: 1, reports: [] } as const;
  assert.throws(() => encodeRtcpCompound([]), RangeError);
  assert.throws(
    () => encodeRtcpCompound([cnameDescription(1, "a")]),
    /does not start with a report/,
  );
  assert.throws(
    () =>
      encodeRtcpCompound([{ ...report, reports: new Array(32).fill(block) }]),
    /at most 31/,
  );
  assert.throws(
    () => encodeRtcpCompound([report, cnameDescription(1, "é".repeat(128))]),
    /at most 255/,
  );
  assert.throws(
    () =>
      encodeRtcpCompound([report, {
        type: "app",
        subtype: 0,
        ssrc: 1,
        name: "toolong",
        data: new Uint8Array(),
      }]),
    RangeError,
  );
});
