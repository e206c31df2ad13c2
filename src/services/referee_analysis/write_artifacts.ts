/**
 * Writes what an analysis leaves in the recording's folder.
 *
 * @module
 */

import { join } from "node:path";
import {
  formatAss,
  formatCsv,
  formatVtt,
  formatXlsx,
  keypointTable,
  makeOverlayTrack,
  type ReasonedDecision,
} from "../../referee/mod.ts";
import type { Lens, PhraseTracks } from "../../vision/mod.ts";
import type {
  FinishedPhrase,
  StageTools,
} from "../referee_server/analysis_stage.ts";
import { burnOverlay } from "./burnt_overlay.ts";

/** The tables of both fencers, frame by frame. */
export async function writeTables(
  tracks: PhraseTracks,
  { recording }: FinishedPhrase,
): Promise<Record<string, string>> {
  const table = keypointTable(tracks, recording);
  const files = { keypoints_csv: "keypoints.csv", keypoints: "keypoints.xlsx" };
  await Deno.writeTextFile(
    join(recording.folder, files.keypoints_csv),
    formatCsv(table),
  );
  await Deno.writeFile(
    join(recording.folder, files.keypoints),
    formatXlsx(table, "keypoints"),
  );
  return files;
}

/** The overlay beside the video, and on it where that is wanted. */
export async function writeOverlay(
  { tracks, reasoned, phrase, source, burnt }: {
    readonly tracks: PhraseTracks;
    readonly reasoned: ReasonedDecision;
    readonly phrase: FinishedPhrase;
    readonly source: "tracker" | "model";
    readonly burnt:
      | { readonly ffmpeg: string; readonly lens: Lens | undefined }
      | undefined;
  },
  tools: StageTools,
): Promise<Record<string, string>> {
  const { recording, signal } = phrase;
  const { folder, width, height } = recording;
  const track = makeOverlayTrack({
    reasoned,
    tracks,
    events: signal.events,
    scored: signal.scores,
    width,
    height,
    source,
  });
  const files: Record<string, string> = {
    tracks: "tracks.json",
    overlay: "overlay.ass",
    captions: "overlay.vtt",
  };
  await Deno.writeTextFile(join(folder, "tracks.json"), JSON.stringify(track));
  await Deno.writeTextFile(join(folder, "overlay.ass"), formatAss(track));
  await Deno.writeTextFile(join(folder, "overlay.vtt"), formatVtt(track));
  if (burnt !== undefined) {
    await burnOverlay({
      ...burnt,
      track,
      videoPath: recording.videoPath,
      output: join(folder, "overlay.mp4"),
    }, tools);
    files.overlay_video = "overlay.mp4";
  }
  return files;
}
