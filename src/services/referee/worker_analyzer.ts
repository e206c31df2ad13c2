/**
 * The server's side of an analysis: one worker for all phrases, so that no
 * analysis ever stands between a frame and its ack.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type {
  Analysis,
  Analyzer,
  ArrivingFrame,
  PhraseAnalysis,
  StageProgress,
} from "../../referee/mod.ts";
import type { PhraseSession } from "../referee_server/analysis_stage.ts";
import type { FromWorker, ToWorker } from "./stage_messages.ts";
import { withoutStages } from "./stage_runner.ts";

/** Bytes of frames that may wait for the worker, of all phrases: beyond it they are read from the video later. */
export const MAX_BACKLOG_BYTES = 32 * 1024 * 1024;

/** How long a worker may say nothing about a phrase it is to finish, in milliseconds. */
export const SILENCE_MS = 120_000;

/** How to analyse in a worker. */
export interface WorkerAnalyzerOptions {
  /** The worker's first module; it calls `servePhrases`. */
  readonly url: URL;
  /** What each phrase is begun with: plain data. */
  readonly config: unknown;
  /** Whether plans look at frames while they arrive. */
  readonly takesFrames: boolean;
  /** The model's file, for `/health`. */
  readonly modelPath: string | undefined;
  readonly log: Logger;
  /** {@linkcode SILENCE_MS}, in tests less. */
  readonly silenceMs?: number;
}

/** Analyses phrases in a worker, which begins with the first phrase and again after a crash. */
export class WorkerAnalyzer implements Analyzer, Disposable {
  readonly modelPath: string | undefined;
  /** A model that cannot be used is refused before there is an analyzer. */
  readonly modelLoaded = true;
  readonly #options: WorkerAnalyzerOptions;
  readonly #phrases = new Map<number, WorkerPhrase>();
  #worker: Worker | undefined;
  #last = 0;
  #backlog = 0;

  /** Does nothing before the first phrase. */
  constructor(options: WorkerAnalyzerOptions) {
    this.#options = options;
    this.modelPath = options.modelPath;
  }

  /** Begins a phrase. */
  begin({ width, height, fps }: PhraseSession): PhraseAnalysis {
    const phrase = ++this.#last;
    const { config, takesFrames, silenceMs = SILENCE_MS } = this.#options;
    const analysis = new WorkerPhrase({
      takesFrames,
      silenceMs,
      finish: (finished) => this.#say({ type: "finish", phrase, finished }),
      abandon: () => {
        this.#phrases.delete(phrase);
        if (this.#worker !== undefined) {
          this.#say({ type: "abandon", phrase });
        }
      },
      frame: (frame) => this.#sendFrame(phrase, frame),
      over: () => this.#phrases.delete(phrase),
      silent: () => this.#lose("the analysis does not answer"),
    });
    this.#phrases.set(phrase, analysis);
    this.#say({
      type: "begin",
      phrase,
      session: { width, height, fps },
      config,
    });
    return analysis;
  }

  /** Ends the worker; phrases that are under way are decided by the scoring box. */
  [Symbol.dispose](): void {
    this.#lose("the server stops");
  }

  /** Copies the frame to the worker; `false` when it has too much to do. */
  #sendFrame(phrase: number, frame: ArrivingFrame): boolean {
    if (this.#backlog + frame.bytes.length > MAX_BACKLOG_BYTES) return false;
    this.#backlog += frame.bytes.length;
    // A Buffer's own `slice` would not copy.
    const bytes = new Uint8Array(frame.bytes);
    const { kind, number, timestamp } = frame;
    this.#say(
      { type: "frame", phrase, frame: { kind, number, timestamp, bytes } },
      [bytes.buffer],
    );
    return true;
  }

  #say(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
  }

  #start(): Worker {
    const worker = new Worker(this.#options.url, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker === this.#worker) this.#take(data);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // else the whole program ends
      if (worker === this.#worker) this.#lose(event.message);
    };
    return worker;
  }

  #take(message: FromWorker): void {
    if (message.type === "taken") this.#backlog -= message.bytes;
    else if (message.type === "crashed") this.#lose(message.reason);
    else this.#phrases.get(message.phrase)?.take(message);
  }

  /** The worker is gone; the next phrase gets a new one. */
  #lose(reason: string): void {
    if (this.#worker === undefined) return;
    this.#options.log.debug(`the worker of the analysis ends: ${reason}`);
    this.#worker.terminate();
    this.#worker = undefined;
    this.#backlog = 0;
    for (const phrase of [...this.#phrases.values()]) phrase.lose(reason);
    this.#phrases.clear();
  }
}

/** What the worker says of a phrase that is to be finished. */
type PhraseNews = Exclude<FromWorker, { type: "taken" | "crashed" }>;

/** What a phrase has of the worker. */
interface PhraseLink {
  readonly takesFrames: boolean;
  readonly silenceMs: number;
  readonly frame: (frame: ArrivingFrame) => boolean;
  readonly finish: (
    finished: Extract<ToWorker, { type: "finish" }>["finished"],
  ) => void;
  readonly abandon: () => void;
  readonly over: () => void;
  readonly silent: () => void;
}

class WorkerPhrase implements PhraseAnalysis {
  readonly #link: PhraseLink;
  readonly #outcome = Promise.withResolvers<Analysis>();
  #tell: StageProgress = () => {};
  #framesSeen = 0;
  #takesFrames: boolean;
  #lost: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(link: PhraseLink) {
    this.#link = link;
    this.#takesFrames = link.takesFrames;
    this.#outcome.promise.catch(() => {}); // it is awaited in `finish`, if ever
  }

  /** After one frame that is not taken the worker gets no more: what it has is a beginning. */
  frame(frame: ArrivingFrame): void {
    if (!this.#takesFrames || this.#lost !== undefined) return;
    this.#takesFrames = this.#link.frame(frame);
    if (this.#takesFrames) this.#framesSeen++;
  }

  async finish(
    ...[recording, signal, mapping, options]: Parameters<
      PhraseAnalysis["finish"]
    >
  ): Promise<Analysis> {
    const { progress, saveOverlay, includeKeypoints } = options;
    const abort = (): void => {
      this.#outcome.reject(options.signal.reason);
      this.abandon();
    };
    options.signal.throwIfAborted();
    options.signal.addEventListener("abort", abort, { once: true });
    this.#tell = progress;
    try {
      if (this.#lost !== undefined) throw new Error(this.#lost);
      this.#link.finish({
        recording,
        signal,
        mapping,
        saveOverlay,
        includeKeypoints,
        framesSeen: this.#framesSeen,
      });
      this.#watch();
      return await this.#outcome.promise;
    } catch (error) {
      options.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      const analysis = withoutStages(
        { signal },
        `it failed: ${reason}`,
        progress,
      );
      return {
        ...analysis,
        warnings: [`The analysis failed: ${reason}`],
      };
    } finally {
      clearTimeout(this.#timer);
      options.signal.removeEventListener("abort", abort);
      this.#link.over();
    }
  }

  abandon(): void {
    this.#link.abandon();
  }

  take(message: PhraseNews): void {
    this.#watch();
    if (message.type === "progress") this.#tell(...message.step);
    else if (message.type === "done") this.#outcome.resolve(message.analysis);
    else this.lose(message.reason);
  }

  lose(reason: string): void {
    this.#lost = reason;
    clearTimeout(this.#timer);
    this.#outcome.reject(new Error(reason));
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#link.silent, this.#link.silenceMs);
  }
}
