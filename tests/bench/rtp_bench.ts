/**
 * What RTP and RTSP cost in the cores: microseconds a packet (or request, or
 * frame) for packetising, depacketising, reordering, protecting and reading.
 * The frame is that of the server's bars: 25 KB, 640×480, 18 packets.
 *
 * Aims: packetise ≤ 0.5 µs and receive ≤ 3 µs a packet, ≤ 20 µs a request.
 */

import { buildJpeg } from "../../src/jpeg/mod.ts";
import type { Rfc2435Profile } from "../../src/jpeg/mod.ts";
import {
  decodeRtcpCompound,
  decodeRtpPacket,
  JitterBuffer,
  JpegDepacketizer,
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  planJpegPackets,
  ReceptionStatistics,
  retargetPackets,
  SrtpReceiver,
  SrtpSender,
} from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import {
  encodeInterleaved,
  RtspReader,
  ServerConnection,
  SessionRegistry,
} from "../../src/rtsp/mod.ts";

const FRAME_BYTES = 25_000;
const MAX_PAYLOAD = 1400;
/** Times each thing is done in a batch. */
const ROUNDS = 300;
/** Batches; the fastest counts, as others on the machine only make them slower. */
const BATCHES = 20;

function frame(): Rfc2435Profile {
  const scan = new Uint8Array(FRAME_BYTES);
  crypto.getRandomValues(scan);
  return {
    type: 1,
    width8: 80,
    height8: 60,
    qTables: [new Uint8Array(64).fill(1), new Uint8Array(64).fill(2)],
    restartInterval: 0,
    scan,
  };
}

const FRAME = frame();
const OPTIONS = {
  sequence: 0,
  timestamp: 0,
  ssrc: 1,
  maxPayload: MAX_PAYLOAD,
  tailroom: 10,
};
const RUN = planJpegPackets(FRAME, OPTIONS);

/** Prints what one of its `count` things costs that `work` does. */
function measure(name: string, count: number, work: () => void): void {
  let fastest = Infinity;
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now();
    for (let round = 0; round < ROUNDS; round++) work();
    fastest = Math.min(fastest, performance.now() - start);
  }
  const each = (fastest / ROUNDS / count) * 1000;
  console.log(`  ${name.padEnd(46)} ${each.toFixed(3).padStart(8)} µs`);
}

/** Datagrams of one frame whose numbers and time move on with each call. */
class FrameSource {
  readonly #out = new Uint8Array(RUN.byteLength);
  readonly datagrams: Uint8Array[];
  #sequence = 0;
  #timestamp = 0;

  constructor() {
    packetizeJpeg(FRAME, OPTIONS, this.#out);
    this.datagrams = Array.from({ length: RUN.count }, (_, index) => {
      const start = packetOffset(RUN, index);
      return this.#out.subarray(start, start + packetLengthAt(RUN, index));
    });
  }

  next(): readonly Uint8Array[] {
    this.#sequence = (this.#sequence + RUN.count) & 0xffff;
    this.#timestamp = (this.#timestamp + 3750) >>> 0;
    const target = { sequence: this.#sequence, timestamp: this.#timestamp };
    retargetPackets(this.#out, RUN, { ...target, ssrc: 1 });
    return this.datagrams;
  }
}

function benchSending(): void {
  const out = new Uint8Array(RUN.byteLength);
  console.log(`\nSending, a packet (${RUN.count} a frame)`);
  measure("packetise", RUN.count, () => packetizeJpeg(FRAME, OPTIONS, out));
  measure("turn packets to another viewer", RUN.count, () => {
    retargetPackets(out, RUN, OPTIONS);
  });
  const sender = new SrtpSender(master());
  const source = new FrameSource();
  measure("protect (SRTP)", RUN.count, () => {
    for (const datagram of source.next()) {
      sender.protectRtp(
        new Uint8Array(datagram.buffer),
        datagram.byteOffset,
        datagram.length,
      );
    }
  });
}

function benchReceiving(): void {
  console.log("\nReceiving, a packet");
  const source = new FrameSource();
  measure("read the header", RUN.count, () => {
    for (const datagram of source.next()) decodeRtpPacket(datagram);
  });
  const depacketizer = new JpegDepacketizer();
  measure("read and put frames together", RUN.count, () => {
    for (const datagram of source.next()) {
      depacketizer.push(decodeRtpPacket(datagram));
    }
  });
  const whole = new JpegDepacketizer();
  const buffer = new JitterBuffer<RtpPacket>(100);
  const statistics = new ReceptionStatistics(1, 90_000);
  let now = 0;
  measure("the same with statistics and jitter buffer", RUN.count, () => {
    now += 40;
    for (const datagram of source.next()) {
      const packet = decodeRtpPacket(datagram);
      statistics.receive(packet, now);
      buffer.push(packet, now);
      for (let next = buffer.pop(); next; next = buffer.pop()) whole.push(next);
    }
  });
  const sender = new SrtpSender(master());
  const receiver = new SrtpReceiver(master());
  const secret = new Uint8Array(MAX_PAYLOAD + 22);
  measure("protect and open (SRTP)", RUN.count, () => {
    for (const datagram of source.next()) {
      secret.set(datagram);
      const length = sender.protectRtp(secret, 0, datagram.length);
      receiver.unprotectRtp(secret.subarray(0, length));
    }
  });
  const parts = {
    type: 1,
    width: 640,
    height: 480,
    qTables: FRAME.qTables,
    restartInterval: 0,
    scan: FRAME.scan,
  };
  measure("write the JPEG file (a frame)", 1, () => buildJpeg(parts));
  const report = Uint8Array.from([
    ...[0x81, 0xc9, 0, 7],
    ...new Uint8Array(28),
    ...[0x81, 0xca, 0, 2, 0, 0, 0, 1, 1, 1, 97, 0],
  ]);
  measure("read a receiver report", 1, () => decodeRtcpCompound(report));
}

function benchReader(): void {
  console.log("\nReading RTSP");
  const request = new TextEncoder().encode(
    "GET_PARAMETER rtsp://127.0.0.1:8554/movie/ RTSP/1.0\r\nCSeq: 5\r\n" +
      "User-Agent: Lavf59.27.100\r\nSession: 0123456789abcdef\r\n\r\n",
  );
  const reader = new RtspReader();
  measure("a request", 1, () => {
    reader.push(request, 0);
    reader.next();
  });
  const frames = encodeInterleaved(0, new Uint8Array(MAX_PAYLOAD));
  measure("an interleaved frame", 1, () => {
    reader.push(frames, 0);
    reader.next();
  });
  const random = (length: number) =>
    crypto.getRandomValues(new Uint8Array(length));
  const connection = new ServerConnection(
    {
      catalog: { lookup: () => undefined },
      sessions: new SessionRegistry({ random }),
      random,
    },
    { address: "127.0.0.1", secure: false },
    0,
  );
  const options = new TextEncoder().encode(
    "OPTIONS rtsp://127.0.0.1:8554/movie RTSP/1.0\r\nCSeq: 1\r\n" +
      "User-Agent: Lavf59.27.100\r\n\r\n",
  );
  measure("a request read and answered by the server", 1, () => {
    connection.receive(options, 0);
  });
}

function master() {
  return {
    key: new Uint8Array(16).fill(1),
    salt: new Uint8Array(14).fill(2),
    profile: "AES_CM_128_HMAC_SHA1_80",
  } as const;
}

benchSending();
benchReceiving();
benchReader();
