/**
 * The referee in `demo`: a server, and made-up phrases whose winner is known.
 *
 * @module
 */

import { join } from "node:path";
import { ensureFfmpeg } from "../../media/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import type { ChildEvent } from "../process/mod.ts";
import { writeSyntheticClip } from "../referee_analysis/mod.ts";
import type { DemoPart, PartPlan } from "./part.ts";

/** Picture of the phrases. */
const CLIP = { width: 960, height: 540, fps: 30 } as const;

/** The session's name; its live picture is found under it. */
const SESSION = "demo_phrase";

/** From a decision until the next phrase. */
const PAUSE_MS = 5000;

/** What happens in the phrases, in turn. */
const PHRASES = [
  { scenario: "right_retreats", seed: 1 },
  { scenario: "left_pauses", seed: 2 },
] as const;

/** The referee server and a sender. */
export const refereePlan: PartPlan = {
  id: "referee",
  title: "A fencing referee",
  prove,
};

async function prove(part: DemoPart): Promise<string> {
  const { dir, ffmpegArgs, stay } = part.context;
  const server = part.start("referee-serve", [
    "referee-serve",
    ...["--port", "0", "--output-dir", join(dir, "referee")],
    ...ffmpegArgs,
  ]);
  const page = await part.listening(server, "Page");
  part.update({ says: "A phrase is painted", page });
  const says = await runPhrase(part, page, 0);
  if (stay) goOn(part, page);
  return says;
}

/** Paints a phrase, sends it as a camera would, and compares the decision with the truth. */
async function runPhrase(
  part: DemoPart,
  page: string,
  round: number,
): Promise<string> {
  const address = new URL(page).host;
  const { dir, ffmpegArgs, log } = part.context;
  const index = round % PHRASES.length;
  const video = join(dir, `phrase_${index + 1}.mkv`);
  const signalFile = join(dir, `phrase_${index + 1}.txt`);
  const { path: ffmpeg } = await ensureFfmpeg({
    flag: ffmpegArgs[1],
    log,
    signal: part.signal,
  });
  const { phrase, signal } = await writeSyntheticClip(
    video,
    { ...CLIP, ...PHRASES[index]! },
    { ffmpeg, signal: part.signal },
  );
  await Deno.writeTextFile(signalFile, signal);
  const files = ["--video", video, "--signal", signalFile];
  part.update({
    says: "A phrase is sent",
    commands: [
      "streamtool referee-serve",
      `streamtool referee-send ${address} ${files.join(" ")}`,
    ],
  });
  const sender = part.start("referee-send", [
    ...["referee-send", address, ...files],
    ...["--session-id", SESSION, "--realtime", ...ffmpegArgs],
  ]);
  part.showPictures(
    new Map([["piste", new URL(`sessions/${SESSION}/frame`, page)]]),
  );
  const { winner, reason, confidence, links } = resultOf(
    await sender.event(({ event }) => event === "result"),
  );
  part.showPictures(new Map());
  if (winner !== phrase.script.winner) {
    throw new Error(
      `Cannot trust the referee: it says ${winner}, and ${phrase.script.winner} it was`,
    );
  }
  if (links.tracks !== undefined) {
    const { signal } = part;
    const answer = await fetch(new URL(links.tracks, page), { signal });
    part.showTimeline(await answer.text());
  }
  const says = `${winner} wins: ${reason} (${Math.round(confidence * 100)} %)`;
  part.update({ says });
  return says;
}

/** Further phrases, for whoever watches. */
async function goOn(part: DemoPart, page: string): Promise<void> {
  try {
    for (let round = 1; !part.signal.aborted; round++) {
      await sleepUntil(nowMicros() + PAUSE_MS * 1000, part.signal);
      if (!part.signal.aborted) await runPhrase(part, page, round);
    }
  } catch (error) {
    if (!part.signal.aborted) part.context.log.warn(String(error));
  }
}

function resultOf(event: ChildEvent): {
  winner: string;
  reason: string;
  confidence: number;
  links: Readonly<Record<string, string>>;
} {
  return event.result as ReturnType<typeof resultOf>;
}
