/**
 * What is saved is what was sent: byte for byte where the wire carries the
 * JPEG whole, pixel for pixel after RFC 2435. And a camera elsewhere as our
 * source: Motion JPEG passes through, anything else is converted once.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { MjpegReader } from "../../src/jpeg/mod.ts";
import { decodeJpegs, makeJpegs } from "../support/clips.ts";
import { gstServerMissing, startGstServer } from "../support/gst_server.ts";
import { startLabServer } from "../support/lab_server.ts";
import { startStreamtool, streamtoolCommand } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { descendants } from "../support/process_table.ts";

const SIZE = { width: 320, height: 240 };
/** Bytes of a decoded frame: 4:2:0. */
const PLANES = SIZE.width * SIZE.height * 3 / 2;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_pixels_" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function pictures(frames: number): Promise<Uint8Array<ArrayBuffer>[]> {
  return makeJpegs({ frames, size: `${SIZE.width}x${SIZE.height}`, q: 6 });
}

/** The frames of a folder in order of their numbers. */
async function savedIn(folder: string): Promise<Uint8Array[]> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return await Promise.all(
    names.map((name) => Deno.readFile(join(folder, name))),
  );
}

/** Decoded pictures, one by one. */
async function planes(jpegs: readonly Uint8Array[]): Promise<Buffer[]> {
  const all = Buffer.from(await decodeJpegs(jpegs, "yuvj420p"));
  assert.equal(all.length, jpegs.length * PLANES);
  return jpegs.map((_, index) =>
    all.subarray(index * PLANES, (index + 1) * PLANES)
  );
}

/** Each of `shown` has the very pixels of one of `sent`. */
async function assertPixels(
  shown: readonly Uint8Array[],
  sent: readonly Uint8Array[],
): Promise<void> {
  const right = new Set(
    (await planes(sent)).map((each) => each.toString("latin1")),
  );
  for (const [index, each] of (await planes(shown)).entries()) {
    assert.ok(right.has(each.toString("latin1")), `frame ${index + 1}`);
  }
}

async function writeFilm(
  folder: string,
  jpegs: readonly Uint8Array<ArrayBuffer>[],
): Promise<string> {
  const film = join(folder, "film.mjpeg");
  await Deno.writeFile(
    film,
    new Uint8Array(await new Blob([...jpegs]).arrayBuffer()),
  );
  return film;
}

async function urlOf(server: RunningProcess): Promise<string> {
  return String((await server.event("listening")).url);
}

for (const transport of ["udp", "tcp"]) {
  Deno.test(`our server's frames are saved pixel for pixel, in order, over ${transport}`, async () => {
    await inFolder(async (folder) => {
      const sent = await pictures(48);
      const film = await writeFilm(folder, sent);
      await using server = startStreamtool(
        ["rtsp-serve", film, "--port", "0", "--no-page"],
      );
      const frames = join(folder, "frames");
      await using player = startStreamtool([
        ...["rtsp-play", await urlOf(server), "--no-page", "--save", frames],
        ...["--transport", transport],
      ]);
      assert.equal((await player.exited()).code, 0);
      const saved = await savedIn(frames);
      assert.equal(saved.length, sent.length);
      const [shown, right] = [await planes(saved), await planes(sent)];
      for (const [index, each] of shown.entries()) {
        assert.ok(each.equals(right[index]!), `frame ${index + 1}`);
      }
    });
  });
}

Deno.test("what goes to standard output is the files of the teaching dialect, byte for byte", async () => {
  await inFolder(async (folder) => {
    const sent = await pictures(30);
    await using lab = startLabServer({ frames: sent, fps: 30 });
    const out = join(folder, "out.mjpeg");
    const command = streamtoolCommand([
      ...["rtsp-play", lab.url, "--no-page", "--dialect", "lab", "-o", "-"],
      ...["--duration", "2s", "--log-level", "error"],
    ]);
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `exec "$@" > "${out}"`, "sh", ...command],
    }).output();
    assert.ok(success);
    const reader = new MjpegReader("raw");
    reader.push(await Deno.readFile(out));
    reader.end();
    const jpegs = [];
    for (let one = reader.next(); one; one = reader.next()) jpegs.push(one);
    assert.ok(jpegs.length > 30, `${jpegs.length}`);
    for (const [index, jpeg] of jpegs.entries()) {
      assert.ok(
        sent.some((each) => Buffer.compare(each, jpeg) === 0),
        `frame ${index + 1}`,
      );
    }
  });
});

