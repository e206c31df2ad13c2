/**
 * What a server puts on the queue for a finished recording, and what comes
 * back. Paths are relative to the output folder, which servers and workers
 * share under whatever name each machine has for it.
 *
 * @module
 */

import { isAbsolute, join, normalize, relative } from "node:path";
import type {
  Analysis,
  MappedEvent,
  PhraseSignal,
  Recording,
  StageProgress,
} from "../../referee/mod.ts";

/** The queue's name in Redis: its keys begin with `streamtool:referee`. */
export const QUEUE_NAME = "referee";
/** Prefix of all keys. */
export const QUEUE_PREFIX = "streamtool";
/** In the artifacts' folder while a job is under way: its id, so that a job that nobody waits for any more is known. */
export const TICKET_FILE = ".job";

/** A recording on the queue. */
export interface RefereeJob {
  readonly sessionId: string;
  /** Relative to the output folder. */
  readonly videoPath: string;
  /** Relative to the output folder. */
  readonly folder: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frameNumbers: readonly number[];
  readonly frameTimes: readonly number[];
  readonly signal: PhraseSignal;
  readonly mapping: readonly MappedEvent[];
  readonly saveOverlay: boolean;
  readonly includeKeypoints: boolean;
}

/** What a worker tells meanwhile: a stage, how far it is, and words for people. */
export type JobProgress = Parameters<StageProgress>;

/** What a worker gives back: `null` for a job that nobody waits for any more. */
export type JobResult = Analysis | null;

/** What `finish` of an analysis is given, as a job. */
export function jobOf(
  recording: Recording,
  signal: PhraseSignal,
  mapping: readonly MappedEvent[],
  options: {
    readonly saveOverlay: boolean;
    readonly includeKeypoints: boolean;
  },
  outputDir: string,
): RefereeJob {
  const { sessionId, width, height, fps } = recording;
  return {
    sessionId,
    width,
    height,
    fps,
    videoPath: relative(outputDir, recording.videoPath),
    folder: relative(outputDir, recording.folder),
    frameNumbers: Array.from(recording.frameNumbers),
    frameTimes: Array.from(recording.frameTimes),
    signal,
    mapping,
    saveOverlay: options.saveOverlay,
    includeKeypoints: options.includeKeypoints,
  };
}

/**
 * A job's recording, below the worker's own output folder.
 *
 * @throws {Error} when its paths lead elsewhere.
 */
export function recordingOf(job: RefereeJob, outputDir: string): Recording {
  const { sessionId, width, height, fps, frameNumbers, frameTimes } = job;
  return {
    sessionId,
    width,
    height,
    fps,
    frameNumbers,
    frameTimes,
    videoPath: below(outputDir, job.videoPath),
    folder: below(outputDir, job.folder),
  };
}

function below(outputDir: string, path: string): string {
  const clean = normalize(path.replaceAll("\\", "/"));
  if (isAbsolute(clean) || clean.split("/").includes("..")) {
    throw new Error(
      `Cannot take the recording "${path}": it is not in the output folder`,
    );
  }
  return join(outputDir, clean);
}
