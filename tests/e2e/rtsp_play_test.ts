import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { checkJpeg, encodeMjpegFrame } from "../../src/jpeg/mod.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import { gstServerMissing, startGstServer } from "../support/gst_server.ts";
import { startStreamtool } from "../support/process.ts";
import type { JsonEvent, RunningProcess } from "../support/process.ts";
import { inFolder } from "../media/support/sources.ts";

function gstTest(name: string, test: () => Promise<void>): void {
  const missing = gstServerMissing();
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: test,
  });
}

function play(
  url: string,
  ...more: string[]
): RunningProcess {
  return startStreamtool(["rtsp-play", url, "--no-page", ...more]);
}

/** Lost, late, repeated and unreadable packets, and lost frames. */
function faults({ framesLost, packets }: JsonEvent): unknown {
  const { lost, late, duplicates, invalid } = packets as Record<string, number>;
  return { framesLost, lost, late, duplicates, invalid };
}

const NO_FAULTS = {
  framesLost: 0,
  lost: 0,
  late: 0,
  duplicates: 0,
  invalid: 0,
};

/** What ffmpeg says of a file that it decodes from start to end. */
async function decode(
  path: string,
): Promise<{ warnings: string; frames: number }> {
  const { stdout, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "warning", "-i", path, "-f", "framecrc", "-"],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return {
    warnings: decoder.decode(stderr).split("\n")
      // ffmpeg says this of every JPEG in full range
      .filter((line) =>
        line !== "" && !line.includes("deprecated pixel format")
      )
      .join("\n"),
    frames: decoder.decode(stdout).split("\n")
      .filter((line) => line.startsWith("0,")).length,
  };
}

gstTest(
  "GStreamer's server plays over UDP and over TCP, every frame whole",
  async () => {
    await using server = await startGstServer();
    const url = `rtsp://127.0.0.1:${server.port}/live`;
    for (const transport of ["udp", "tcp"]) {
      await using player = play(
        url,
        ...["--transport", transport, "--duration", "2s", "--save", "frames"],
      );
      const end = await player.event("end");
      assert.equal((await player.exited()).code, 0);
      assert.deepEqual(
        [end.transport, end.dialect, end.width, end.height],
        [transport, "standard", 320, 240],
      );
      assert.deepEqual(faults(end), NO_FAULTS);
      const frames = Number(end.framesReceived);
      assert.ok(frames >= 36 && frames <= 60, `${frames}`);
      assert.equal(end.framesSaved, frames);
      for (const { name } of Deno.readDirSync(join(player.cwd, "frames"))) {
        checkJpeg(await Deno.readFile(join(player.cwd, "frames", name)));
      }
    }
  },
);

gstTest(
  "a server that refuses UDP with 461 is played over TCP on the same connection",
  async () => {
    await using server = await startGstServer({ protocols: "tcp" });
    await using player = play(
      `rtsp://127.0.0.1:${server.port}/live`,
      ...["--duration", "1s"],
    );
    const fallback = await player.event("fallback");
    assert.equal(fallback.to, "tcp");
    const end = await player.event("end");
    assert.equal(end.transport, "tcp");
    assert.deepEqual(faults(end), NO_FAULTS);
  },
);

gstTest(
  "digest: the right password plays, none and a wrong one end with 401",
  async () => {
    await using server = await startGstServer({ user: "anna:geheim" });
    const at = `127.0.0.1:${server.port}/live`;
    await using right = play(`rtsp://anna:geheim@${at}`, "--duration", "1s");
    const end = await right.event("end");
    assert.ok(Number(end.framesReceived) > 10);
    assert.ok(!JSON.stringify(right.events).includes("geheim"));
    for (const who of ["", "anna:falsch@"]) {
      await using wrong = play(`rtsp://${who}${at}`);
      assert.equal((await wrong.exited()).code, 1);
      assert.match(
        String((await wrong.event("end")).error),
        /name and password/,
      );
    }
  },
);

gstTest(
  "a recording has every frame, the right duration and no warning",
  async () => {
    await using server = await startGstServer();
    for (const kind of ["mkv", "avi", "mp4"]) {
      await using player = play(
        `rtsp://127.0.0.1:${server.port}/live`,
        ...["--duration", "2s", "--record", `out.${kind}`],
      );
      const end = await player.event("end", { within: 40_000 });
      const { warnings, frames } = await decode(
        join(player.cwd, `out.${kind}`),
      );
      assert.equal(warnings, "", kind);
      assert.equal(frames, end.framesReceived, kind);
    }
  },
);

gstTest("a probe tells methods, transports, codec and rate", async () => {
  await using server = await startGstServer({ user: "anna:geheim" });
  await using probe = startStreamtool([
    "rtsp-probe",
    `rtsp://anna:geheim@127.0.0.1:${server.port}/live`,
  ]);
  const end = await probe.event("end");
  assert.equal((await probe.exited()).code, 0);
  assert.equal(end.dialect, "standard");
  assert.equal(end.authentication, "digest");
  assert.deepEqual(end.transports, { udp: 200, tcp: 200 });
  const [track] = end.tracks as Record<string, unknown>[];
  assert.deepEqual(
    [track!.type, track!.codecs, track!.fps, track!.playable],
    ["video", ["JPEG"], 24, true],
  );
  assert.ok((end.methods as string[]).includes("DESCRIBE"));
});

