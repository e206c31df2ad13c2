import assert from "node:assert/strict";
import { join } from "node:path";
import {
  encodeMultipartPart,
  encodeMultipartStart,
  multipartContentType,
} from "../../src/jpeg/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { openSource, parseSource } from "../../src/media/mod.ts";
import type { OpenSourceOptions } from "../../src/media/mod.ts";
import { FfmpegLiveSource } from "../../src/media/ffmpeg_live_source.ts";
import { ffmpegVersion } from "../../src/media/mod.ts";
import { ffmpegPath, makeClip, makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import { collect, ffmpegChildren, inFolder } from "./support/sources.ts";

const options: OpenSourceOptions = { log: silentLogger };
const jpegs = await makeJpegs({ size: "160x120", frames: 50 });

/** A camera on the network: its frames go round and round, one every `interval` ms. */
function startCamera(interval: number): {
  url: string;
  sent: () => number;
  end: () => Promise<void>;
  viewers: () => number;
} {
  let sent = 0;
  let viewers = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request) => {
    if (new URL(request.url).pathname !== "/live") {
      return new Response("no", { status: 404 });
    }
    let timer: ReturnType<typeof setInterval>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        viewers++;
        controller.enqueue(encodeMultipartStart("frame"));
        timer = setInterval(() => {
          const jpeg = jpegs[sent++ % jpegs.length];
          if (jpeg) controller.enqueue(encodeMultipartPart(jpeg, "frame"));
        }, interval);
      },
      cancel() {
        viewers--;
        clearInterval(timer);
      },
    });
    return new Response(body, {
      headers: { "content-type": multipartContentType("frame") },
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/live`,
    sent: () => sent,
    viewers: () => viewers,
    end: () => server.shutdown(),
  };
}

Deno.test("a camera on the network is live and its JPEGs are not touched", async () => {
  const camera = startCamera(10);
  {
    await using source = await openSource(parseSource(camera.url), options);
    assert.deepEqual(
      [source.live, source.totalFrames, source.width, source.height],
      [true, undefined, 160, 120],
    );
    const frames = await collect(source, 20);
    assert.equal(frames[0]?.time, 0);
    for (const [i, { bytes, time }] of frames.entries()) {
      assert.ok(jpegs.some((jpeg) => jpeg.every((b, at) => b === bytes[at])));
      assert.ok(time >= (frames[i - 1]?.time ?? 0));
    }
  }
  await waitUntil(() => camera.viewers() === 0);
  await camera.end();
});

Deno.test("who takes frames late gets the newest, not the oldest", async () => {
  const camera = startCamera(4);
  {
    await using source = await openSource(parseSource(camera.url), options);
    const taken: number[] = [];
    for await (const { bytes } of source.frames()) {
      taken.push(
        jpegs.findIndex((jpeg) => jpeg.every((b, at) => b === bytes[at])),
      );
      const target = camera.sent() + 25;
      await waitUntil(() => camera.sent() >= target);
      if (taken.length === 6) break;
    }
    // waiting in line, each would be the one after the last
    const steps = taken.slice(1).map((index, i) =>
      (index - (taken[i] ?? 0) + jpegs.length) % jpegs.length
    );
    assert.ok(steps.some((step) => step > 5), steps.join(" "));
  }
  await waitUntil(() => camera.viewers() === 0);
  await camera.end();
});

Deno.test("a live source ends after its duration", async () => {
  const camera = startCamera(5);
  {
    await using source = await openSource(parseSource(camera.url), {
      ...options,
      duration: 0.3,
    });
    const frames = await collect(source);
    assert.ok((frames.at(-1)?.time ?? 0) < 300_000);
    assert.ok(frames.length > 2);
  }
  await waitUntil(() => camera.viewers() === 0);
  await camera.end();
});

Deno.test("a live source is scaled when asked", async () => {
  const camera = startCamera(5);
  {
    await using source = await openSource(parseSource(camera.url), {
      ...options,
      size: { width: 80, height: 60 },
    });
    assert.deepEqual([source.width, source.height], [80, 60]);
    await collect(source, 3);
  }
  await waitUntil(() => camera.viewers() === 0);
  await camera.end();
});

Deno.test("a live source that nobody reads is closed whole", async () => {
  const camera = startCamera(5);
  const source = await openSource(parseSource(camera.url), options);
  assert.equal((await ffmpegChildren(camera.url)).length, 1);
  await source[Symbol.asyncDispose]();
  assert.deepEqual(await ffmpegChildren(camera.url), []);
  await waitUntil(() => camera.viewers() === 0);
  await camera.end();
});

Deno.test("a film on a web server is read as a film", () =>
  inFolder(async (folder) => {
    const path = join(folder, "film.mkv");
    await makeClip(path, { frames: 12, fps: 12, size: "160x120" });
    const film = await Deno.readFile(path);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(film),
    );
    {
      const url = `http://127.0.0.1:${server.addr.port}/film.mkv`;
      await using source = await openSource(parseSource(url), options);
      assert.deepEqual([source.live, source.totalFrames], [false, 12]);
      assert.equal((await collect(source)).length, 12);
    }
    await server.shutdown();
  }));

