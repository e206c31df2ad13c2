/**
 * Servers and networks with faults, on real sockets: what is shown is right,
 * and what is counted is what was done.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  encodeRtcpCompound,
  encodeRtpPacket,
  JpegDepacketizer,
} from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { OPTIONS, packetsOf, pictureFrame } from "../rtp/jpeg_frames.ts";
import {
  type PacketServerOptions,
  startPacketServer,
} from "../support/packet_server.ts";
import { SeededRandom } from "../support/random.ts";
import { waitUntil } from "../support/wait.ts";
import { playAndSave, type Played } from "./support/player_scene.ts";

const FPS = 30;

/** The packets of `count` pictures, with numbers and times that go on. */
function stream(count: number, ssrc = OPTIONS.ssrc): RtpPacket[][] {
  let sequence = 100;
  return Array.from({ length: count }, (_, index) => {
    const { profile } = pictureFrame(index + 1);
    const packets = packetsOf(profile, {
      ssrc,
      sequence,
      timestamp: index * 90_000 / FPS,
      maxPayload: 400,
    });
    sequence += packets.length;
    return packets;
  });
}

/** The pictures as they must come out. */
function pictures(frames: readonly RtpPacket[][]): Uint8Array[] {
  const depacketizer = new JpegDepacketizer();
  return frames.map((packets) =>
    packets.map((packet) => depacketizer.push(packet)).at(-1)!.jpeg
  );
}

function bye(ssrc = OPTIONS.ssrc): Uint8Array {
  return encodeRtcpCompound([
    { type: "receiver-report", ssrc, reports: [] },
    { type: "bye", ssrcs: [ssrc] },
  ]);
}

async function play(
  frames: readonly (readonly Uint8Array[])[],
  more: Partial<PacketServerOptions> = {},
): Promise<Played> {
  await using server = startPacketServer({
    frames,
    fps: FPS,
    bye: bye(),
    ...more,
  });
  return await playAndSave(server.url, { transport: "udp" });
}

/** Every saved frame is the picture that was sent under its number. */
function assertRight(
  { saved }: Played,
  sent: readonly Uint8Array[],
  missing: ReadonlySet<number>,
): void {
  assert.equal(saved.size, sent.length - missing.size);
  for (const [number, jpeg] of saved) {
    assert.ok(!missing.has(number - 1), `frame ${number} was broken`);
    assert.deepEqual(jpeg, sent[number - 1], `frame ${number}`);
  }
}

Deno.test("loss, copies and reordering on a real socket are counted exactly, and every picture shown is right", async () => {
  const random = new SeededRandom(23);
  const sent = stream(60);
  const broken = new Set<number>();
  const done = { lost: 0, duplicates: 0, reordered: 0 };
  const wire = sent.map((packets, index) => {
    const bytes = packets.map((packet) => encodeRtpPacket(packet));
    const isLast = index === sent.length - 1;
    const fate = index === 0 || isLast ? 1 : random.next();
    const at = 1 + random.integer(bytes.length - 2);
    if (fate < 0.15) {
      bytes.splice(at, 1);
      broken.add(index);
      done.lost++;
    } else if (fate < 0.3) {
      bytes.splice(at, 0, bytes[at]!);
      done.duplicates++;
    } else if (fate < 0.45) {
      // One packet comes up to five places later: one is behind its time.
      const [late] = bytes.splice(0, 1);
      bytes.splice(Math.min(5, bytes.length), 0, late!);
      done.reordered++;
    }
    return bytes;
  });
  assert.ok(done.lost > 3 && done.duplicates > 3 && done.reordered > 3);
  const played = await play(wire);
  assertRight(played, pictures(sent), broken);
  const { packets, framesLost, framesReceived } = played.report;
  const { lost, duplicates, reordered, late, invalid } = packets;
  assert.deepEqual({ lost, duplicates, reordered }, done);
  assert.deepEqual([late, invalid], [0, 0]);
  assert.deepEqual([framesReceived, framesLost], [
    sent.length - broken.size,
    broken.size,
  ]);
});

