/**
 * The stages of a fencing phrase, from frames to artifacts.
 *
 * @module
 */

import { createLogger } from "../../log/mod.ts";
import { ensureFfmpeg } from "../../media/mod.ts";
import {
  type ArrivingFrame,
  decidePhrase,
  type ReasonedDecision,
} from "../../referee/mod.ts";
import {
  correctTracks,
  followFencers,
  Lens,
  type PhraseTracks,
  resampleTracks,
  type SceneObservations,
  SceneObserver,
} from "../../vision/mod.ts";
import type {
  AnalysisStage,
  FinishedPhrase,
  PhrasePlan,
  PhraseSession,
  StageOutcome,
  StageTools,
} from "../referee_server/analysis_stage.ts";
import type { AnalysisConfig } from "./config.ts";
import { LiveTracker } from "./live_tracker.ts";
import { observeWithModel } from "./model_observer.ts";
import { readGrayVideo } from "./picture_reader.ts";
import { frameStride, pictureSize } from "./picture_size.ts";
import { writeOverlay, writeTables } from "./write_artifacts.ts";

/** Share of the frames between two words of progress. */
const PROGRESS_STEP = 0.02;

/** Nobody reads what the worker would log. */
const QUIET = createLogger({
  level: "error",
  format: "text",
  color: false,
  now: () => new Date(0),
  write: () => {},
});

/** One phrase. */
export class FencingPlan implements PhrasePlan {
  /** Lens, tracks, decision, overlay. */
  readonly stages: readonly AnalysisStage[];
  readonly #config: AnalysisConfig;
  readonly #session: PhraseSession;
  #live: LiveTracker | undefined;
  #mayBeLive: boolean;
  #wasLive = false;
  #lens: Lens | undefined;
  #tracks: PhraseTracks | undefined;
  #source: "tracker" | "model" = "tracker";
  #reasoned: ReasonedDecision | undefined;

