/**
 * Clients that mean no good, or know no better: all are answered right or
 * closed, and who watches sees nothing of it.
 */

import assert from "node:assert/strict";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { waitUntil } from "../support/wait.ts";
import {
  readArrival,
  rtpOf,
  RtspClient,
  type RtspScene,
  withRtspServer,
} from "./support/rtsp_scene.ts";

const encoder = new TextEncoder();

/** Runs `attack` while somebody watches over TCP, and looks at every packet of his. */
async function whileWatching(
  { connect, url }: RtspScene,
  attack: () => Promise<void>,
): Promise<void> {
  const viewer = await connect();
  const { session } = await viewer.setup(url("/movie"));
  await viewer.request("PLAY", url("/movie"), { Session: session });
  let over = false;
  const attacking = attack().finally(() => over = true);
  let checked: RtpPacket | undefined;
  let packets = 0;
  await viewer.media((arrivals) => {
    for (const packet of rtpOf(arrivals)) {
      if (checked !== undefined) {
        assert.equal(packet.sequence, (checked.sequence + 1) & 0xffff);
      }
      checked = packet;
      packets++;
    }
    viewer.arrivals.length = 0;
    return over && packets > 50;
  });
  await attacking;
  assert.ok(packets > 50);
}

const BAD_CSEQS = ["x", "-1", "1.5", "", "12345678901", "1 2"];

Deno.test("a CSeq that is none is 400, and the connection goes on", async () => {
  await withRtspServer({}, async ({ connect }) => {
    const client = await connect();
    for (const cseq of BAD_CSEQS) {
      await client.write(`OPTIONS * RTSP/1.0\r\nCSeq: ${cseq}\r\n\r\n`);
      const { status, head } = await client.response();
      assert.equal(status, 400, `CSeq "${cseq}"`);
      assert.doesNotMatch(head, /^CSeq/im);
    }
    const good = await client.request("OPTIONS", "*");
    assert.equal(good.status, 200);
  });
});

Deno.test("a session is for one stream: another's SETUP in it is 459, its PLAY 404", async () => {
  await withRtspServer(
    { sources: ["movie.mjpeg", "pattern:160x120@5"] },
    async ({ connect, url }) => {
      const client = await connect();
      const { session } = await client.setup(url("/movie"));
      await client.request("DESCRIBE", url("/pattern"));
      const setup = await client.request("SETUP", url("/pattern/trackID=0"), {
        Session: session,
        Transport: "RTP/AVP/TCP;unicast;interleaved=2-3",
      });
      assert.equal(setup.status, 459);
      const other = await client.request("PLAY", url("/pattern"), {
        Session: session,
      });
      assert.equal(other.status, 404);
      const own = await client.request("PLAY", url("/movie"), {
        Session: session,
      });
      assert.equal(own.status, 200);
    },
  );
});

Deno.test("a request cut anywhere is answered the same", async () => {
  await withRtspServer({}, async ({ connect, url }) => {
    const client = await connect();
    (client.conn as Deno.TcpConn).setNoDelay(true);
    const bytes = encoder.encode(
      `GET_PARAMETER ${
        url("/movie")
      } RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 10\r\n\r\nposition\r\n`,
    );
    for (let cut = 1; cut < bytes.length; cut++) {
      await client.write(bytes.subarray(0, cut));
      await client.write(bytes.subarray(cut));
      const response = await client.response();
      assert.equal(response.status, 451, `cut at ${cut}`);
      assert.equal(response.header("CSeq"), "7");
    }
  });
});

Deno.test("junk at the RTP and RTCP ports changes nothing", async () => {
  await withRtspServer({ loop: true }, async ({ connect, url, running }) => {
    const [rtp, rtcp] = [0, 0].map(() =>
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 })
    ) as [Deno.DatagramConn, Deno.DatagramConn];
    using sockets = new DisposableStack();
    sockets.defer(() => rtp.close());
    sockets.defer(() => rtcp.close());
    const ports = [rtp, rtcp].map(({ addr }) => (addr as Deno.NetAddr).port);
    const client = await connect();
    const { session, setup } = await client.setup(
      url("/movie"),
      `RTP/AVP;unicast;client_port=${ports.join("-")}`,
    );
    await client.request("PLAY", url("/movie"), { Session: session });
    const server = /server_port=(\d+)-(\d+)/.exec(setup.header("Transport"))!;
    let before: number | undefined;
    for (let packets = 0; packets < 120; packets++) {
      const arrival = readArrival((await rtp.receive())[0]);
      assert.ok(arrival.kind === "rtp");
      const { sequence } = arrival.packet;
      if (before !== undefined) assert.equal(sequence, (before + 1) & 0xffff);
      before = sequence;
      // From the viewer's own ports, as a confused player would.
      const junk = crypto.getRandomValues(new Uint8Array(2 + packets * 11));
      // Half of it begins as a receiver report does.
      if (packets % 2 === 0) junk.set([0x81, 201], 0);
      for (const [index, socket] of [rtp, rtcp].entries()) {
        await socket.send(junk, {
          transport: "udp",
          hostname: "127.0.0.1",
          port: Number(server[index + 1]),
        });
      }
    }
    const [report] = running.server.report().sessions;
    assert.equal(report!.state, "playing");
  });
});

Deno.test("who sends a request drop by drop is told 408 and closed", async () => {
  await withRtspServer({ loop: true }, async (scene) => {
    await whileWatching(scene, async () => {
      const slow = await Promise.all(
        Array.from({ length: 20 }, () => RtspClient.connect(scene.port)),
      );
      const dripping = setInterval(() => {
        for (const client of slow) client.write("X").catch(() => {});
      }, 250);
      try {
        for (const client of slow) {
          assert.equal((await client.response()).status, 408);
          assert.ok(await client.closedByServer());
        }
      } finally {
        clearInterval(dripping);
        for (const client of slow) await client.close();
      }
    });
    await waitUntil(() => scene.running.server.report().connections === 1);
  });
});

Deno.test("ten thousand connections come and go", async () => {
  await withRtspServer({ loop: true }, async (scene) => {
    const { port, running } = scene;
    let left = 10_000;
    async function comeAndGo(): Promise<void> {
      while (left-- > 0) {
        const client = await RtspClient.connect(port);
        // Every third says something, every ninth waits for the answer.
        if (left % 3 === 0) {
          await client.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
        }
        if (left % 9 === 0) assert.equal((await client.response()).status, 200);
        await client.close();
      }
    }
    await whileWatching(scene, async () => {
      await Promise.all(Array.from({ length: 16 }, comeAndGo));
    });
    await waitUntil(() => running.server.report().connections === 1);
    const { totals, sessions } = running.server.report();
    assert.equal(totals.connections, 10_001);
    assert.equal(sessions.length, 1);
  });
});
