/**
 * Where an analysis of pictures plugs into the server: stages that run in a
 * worker, one after another, when the video of a phrase is ready.
 *
 * ```text
 *   server                               worker (services/referee_analysis/)
 *   begin(session)          ── begin ──▶ BeginPhrase → PhrasePlan
 *   each frame, while it may ── frame ─▶ plan.frame(frame)
 *   video is ready          ── finish ─▶ runStages(plan.stages): fisheye yolo decision overlay
 *                           ◀─ progress, from 0 to 1, of each stage
 *   result                  ◀─ done ──── decision, artifacts, warnings, fields, skipped
 * ```
 *
 * To plug in, a folder `src/services/referee_analysis/` brings
 *
 * ```ts ignore
 * // worker.ts: the worker's first module
 * import { servePhrases } from "../referee/stage_worker.ts";
 * servePhrases<Config>((session, config) => new FencingPlan(session, config));
 *
 * // mod.ts: what the command line hands to the server as its `analyzer`
 * import { WorkerAnalyzer } from "../referee/worker_analyzer.ts";
 * export function createAnalyzer(config: Config, log: Logger): Analyzer & AsyncDisposable {
 *   return new WorkerAnalyzer({
 *     url: new URL("./worker.ts", import.meta.url), config, log, takesFrames: true, modelPath: undefined,
 *   });
 * }
 * ```
 *
 * A stage that a plan does not have is reported as skipped, and so is one that throws,
 * with its reason and a warning; without a decision of its own the scoring box alone decides. So a
 * result always comes, whatever an analysis does.
 *
 * @module
 */

import type {
  ArrivingFrame,
  Decision,
  MappedEvent,
  PhraseSignal,
  Recording,
  Stage,
} from "../../referee/mod.ts";

/** The stages of an analysis, in the order in which they run. */
export type AnalysisStageName = Exclude<Stage, "video_reconstruction">;

/** What is known of a phrase before its first frame; all 0 for an upload. */
export interface PhraseSession {
  readonly width: number;
  readonly height: number;
  /** Nominal frames a second. */
  readonly fps: number;
}

/** A phrase whose video is ready. */
export interface FinishedPhrase {
  readonly recording: Recording;
  readonly signal: PhraseSignal;
  readonly mapping: readonly MappedEvent[];
  readonly saveOverlay: boolean;
  readonly includeKeypoints: boolean;
  /**
   * Frames that `frame` was given, all from the first one on, in the order of
   * their arrival; fewer than there are when the worker was too slow or the server was
   * restarted. The rest is in the video.
   */
  readonly framesSeen: number;
}

/** What a stage has while it runs. */
export interface StageTools {
  /** From 0 to 1, of this stage; the message is for people: "Correcting fisheye distortion...". */
  progress(share: number, message: string): void;
  /** Aborts when the phrase is given up. */
  readonly signal: AbortSignal;
}

/** What a stage adds to the result. */
export interface StageOutcome {
  /** Why it did nothing; it is reported as skipped then. */
  readonly skipped?: string;
  /** Who won; the last one that is given counts. */
  readonly decision?: Decision;
  /** Files that it wrote into `recording.folder`, by what they are: `tracks`, `overlay`, `keypoints_csv` … */
  readonly artifacts?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
  /** Seconds that it added to the signal's times to get the video's. */
  readonly offset?: number;
  /** What the result's `analysis` object holds besides: a timeline, speeds … Keep it below 512 KiB. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One stage of one phrase. */
export interface AnalysisStage {
  readonly name: AnalysisStageName;
  /** Does its work; what it throws is told as a warning and ends this stage only. */
  run(phrase: FinishedPhrase, tools: StageTools): Promise<StageOutcome>;
}

/** The analysis of one phrase, in the worker; what stages tell each other lives in it. */
export interface PhrasePlan {
  /** In the order of {@linkcode AnalysisStageName}; those that are absent are skipped. */
  readonly stages: readonly AnalysisStage[];
  /** A frame arrived; the bytes are the plan's. Awaited before the next one comes. */
  frame?(frame: ArrivingFrame): void | Promise<void>;
  /** The phrase is over, or given up; called once, last. */
  end?(): void | Promise<void>;
}

/** Begins the analysis of a phrase, in the worker. */
export type BeginPhrase<Config> = (
  session: PhraseSession,
  config: Config,
) => PhrasePlan | Promise<PhrasePlan>;
