import assert from "node:assert/strict";
import { join } from "node:path";
import {
  probeRtsp,
  startRtspPlayer,
} from "../../src/services/rtsp_player/mod.ts";
import type {
  PlayerReport,
  RtspPlayerOptions,
} from "../../src/services/rtsp_player/mod.ts";
import { encodeRtpPacket } from "../../src/rtp/mod.ts";
import { packetsOf, pictureFrame } from "../rtp/jpeg_frames.ts";
import { startSilentServer } from "../support/silent_server.ts";
import { makeJpegs } from "../support/clips.ts";
import { startLabServer } from "../support/lab_server.ts";
import type { LabServerOptions } from "../support/lab_server.ts";
import { testContext } from "../support/service.ts";
import { waitUntil } from "../support/wait.ts";
import { inFolder } from "../media/support/sources.ts";

function options(
  url: string,
  more: Partial<RtspPlayerOptions> = {},
): RtspPlayerOptions {
  return {
    url,
    transport: "auto",
    dialect: "lab",
    rtpPort: undefined,
    latencyMs: 100,
    durationMs: undefined,
    start: undefined,
    username: undefined,
    password: undefined,
    caCerts: [],
    reconnect: true,
    saveDir: undefined,
    keep: undefined,
    record: undefined,
    write: undefined,
    host: "127.0.0.1",
    pagePort: undefined,
    ffmpeg: undefined,
    ...more,
  };
}

/** Plays until `enough`, and gives the last figures and the saved frames in order. */
async function playLab(
  server: Partial<LabServerOptions> & Pick<LabServerOptions, "frames">,
  enough: (report: PlayerReport) => boolean,
  more: Partial<RtspPlayerOptions> = {},
): Promise<{
  report: PlayerReport;
  saved: Map<number, Uint8Array>;
  requests: string[];
}> {
  const saved = new Map<number, Uint8Array>();
  let report: PlayerReport | undefined;
  await using lab = startLabServer({ fps: 60, ...server });
  await inFolder(async (folder) => {
    const saveDir = join(folder, "frames");
    const context = testContext();
    const running = await startRtspPlayer(
      options(lab.url, { saveDir, ...more }),
      context,
    );
    try {
      await waitUntil(() => enough(running.player.report()), {
        what: "enough frames",
      });
    } finally {
      context.abort();
      await running.finished;
      report = await running.close();
    }
    for (const { name } of Deno.readDirSync(saveDir)) {
      const number = Number(/(\d+)\.jpg$/.exec(name)?.[1]);
      saved.set(number, Deno.readFileSync(join(saveDir, name)));
    }
  });
  return { report: report!, saved, requests: lab.requests };
}

Deno.test("the course project's dialect plays byte for byte, with every fault its servers have", async (t) => {
  const small = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  const large = await makeJpegs({ frames: 30, q: 2, source: "mandelbrot" });
  const cases: Record<
    string,
    Partial<LabServerOptions> & Pick<LabServerOptions, "frames">
  > = {
    "as it is": { frames: small },
    "no Session in its answers": { frames: small, noSession: true },
    "CRLF answers": { frames: small, lineEnding: "\r\n" },
    "timestamps in milliseconds": { frames: small, timestamp: "milliseconds" },
    "timestamps of zero": { frames: small, timestamp: "zero" },
    "frames in pieces": { frames: large },
    "numbers from 1 with each turn": { frames: small, restartsAtOne: true },
    "pieces, and numbers from 1": {
      frames: large.slice(0, 10),
      restartsAtOne: true,
    },
  };
  for (const [name, server] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { report, saved, requests } = await playLab(
        server,
        ({ framesReceived }) => framesReceived >= 45,
      );
      assert.equal(report.dialect, "lab");
      assert.equal(report.framesLost, 0);
      for (const [number, jpeg] of saved) {
        const sent = server.frames[(number - 1) % server.frames.length];
        assert.deepEqual(jpeg, sent, `frame ${number}`);
      }
      assert.ok(saved.size >= 45);
      assert.match(
        requests[0]!,
        /^SETUP movie\.Mjpeg RTSP\/1\.0\nCSeq: 1\nTransport: RTP\/UDP; client_port= \d+\n$/,
      );
      assert.match(
        requests.at(-1)!,
        server.noSession
          ? /^TEARDOWN movie\.Mjpeg /
          : /^TEARDOWN movie\.Mjpeg RTSP\/1\.0\nCSeq: \d\nSession: 123456\n$/,
      );
      assert.ok(requests.every(({ length }) => length < 256));
    });
  }
});

