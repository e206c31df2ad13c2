import assert from "node:assert/strict";
import { fitToRfc2435 } from "../../src/jpeg/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  type Arrival,
  framesOf,
  hasBye,
  readArrival,
  rtcpOf,
  rtpInfo,
  rtpOf,
  withRtspServer,
} from "./support/rtsp_scene.ts";

/** Index of each received frame in the film. */
async function indexesOf(
  arrivals: readonly Arrival[],
  frames = 48,
): Promise<number[]> {
  const scans = (await makeJpegs({ frames, size: "160x120" })).map(scanOf);
  return framesOf(rtpOf(arrivals)).map(({ jpeg }) =>
    scans.indexOf(scanOf(jpeg))
  );
}

function scanOf(jpeg: Uint8Array): string {
  const fitted = fitToRfc2435(jpeg);
  assert.ok(fitted.fits);
  return fitted.profile.scan.join();
}

function framesSeen(count: number): (arrivals: readonly Arrival[]) => boolean {
  return (arrivals) =>
    rtpOf(arrivals).filter(({ marker }) => marker).length >= count;
}

function assertContiguous(arrivals: readonly Arrival[]): void {
  const packets = rtpOf(arrivals);
  packets.reduce((before, packet) => {
    assert.equal(packet.sequence, (before.sequence + 1) & 0xffff);
    return packet;
  });
}

Deno.test("a film plays whole over TCP: RTP-Info and SSRC are true, a goodbye ends it", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session, setup } = await client.setup(url("/movie"));
    const ssrc = /ssrc=([0-9A-F]{8})\b/.exec(setup.header("Transport"))?.[1];
    const play = await client.request("PLAY", url("/movie"), {
      Session: session,
      Range: "npt=0.000-",
    });
    assert.equal(play.status, 200);
    assert.match(play.header("Range"), /^npt=0(\.0+)?-/);
    await client.media(hasBye);
    const packets = rtpOf(client.arrivals);
    const first = packets[0]!;
    const info = rtpInfo(play);
    assert.equal(first.sequence, info.sequence);
    assert.equal(first.timestamp, info.timestamp);
    assert.ok(packets.every((each) => each.ssrc === parseInt(ssrc!, 16)));
    assertContiguous(client.arrivals);
    assert.deepEqual(
      await indexesOf(client.arrivals),
      Array.from({ length: 48 }, (_, index) => index),
    );
    const frames = framesOf(packets);
    assert.equal(
      (frames[24]!.timestamp - frames[0]!.timestamp) >>> 0,
      90_000,
    );
    const names = rtcpOf(client.arrivals).flatMap((packet) =>
      packet.type === "source-description"
        ? packet.chunks.flatMap(({ items }) => items.map(({ text }) => text))
        : []
    );
    assert.match(names[0] ?? "", /^streamtool@/);
    const bye = client.arrivals.findIndex((each) => hasBye([each]));
    assert.equal(bye, client.arrivals.length - 1, "the goodbye comes last");
  });
});

Deno.test("sequence, timestamp and source begin anywhere", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const starts: string[] = [];
    for (let viewer = 0; viewer < 3; viewer++) {
      const client = await connect();
      const { session } = await client.setup(url("/movie"));
      const play = await client.request("PLAY", url("/movie"), {
        Session: session,
      });
      await client.media(framesSeen(1));
      const { ssrc } = rtpOf(client.arrivals)[0]!;
      starts.push(`${rtpInfo(play).sequence}`, `${rtpInfo(play).timestamp}`);
      starts.push(String(ssrc));
    }
    assert.equal(new Set(starts).size, starts.length, starts.join());
  });
});

Deno.test("PAUSE keeps the position, and PLAY goes on without a jump", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    const headers = { Session: session };
    await client.request("PLAY", url("/movie"), headers);
    await client.media(framesSeen(6));
    assert.equal(
      (await client.request("PAUSE", url("/movie"), headers)).status,
      200,
    );
    const before = rtpOf(client.arrivals).length;
    const again = await client.request("PLAY", url("/movie"), headers);
    const info = rtpInfo(again);
    await client.media(framesSeen(12));
    const next = rtpOf(client.arrivals)[before]!;
    assert.equal(next.sequence, info.sequence);
    assert.equal(next.timestamp, info.timestamp);
    assertContiguous(client.arrivals);
    const indexes = await indexesOf(client.arrivals);
    assert.deepEqual(indexes, indexes.map((_, index) => index));
  });
});

Deno.test("a Range begins at its frame and ends where it says", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    const headers = { Session: session, Range: "npt=0.5-1" };
    const play = await client.request("PLAY", url("/movie"), headers);
    assert.match(play.header("Range"), /^npt=0\.50*-1(\.0+)?$/);
    await client.media(hasBye);
    assert.deepEqual(
      await indexesOf(client.arrivals),
      Array.from({ length: 12 }, (_, index) => index + 12),
    );
  });
});

Deno.test("a seek while playing goes there at once, with true numbers", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    const headers = { Session: session };
    await client.request("PLAY", url("/movie"), headers);
    await client.media(framesSeen(3));
    const seek = await client.request("PLAY", url("/movie"), {
      ...headers,
      Range: "npt=1.5-",
    });
    const before = rtpOf(client.arrivals).length;
    await client.media(hasBye);
    const next = rtpOf(client.arrivals)[before]!;
    assert.equal(next.sequence, rtpInfo(seek).sequence);
    assert.equal(next.timestamp, rtpInfo(seek).timestamp);
    assertContiguous(client.arrivals);
    const indexes = await indexesOf(client.arrivals);
    assert.deepEqual(
      indexes.slice(-12),
      Array.from({ length: 12 }, (_, index) => index + 36),
    );
    const outside = await client.request("PLAY", url("/movie"), {
      ...headers,
      Range: "npt=99-",
    });
    assert.equal(outside.status, 457);
  });
});

