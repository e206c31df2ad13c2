/**
 * ffmpeg pushes streams into our server, and they are watched.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ffmpegPath } from "../support/clips.ts";
import { startProcess, startStreamtool } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";

function serve(...more: string[]): RunningProcess {
  return startStreamtool([
    ...["rtsp-serve", "pattern:160x120@10", "--port", "0", "--no-page"],
    ...more,
  ]);
}

/** `rtsp://127.0.0.1:port` of a server. */
async function addressOf(server: RunningProcess): Promise<string> {
  const { url } = await server.event("listening");
  return String(url).replace(/\/[^/]*$/, "");
}

interface PushOptions {
  readonly transport?: "udp" | "tcp";
  readonly codec?: readonly string[];
  readonly seconds?: number;
  readonly more?: readonly string[];
}

const JPEG = ["-c:v", "mjpeg", "-huffman", "default", "-q:v", "5"];

/** ffmpeg that sends a moving picture. */
async function push(
  url: string,
  { transport = "udp", codec = JPEG, seconds = 120, more = [] }: PushOptions =
    {},
): Promise<RunningProcess> {
  return startProcess(await ffmpegPath(), [
    ...["-nostdin", "-v", "error", "-re", "-f", "lavfi"],
    ...["-i", "testsrc2=size=320x240:rate=24", "-t", String(seconds)],
    ...[...more, ...codec, "-pix_fmt", "yuvj420p"],
    ...["-f", "rtsp", "-rtsp_transport", transport, url],
  ]);
}

function play(url: string, ...more: string[]): RunningProcess {
  return startStreamtool(["rtsp-play", url, "--no-page", ...more]);
}

for (const transport of ["udp", "tcp"] as const) {
  Deno.test(`ffmpeg publishes over ${transport}; our player and ffmpeg watch`, async () => {
    await using server = serve();
    const url = `${await addressOf(server)}/live`;
    await using publisher = await push(url, { transport, seconds: 8 });
    const start = await server.event("publisher-start");
    assert.deepEqual(
      [start.path, start.transport, start.user],
      ["/live", transport, null],
    );

    await using player = play(url, "--duration", "2s", "--transport", "udp");
    await using other = startProcess(await ffmpegPath(), [
      ...["-nostdin", "-v", "warning", "-rtsp_transport", "tcp", "-i", url],
      ...["-frames:v", "24", "-f", "framecrc", "-"],
    ]);
    const end = await player.event("end");
    assert.equal((await player.exited()).code, 0);
    assert.deepEqual(
      [end.width, end.height, end.framesLost, end.nominalFps],
      [320, 240, 0, 24],
    );
    const frames = Number(end.framesReceived);
    assert.ok(frames >= 36 && frames <= 60, `${frames}`);

    assert.equal((await other.exited()).code, 0);
    const pictures = other.lines.filter((line) => line.startsWith("0,"));
    assert.equal(pictures.length, 24);
    const said = other.errorLines.filter((line) =>
      !line.includes("deprecated pixel format")
    );
    assert.deepEqual(said, []);

    assert.equal(
      (await publisher.exited()).code,
      0,
      publisher.errorLines.join("\n"),
    );
    const stop = await server.event("publisher-stop");
    assert.deepEqual([stop.framesReceived, stop.framesLost], [8 * 24, 0]);
  });
}

Deno.test("viewers stay when their publisher goes and comes back", async () => {
  await using server = serve();
  const url = `${await addressOf(server)}/live`;
  const first = await push(url, { transport: "tcp" });
  await server.event("publisher-start");
  await using player = play(url, "--transport", "tcp");
  await player.event("playing");
  await waitForFrames(player, 10);
  await first[Symbol.asyncDispose]();
  await server.event("publisher-stop");

  await using _second = await push(url, { transport: "udp" });
  await waitUntil(
    () => server.events.filter(({ event }) => event === "publisher-start")[1],
    { what: "the publisher's return" },
  );
  const before = lastFrames(player);
  await waitForFrames(player, before + 24);
  player.signal("SIGINT");
  const end = await player.event("end");
  assert.equal(end.reconnects, 0);
  assert.equal(end.framesLost, 0);
});

