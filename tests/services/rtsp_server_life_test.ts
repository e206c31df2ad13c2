/**
 * What keeps sessions, tunnels and sources alive, and what ends them.
 */

import assert from "node:assert/strict";
import {
  LiveFrames,
  mjpegResponse,
  startHttpServer,
} from "../../src/net/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { encodeRtcpCompound } from "../../src/rtp/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { quietFor, waitUntil } from "../support/wait.ts";
import { framesOf, rtpOf, withRtspServer } from "./support/rtsp_scene.ts";

Deno.test("reports over UDP keep a session alive, junk there does not", async () => {
  await withRtspServer({ sessionTimeout: 1, loop: true }, async (scene) => {
    const { connect, url, running } = scene;
    const sockets = [0, 0, 0].map(() =>
      Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 })
    );
    using closing = new DisposableStack();
    for (const socket of sockets) closing.defer(() => socket.close());
    const [rtp, rtcp, stranger] = sockets as [
      Deno.DatagramConn,
      Deno.DatagramConn,
      Deno.DatagramConn,
    ];
    const ports = [rtp, rtcp].map(({ addr }) => (addr as Deno.NetAddr).port);
    const client = await connect();
    const { session, setup } = await client.setup(
      url("/movie"),
      `RTP/AVP;unicast;client_port=${ports.join("-")}`,
    );
    await client.request("PLAY", url("/movie"), { Session: session });
    const transport = setup.header("Transport");
    const ssrc = parseInt(/ssrc=(\w+)/.exec(transport)![1]!, 16);
    const reports: Deno.NetAddr = {
      transport: "udp",
      hostname: "127.0.0.1",
      port: Number(/server_port=\d+-(\d+)/.exec(transport)![1]),
    };
    const report = encodeRtcpCompound([{
      type: "receiver-report",
      ssrc: 1,
      reports: [{
        ssrc,
        fractionLost: 0,
        cumulativeLost: 0,
        highestSequence: 0,
        jitter: 0,
        lastSenderReport: 0,
        delaySinceLastSenderReport: 0,
      }],
    }]);
    const start = performance.now();
    while (performance.now() - start < 3500) {
      // From another port than the one it named: the report says whose it is.
      await (performance.now() - start < 2000 ? rtcp : stranger)
        .send(report, reports);
      await quietFor(200);
    }
    assert.equal(running.server.report().sessions.length, 1);
    const ended = waitUntil(() =>
      running.server.report().sessions.length === 0
    );
    const junk = setInterval(() => {
      rtcp.send(new Uint8Array(40).fill(0xff), reports).catch(() => {});
    }, 100);
    await ended.finally(() => clearInterval(junk));
  });
});

Deno.test("a tunnel's POST ends with its GET", async () => {
  await withRtspServer({}, async ({ connect }) => {
    const get = await connect();
    const head = (method: string) =>
      `${method} /movie HTTP/1.0\r\nx-sessioncookie: twin\r\n\r\n`;
    await get.write(head("GET"));
    await get.response();
    const posts = [await connect(), await connect()];
    for (const post of posts) {
      await post.write(head("POST"));
      await post.write(btoa("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
      assert.equal((await get.response()).status, 200);
    }
    await get.close();
    for (const post of posts) assert.ok(await post.closedByServer());
  });
});

Deno.test("a chain peer's stream is watched as its page is, and found again when the peer is back", async () => {
  const jpegs = await makeJpegs({ frames: 4, size: "160x120" });
  async function startPeer(port: number) {
    const live = new LiveFrames();
    let number = 0;
    const timer = setInterval(() => {
      const bytes = jpegs[number++ % jpegs.length]!;
      live.publish({ bytes, retain() {}, release() {} }, number, Date.now());
    }, 33);
    const server = await startHttpServer({
      hostname: "127.0.0.1",
      port,
      flag: "--page-port",
      log: silentLogger,
      handler: (request, { closing }) =>
        new URL(request.url).pathname === "/stream.mjpeg"
          ? mjpegResponse(live, closing)
          : Response.json({ fps: 29.97 }),
    });
    return {
      port: Number(new URL(server.url).port),
      async close() {
        clearInterval(timer);
        live.close();
        await server.close();
      },
    };
  }
  let peer = await startPeer(0);
  try {
    await withRtspServer(
      { sources: [`chain://127.0.0.1:${peer.port}`] },
      async ({ connect, url, running }) => {
        const client = await connect();
        const described = await client.request("DESCRIBE", url("/chain"));
        assert.equal(described.status, 200);
        assert.match(described.body, /^a=framerate:30\r$/m);
        const { session } = await client.setup(url("/chain"));
        await client.request("PLAY", url("/chain"), { Session: session });
        await client.media((arrivals) => framesOf(rtpOf(arrivals)).length > 5);
        await peer.close();
        const stream = () => running.server.report().streams[0]!;
        await waitUntil(() => stream().state === "retrying");
        assert.match(stream().problem!, /chain:\/\/127\.0\.0\.1/);
        assert.equal(running.server.report().sessions[0]!.state, "playing");
        peer = await startPeer(peer.port);
        const before = framesOf(rtpOf(client.arrivals)).length;
        await client.media((arrivals) =>
          framesOf(rtpOf(arrivals)).length > before + 5
        );
      },
    );
  } finally {
    await peer.close();
  }
});

Deno.test("a page waits for a picture as long as it says, and not for a source that does not come", async () => {
  // Answers nobody: a source that hangs.
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const conn of silent) accepted.push(conn);
  })();
  try {
    await withRtspServer(
      {
        pagePort: 0,
        sources: [`chain://127.0.0.1:${(silent.addr as Deno.NetAddr).port}`],
      },
      async ({ running }) => {
        const start = performance.now();
        const response = await fetch(
          new URL("/streams/chain/frame?wait=50", running.pageUrl),
        );
        assert.equal(response.status, 204);
        // Opening it would have been given up after five seconds.
        assert.ok(performance.now() - start < 4000);
        for (const conn of accepted.splice(0)) conn.close();
      },
    );
  } finally {
    silent.close();
    await accepting;
    for (const conn of accepted) conn.close();
  }
});
