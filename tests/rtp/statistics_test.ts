import assert from "node:assert/strict";
import {
  ntpFromUnix,
  ntpMiddle,
  ReceptionStatistics,
  roundTripTime,
  rtcpInterval,
  RtcpSchedule,
  RtpClock,
  SenderStatistics,
  unixFromNtp,
} from "../../src/rtp/mod.ts";

const PAYLOAD = new Uint8Array(100);

function receive(
  statistics: ReceptionStatistics,
  sequences: readonly number[],
): void {
  for (const sequence of sequences) {
    statistics.receive({ sequence, timestamp: 0, payload: PAYLOAD }, 0);
  }
}

Deno.test("NTP time and Unix time are turned into each other", () => {
  // RFC 868's example: the epoch of Unix in seconds since 1900.
  assert.deepEqual(ntpFromUnix(0), { seconds: 2_208_988_800, fraction: 0 });
  for (const unix of [0, 1, 999.5, 1_700_000_000_123, 2_085_978_496_000]) {
    const back = unixFromNtp(ntpFromUnix(unix));
    assert.ok(Math.abs(back - unix) < 0.001, `${unix} became ${back}`);
  }
});

Deno.test("after 2036 NTP time begins a new era", () => {
  const unix = Date.UTC(2040, 0, 1);
  const ntp = ntpFromUnix(unix);
  assert.ok(ntp.seconds < 2 ** 31);
  assert.equal(unixFromNtp(ntp), unix);
});

Deno.test("the round trip is that of the RFC's example", () => {
  // RFC 3550 section 6.4.1, figure 2: 0xb710:8000, LSR 0xb705:2000, DLSR 5.25 s.
  const arrival = { seconds: 0xb44db710, fraction: 0x80000000 };
  assert.equal(ntpMiddle(arrival), 0xb7108000);
  const time = roundTripTime(arrival, 0xb7052000, 0x00054000);
  assert.equal(time, 6125);
});

Deno.test("no round trip is known before a sender report, or of nonsense", () => {
  const arrival = { seconds: 10, fraction: 0 };
  assert.equal(roundTripTime(arrival, 0, 0), undefined);
  assert.equal(roundTripTime(arrival, ntpMiddle(arrival), 65536), undefined);
});

Deno.test("lost packets are counted since the beginning and since the last report", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  receive(statistics, [10, 11, 13, 14]);
  const first = statistics.report(0);
  assert.equal(first.ssrc, 7);
  assert.equal(first.cumulativeLost, 1);
  assert.equal(first.fractionLost, Math.floor(256 / 5));
  assert.equal(first.highestSequence, 14);
  receive(statistics, [15, 16, 17, 18]);
  const second = statistics.report(0);
  assert.equal(second.cumulativeLost, 1);
  assert.equal(second.fractionLost, 0);
  assert.equal(statistics.octets, 800);
});

Deno.test("copies make the loss negative, never the fraction", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  receive(statistics, [10, 11, 11, 11, 12]);
  const report = statistics.report(0);
  assert.equal(report.cumulativeLost, -2);
  assert.equal(report.fractionLost, 0);
});

Deno.test("the highest number goes on behind the wrap", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  receive(statistics, [65_534, 65_535, 0, 1]);
  assert.equal(statistics.report(0).highestSequence, 0x1_0001);
  assert.equal(statistics.cumulativeLost, 0);
});

Deno.test("a sender that starts over is counted anew after two packets", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  receive(statistics, [100, 101, 40_000, 40_001, 40_002]);
  assert.equal(statistics.received, 2);
  assert.equal(statistics.highestSequence, 40_002);
  assert.equal(statistics.cumulativeLost, 0);
});

Deno.test("no packets make an empty report", () => {
  assert.deepEqual(new ReceptionStatistics(7, 90_000).report(0), {
    ssrc: 7,
    fractionLost: 0,
    cumulativeLost: 0,
    highestSequence: 0,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  });
});

Deno.test("jitter is that of appendix A.8", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  let expected = 0;
  let transit: number | undefined;
  for (let index = 0; index < 500; index++) {
    const now = index * 40 + (index % 3) * 5;
    const timestamp = (index * 3600 + 0xffff_0000) >>> 0;
    statistics.receive({ sequence: index, timestamp, payload: PAYLOAD }, now);
    const current = now * 90 - index * 3600;
    if (transit !== undefined) {
      expected += (Math.abs(current - transit) - expected) / 16;
    }
    transit = current;
  }
  assert.ok(Math.abs(statistics.report(0).jitter - expected) < 2);
  assert.ok(Math.abs(statistics.jitterMilliseconds - expected / 90) < 0.02);
});