function lastFrames(player: RunningProcess): number {
  const status = player.events.findLast(({ event }) => event === "status");
  return Number(status?.framesReceived ?? 0);
}

async function waitForFrames(
  player: RunningProcess,
  count: number,
): Promise<void> {
  await waitUntil(() => lastFrames(player) >= count || undefined, {
    what: `${count} frames`,
  });
}

Deno.test("a path has one publisher, and another one only where takeover is allowed", async () => {
  for (const takeover of [false, true]) {
    await using server = serve(...(takeover ? ["--takeover"] : []));
    const url = `${await addressOf(server)}/live`;
    await using first = await push(url, { transport: "tcp" });
    await server.event("publisher-start");
    await using second = await push(url, { transport: "tcp", seconds: 1 });
    const [loser, winner] = takeover ? [first, second] : [second, first];
    assert.notEqual((await loser.exited()).code, 0);
    if (takeover) {
      assert.equal(
        (await winner.exited()).code,
        0,
        winner.errorLines.join("\n"),
      );
    } else {
      assert.match(loser.errorLines.join("\n"), /403/);
    }
  }
});

Deno.test("who may publish, the users file says", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const users = join(folder, "users.txt");
    await Deno.writeTextFile(
      users,
      "cam:geheim:+/live\nanna:geheim:/live\nroot:geheim\n",
    );
    await using server = serve("--users", users);
    const at = (await addressOf(server)).replace("rtsp://", "");
    const cases = [
      ["", "/live", false],
      ["anna:geheim@", "/live", false],
      ["cam:falsch@", "/live", false],
      ["cam:geheim@", "/other", false],
      ["cam:geheim@", "/live", true],
      ["root:geheim@", "/other", true],
    ] as const;
    for (const [name, path, allowed] of cases) {
      await using publisher = await push(`rtsp://${name}${at}${path}`, {
        transport: "tcp",
        seconds: 1,
      });
      const { code } = await publisher.exited();
      assert.equal(code === 0, allowed, `${name}${path}`);
    }
    const starts = server.events.filter(({ event }) =>
      event === "publisher-start"
    );
    assert.deepEqual(
      starts.map(({ path, user }) => [path, user]),
      [["/live", "cam"], ["/other", "root"]],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is no JPEG, or has the name of another stream, is refused by name", async () => {
  await using server = serve();
  const at = await addressOf(server);
  await using film = await push(`${at}/live`, {
    transport: "tcp",
    seconds: 1,
    codec: ["-c:v", "mpeg4"],
  });
  assert.notEqual((await film.exited()).code, 0);
  assert.match(film.errorLines.join("\n"), /415 Only JPEG video is taken/);
  await using named = await push(`${at}/pattern`, {
    transport: "tcp",
    seconds: 1,
  });
  assert.notEqual((await named.exited()).code, 0);
  assert.match(named.errorLines.join("\n"), /403 A stream of that name/);
});

Deno.test("sound beside the picture is taken and left out", async () => {
  await using server = serve();
  const url = `${await addressOf(server)}/live`;
  await using publisher = startProcess(await ffmpegPath(), [
    ...["-nostdin", "-v", "error", "-re"],
    ...["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=24"],
    ...["-f", "lavfi", "-i", "sine=frequency=440"],
    ...["-t", "60", ...JPEG, "-pix_fmt", "yuvj420p", "-c:a", "pcm_mulaw"],
    ...["-ar", "8000", "-f", "rtsp", url],
  ]);
  await server.event("publisher-start");
  await using player = play(url, "--duration", "1s");
  const end = await player.event("end");
  assert.equal(end.framesLost, 0);
  assert.ok(Number(end.framesReceived) > 12);
  publisher.signal("SIGINT");
});