async function inMovieFolder(
  seconds: number,
  test: (folder: string, jpegs: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const jpegs = await makeJpegs({ size: "320x240", frames: 24, q: 10 });
    const parts = Array.from(
      { length: seconds },
      () => jpegs.map((jpeg) => encodeMjpegFrame("ascii", jpeg)),
    ).flat();
    await Deno.writeFile(
      join(folder, "movie.Mjpeg"),
      new Uint8Array(await new Blob(parts).arrayBuffer()),
    );
    await test(folder, jpegs);
  });
}

Deno.test("our own server plays by every way, to its end, frame by frame", async () => {
  await inMovieFolder(2, async (folder, jpegs) => {
    await using server = startStreamtool(
      ["rtsp-serve", "movie.Mjpeg", "--port", "0", "--no-page"],
      { cwd: folder },
    );
    const url = String((await server.event("listening")).url);
    for (
      const more of [
        ["--transport", "udp"],
        ["--transport", "tcp"],
        ["--dialect", "lab", "--duration", "1s"],
      ]
    ) {
      await using player = play(url, ...more, "--save", "frames");
      const end = await player.event("end");
      assert.equal((await player.exited()).code, 0);
      assert.deepEqual(faults(end), NO_FAULTS, more.join(" "));
      if (more.includes("lab")) {
        // The wire carries the files whole: they arrive byte for byte.
        const first = await Deno.readFile(
          join(player.cwd, "frames", "frame_000001.jpg"),
        );
        assert.ok(jpegs.some((jpeg) => Buffer.compare(jpeg, first) === 0));
      } else {
        assert.equal(end.framesReceived, 48, more.join(" "));
      }
    }
  });
});

Deno.test("the player is back within two seconds of its server's return", async () => {
  await inMovieFolder(30, async (folder) => {
    const serve = (port: string) =>
      startStreamtool(
        ["rtsp-serve", "movie.Mjpeg", "--port", port, "--no-page", "--loop"],
        { cwd: folder },
      );
    await using first = serve("0");
    const url = String((await first.event("listening")).url);
    const port = new URL(url.replace("rtsp", "http")).port;
    await using player = play(url, "--transport", "tcp");
    await player.event("playing");
    await first.kill();
    await player.event("reconnecting");
    await using second = serve(port);
    await second.event("listening");
    const from = player.events.length;
    await player.event("playing", { from, within: 2000 });
    player.signal("SIGINT");
    const end = await player.event("end");
    assert.equal(end.reconnects, 1);
    assert.equal((await player.exited()).code, 0);
  });
});

Deno.test("pictures go to standard output one after another", async () => {
  await inMovieFolder(1, async (folder, jpegs) => {
    await using server = startStreamtool(
      ["rtsp-serve", "movie.Mjpeg", "--port", "0", "--no-page"],
      { cwd: folder },
    );
    const url = String((await server.event("listening")).url);
    await using player = startStreamtool(
      ["rtsp-play", url, "--no-page", "-o", "-", "--log-level", "error"],
      { json: false },
    );
    assert.equal((await player.exited()).code, 0);
    // Read as lines here, the pictures are no text: that there are some is enough.
    assert.ok(player.lines.join("").length > jpegs.length * 1000);
  });
});

/** Whether there is a program to make a certificate with. */
const hasOpenssl = ((): boolean => {
  try {
    return new Deno.Command("openssl", { args: ["version"], stdout: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
})();

Deno.test({
  name: hasOpenssl
    ? "TLS and a password: only who trusts the certificate and knows the word plays"
    : "TLS and a password (skipped: no openssl)",
  ignore: !hasOpenssl,
  fn: async () => {
    await inMovieFolder(2, async (folder) => {
      const { success } = await new Deno.Command("openssl", {
        cwd: folder,
        args: [
          ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
          ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
          ...["-subj", "/CN=localhost"],
          ...["-addext", "subjectAltName=DNS:localhost"],
          ...["-addext", "basicConstraints=critical,CA:FALSE"],
          ...["-keyout", "key.pem", "-out", "cert.pem"],
        ],
        stderr: "null",
      }).output();
      assert.ok(success);
      await Deno.writeTextFile(join(folder, "users.txt"), "anna:geheim\n");
      await Deno.writeTextFile(join(folder, "word.txt"), "geheim\n");
      await using server = startStreamtool([
        ...["rtsp-serve", "movie.Mjpeg", "--port", "0", "--no-page"],
        ...["--cert", "cert.pem", "--key", "key.pem", "--users", "users.txt"],
      ], { cwd: folder });
      const { url } = await server.event("listening");
      const at = String(url).replace("127.0.0.1", "localhost");
      const trust = ["--ca", join(folder, "cert.pem")];
      const login = [
        ...["--user", "anna", "--password-file", join(folder, "word.txt")],
      ];

      await using player = play(at, ...trust, ...login);
      const end = await player.event("end");
      assert.equal((await player.exited()).code, 0);
      assert.deepEqual(
        [end.framesReceived, end.transport, end.secure, end.encrypted],
        [48, "udp", true, true],
      );

      await using stranger = play(at, ...trust);
      assert.equal((await stranger.exited()).code, 1);
      assert.match(
        String((await stranger.event("end")).error),
        /name and password/,
      );
      await using careful = play(at, ...login);
      assert.equal((await careful.exited()).code, 1);
      assert.match(
        String((await careful.event("end")).error),
        /certificate is not trusted .* Pass --ca FILE/,
      );
    });
  },
});
