/**
 * Multicast: one group a stream, shared by its viewers. The group is on the
 * loopback interface: nothing leaves this machine.
 */

import assert from "node:assert/strict";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { nthGroup } from "../../src/services/rtsp_server/multicast_groups.ts";
import { waitUntil } from "../support/wait.ts";
import {
  framesOf,
  hasBye,
  readArrival,
  rtpInfo,
  type RtspClient,
  withRtspServer,
} from "./support/rtsp_scene.ts";

const GROUP = "239.255.91.7";

/** A range whose ports nobody has now. */
function freeRange(): { address: string; port: number; ttl: number } {
  for (;;) {
    const socket = Deno.listenDatagram({
      transport: "udp",
      hostname: "0.0.0.0",
      port: 0,
    });
    const { port } = socket.addr as Deno.NetAddr;
    socket.close();
    if (port % 2 === 0 && port < 65_000) {
      return { address: GROUP, port, ttl: 1 };
    }
  }
}

/** Hears a group's port as a player does. */
async function hear(group: string, port: number): Promise<Deno.DatagramConn> {
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "0.0.0.0",
    port,
    reuseAddress: true,
    loopback: true,
  });
  await socket.joinMulticastV4(group, "127.0.0.1");
  return socket;
}

function groupOf(transport: string) {
  const value = (name: string): string =>
    new RegExp(`;${name}=([^;]+)`).exec(transport)?.[1] ?? "";
  const [rtp, rtcp] = value("port").split("-").map(Number);
  return {
    address: value("destination"),
    rtp: rtp!,
    rtcp: rtcp!,
    ttl: Number(value("ttl")),
    ssrc: parseInt(value("ssrc"), 16),
  };
}

async function join(client: RtspClient, url: string) {
  const { session, setup } = await client.setup(url, "RTP/AVP;multicast");
  assert.equal(setup.status, 200);
  return { session, group: groupOf(setup.header("Transport")) };
}

Deno.test("two viewers hear one group; the answer is true, reports are read, a goodbye ends it", async () => {
  const multicast = freeRange();
  await withRtspServer(
    { multicast, loop: true },
    async ({ connect, url, running }) => {
      const [one, two] = [await connect(), await connect()];
      const first = await join(one, url("/movie"));
      const second = await join(two, url("/movie"));
      assert.deepEqual(second.group, first.group);
      assert.deepEqual(
        [first.group.address, first.group.rtp, first.group.ttl],
        [GROUP, multicast.port, 1],
      );
      const rtp = await hear(GROUP, first.group.rtp);
      const rtcp = await hear(GROUP, first.group.rtcp);
      using sockets = new DisposableStack();
      sockets.defer(() => rtp.close());
      sockets.defer(() => rtcp.close());

      const play = await one.request("PLAY", url("/movie"), {
        Session: first.session,
      });
      const packets: RtpPacket[] = [];
      while (framesOf(packets).length < 3) {
        const arrival = readArrival((await rtp.receive())[0]);
        assert.ok(arrival.kind === "rtp");
        packets.push(arrival.packet);
      }
      assert.equal(packets[0]!.sequence, rtpInfo(play).sequence);
      assert.equal(packets[0]!.timestamp, rtpInfo(play).timestamp);
      assert.equal(packets[0]!.ssrc, first.group.ssrc);
      packets.forEach(({ sequence }, index) =>
        assert.equal(sequence, (packets[0]!.sequence + index) & 0xffff)
      );

      // Who joins finds it running: where it is cannot be told to the packet.
      const joined = await two.request("PLAY", url("/movie"), {
        Session: second.session,
        Range: "npt=0-",
      });
      assert.equal(joined.status, 200);
      assert.equal(joined.header("RTP-Info"), "");
      // One leaves, the group goes on.
      await one.request("TEARDOWN", url("/movie"), { Session: first.session });
      const more = readArrival((await rtp.receive())[0]);
      assert.equal(more.kind, "rtp");

      const report = new Uint8Array(32);
      const view = new DataView(report.buffer);
      view.setUint32(0, 0x81c9_0007);
      view.setUint32(8, first.group.ssrc);
      view.setUint32(12, 5);
      // Bound to the loopback, it leaves there.
      const reporter = Deno.listenDatagram({
        transport: "udp",
        hostname: "127.0.0.1",
        port: 0,
      });
      sockets.defer(() => reporter.close());
      await reporter.send(report, {
        transport: "udp",
        hostname: GROUP,
        port: first.group.rtcp,
      });
      const [session] = await waitUntil(() => {
        const { sessions } = running.server.report();
        return sessions[0]?.packetsLost === 5 && sessions;
      });
      assert.equal(session!.transport, "multicast");
      assert.ok(session!.framesSent > 0);

      await two.request("TEARDOWN", url("/movie"), { Session: second.session });
      for (;;) {
        if (hasBye([readArrival((await rtcp.receive())[0])])) break;
      }
    },
  );
});

