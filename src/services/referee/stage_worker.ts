/**
 * The worker's side of an analysis: phrases beside each other, the messages of
 * each phrase one after another.
 *
 * @module
 */

import type {
  BeginPhrase,
  PhrasePlan,
} from "../referee_server/analysis_stage.ts";
import type { FromWorker, ToWorker } from "./stage_messages.ts";
import { runStages } from "./stage_runner.ts";

/** What a worker's global object has, as far as it is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
  addEventListener(
    type: "error" | "unhandledrejection",
    listener: (event: ErrorEvent | PromiseRejectionEvent) => void,
  ): void;
  close(): void;
}

/** Takes the phrases that the server sends; to be called once, by the worker's first module. */
export function servePhrases<Config>(begin: BeginPhrase<Config>): void {
  const scope = globalThis as unknown as WorkerScope;
  const phrases = new Map<number, PhraseRun<Config>>();
  const crash = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault(); // the server's log tells it, without a stack trace
    const error = "reason" in event ? event.reason : event.error;
    const reason = error instanceof Error ? error.message : String(error);
    scope.postMessage({ type: "crashed", reason });
    scope.close();
  };
  scope.addEventListener("error", crash);
  scope.addEventListener("unhandledrejection", crash);
  scope.onmessage = ({ data }) => {
    let run = phrases.get(data.phrase);
    if (run === undefined) {
      run = new PhraseRun(begin, data.phrase, scope);
      phrases.set(data.phrase, run);
    }
    run.take(data);
    if (data.type === "finish" || data.type === "abandon") {
      run.over.then(() => phrases.delete(data.phrase));
    }
  };
}

/** One phrase. */
class PhraseRun<Config> {
  readonly #begin: BeginPhrase<Config>;
  readonly #phrase: number;
  readonly #scope: WorkerScope;
  readonly #abort = new AbortController();
  #plan: PhrasePlan | undefined;
  #failure: string | undefined;
  #ended = false;
  /** Resolves when everything that was said has been done. */
  over: Promise<void> = Promise.resolve();

  constructor(
    begin: BeginPhrase<Config>,
    phrase: number,
    scope: WorkerScope,
  ) {
    this.#begin = begin;
    this.#phrase = phrase;
    this.#scope = scope;
  }

  take(message: ToWorker): void {
    // What waits before it is of no use any more.
    if (message.type === "abandon") this.#abort.abort();
    this.over = this.over.then(() => this.#obey(message)).catch((error) => {
      this.#failure ??= error instanceof Error ? error.message : String(error);
    });
  }

  async #obey(message: ToWorker): Promise<void> {
    const phrase = this.#phrase;
    switch (message.type) {
      case "begin":
        this.#plan = await this.#begin(
          message.session,
          message.config as Config,
        );
        break;
      case "frame":
        try {
          if (this.#failure === undefined && !this.#abort.signal.aborted) {
            await this.#plan?.frame?.(message.frame);
          }
        } finally {
          const bytes = message.frame.bytes.length;
          this.#scope.postMessage({ type: "taken", phrase, bytes });
        }
        break;
      case "finish":
        await this.#finish(message);
        break;
      case "abandon":
        await this.#end();
    }
  }

  async #finish(
    { finished }: Extract<ToWorker, { type: "finish" }>,
  ): Promise<void> {
    const phrase = this.#phrase;
    try {
      if (this.#plan === undefined || this.#failure !== undefined) {
        throw new Error(this.#failure ?? "The phrase was not begun");
      }
      const analysis = await runStages(
        this.#plan.stages,
        finished,
        (...step) =>
          this.#scope.postMessage({ type: "progress", phrase, step }),
        this.#abort.signal,
      );
      this.#scope.postMessage({ type: "done", phrase, analysis });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#scope.postMessage({ type: "failed", phrase, reason });
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#plan?.end?.();
  }
}