/** What a server may do to the datagrams of a frame. */
const FAULTS: Record<string, (datagrams: Uint8Array[]) => Uint8Array[]> = {
  "tables of a wrong length": (datagrams) =>
    datagrams.map((bytes, index) => {
      if (index > 0) return bytes;
      const wrong = bytes.slice();
      wrong[12 + 8 + 3] = 60; // length of the tables, 128
      return wrong;
    }),
  "no tables": (datagrams) =>
    datagrams.map((bytes, index) => {
      if (index > 0) return bytes;
      const wrong = new Uint8Array(bytes.length - 128);
      wrong.set(bytes.subarray(0, 24));
      wrong.set(bytes.subarray(24 + 128), 24);
      wrong[12 + 8 + 2] = wrong[12 + 8 + 3] = 0;
      return wrong;
    }),
  "another size halfway": (datagrams) =>
    datagrams.map((bytes, index) => {
      if (index === 0) return bytes;
      const wrong = bytes.slice();
      wrong[12 + 6] = 99;
      return wrong;
    }),
  "packets cut in half": (datagrams) =>
    datagrams.map((bytes) => bytes.subarray(0, bytes.length >> 1)),
  "packets cut within their headers": (datagrams) =>
    datagrams.map((bytes, index) =>
      index === 1 ? bytes.subarray(0, 15) : bytes
    ),
  "an unknown type": (datagrams) =>
    datagrams.map((bytes) => {
      const wrong = bytes.slice();
      wrong[12 + 4] = 7;
      return wrong;
    }),
  "offsets beyond any picture": (datagrams) =>
    datagrams.map((bytes, index) => {
      if (index === 0) return bytes;
      const wrong = bytes.slice();
      wrong.set([0xff, 0xff, 0xf0], 12 + 1);
      return wrong;
    }),
};

Deno.test("a server that sends wrong tables and cut packets: no broken picture, and it plays on", async (t) => {
  const sent = stream(20);
  const right = pictures(sent);
  const broken = new Set([4, 5, 11]);
  for (const [name, spoil] of Object.entries(FAULTS)) {
    await t.step(name, async () => {
      const played = await play(sent.map((packets, index) => {
        const datagrams = packets.map((packet) => encodeRtpPacket(packet));
        return broken.has(index) ? spoil(datagrams) : datagrams;
      }));
      const shown = [...played.saved.values()];
      for (const jpeg of shown) {
        assert.ok(
          right.some((one) => one.every((byte, at) => byte === jpeg[at])),
          "a picture that was never sent",
        );
      }
      assert.equal(shown.length, sent.length - broken.size);
      assert.equal(played.report.framesReceived, shown.length);
    });
  }
});

Deno.test("a server that restarts its stream in the middle is followed", async () => {
  const first = stream(10);
  const again = stream(10, 77);
  const played = await play(
    [...first, ...again].map((packets) =>
      packets.map((packet) => encodeRtpPacket(packet))
    ),
    { bye: bye(77) },
  );
  assert.equal(played.report.framesReceived, 20);
  assert.deepEqual([played.report.packets.lost, played.report.framesLost], [
    0,
    0,
  ]);
});

Deno.test("answers that end their lines with LF only are understood", async () => {
  const sent = stream(5);
  const played = await play(
    sent.map((packets) => packets.map((packet) => encodeRtpPacket(packet))),
    { lineEnding: "\n" },
  );
  assertRight(played, pictures(sent), new Set());
});

Deno.test("junk between the packets, and of strangers, changes nothing", async () => {
  const random = new SeededRandom(3);
  const sent = stream(20);
  const junk = (): Uint8Array =>
    Uint8Array.from({ length: random.integer(300) }, () => random.integer(256));
  const played = await play(
    sent.map((packets) =>
      packets.flatMap((packet) => [encodeRtpPacket(packet), junk()])
    ),
  );
  assertRight(played, pictures(sent), new Set());
  assert.equal(played.report.framesLost, 0);
});

for (const status of [301, 302, 303]) {
  Deno.test(`a ${status} leads the player to the other server`, async () => {
    const sent = stream(10);
    await using there = startPacketServer({
      frames: sent.map((packets) =>
        packets.map((packet) => encodeRtpPacket(packet))
      ),
      fps: FPS,
      bye: bye(),
    });
    await using here = startPacketServer({
      frames: [],
      fps: FPS,
      redirect: { status, to: there.url },
    });
    const played = await playAndSave(here.url, { transport: "udp" });
    assertRight(played, pictures(sent), new Set());
    assert.deepEqual(here.methods, ["OPTIONS", "DESCRIBE"]);
    assert.equal(there.methods[3], "PLAY");
  });
}

Deno.test("REDIRECT moves a player that is playing, which says goodbye to the first server", async () => {
  const wire = stream(60).map((packets) =>
    packets.map((packet) => encodeRtpPacket(packet))
  );
  await using there = startPacketServer({ frames: wire, fps: FPS, bye: bye() });
  await using here = startPacketServer({ frames: wire, fps: FPS });
  const { report } = await playAndSave(
    here.url,
    { transport: "udp" },
    async (running) => {
      await waitUntil(() => running.player.report().framesReceived > 5);
      await here.ask(
        `REDIRECT ${here.url} RTSP/1.0\r\nCSeq: 1\r\nLocation: ${there.url}\r\n\r\n`,
      );
      await running.finished;
    },
  );
  assert.deepEqual(here.methods.slice(3), ["PLAY", "TEARDOWN"]);
  assert.equal(there.methods[3], "PLAY");
  assert.ok(report.framesReceived > 60, `${report.framesReceived}`);
  assert.equal(report.reconnects, 0);
});
