import assert from "node:assert/strict";
import { join } from "node:path";
import { MediaError } from "../../src/media/mod.ts";
import { makeClip, makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  framesOf,
  hasBye,
  rtpOf,
  type RtspScene,
  withRtspServer,
} from "./support/rtsp_scene.ts";

async function playAll(
  { connect, url }: RtspScene,
  path: string,
): Promise<{ jpeg: Uint8Array; timestamp: number }[]> {
  const client = await connect();
  const { session, setup } = await client.setup(url(path));
  assert.equal(setup.status, 200, path);
  await client.request("PLAY", url(path), { Session: session });
  await client.media(hasBye);
  return framesOf(rtpOf(client.arrivals));
}

async function writeJpegs(
  path: string,
  options: Parameters<typeof makeJpegs>[0],
): Promise<void> {
  const jpegs = await makeJpegs(options);
  await Deno.writeFile(
    path,
    new Uint8Array(await new Blob(jpegs).arrayBuffer()),
  );
}

Deno.test("any baseline JPEG plays without being encoded anew", async () => {
  const films = {
    "420": { frames: 4, size: "160x120" },
    "422": { frames: 4, size: "160x120", pixFmt: "yuvj422p" },
    "optimal": { frames: 4, size: "160x120", huffman: "optimal" },
    "odd": { frames: 4, size: "162x122" },
  } as const;
  await withRtspServer({
    sources: Object.keys(films).map((name) => `${name}.mjpeg`),
    prepare: async (dir) => {
      for (const [name, options] of Object.entries(films)) {
        await writeJpegs(join(dir, `${name}.mjpeg`), options);
      }
    },
  }, async (scene) => {
    for (const name of Object.keys(films)) {
      assert.equal((await playAll(scene, `/${name}`)).length, 4, name);
    }
    assert.deepEqual(
      scene.context.lines.filter((line) => /convert/.test(line)),
      [],
    );
  });
});

Deno.test("4:4:4, sizes above 2040 and other formats are converted once, for all viewers", async () => {
  await withRtspServer({
    sources: ["444.mjpeg", "huge.mjpeg", "film.mp4"],
    prepare: async (dir) => {
      await writeJpegs(join(dir, "444.mjpeg"), {
        frames: 4,
        size: "160x120",
        pixFmt: "yuvj444p",
      });
      await writeJpegs(join(dir, "huge.mjpeg"), {
        frames: 2,
        size: "2200x100",
      });
      await makeClip(join(dir, "film.mp4"), {
        codec: "mpeg4",
        frames: 12,
        fps: 24,
        size: "160x120",
      });
    },
  }, async (scene) => {
    const [first, second] = await Promise.all([
      playAll(scene, "/444"),
      playAll(scene, "/444"),
    ]);
    assert.deepEqual([first.length, second.length], [4, 4]);
    assert.equal(
      scene.context.lines.filter((line) => /is converted/.test(line)).length,
      1,
    );
    assert.equal((await playAll(scene, "/huge")).length, 2);
    const huge = scene.running.server.report().streams[1]!;
    assert.ok(huge.width <= 2040 && huge.width > 2000, `${huge.width}`);
    const film = await playAll(scene, "/film");
    assert.equal(film.length, 12);
    assert.equal((film[11]!.timestamp - film[0]!.timestamp) >>> 0, 11 * 3750);
    const client = await scene.connect();
    const { body } = await client.request("DESCRIBE", scene.url("/film.mp4"));
    assert.match(body, /a=range:npt=0-0\.500/);
  });
});

Deno.test("what is no video is refused by name at once, and the rest plays on", async () => {
  await withRtspServer({
    sources: ["movie.mjpeg", "text.mp4"],
    prepare: (dir) =>
      Deno.writeTextFile(join(dir, "text.mp4"), "no video at all\n".repeat(99)),
  }, async ({ connect, url, context, running }) => {
    const client = await connect();
    const start = performance.now();
    const refused = await client.request("DESCRIBE", url("/text"));
    assert.equal(refused.status, 415);
    assert.ok(performance.now() - start < 5000);
    assert.ok(context.lines.some((line) => line.includes("text.mp4")));
    const [, stream] = running.server.report().streams;
    assert.equal(stream!.state, "failed");
    assert.ok(stream!.problem);
    assert.equal((await client.request("DESCRIBE", url("/movie"))).status, 200);
  });
});

Deno.test("a source that is not there ends the start with its name", async () => {
  await assert.rejects(
    withRtspServer({ sources: ["none.mp4"] }, async () => {}),
    (error) => error instanceof MediaError && /none\.mp4/.test(error.message),
  );
});

Deno.test("a live source runs from the first viewer on, and finds its way back after a fault", async () => {
  const held: ReadableStreamDefaultController<Uint8Array>[] = [];
  const jpegs = await makeJpegs({ frames: 4, size: "160x120" });
  let broken = false;
  const camera = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      if (broken) return new Response(null, { status: 503 });
      let timer: ReturnType<typeof setInterval>;
      let number = 0;
      return new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            held.push(controller);
            timer = setInterval(() => {
              const jpeg = jpegs[number++ % jpegs.length]!;
              const head =
                `--x\r\ncontent-type: image/jpeg\r\ncontent-length: ${jpeg.length}\r\n\r\n`;
              try {
                controller.enqueue(new TextEncoder().encode(head));
                controller.enqueue(jpeg);
                controller.enqueue(new TextEncoder().encode("\r\n"));
              } catch {
                clearInterval(timer);
              }
            }, 50);
          },
          cancel: () => clearInterval(timer),
        }),
        { headers: { "content-type": "multipart/x-mixed-replace;boundary=x" } },
      );
    },
  );
  const source = `http://127.0.0.1:${camera.addr.port}/live.mjpg`;
  try {
    await withRtspServer({ sources: [source] }, async (scene) => {
      const { connect, url, running } = scene;
      assert.equal(held.length, 0, "nobody watches yet");
      const client = await connect();
      const { session, setup } = await client.setup(url("/live"));
      assert.equal(setup.status, 200);
      await client.request("PLAY", url("/live"), { Session: session });
      await client.media((arrivals) => rtpOf(arrivals).length >= 10);
      broken = true;
      for (const controller of held.splice(0)) controller.error("unplugged");
      await waitUntil(() =>
        running.server.report().streams[0]!.state === "retrying"
      );
      assert.equal(running.server.report().sessions[0]!.state, "playing");
      broken = false;
      const before = rtpOf(client.arrivals).length;
      await client.media((arrivals) => rtpOf(arrivals).length >= before + 10);
      const packets = rtpOf(client.arrivals);
      packets.reduce((last, packet) => {
        assert.equal(packet.sequence, (last.sequence + 1) & 0xffff);
        assert.ok(((packet.timestamp - last.timestamp) | 0) >= 0);
        return packet;
      });
    });
  } finally {
    await camera.shutdown();
  }
});
