import assert from "node:assert/strict";
import { join } from "node:path";
import { makeJpegs } from "../support/clips.ts";
import { quietFor, waitUntil } from "../support/wait.ts";
import { hasBye, rtpOf, withRtspServer } from "./support/rtsp_scene.ts";

Deno.test("sessions beyond the limits are 453, and room comes back", async () => {
  const limits = { maxSessions: 3, maxSessionsPerAddress: 2 };
  await withRtspServer(limits, async ({ connect, url }) => {
    const one = await connect();
    const first = await one.setup(url("/movie"));
    await (await connect()).setup(url("/movie"));
    const third = await connect();
    assert.equal((await third.setup(url("/movie"))).setup.status, 453);
    await one.request("TEARDOWN", url("/movie"), { Session: first.session });
    assert.equal((await third.setup(url("/movie"))).setup.status, 200);
  });
});

Deno.test("a session that gives no sign of life ends, with its sockets' traffic", async () => {
  await withRtspServer(
    { sessionTimeout: 1, loop: true },
    async ({ connect, url, running, context }) => {
      const client = await connect();
      const { session } = await client.setup(
        url("/movie"),
        "RTP/AVP;unicast;client_port=39998-39999",
      );
      await client.request("PLAY", url("/movie"), { Session: session });
      await context.event("viewer-play");
      await context.event("viewer-stop");
      assert.equal(running.server.report().sessions.length, 0);
      const after = await client.request("PLAY", url("/movie"), {
        Session: session,
      });
      assert.equal(after.status, 454);
    },
  );
});

Deno.test("GET_PARAMETER keeps a session alive", async () => {
  await withRtspServer({ sessionTimeout: 1 }, async (scene) => {
    const client = await scene.connect();
    const { session } = await client.setup(scene.url("/movie"));
    const start = performance.now();
    while (performance.now() - start < 3000) {
      const alive = await client.request("GET_PARAMETER", scene.url("/movie"), {
        Session: session,
      });
      assert.equal(alive.status, 200);
      await quietFor(300);
    }
    assert.equal(scene.running.server.report().sessions.length, 1);
  });
});

Deno.test("who does not read misses whole frames, and others see every one", async () => {
  await withRtspServer({
    loop: true,
    fps: 200,
    prepare: async (dir) => {
      const jpegs = await makeJpegs({ frames: 8, size: "1280x720", q: 2 });
      await Deno.writeFile(
        join(dir, "movie.mjpeg"),
        new Uint8Array(await new Blob(jpegs).arrayBuffer()),
      );
    },
  }, async ({ connect, url, running }) => {
    const [slow, quick] = [await connect(), await connect()];
    for (const client of [slow, quick]) {
      const { session } = await client.setup(url("/movie"));
      await client.request("PLAY", url("/movie"), { Session: session });
    }
    const reading = quick.media((arrivals) => rtpOf(arrivals).length > 60_000);
    const skipped = await waitUntil(() =>
      running.server.report().sessions[0]!.framesSkipped > 20 &&
      running.server.report().sessions
    );
    assert.ok(skipped[0]!.framesSent > 0);
    // What it gets when it reads again are whole frames with no hole between.
    await slow.media((arrivals) => rtpOf(arrivals).length > 3000);
    rtpOf(slow.arrivals).reduce((before, packet) => {
      assert.equal(packet.sequence, (before.sequence + 1) & 0xffff);
      return packet;
    });
    await quick.close();
    await reading.catch(() => {});
  });
});

Deno.test("TEARDOWN and vanished connections free everything", async () => {
  await withRtspServer(
    { sources: ["pattern:160x120@20"] },
    async ({ connect, url, running }) => {
      const client = await connect();
      const { session } = await client.setup(url("/pattern"));
      await client.request("PLAY", url("/pattern"), { Session: session });
      await client.media((arrivals) => rtpOf(arrivals).length > 3);
      const gone = await connect();
      const other = await gone.setup(url("/pattern"));
      await gone.request("PLAY", url("/pattern"), { Session: other.session });
      await gone.close();
      await waitUntil(() => running.server.report().sessions.length === 1);
      client.arrivals.length = 0;
      await client.request("TEARDOWN", url("/pattern"), { Session: session });
      assert.ok(hasBye(client.arrivals), "a goodbye before the answer");
      assert.equal(running.server.report().sessions.length, 0);
    },
  );
});

Deno.test("--tcp-only refuses UDP with 461, and TCP works on the same connection", async () => {
  await withRtspServer({ tcpOnly: true }, async ({ connect, url }) => {
    const client = await connect();
    const udp = await client.setup(
      url("/movie"),
      "RTP/AVP;unicast;client_port=40000-40001",
    );
    assert.equal(udp.setup.status, 461);
    assert.equal((await client.setup(url("/movie"))).setup.status, 200);
  });
});

Deno.test("hooks run with the viewer in their environment, never in their command", async () => {
  const dir = await Deno.makeTempDir();
  const file = join(dir, "hooks");
  const tell =
    `printf '%s %s %s\\n' "$STREAMTOOL_EVENT" "$STREAMTOOL_PATH" "$STREAMTOOL_TRANSPORT" >> '${file}'`;
  try {
    await withRtspServer(
      { onPlay: tell, onStop: tell },
      async ({ connect, url }) => {
        const client = await connect();
        const { session } = await client.setup(url("/movie"));
        await client.request("PLAY", url("/movie"), { Session: session });
        await waitUntil(async () => (await text(file)).includes("play"));
        await client.request("TEARDOWN", url("/movie"), { Session: session });
      },
    );
    assert.equal(await text(file), "play /movie tcp\nstop /movie tcp\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

async function text(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}

Deno.test("at the end of the server every viewer is told goodbye", async () => {
  await withRtspServer({ loop: true }, async ({ connect, url, running }) => {
    const client = await connect();
    const { session } = await client.setup(url("/movie"));
    await client.request("PLAY", url("/movie"), { Session: session });
    await client.media((arrivals) => rtpOf(arrivals).length > 3);
    const closing = running.server.close();
    await client.media(hasBye);
    assert.ok(hasBye(client.arrivals));
    await client.close();
    await closing;
  });
});