/** Command line of a process; empty when it has ended. */
async function commandOf(pid: number): Promise<string> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "args=", "-p", String(pid)],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

const missing = gstServerMissing();

function cameraTest(
  name: string,
  test: (folder: string) => Promise<void>,
): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: () => inFolder(test),
  });
}

/** Files as the pictures of a camera. */
async function filesCamera(
  folder: string,
  jpegs: readonly Uint8Array[],
): Promise<string> {
  for (const [index, jpeg] of jpegs.entries()) {
    const name = `${String(index).padStart(5, "0")}.jpg`;
    await Deno.writeFile(join(folder, name), jpeg);
  }
  return `multifilesrc location=${folder}/%05d.jpg loop=true ` +
    `caps="image/jpeg,framerate=24/1,width=${SIZE.width},height=${SIZE.height}" ` +
    "! identity sync=true ! rtpjpegpay name=pay0 pt=26";
}

cameraTest(
  "GStreamer's frames are saved pixel for pixel",
  async (folder) => {
    const sent = await pictures(24);
    await using camera = await startGstServer({
      pipeline: await filesCamera(folder, sent),
    });
    const frames = join(folder, "frames");
    await using player = startStreamtool([
      ...["rtsp-play", `rtsp://127.0.0.1:${camera.port}/live`, "--no-page"],
      ...["--save", frames, "--duration", "2s"],
    ]);
    assert.equal((await player.exited()).code, 0);
    const saved = await savedIn(frames);
    assert.ok(saved.length >= 24, `${saved.length}`);
    await assertPixels(saved, sent);
  },
);

cameraTest(
  "a camera's Motion JPEG passes through our server without being encoded anew",
  async (folder) => {
    const sent = await pictures(24);
    await using camera = await startGstServer({
      pipeline: await filesCamera(folder, sent),
    });
    await using server = startStreamtool([
      ...["rtsp-serve", `rtsp://127.0.0.1:${camera.port}/live`],
      ...["--port", "0", "--no-page"],
    ]);
    const frames = join(folder, "frames");
    await using player = startStreamtool([
      ...["rtsp-play", await urlOf(server), "--no-page", "--save", frames],
      ...["--duration", "2s"],
    ]);
    assert.equal(
      (await player.exited()).code,
      0,
      player.errorLines.join("\n"),
    );
    const saved = await savedIn(frames);
    assert.ok(saved.length >= 24, `${saved.length}`);
    await assertPixels(saved, sent);
  },
);

cameraTest(
  "a camera's H.264 is converted once, however many watch",
  async () => {
    await using camera = await startGstServer({
      pipeline:
        "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=24/1 ! " +
        "openh264enc gop-size=12 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    });
    await using server = startStreamtool([
      ...["rtsp-serve", `rtsp://127.0.0.1:${camera.port}/live`],
      ...["--port", "0", "--no-page"],
    ]);
    const url = await urlOf(server);
    await using one = startStreamtool(["rtsp-play", url, "--no-page"]);
    await using two = startStreamtool(["rtsp-play", url, "--no-page"]);
    for (const player of [one, two]) {
      await player.event(({ event, framesReceived }) =>
        event === "status" && Number(framesReceived) >= 24
      );
    }
    const commands = await Promise.all(
      (await descendants(server.pid)).map(commandOf),
    );
    const converters = commands.filter((text) => text.includes("ffmpeg"));
    assert.equal(converters.length, 1, converters.join("\n"));
    for (const player of [one, two]) {
      player.signal("SIGINT");
      const end = await player.event("end");
      assert.deepEqual(
        [end.width, end.height, end.framesLost],
        [320, 240, 0],
      );
    }
  },
);