Deno.test("Scale 2 shows every other frame at the same rate, Scale -1 goes back", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    const fast = await client.request("PLAY", url("/movie"), {
      Session: session,
      Scale: "2.0",
      Range: "npt=0-1",
    });
    assert.equal(Number(fast.header("Scale")), 2);
    await client.media(hasBye);
    assert.deepEqual(
      await indexesOf(client.arrivals),
      Array.from({ length: 12 }, (_, index) => index * 2),
    );
    const [first, second] = framesOf(rtpOf(client.arrivals));
    assert.equal((second!.timestamp - first!.timestamp) >>> 0, 3750);
    client.arrivals.length = 0;
    await client.request("PLAY", url("/movie"), {
      Session: session,
      Scale: "-1",
      Range: "npt=0.25-",
    });
    await client.media(hasBye);
    assert.deepEqual(await indexesOf(client.arrivals), [6, 5, 4, 3, 2, 1, 0]);
  });
});

Deno.test("with loop a film starts over and has no end", async () => {
  await withRtspServer({ loop: true, frames: 6 }, async ({ connect, url }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    await client.request("PLAY", url("/movie"), { Session: session });
    await client.media(framesSeen(14));
    const indexes = await indexesOf(client.arrivals, 6);
    assert.deepEqual(indexes, indexes.map((_, index) => index % 6));
    assertContiguous(client.arrivals);
  });
});

Deno.test("over UDP packets come from the port the answer names, reports are read", async () => {
  await withRtspServer({}, async ({ connect, url, running }) => {
    const listen = (port: number): Deno.DatagramConn =>
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
    const rtp = listen(0);
    const rtcp = listen(0);
    using sockets = new DisposableStack();
    sockets.defer(() => rtp.close());
    sockets.defer(() => rtcp.close());
    const [a, b] = [rtp, rtcp].map(({ addr }) => (addr as Deno.NetAddr).port);
    const client = await connect();
    const { session, setup } = await client.setup(
      url("/movie"),
      `RTP/AVP;unicast;client_port=${a}-${b}`,
    );
    const ports = /server_port=(\d+)-(\d+)/.exec(setup.header("Transport"))!;
    assert.equal(Number(ports[1]) % 2, 0);
    assert.equal(Number(ports[2]), Number(ports[1]) + 1);
    const play = await client.request("PLAY", url("/movie"), {
      Session: session,
    });
    const [datagram, from] = await rtp.receive();
    assert.equal((from as Deno.NetAddr).port, Number(ports[1]));
    const first = readArrival(datagram);
    assert.ok(first.kind === "rtp");
    assert.equal(first.packet.sequence, rtpInfo(play).sequence);
    assert.equal(first.packet.timestamp, rtpInfo(play).timestamp);
    const [report, source] = await rtcp.receive();
    assert.equal((source as Deno.NetAddr).port, Number(ports[2]));
    const arrival = readArrival(report);
    assert.ok(arrival.kind === "rtcp");
    assert.equal(arrival.packets[0]!.type, "sender-report");
    // A receiver report: 10 % lost, 5 in all, jitter 900 ticks.
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x81c9_0007);
    view.setUint32(8, first.packet.ssrc);
    view.setUint32(12, 0x1a00_0005);
    view.setUint32(20, 900);
    await rtcp.send(bytes, source);
    const seen = await waitUntil(() =>
      running.server.report().sessions.find(({ packetsLost }) =>
        packetsLost !== null
      )
    );
    assert.equal(seen.packetsLost, 5);
    assert.equal(seen.jitterMs, 10);
    assert.ok(Math.abs(seen.fractionLost! - 0.1) < 0.01);
  });
});

Deno.test("who comes to a live stream sees a whole frame at once, and all share its packets", async () => {
  await withRtspServer(
    { sources: ["pattern:160x120@10"] },
    async ({ connect, url, running }) => {
      const [one, two] = [await connect(), await connect()];
      const packets = [];
      for (const client of [one, two]) {
        const { session } = await client.setup(url("/pattern"));
        const play = await client.request("PLAY", url("/pattern"), {
          Session: session,
          Range: "npt=0.000-",
        });
        assert.match(play.header("Range"), /^npt=now-/);
        await client.media(framesSeen(5));
        const first = rtpOf(client.arrivals)[0]!;
        assert.equal(first.sequence, rtpInfo(play).sequence);
        assert.equal(first.timestamp, rtpInfo(play).timestamp);
        assert.equal(framesOf(rtpOf(client.arrivals)).length, 5);
        assertContiguous(client.arrivals);
        packets.push(first);
      }
      assert.equal(packets[0]!.ssrc, packets[1]!.ssrc);
      assert.equal(running.server.report().streams[0]!.viewers, 2);
      // One pauses: what it missed does not show in its numbers.
      const session = running.server.report().sessions[0]!.id;
      await one.request("PAUSE", url("/pattern"), { Session: session });
      await two.media(framesSeen(8));
      const again = await one.request("PLAY", url("/pattern"), {
        Session: session,
      });
      const seen = rtpOf(one.arrivals).length;
      await one.media(framesSeen(8));
      assert.equal(
        rtpOf(one.arrivals)[seen]!.sequence,
        rtpInfo(again).sequence,
      );
      assertContiguous(one.arrivals);
    },
  );
});
