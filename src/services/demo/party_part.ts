/**
 * The watch party in `demo`: a server, a host without a browser, and a viewer
 * that takes the film and compares it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { ensureFfmpeg, runFfmpeg } from "../../media/mod.ts";
import { whenReady } from "../process/mod.ts";
import type { DemoPart, PartPlan } from "./part.ts";

/** A signal server, a host and a viewer. */
export const partyPlan: PartPlan = {
  id: "party",
  title: "A watch party",
  pageLabel: "Join the party",
  prove,
};

async function prove(part: DemoPart): Promise<string> {
  const { dir, clip, ffmpegArgs, log } = part.context;
  const { signal } = part;
  part.update({ says: "The film is made" });
  const film = join(dir, "film.mp4");
  const { path } = await ensureFfmpeg({ flag: ffmpegArgs[1], log, signal });
  await runFfmpeg(path, [
    ...["-y", "-f", "mjpeg", "-r", String(clip.fps), "-i", `file:${clip.path}`],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    ...["-g", String(clip.fps), "-movflags", "+faststart", `file:${film}`],
  ], { signal });
  const server = part.start("signal", [
    "signal",
    ...["--port", "0", "--stun-port", "0"],
  ]);
  const url = await part.listening(server, "Local");
  const host = part.start("share", ["share", film, "--server", url]);
  const { link } = await whenReady(
    host,
    signal,
    ({ event }) => event === "link",
  );
  const received = join(dir, "received.mp4");
  const command = `streamtool share --join '${link}' -o received.mp4`;
  part.update({
    says: "The viewer joins",
    page: String(link),
    commands: [
      "streamtool signal",
      `streamtool share ${film} --server ${url}`,
      command,
    ],
  });
  const viewer = part.start("share --join", [
    "share",
    ...["--join", String(link), "-o", received, "--name", "viewer"],
  ]);
  const end = await whenReady(viewer, signal, ({ event }) => event === "end");
  if (await hashOf(film) !== await hashOf(received)) {
    throw new Error("Cannot trust the party: the viewer's film is another one");
  }
  const megabytes = Number(end.bytes) / 1e6;
  return `${megabytes.toFixed(1)} MB came to the viewer in ${
    Number(end.seconds).toFixed(1)
  } s over ${String(end.ways).replaceAll(",", " and ")}, every byte as it was`;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}