Deno.test("packets lost on the way in the teaching dialect are frames lost, exactly", async () => {
  const frames = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  const { report, saved } = await playLab(
    { frames, drop: (packet) => packet % 10 === 0 },
    ({ framesReceived }) => framesReceived >= 55,
  );
  const dropped = Math.floor((report.frame - 1) / 10);
  assert.equal(report.framesLost, dropped);
  assert.equal(report.packets.lost, dropped);
  for (const [number, jpeg] of saved) {
    assert.notEqual(number % 10, 0);
    assert.deepEqual(jpeg, frames[(number - 1) % 30], `frame ${number}`);
  }
});

Deno.test("a server that does not know OPTIONS is spoken to in its own dialect", async () => {
  const frames = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  const { report, requests } = await playLab(
    { frames },
    ({ framesReceived }) => framesReceived >= 5,
    { dialect: "auto" },
  );
  assert.equal(report.dialect, "lab");
  assert.match(requests[0]!, /^OPTIONS /);
});

Deno.test("buttons: pause holds the frame, play goes on, stop and play begin anew", async () => {
  const frames = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  await using lab = startLabServer({ frames, fps: 60 });
  const context = testContext();
  const running = await startRtspPlayer(options(lab.url), context);
  const { player } = running;
  const is = (state: string) =>
    waitUntil(() => player.report().state === state, { what: state });
  try {
    await waitUntil(() => player.report().framesReceived > 10);
    player.pause();
    await is("paused");
    await player.play();
    await is("playing");
    const { framesReceived } = player.report();
    await waitUntil(() => player.report().framesReceived > framesReceived + 5);
    await player.stop();
    await is("stopped");
    await player.setup();
    await is("ready");
    await player.play();
    await is("playing");
    await waitUntil(() => player.report().fps > 20);
    const methods = lab.requests.map((one) => one.split(" ")[0]);
    assert.deepEqual(methods, [
      "SETUP",
      "PLAY",
      "PAUSE",
      "PLAY",
      "TEARDOWN",
      "SETUP",
      "PLAY",
    ]);
  } finally {
    context.abort();
    await running.finished;
    await running.close();
  }
});

Deno.test("no server, a wrong file and a wrong URL end the player with one sentence", async () => {
  const frames = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  await using lab = startLabServer({ frames });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  for (
    const [url, message] of [
      [`rtsp://127.0.0.1:${port}/x`, /^Cannot play .*: nobody listens there$/],
      [
        lab.url.replace("movie", "other"),
        /^Cannot play .*: the server answers SETUP with 404 NOT FOUND$/,
      ],
    ] as const
  ) {
    const context = testContext();
    const running = await startRtspPlayer(options(url), context);
    await assert.rejects(running.finished, { name: "PlayError", message });
    assert.equal((await running.close()).state, "failed");
  }
});

Deno.test("a probe of a server of the course project says so", async () => {
  const frames = await makeJpegs({ size: "320x240", frames: 30, q: 10 });
  await using lab = startLabServer({ frames });
  const result = await probeRtsp({
    url: lab.url,
    username: undefined,
    password: undefined,
    caCerts: [],
  }, testContext());
  assert.equal(result.dialect, "lab");
  assert.deepEqual(result.transports, { udp: 200 });
  assert.deepEqual(
    lab.requests.map((one) => one.split(" ")[0]),
    ["OPTIONS", "SETUP", "TEARDOWN"],
  );
});

Deno.test("no packet over UDP for three seconds: the player turns to TCP by itself", async () => {
  const { profile } = pictureFrame(1);
  await using server = startSilentServer(
    packetsOf(profile).map((packet) => encodeRtpPacket(packet)),
  );
  const context = testContext();
  const startedAt = performance.now();
  const running = await startRtspPlayer(
    options(server.url, { dialect: "auto" }),
    context,
  );
  try {
    await waitUntil(() => running.player.report().framesReceived > 24);
    const fallback = await context.event("fallback");
    assert.equal(fallback.to, "tcp");
    assert.ok(performance.now() - startedAt >= 3000);
    const report = running.player.report();
    assert.deepEqual(
      [report.transport, report.state, report.packets.lost, report.framesLost],
      ["tcp", "playing", 0, 0],
    );
    assert.deepEqual(
      server.methods.filter((method) => method !== "TEARDOWN"),
      [
        ...["OPTIONS", "DESCRIBE", "SETUP", "PLAY"],
        ...["OPTIONS", "DESCRIBE", "SETUP", "PLAY"],
      ],
    );
  } finally {
    context.abort();
    await running.finished;
    await running.close();
  }
});
