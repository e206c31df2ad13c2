/**
 * From a recording and its signal to the folder of artifacts with the result.
 *
 * @module
 */

import { extname, join } from "node:path";
import {
  buildResult,
  mapEvents,
  type MappedEvent,
  parseSignalFile,
  type PhraseAnalysis,
  type PhraseSignal,
  type RefereeResult,
  type SessionStats,
  type StageProgress,
  STAGES,
} from "../../referee/mod.ts";
import { STAGE_MESSAGES, withoutStages } from "../referee/stage_runner.ts";
import {
  FRAMES_FILE,
  RESULT_FILE,
  type ResultCatalog,
} from "./result_catalog.ts";
import type { SessionFolder } from "./session_folder.ts";

/** A video that is ready, and what is in it. */
export interface PreparedVideo {
  /** Its file in the artifacts' folder. */
  readonly fileName: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** The client's frame numbers. */
  readonly numbers: Float64Array;
  /** Seconds, ascending. */
  readonly times: Float64Array;
  /** Where each picture's bytes are, when they are pictures of their own. */
  readonly places:
    | { readonly offsets: Float64Array; readonly lengths: Uint32Array }
    | undefined;
  readonly clock: "timestamps" | "frame_rate" | "video";
  readonly originSeconds: number;
  readonly warnings: readonly string[];
}

/** A recording that waits for its result. */
export interface RecordingJob {
  readonly sessionId: string;
  readonly folder: SessionFolder;
  readonly signal: {
    readonly bytes: Uint8Array;
    readonly filename: string;
    readonly swapSides: boolean;
  };
  /** Makes the video in the artifacts' folder. */
  readonly reconstruct: (
    artifacts: string,
    progress: (share: number) => void,
    signal: AbortSignal,
  ) => Promise<PreparedVideo>;
  readonly analysis: PhraseAnalysis | undefined;
  /** Seconds to add to the signal's times to get the video's. */
  readonly signalOffset: number;
  readonly saveOverlay: boolean;
  readonly includeKeypoints: boolean;
  readonly warnings: readonly string[];
  readonly stats: SessionStats | null;
  /** Milliseconds of the server's clock when the signal came. */
  readonly startedAt: number;
}

/** Why nothing is analysed where there is no analyzer. */
const NO_ANALYZER = "this server has no analysis of pictures";

/** Suffixes of signal files that are kept. */
const SIGNAL_SUFFIXES = new Set([".txt", ".csv", ".json", ".jsonl", ".log"]);

/**
 * Runs all stages and publishes the artifacts.
 *
 * @throws {Error} when the recording is of no use.
 * @throws the signal's reason when it aborts.
 */