Deno.test("packets right on time have no jitter", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  for (let index = 0; index < 100; index++) {
    const timestamp = index * 3600;
    statistics.receive(
      { sequence: index, timestamp, payload: PAYLOAD },
      index * 40,
    );
  }
  assert.equal(statistics.jitterMilliseconds, 0);
});

Deno.test("a report says which sender report it answers and since when", () => {
  const statistics = new ReceptionStatistics(7, 90_000);
  const ntp = { seconds: 0x1234_5678, fraction: 0x9abc_def0 };
  statistics.receiveSenderReport(ntp, 1000);
  const report = statistics.report(3500);
  assert.equal(report.lastSenderReport, 0x5678_9abc);
  assert.equal(report.delaySinceLastSenderReport, 2.5 * 65536);
});

Deno.test("a sender report counts what was sent and runs the media clock on", () => {
  const statistics = new SenderStatistics(9, 90_000);
  statistics.sent(18, 25_000, 4_294_967_000, 1000);
  assert.deepEqual(statistics.report(1010, 500), {
    type: "sender-report",
    ssrc: 9,
    ntp: ntpFromUnix(500),
    rtpTimestamp: 604,
    packetCount: 18,
    octetCount: 25_000,
    reports: [],
  });
});

Deno.test("what receivers report comes in usual units", () => {
  const statistics = new SenderStatistics(9, 90_000);
  const sentAt = 1_700_000_000_000;
  const block = {
    ssrc: 9,
    fractionLost: 64,
    cumulativeLost: 12,
    highestSequence: 1,
    jitter: 900,
    lastSenderReport: ntpMiddle(ntpFromUnix(sentAt)),
    delaySinceLastSenderReport: 65536,
  };
  statistics.receiveReport({ ...block, ssrc: 8 }, sentAt);
  assert.equal(statistics.receiver, undefined);
  statistics.receiveReport(block, sentAt + 1250);
  const { roundTripTime, ...rest } = statistics.receiver!;
  assert.deepEqual(rest, {
    fractionLost: 0.25,
    cumulativeLost: 12,
    jitter: 10,
  });
  assert.ok(Math.abs(roundTripTime! - 250) < 0.1);
});

Deno.test("timestamps are mapped to the sender's clock across their wrap", () => {
  const clock = new RtpClock(90_000);
  assert.equal(clock.unixTime(5), undefined);
  clock.update(0xffff_ffff - 89_999, 10_000);
  assert.equal(clock.unixTime(90_000), 12_000);
});

Deno.test("the RTCP interval is the RFC's", () => {
  const compensation = Math.E - 1.5;
  const two = {
    members: 2,
    senders: 1,
    bandwidth: 5_000_000,
    weSend: true,
    averageSize: 100,
    initial: false,
    randomness: 0.5,
  };
  assert.equal(rtcpInterval(two), 5000 / compensation);
  assert.equal(rtcpInterval({ ...two, initial: true }), 2500 / compensation);
  assert.equal(rtcpInterval({ ...two, randomness: 0 }), 2500 / compensation);
  // 1,000 receivers, one sender, 128 kbit/s: 3/4 of 800 bytes/s for 999 members.
  const many = {
    ...two,
    members: 1000,
    bandwidth: 128_000,
    weSend: false,
  };
  assert.equal(
    Math.round(rtcpInterval(many) * compensation),
    Math.round(100 * 999 / 0.6),
  );
  assert.equal(
    rtcpInterval({ ...many, weSend: true }) * compensation,
    5000,
    "the one sender keeps the minimum",
  );
});

Deno.test("a schedule begins where it is told, shorter at first", () => {
  const schedule = new RtcpSchedule({
    weSend: true,
    bandwidth: 5_000_000,
    firstAt: 100,
  });
  assert.equal(schedule.nextTimeoutAt(), 100);
  schedule.sent(80, 100, 0.5);
  const first = schedule.nextTimeoutAt() - 100;
  schedule.sent(80, 5000, 0.5);
  assert.ok(Math.abs(schedule.nextTimeoutAt() - 5000 - first * 2) < 1e-6);
});
