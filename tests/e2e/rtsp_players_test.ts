/**
 * Real players on our server: every frame must decode, without a warning.
 *
 * With STREAMTOOL_LONG=1 each plays for ten seconds, else for two.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificate } from "../services/support/certificate.ts";
import { type JpegOptions, makeJpegs } from "../support/clips.ts";
import {
  type RunningProcess,
  startProcess,
  startStreamtool,
} from "../support/process.ts";

const FPS = 24;
const SECONDS = Deno.env.get("STREAMTOOL_LONG") === "1" ? 10 : 2;
const FRAMES = SECONDS * FPS;
/** A player may take this much longer than the film. */
const PATIENCE_MS = SECONDS * 1000 + 30_000;

/** The program itself, or why there is none. */
async function has(program: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

const HAS_FFMPEG = await has("ffmpeg", "-version");
const HAS_GSTREAMER = await has("gst-inspect-1.0", "rtpjpegdepay") &&
  await has("gst-inspect-1.0", "rtspsrc") &&
  await has("gst-inspect-1.0", "jpegdec");
const HAS_SRTP = await has("gst-inspect-1.0", "srtpdec");
const HAS_OPENSSL = await has("openssl", "version");

async function withServer(
  options: JpegOptions & { flags?: readonly string[]; name?: string },
  use: (url: string, server: RunningProcess) => Promise<void>,
): Promise<void> {
  const { flags = [], ...jpegOptions } = options;
  const dir = await Deno.makeTempDir({ prefix: "streamtool_players_" });
  try {
    const jpegs = await makeJpegs({ frames: FRAMES, ...jpegOptions });
    const film = join(dir, "film.mjpeg");
    await Deno.writeFile(
      film,
      new Uint8Array(await new Blob(jpegs).arrayBuffer()),
    );
    await using server = startStreamtool([
      "rtsp-serve",
      film,
      ...["--fps", String(FPS), "--port", "0", "--no-page"],
      ...flags,
    ], { cwd: dir });
    const { url } = await server.event("listening");
    await use(String(url), server);
    server.signal("SIGTERM");
    assert.equal((await server.exited()).code, 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Plays to the end with ffmpeg; gives the frames that were decoded. */
async function playWithFfmpeg(url: string, ...args: string[]): Promise<number> {
  await using player = startProcess("ffmpeg", [
    ...["-hide_banner", "-nostdin", "-v", "warning", "-xerror"],
    // ffmpeg leaves out frames that its clock finds too near to each other:
    // what counts here is what arrived and was decoded.
    ...[...args, "-i", url, "-fps_mode", "passthrough"],
    ...["-progress", "pipe:1", "-f", "null", "-"],
  ]);
  const { code } = await player.exited({ within: PATIENCE_MS });
  const said = player.errorLines.filter((line) =>
    // Of every JPEG stream, whatever it comes from; and what a refusal is.
    !/deprecated pixel format|Last message repeated|SETUP failed: 461/.test(
      line,
    )
  );
  assert.deepEqual(said, []);
  assert.equal(code, 0);
  const counts = player.lines.filter((line) => line.startsWith("frame="));
  return Number(counts.at(-1)?.slice("frame=".length));
}

/** Plays to the end with GStreamer; gives the frames that were decoded. */
async function playWithGstreamer(
  url: string,
  ...properties: string[]
): Promise<number> {
  await using player = startProcess("gst-launch-1.0", [
    "-v",
    ...["rtspsrc", `location=${url}`, ...properties, "!", "rtpjpegdepay"],
    ...["!", "jpegdec", "!", "fakesink", "silent=false"],
  ]);
  const { code } = await player.exited({ within: PATIENCE_MS });
  const bad = [...player.lines, ...player.errorLines].filter((line) =>
    /^(ERROR|WARNING)/.test(line)
  );
  assert.deepEqual(bad, []);
  assert.equal(code, 0);
  return player.lines.filter((line) => /last-message = chain/.test(line))
    .length;
}

const FFMPEG = { ignore: !HAS_FFMPEG } as const;
const GSTREAMER = { ignore: !HAS_GSTREAMER } as const;

for (const transport of ["udp", "tcp", "http"] as const) {
  Deno.test({
    ...FFMPEG,
    name: `ffmpeg plays every frame over ${transport} (needs ffmpeg)`,
    fn: () =>
      withServer({}, async (url) => {
        const frames = await playWithFfmpeg(url, "-rtsp_transport", transport);
        assert.equal(frames, FRAMES);
      }),
  });
}

Deno.test({
  ...FFMPEG,
  name: "ffmpeg turns to TCP when UDP is refused (needs ffmpeg)",
  fn: () =>
    withServer({ flags: ["--tcp-only"] }, async (url) => {
      assert.equal(await playWithFfmpeg(url), FRAMES);
    }),
});

const SHAPES: readonly JpegOptions[] = [
  { size: "1920x1080" },
  { size: "1620x1080", pixFmt: "yuvj422p" },
  { size: "640x480", huffman: "optimal" },
  { size: "640x480", restartMarkers: true },
  { size: "1920x1080", pixFmt: "yuvj422p", restartMarkers: true },
];

/** A shape in words, for the name of a test. */
function inWords(shape: JpegOptions): string {
  return Object.entries(shape).map(([key, value]) =>
    value === true ? "with restart markers" : `${key} ${value}`
  ).join(" ");
}

for (const shape of SHAPES) {
  Deno.test({
    ...FFMPEG,
    name: `ffmpeg plays ${inWords(shape)} over UDP (needs ffmpeg)`,
    fn: () =>
      withServer({ ...shape, frames: FPS }, async (url) => {
        // Large frames overrun the receive buffer of a player on a busy machine.
        const frames = await playWithFfmpeg(
          url,
          ...["-rtsp_transport", "udp", "-buffer_size", "4000000"],
        );
        assert.equal(frames, FPS);
      }),
  });
}

const GST_WAYS = {
  "its own choice of transport": (url: string) => playWithGstreamer(url),
  "TCP": (url: string) => playWithGstreamer(url, "protocols=tcp"),
  "HTTP": (url: string) => playWithGstreamer(url.replace("rtsp:", "rtsph:")),
};

for (const [way, play] of Object.entries(GST_WAYS)) {
  Deno.test({
    ...GSTREAMER,
    name: `GStreamer plays every frame over ${way} (needs gst-launch-1.0)`,
    fn: () =>
      withServer({}, async (url) => {
        assert.equal(await play(url), FRAMES);
      }),
  });
}

Deno.test({
  ...GSTREAMER,
  name: "GStreamer turns to TCP when UDP is refused (needs gst-launch-1.0)",
  fn: () =>
    withServer({ flags: ["--tcp-only"] }, async (url) => {
      assert.equal(await playWithGstreamer(url), FRAMES);
    }),
});

for (const shape of SHAPES) {
  Deno.test({
    ...GSTREAMER,
    name: `GStreamer plays ${inWords(shape)} over TCP (needs gst-launch-1.0)`,
    fn: () =>
      withServer({ ...shape, frames: FPS }, async (url) => {
        assert.equal(await playWithGstreamer(url, "protocols=tcp"), FPS);
      }),
  });
}

Deno.test({
  ...GSTREAMER,
  name: "GStreamer plays a multicast group (needs gst-launch-1.0)",
  fn: () =>
    withServer(
      { flags: ["--multicast", "239.255.90.3:25090"] },
      async (url) => {
        const frames = await playWithGstreamer(
          url,
          ...["protocols=udp-mcast", "multicast-iface=lo"],
        );
        assert.equal(frames, FRAMES);
      },
    ),
});

/** A server that speaks TLS, with a certificate of nobody. */
async function withTlsServer(
  use: (url: string, server: RunningProcess, cert: string) => Promise<void>,
): Promise<void> {
  const certificate = await makeCertificate();
  assert.ok(certificate !== undefined);
  const dir = await Deno.makeTempDir();
  try {
    const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
    await Deno.writeTextFile(cert, certificate.cert);
    await Deno.writeTextFile(key, certificate.key);
    await withServer(
      { flags: ["--cert", cert, "--key", key] },
      (url, server) => use(url, server, cert),
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** How the only viewer so far was served. */
async function transportOf(server: RunningProcess): Promise<unknown> {
  return (await server.event("viewer-play")).transport;
}

for (const transport of ["udp", "tcp"] as const) {
  Deno.test({
    ignore: !HAS_GSTREAMER || !HAS_SRTP || !HAS_OPENSSL,
    name:
      `GStreamer plays SRTP over ${transport} under rtsps (needs gst-launch-1.0 with srtp, and openssl)`,
    fn: () =>
      withTlsServer(async (url, server) => {
        assert.match(url, /^rtsps:/);
        const frames = await playWithGstreamer(
          url,
          ...["tls-validation-flags=0", `protocols=${transport}`],
        );
        assert.equal(frames, FRAMES);
        assert.equal(await transportOf(server), transport);
      }),
  });
}

Deno.test({
  ignore: !HAS_FFMPEG || !HAS_OPENSSL,
  name: "ffmpeg plays rtsps, in clear within TLS (needs ffmpeg and openssl)",
  fn: () =>
    withTlsServer(async (url, server) => {
      assert.equal(await playWithFfmpeg(url), FRAMES);
      assert.equal(await transportOf(server), "tcp");
    }),
});

Deno.test({
  ignore: !HAS_OPENSSL,
  name: "our own player plays SRTP, every frame (needs openssl)",
  fn: () =>
    withTlsServer(async (url, server, cert) => {
      await using player = startStreamtool([
        "rtsp-play",
        url,
        ...["--ca", cert, "--transport", "udp", "--no-page"],
        ...["--duration", `${SECONDS / 2}s`],
      ]);
      assert.equal((await player.exited({ within: PATIENCE_MS })).code, 0);
      const end = await player.event("end");
      assert.equal(end.encrypted, true);
      assert.equal(end.framesLost, 0);
      assert.ok(Number(end.framesReceived) > FRAMES / 4);
      assert.equal(await transportOf(server), "udp");
    }),
});