export async function processRecording(
  job: RecordingJob,
  catalog: ResultCatalog,
  outputDir: string,
  progress: StageProgress,
  signal: AbortSignal,
): Promise<RefereeResult> {
  const { folder, sessionId } = job;
  const artifacts = folder.artifactsPath;
  // What an earlier attempt left, before a crash.
  await removeFolder(artifacts);
  await Deno.mkdir(artifacts);
  await Deno.mkdir(folder.workPath, { recursive: true });

  progress("video_reconstruction", 0, STAGE_MESSAGES.video_reconstruction);
  const video = await job.reconstruct(
    artifacts,
    (share) => {
      if (share < 1) {
        progress(
          "video_reconstruction",
          share,
          STAGE_MESSAGES.video_reconstruction,
        );
      }
    },
    signal,
  );
  progress("video_reconstruction", 1, "Video is ready");

  const phrase = parseSignalFile(job.signal.bytes, job.signal);
  const suffix = extname(job.signal.filename).toLowerCase();
  const files: Record<string, string> = {
    video: video.fileName,
    signal: `signal${SIGNAL_SUFFIXES.has(suffix) ? suffix : ".txt"}`,
    mapping: "mapping.json",
    frames: FRAMES_FILE,
    result: RESULT_FILE,
  };
  await Deno.writeFile(join(artifacts, files.signal!), job.signal.bytes);
  await writeJson(join(artifacts, FRAMES_FILE), framesOf(video));

  const analysis = job.analysis === undefined
    ? withoutStages({ signal: phrase }, NO_ANALYZER, progress)
    : await job.analysis.finish(
      {
        sessionId,
        videoPath: join(artifacts, video.fileName),
        width: video.width,
        height: video.height,
        fps: video.fps,
        frameNumbers: video.numbers,
        frameTimes: video.times,
        folder: artifacts,
      },
      phrase,
      mapEvents(phrase.events, video, job.signalOffset),
      {
        saveOverlay: job.saveOverlay,
        includeKeypoints: job.includeKeypoints,
        progress,
        signal,
      },
    );
  signal.throwIfAborted();
  // The analysis may have seen that the signal's clock is another still.
  const offset = analysis.offset ?? job.signalOffset;
  const mapping = mapEvents(phrase.events, video, offset);
  await writeJson(
    join(artifacts, "mapping.json"),
    mappingOf(sessionId, mapping, offset, job.signalOffset),
  );
  const all = { ...files, ...analysis.artifacts };
  const result = buildResult({
    decision: analysis.decision,
    warnings: [
      ...job.warnings,
      ...video.warnings,
      ...phrase.warnings,
      ...analysis.warnings,
    ],
    artifacts: mapValues(all, (file) => join(outputDir, folder.name, file)),
    links: mapValues(all, (file) => `/results/${folder.name}/files/${file}`),
    artifact_dir: join(outputDir, folder.name),
    metadata: metadataOf(job, video, phrase, offset),
    signal_events: mapping,
    stages_run: STAGES.filter((stage) => !(stage in analysis.skipped)),
    stages_skipped: analysis.skipped,
    analysis: analysis.fields,
    wall_time_seconds: Math.round(performance.now() - job.startedAt) / 1000,
    streaming_stats: job.stats,
  });
  await writeJson(join(artifacts, RESULT_FILE), result);
  await catalog.publish(artifacts, folder.name, result);
  await folder.remove();
  return result;
}

function metadataOf(
  { sessionId, signal }: RecordingJob,
  video: PreparedVideo,
  phrase: PhraseSignal,
  offset: number,
): RefereeResult["metadata"] {
  const { times } = video;
  return {
    session_id: sessionId,
    width: video.width,
    height: video.height,
    fps: video.fps,
    frame_count: times.length,
    duration_seconds: times.length === 0
      ? 0
      : rounded(times.at(-1)! - times[0]!),
    clock: video.clock,
    time_origin_seconds: video.originSeconds,
    video_codec: video.codec,
    signal_format: phrase.format,
    signal_filename: signal.filename,
    signal_offset_seconds: rounded(offset),
    created: new Date().toISOString(),
  };
}

/** Which picture shows which event, and how far the two are apart. */
function mappingOf(
  sessionId: string,
  events: readonly MappedEvent[],
  offset: number,
  asked: number,
): Record<string, unknown> {
  return {
    session_id: sessionId,
    // Added to an event's time before the nearest picture is looked for.
    offset_seconds: rounded(offset),
    offset_asked_for_seconds: rounded(asked),
    offset_seen_seconds: rounded(offset - asked),
    largest_difference_seconds: events.reduce(
      (most, { difference }) => Math.max(most, Math.abs(difference)),
      0,
    ),
    events,
  };
}

/** Whole microseconds. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6 + 0;
}

/** What a page needs to show the video picture by picture. */
function framesOf(video: PreparedVideo): Record<string, unknown> {
  return {
    video: video.fileName,
    codec: video.codec,
    numbers: [...video.numbers],
    times: [...video.times],
    ...(video.places === undefined ? {} : {
      offsets: [...video.places.offsets],
      lengths: [...video.places.lengths],
    }),
  };
}

function mapValues(
  object: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value)]),
  );
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value));
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
