/**
 * The systems joined by the one SOURCE grammar: a picture that came in at a
 * coordinator goes over a chain, out of its peer as RTSP, and from there to
 * another chain, to the referee and into a watch party.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkJpeg } from "../../src/jpeg/mod.ts";
import { fileInput, findFfmpeg, probeVideo } from "../../src/media/mod.ts";
import { SINGLE_LIGHT } from "../services/support/referee.ts";
import {
  type JsonEvent,
  type RunningProcess,
  startStreamtool,
} from "../support/process.ts";
import { savedFrames } from "./support/chain.ts";
import { startSend, startServe } from "./support/referee.ts";

const PATIENT = { within: 60_000 };
const WIDTH = 160;
const HEIGHT = 120;

async function urlOf(process: RunningProcess, label: string): Promise<string> {
  const { url } = await process.event(
    (event) => event.event === "listening" && event.label === label,
    PATIENT,
  );
  return String(url);
}

async function endOf(process: RunningProcess): Promise<JsonEvent> {
  const end = await process.event("end", PATIENT);
  assert.equal(end.code, 0, process.errorLines.join("\n"));
  assert.equal((await process.exited(PATIENT)).code, 0);
  return end;
}

/** The picture size of a film. */
async function sizeOf(path: string): Promise<[number, number]> {
  const ffmpeg = await findFfmpeg({});
  assert.ok(ffmpeg);
  const { width, height } = await probeVideo(ffmpeg.path, fileInput(path));
  return [width, height];
}

/** chain → RTSP: a player gets the pictures. */
async function intoRtsp(rtsp: string): Promise<void> {
  await using player = startStreamtool([
    ...["rtsp-play", rtsp, "--duration", "1s", "--save", "frames"],
  ]);
  const { framesReceived, framesSaved } = await endOf(player);
  assert.ok(Number(framesReceived) >= 5, `${framesReceived} frames`);
  const [first] = [...Deno.readDirSync(join(player.cwd, "frames"))];
  assert.ok(first, `${framesSaved} saved`);
  const { width, height } = checkJpeg(
    await Deno.readFile(join(player.cwd, "frames", first.name)),
  );
  assert.deepEqual([width, height], [WIDTH, HEIGHT]);
}

/** RTSP → chains: every frame at every peer of both. */
async function intoChain(rtsp: string): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    await using run = startStreamtool([
      ...["chain-run", rtsp, "--peers", "3", "--fan-out", "2", "--dir", dir],
      ...["--duration", "1s", "--exit-at-end", "--no-page"],
      ...["--port", "0", "--peer-port", "0"],
    ]);
    const { framesSent } = await endOf(run);
    assert.ok(Number(framesSent) >= 5);
    for (const name of ["A", "B", "C"]) {
      assert.equal((await savedFrames(dir, name)).size, framesSent, name);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** RTSP → referee: a phrase and its decision. */
async function intoReferee(rtsp: string): Promise<void> {
  await using referee = await startServe({ args: ["--no-analysis"] });
  const signal = join(referee.process.cwd, "phrase.txt");
  await Deno.writeFile(signal, SINGLE_LIGHT);
  await using sender = startSend(referee.port, [
    ...["--video", rtsp, "--duration", "1s", "--signal", signal],
  ]);
  const { frames, winner } = await endOf(sender);
  assert.ok(Number(frames) >= 5);
  assert.equal(winner, "right");
}

/** RTSP → watch party: a live room. */
async function intoParty(rtsp: string): Promise<void> {
  await using signal = startStreamtool([
    ...["signal", "--port", "0", "--stun-port", "0"],
  ]);
  const room = await urlOf(signal, "Local");
  await using host = startStreamtool([
    ...["share", rtsp, "--server", room, "--segment", "2s"],
    ...["--way", "relay"],
  ]);
  const { link } = await host.event("link", PATIENT);
  const names: unknown[] = [];
  for (const output of ["first.mp4", "second.mp4"]) {
    await using viewer = startStreamtool([
      ...["share", "--join", String(link), "-o", output, "--way", "relay"],
    ]);
    const { fileName } = await endOf(viewer);
    names.push(fileName);
    assert.deepEqual(
      await sizeOf(join(viewer.cwd, output)),
      [WIDTH, HEIGHT],
    );
    // The room goes on to the next one.
    const shown = host.events.length;
    if (names.length === 1) {
      await host.event("segment", { from: shown, ...PATIENT });
    }
  }
  assert.match(String(names[0]), /^chain_live_\d{4}\.mp4$/);
  assert.notEqual(names[0], names[1]);
  host.signal("SIGTERM");
  assert.equal((await host.exited(PATIENT)).code, 0);
}

Deno.test("what enters a chain comes out as RTSP, and goes into a chain, the referee and a party", async () => {
  await using coordinator = startStreamtool([
    ...["chain-coordinator", `pattern:${WIDTH}x${HEIGHT}@15`],
    ...["--port", "0", "--no-page", "--start-when", "1"],
  ]);
  const chain = new URL(await urlOf(coordinator, "Peers")).host;
  await using peer = startStreamtool([
    ...["chain-peer", "A", "0", "--coordinator", chain],
    ...["--no-save", "--page-port", "0"],
  ]);
  const page = new URL(await urlOf(peer, "Page")).host;
  await using server = startStreamtool([
    ...["rtsp-serve", `chain://${page}`, "--port", "0", "--no-page"],
  ]);
  const rtsp = await urlOf(server, "Local");
  assert.match(rtsp, /^rtsp:\/\/127\.0\.0\.1:\d+\/chain$/);

  await Promise.all([
    intoRtsp(rtsp),
    intoChain(rtsp),
    intoReferee(rtsp),
    intoParty(rtsp),
  ]);
});
