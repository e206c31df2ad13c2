/**
 * RTSP in `demo`: our server with the clip, and our player that watches it.
 *
 * @module
 */

import { basename } from "node:path";
import type { ChildEvent } from "../process/mod.ts";
import type { DemoPart, PartPlan } from "./part.ts";

/** Frames that the player must have had: two seconds. */
const PROOF_FRAMES = 60;

/** The RTSP server and a player. */
export const rtspPlan: PartPlan = {
  id: "rtsp",
  title: "An RTSP server and a player",
  prove,
};

async function prove(part: DemoPart): Promise<string> {
  const { clip, ffmpegArgs } = part.context;
  const server = part.start("rtsp-serve", [
    "rtsp-serve",
    clip.path,
    ...["--fps", String(clip.fps), "--loop", "--port", "0", "--page-port", "0"],
    ...ffmpegArgs,
  ]);
  const url = await part.listening(server, "Local");
  const page = await part.listening(server, "Page");
  const name = basename(new URL(url.replace(/^rtsp/, "http")).pathname);
  part.update({
    says: "The player connects",
    page,
    commands: [
      `streamtool rtsp-serve ${clip.path} --fps ${clip.fps} --loop`,
      `streamtool rtsp-play ${url}`,
      `ffplay ${url}`,
    ],
  });
  part.showPictures(
    new Map([[
      name,
      new URL(`streams/${encodeURIComponent(name)}/frame`, page),
    ]]),
  );
  const proof = Promise.withResolvers<string>();
  const player = part.start(
    "rtsp-play",
    ["rtsp-play", url, "--no-page"],
    (event) => {
      if (event.event !== "status") return;
      part.update({ says: sentenceOf(event) });
      if (Number(event.framesReceived) >= PROOF_FRAMES) {
        proof.resolve(sentenceOf(event));
      }
    },
  );
  for (const child of [server, player]) {
    child.ended.then(() =>
      proof.reject(
        new Error(`Cannot go on: ${child.name} has ended: ${child.lastError}`),
      )
    );
  }
  return await proof.promise;
}

function sentenceOf(status: ChildEvent): string {
  const { framesReceived, framesLost, transport, jitterMs } = status;
  const jitter = typeof jitterMs === "number"
    ? `, jitter ${jitterMs.toFixed(1)} ms`
    : "";
  return `${framesReceived} frames played over ${
    String(transport).toUpperCase()
  }, ${framesLost} lost${jitter}`;
}
