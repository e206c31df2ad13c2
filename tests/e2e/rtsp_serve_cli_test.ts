/**
 * `rtsp-serve` as its users meet it: addresses, words, totals, mistakes.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeJpegs } from "../support/clips.ts";
import {
  type RunningProcess,
  startProcess,
  startStreamtool,
} from "../support/process.ts";
import {
  framesOf,
  hasBye,
  rtpOf,
  RtspClient,
} from "../services/support/rtsp_scene.ts";

const SMALL = { size: "160x120", frames: 12 } as const;

async function withMovie(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_serve_" });
  try {
    const jpegs = await makeJpegs(SMALL);
    const film = new Uint8Array(await new Blob(jpegs).arrayBuffer());
    await Deno.writeFile(join(dir, "movie.mjpeg"), film);
    await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function play(url: string): Promise<RtspClient> {
  const { port } = new URL(url.replace(/^rtsp/, "http"));
  const client = await RtspClient.connect(Number(port));
  const { session } = await client.setup(url);
  const { status } = await client.request("PLAY", url, { Session: session });
  assert.equal(status, 200);
  return client;
}

Deno.test("every stream and the page have a URL with the bound port; SIGTERM says goodbye and gives the totals", async () => {
  await withMovie(async (dir) => {
    await using server = startStreamtool([
      "rtsp-serve",
      "movie.mjpeg",
      "pattern:160x120@10",
      ...["--loop", "--port", "0", "--page-port", "0"],
    ], { cwd: dir });
    const labels: unknown[] = [];
    const urls: string[] = [];
    for (let count = 0; count < 3; count++) {
      const event = await server.event("listening", { from: count });
      labels.push(event.label);
      urls.push(String(event.url));
    }
    assert.deepEqual(labels, ["Local", "Local", "Page"]);
    assert.match(urls[0]!, /^rtsp:\/\/127\.0\.0\.1:\d+\/movie$/);
    assert.match(urls[1]!, /^rtsp:\/\/127\.0\.0\.1:\d+\/pattern$/);
    const page = await fetch(urls[2]!);
    assert.match(await page.text(), /<title>/);

    const client = await play(urls[0]!);
    await client.media((arrivals) => framesOf(rtpOf(arrivals)).length >= 5);
    server.signal("SIGTERM");
    await client.media(hasBye);
    assert.ok(hasBye(client.arrivals));
    assert.ok(await client.closedByServer());
    await client.close();
    assert.equal((await server.exited()).code, 0);
    const ends = server.events.filter(({ event }) => event === "end");
    assert.equal(ends.length, 1);
    assert.equal(ends[0]!.sessions, 1);
    assert.ok(Number(ends[0]!.frames) >= 5);
    assert.ok(Number(ends[0]!.packets) >= Number(ends[0]!.frames));
  });
});

Deno.test("list, status and quit are understood", async () => {
  await withMovie(async (dir) => {
    await using server = startStreamtool(
      ["rtsp-serve", "movie.mjpeg", "--loop", "--port", "0", "--no-page"],
      { cwd: dir, json: false },
    );
    const line = await server.line(/Local: +rtsp:/);
    const url = /rtsp:\S+/.exec(line)![0];
    await server.write("list");
    await server.line("nobody watches");
    const client = await play(url);
    await server.write("list");
    await server.line(/movie +127\.0\.0\.1 +tcp +playing/);
    await server.write("status");
    await server.line(/^\/movie +ready +160x120 +24\.0 +1 /);
    await server.write("fly");
    await server.line(/fly/);
    await server.write("quit");
    assert.equal((await server.exited()).code, 0);
    await client.close();
  });
});

Deno.test("MJPEG on standard input is served to who comes", async () => {
  await withMovie(async (dir) => {
    // More than a second of it, as slowly as it is played.
    await using server = startProcess("sh", [
      "-c",
      `while cat movie.mjpeg; do sleep 0.2; done | "$@"`,
      "sh",
      ...command("rtsp-serve", "-", "--port", "0", "--no-page", "--json"),
    ], { cwd: dir, json: true });
    const { url } = await server.event("listening");
    const client = await play(String(url));
    await client.media((arrivals) => framesOf(rtpOf(arrivals)).length >= 5);
    assert.ok(framesOf(rtpOf(client.arrivals)).length >= 5);
    await client.close();
  });
});

/** What startStreamtool would run. */
function command(...args: readonly string[]): string[] {
  const binary = Deno.env.get("STREAMTOOL_BIN");
  if (binary) return [binary, ...args];
  const root = new URL("../../", import.meta.url).pathname;
  return [
    ...[Deno.execPath(), "run", "--quiet", "--config", `${root}deno.json`],
    ...["--allow-all", `${root}main.ts`, ...args],
  ];
}

const MISTAKES: readonly (readonly [
  what: string,
  args: readonly string[],
  code: number,
  says: RegExp,
])[] = [
  ["a file that is not there", ["none.mjpeg"], 1, /"none\.mjpeg".*no such/],
  ["a key alone", ["--key", "k.pem"], 2, /pass --cert too/],
  ["a group that is none", ["--multicast", "10.0.0.1"], 2, /239\.255\.42\.1/],
  ["an odd group port", ["--multicast", "239.1.1.1:5005"], 2, /even port/],
  [
    "multicast with TLS",
    ["--multicast", "239.1.1.1", "--cert", "c.pem", "--key", "k.pem"],
    2,
    /--multicast with --cert/,
  ],
  [
    "multicast without UDP",
    ["--multicast", "239.1.1.1", "--tcp-only"],
    2,
    /--multicast with --tcp-only/,
  ],
  ["a packet that is too small", ["--max-packet", "100"], 2, /from 1400 to/],
  ["standard input twice", ["-", "-"], 2, /standard input twice/],
  ["a users file that is not there", ["--users", "none"], 1, /users file/],
];

for (const [what, args, code, says] of MISTAKES) {
  Deno.test(`${what} is said in one line, and ends with ${code}`, async () => {
    await using server = startStreamtool(
      ["rtsp-serve", ...args, "--port", "0", "--no-page"],
      { json: false },
    );
    assert.equal((await server.exited()).code, code);
    assert.match(server.errorLines.join("\n"), says);
    assert.deepEqual(server.lines, []);
  });
}

Deno.test("a busy port is named with its remedy", async () => {
  await withMovie(async (dir) => {
    const start = (port: string): RunningProcess =>
      startStreamtool(
        ["rtsp-serve", "movie.mjpeg", "--port", port, "--no-page"],
        { cwd: dir },
      );
    await using first = start("0");
    const { url } = await first.event("listening");
    const { port } = new URL(String(url).replace(/^rtsp/, "http"));
    await using second = start(port);
    assert.equal((await second.exited()).code, 1);
    assert.match(second.errorLines.join("\n"), /--port/);
  });
});