  /** Does nothing before the first frame. */
  constructor(session: PhraseSession, config: AnalysisConfig) {
    this.#session = session;
    this.#config = config;
    this.#mayBeLive = config.model === undefined && session.width > 0 &&
      session.height > 0;
    this.stages = [
      { name: "fisheye", run: (phrase) => this.#correct(phrase) },
      { name: "yolo", run: (phrase, tools) => this.#track(phrase, tools) },
      { name: "decision", run: (phrase) => this.#decide(phrase) },
      { name: "overlay", run: (phrase, tools) => this.#draw(phrase, tools) },
    ];
  }

  /** Looks at a frame while the session goes on. */
  async frame(frame: ArrivingFrame): Promise<void> {
    if (!this.#mayBeLive) return;
    const { width, height, fps } = this.#session;
    this.#live ??= LiveTracker.start(
      await this.#ffmpeg(),
      pictureSize(width, height),
      frameStride(fps),
    );
    if (await this.#live?.frame(frame)) return;
    this.#mayBeLive = false;
    await this.#live?.close();
  }

  /** The phrase is over. */
  async end(): Promise<void> {
    await this.#live?.close();
  }

  async #ffmpeg(): Promise<string> {
    const { path } = await ensureFfmpeg({
      flag: this.#config.ffmpeg,
      log: QUIET,
    });
    return path;
  }

  #correct({ recording }: FinishedPhrase): Promise<StageOutcome> {
    const { fisheye } = this.#config;
    if (fisheye === undefined) {
      return Promise.resolve({ skipped: "lens correction is off" });
    }
    const { width, height } = pictureSize(recording.width, recording.height);
    this.#lens = new Lens(width, height, fisheye);
    return Promise.resolve({ fields: { fisheye } });
  }

  async #track(
    phrase: FinishedPhrase,
    tools: StageTools,
  ): Promise<StageOutcome> {
    const { model } = this.#config;
    const warnings: string[] = [];
    let observed: SceneObservations | undefined;
    if (model !== undefined) {
      try {
        observed = await observeWithModel(
          { ffmpeg: await this.#ffmpeg(), model, phrase },
          tools,
        );
        this.#source = "model";
      } catch (error) {
        tools.signal.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        warnings.push(
          `The model failed and the tracker went on: ${reason}`,
        );
      }
    }
    observed ??= await this.#observe(phrase, tools, warnings);
    const tracks = resampleTracks(
      followFencers(observed),
      Float64Array.from(phrase.recording.frameTimes),
    );
    this.#tracks = this.#lens === undefined
      ? tracks
      : correctTracks(tracks, this.#lens);
    return {
      warnings,
      fields: {
        tracks_from: this.#source,
        analysed_while_arriving: this.#wasLive,
      },
    };
  }

  async #observe(
    { recording }: FinishedPhrase,
    { progress, signal }: StageTools,
    warnings: string[],
  ): Promise<SceneObservations> {
    const { frameNumbers, frameTimes, fps, width, height, videoPath } =
      recording;
    const total = frameTimes.length;
    let stride = frameStride(this.#session.fps);
    let observer = await this.#live?.finish(frameNumbers);
    this.#wasLive = observer !== undefined;
    if (observer === undefined) {
      stride = frameStride(this.#session.fps || fps);
      const size = pictureSize(width, height);
      const fresh = new SceneObserver(size.width, size.height);
      let decoded = 0;
      let told = 0;
      await readGrayVideo(
        await this.#ffmpeg(),
        videoPath,
        size,
        (pixels) => {
          // A file may hold more pictures than were timed.
          if (decoded >= total) return;
          if (decoded++ % stride === 0) fresh.push({ ...size, pixels });
          const share = decoded / Math.max(1, total);
          if (share - told < PROGRESS_STEP) return;
          told = share;
          progress(share, "Tracking fencers...");
        },
        signal,
      );
      if (decoded < total) {
        warnings.push(`Only ${decoded} of ${total} pictures can be decoded`);
      }
      observer = fresh;
    }
    return observer.finish(
      Array.from(frameTimes).filter((_, i) => i % stride === 0),
    );
  }

  #decide(
    { signal, recording: { frameNumbers } }: FinishedPhrase,
  ): Promise<StageOutcome> {
    const { weapon, signalOffset } = this.#config;
    const reasoned = decidePhrase({
      signal,
      tracks: this.#tracks,
      weapon,
      offset: signalOffset,
      frameNumbers,
    });
    this.#reasoned = reasoned;
    const { decision, problem, offset, decisive, timeline, warnings } =
      reasoned;
    return Promise.resolve({
      decision,
      warnings,
      offset,
      fields: {
        weapon,
        offset_seconds: offset,
        tracks_reliable: this.#tracks !== undefined && problem === undefined,
        tracks_problem: problem ?? null,
        hit_time: timeline?.hit ?? null,
        action_start_time: timeline?.start ?? null,
        decisive: decisive ?? null,
      },
    });
  }

  async #draw(
    phrase: FinishedPhrase,
    tools: StageTools,
  ): Promise<StageOutcome> {
    const tracks = this.#tracks;
    const reasoned = this.#reasoned;
    if (tracks === undefined || reasoned === undefined) {
      return { skipped: "there are no tracks" };
    }
    const tables = phrase.includeKeypoints
      ? await writeTables(tracks, phrase)
      : {};
    if (!phrase.saveOverlay) {
      return {
        skipped: "the client did not ask for it",
        artifacts: tables,
      };
    }
    const overlay = await writeOverlay(
      {
        tracks,
        reasoned,
        phrase,
        source: this.#source,
        burnt: this.#config.overlay === "burnt"
          ? { ffmpeg: await this.#ffmpeg(), lens: this.#lens }
          : undefined,
      },
      tools,
    );
    return { artifacts: { ...tables, ...overlay } };
  }
}
