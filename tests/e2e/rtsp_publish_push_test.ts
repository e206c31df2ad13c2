/**
 * Our server pushes its stream to another one of ours.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificate } from "../services/support/certificate.ts";
import { makeJpegs } from "../support/clips.ts";
import { startStreamtool } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";

/** Two seconds of a film. */
const FRAMES = 48;

function receive(port: number | string, ...more: string[]): RunningProcess {
  return startStreamtool([
    ...["rtsp-serve", "pattern:160x120@10", "--no-page"],
    ...["--port", String(port), ...more],
  ]);
}

function send(
  film: string,
  url: string,
  ...more: string[]
): RunningProcess {
  return startStreamtool([
    ...["rtsp-serve", film, "--fps", "24", "--port", "0", "--no-page"],
    ...["--publish", url, ...more],
  ]);
}

/** Where a server takes `/up`. */
async function upOf(server: RunningProcess): Promise<string> {
  const { url } = await server.event("listening");
  return String(url).replace(/\/[^/]*$/, "/up");
}

async function withFilm(
  use: (film: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_push_" });
  try {
    const film = join(folder, "film.mjpeg");
    const jpegs = await makeJpegs({ frames: FRAMES, size: "320x240" });
    await Deno.writeFile(
      film,
      new Uint8Array(await new Blob(jpegs).arrayBuffer()),
    );
    await use(film, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const transport of ["tcp", "udp"] as const) {
  Deno.test(`a film is pushed elsewhere over ${transport}, every frame of it`, async () => {
    await withFilm(async (film) => {
      await using target = receive(0);
      const url = await upOf(target);
      await using source = send(film, url, "--publish-transport", transport);
      const start = await target.event("publisher-start");
      assert.deepEqual([start.path, start.transport], ["/up", transport]);
      const publishing = await source.event("publishing");
      assert.deepEqual([publishing.url, publishing.transport], [
        url,
        transport,
      ]);
      const stop = await target.event("publisher-stop");
      assert.deepEqual([stop.framesReceived, stop.framesLost], [FRAMES, 0]);
      source.signal("SIGTERM");
      assert.equal((await source.exited()).code, 0);
    });
  });
}

Deno.test("a stream is pushed again when the server elsewhere is back, and its viewers are", async () => {
  await withFilm(async (film) => {
    const first = receive(0);
    const url = await upOf(first);
    const { port } = new URL(url.replace("rtsp:", "http:"));
    await using source = send(film, url, "--loop");
    await first.event("publisher-start");
    await using player = startStreamtool([
      ...["rtsp-play", url, "--no-page", "--transport", "tcp"],
    ]);
    await player.event("playing");
    first.signal("SIGKILL");
    await first.exited();
    await first[Symbol.asyncDispose]();
    await source.event("publish-retry");

    await using second = receive(port);
    await second.event("publisher-start");
    await waitUntil(
      () => source.events.filter(({ event }) => event === "publishing")[1],
      { what: "the second session" },
    );
    await waitUntil(
      () => player.events.filter(({ event }) => event === "playing")[1],
      { what: "the player's return" },
    );
    player.signal("SIGINT");
    assert.equal((await player.exited()).code, 0);
    source.signal("SIGINT");
    assert.equal((await source.exited()).code, 0);
  });
});

Deno.test("a server that asks for a password gets it from a file, and a refusal ends the command", async () => {
  await withFilm(async (film, folder) => {
    const [users, right, wrong] = ["users", "right", "wrong"].map((name) =>
      join(folder, name)
    ) as [string, string, string];
    await Deno.writeTextFile(users, "cam:geheim:+/up\n");
    await Deno.writeTextFile(right, "geheim\n");
    await Deno.writeTextFile(wrong, "falsch\n");
    await using target = receive(0, "--users", users);
    const url = await upOf(target);
    const login = ["--publish-user", "cam", "--publish-password-file"];
    await using refused = send(film, url, ...login, wrong);
    assert.equal((await refused.exited()).code, 1);
    assert.match(refused.errorLines.join("\n"), /refuses ANNOUNCE/);
    await using source = send(film, url, ...login, right);
    const { user } = await target.event("publisher-start");
    assert.equal(user, "cam");
    source.signal("SIGINT");
    assert.equal((await source.exited()).code, 0);
  });
});

const CERTIFICATE = await makeCertificate();

Deno.test({
  name: CERTIFICATE === undefined
    ? "a film is pushed through TLS (skipped: no openssl)"
    : "a film is pushed through TLS to a server whose certificate is known",
  ignore: CERTIFICATE === undefined,
  fn: () =>
    withFilm(async (film, folder) => {
      const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
      await Deno.writeTextFile(cert, CERTIFICATE!.cert);
      await Deno.writeTextFile(key, CERTIFICATE!.key);
      await using target = receive(0, "--cert", cert, "--key", key);
      const url = (await upOf(target)).replace("127.0.0.1", "localhost");
      assert.match(url, /^rtsps:/);
      await using source = send(film, url, "--publish-ca", cert);
      await target.event("publisher-start");
      const stop = await target.event("publisher-stop");
      assert.deepEqual([stop.framesReceived, stop.framesLost], [FRAMES, 0]);
      source.signal("SIGINT");
      assert.equal((await source.exited()).code, 0);
    }),
});

Deno.test("several streams, or no URL, cannot be pushed", async () => {
  await withFilm(async (film) => {
    await using two = send(film, "rtsp://127.0.0.1:1/up", "--pattern");
    assert.equal((await two.exited()).code, 2);
    assert.match(two.errorLines.join("\n"), /Cannot publish 2 streams/);
    await using none = send(film, "http://127.0.0.1:1/up");
    assert.equal((await none.exited()).code, 2);
    assert.match(none.errorLines.join("\n"), /no rtsp:\/\/ or rtsps:\/\/ URL/);
  });
});