Deno.test("PAUSE of the last viewer stops the group, PLAY goes on without a jump", async () => {
  await withRtspServer(
    { multicast: freeRange(), loop: true },
    async ({ connect, url }) => {
      const client = await connect();
      const { session, group } = await join(client, url("/movie"));
      const rtp = await hear(group.address, group.rtp);
      using sockets = new DisposableStack();
      sockets.defer(() => rtp.close());
      await client.request("PLAY", url("/movie"), { Session: session });
      await rtp.receive();
      await client.request("PAUSE", url("/movie"), { Session: session });
      const play = await client.request("PLAY", url("/movie"), {
        Session: session,
      });
      const { sequence, timestamp } = rtpInfo(play);
      let before = -1;
      for (;;) {
        const arrival = readArrival((await rtp.receive())[0]);
        assert.ok(arrival.kind === "rtp");
        if (before >= 0) {
          assert.equal(arrival.packet.sequence, (before + 1) & 0xffff);
        }
        before = arrival.packet.sequence;
        if (before !== sequence) continue;
        assert.equal(arrival.packet.timestamp, timestamp);
        break;
      }
    },
  );
});

Deno.test("each stream has a group of its own, live ones share their source with who is not in it", async () => {
  const multicast = freeRange();
  await withRtspServer(
    { multicast, sources: ["movie.mjpeg", "pattern:160x120@10"] },
    async ({ connect, url }) => {
      const client = await connect();
      const film = await join(client, url("/movie"));
      const other = await connect();
      const live = await join(other, url("/pattern"));
      assert.equal(film.group.address, GROUP);
      assert.equal(live.group.address, "239.255.91.8");
      assert.equal(live.group.rtp, multicast.port + 2);
      const third = await connect();
      const { setup } = await third.setup(url("/pattern"));
      assert.equal(
        parseInt(/ssrc=(\w+)/.exec(setup.header("Transport"))![1]!, 16),
        live.group.ssrc,
      );
    },
  );
});

Deno.test("a session may turn from the group to the connection; without --multicast it is 461", async () => {
  await withRtspServer(
    { multicast: freeRange(), loop: true },
    async ({ connect, url, running }) => {
      const client = await connect();
      const { session } = await join(client, url("/movie"));
      const again = await client.request(
        "SETUP",
        `${url("/movie")}/trackID=0`,
        {
          Session: session,
          Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
        },
      );
      assert.equal(again.status, 200);
      await client.request("PLAY", url("/movie"), { Session: session });
      await client.media((arrivals) => arrivals.length > 20);
      assert.deepEqual(
        running.server.report().sessions.map(({ transport }) => transport),
        ["tcp"],
      );
    },
  );
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    const { setup } = await client.setup(url("/movie"), "RTP/AVP;multicast");
    assert.equal(setup.status, 461);
  });
});

Deno.test("groups are counted up over the parts of an address, and end with the range", () => {
  const range = { address: "239.255.255.255", port: 5004, ttl: 3 };
  assert.deepEqual(nthGroup({ ...range, address: "239.1.2.255" }, 1), {
    address: "239.1.3.0",
    ports: [5006, 5007],
    ttl: 3,
  });
  assert.throws(() => nthGroup(range, 1), RangeError);
  assert.throws(() => nthGroup({ ...range, port: 65_534 }, 1), RangeError);
});