Deno.test("an address that gives nothing says why, without the password", async () => {
  const camera = startCamera(100);
  const { host } = new URL(camera.url);
  await assert.rejects(
    openSource(parseSource(`http://me:secret@${host}/other`), options),
    (error) => {
      assert.match((error as Error).message, /404/);
      assert.doesNotMatch((error as Error).message, /secret/);
      return true;
    },
  );
  await camera.end();
  await assert.rejects(
    openSource(parseSource(`rtsp://me:secret@${host}/x`), options),
    (error) => {
      assert.match((error as Error).message, /Connection refused/);
      assert.doesNotMatch((error as Error).message, /secret/);
      return true;
    },
  );
});

Deno.test("a playlist on a web server cannot name our files", () =>
  inFolder(async (folder) => {
    const secret = join(folder, "secret.ts");
    const clip = join(folder, "clip.mkv");
    await makeClip(clip, { frames: 5, codec: "mpeg4", pixFmt: "yuv420p" });
    await new Deno.Command(await ffmpegPath(), {
      args: ["-nostdin", "-v", "error", "-i", clip, "-c", "copy", secret],
    }).output();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () =>
        new Response(
          `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
          { headers: { "content-type": "application/vnd.apple.mpegurl" } },
        ),
    );
    const url = `http://127.0.0.1:${server.addr.port}/list.m3u8`;
    await assert.rejects(openSource(parseSource(url), options), {
      name: "MediaError",
    });
    await server.shutdown();
  }));

Deno.test("a camera is opened in the first way that works", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await makeClip(path, { frames: 5, size: "160x120" });
    const program = await ffmpegPath();
    const input = (name: string) => ({
      args: ["-i", `file:${name}`],
      name: `file:${name}`,
      label: "camera 0",
    });
    const common = {
      ffmpeg: { path: program, version: await ffmpegVersion(program) },
      output: { copy: false, quality: 80 },
      fps: 30,
      log: silentLogger,
    };
    await using source = await FfmpegLiveSource.open({
      ...common,
      inputs: [input(join(folder, "absent")), input(path)],
    });
    assert.equal(source.width, 160);
    await assert.rejects(
      FfmpegLiveSource.open({
        ...common,
        inputs: [input(join(folder, "absent"))],
      }),
      /^MediaError: Cannot read "camera 0": No such file or directory$/,
    );
  }));

Deno.test("a camera that is not there is refused in plain words", async () => {
  await assert.rejects(
    openSource(parseSource("camera:250"), options),
    /^MediaError: Cannot read "camera 250": .*No such file or directory/,
  );
});

Deno.test("opening is given up when the signal aborts", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(new ReadableStream()),
  );
  const controller = new AbortController();
  const url = `http://127.0.0.1:${server.addr.port}/silent`;
  const opening = openSource(parseSource(url), {
    ...options,
    signal: controller.signal,
  });
  opening.catch(() => {});
  await waitUntil(async () => (await ffmpegChildren(url)).length === 1);
  controller.abort(new Error("enough"));
  await assert.rejects(opening, /enough/);
  await server.shutdown();
});

Deno.test("a peer's stream is not ours to open", async () => {
  await assert.rejects(
    openSource(parseSource("chain://127.0.0.1:10001"), options),
    { code: "unsupported" },
  );
});
