/**
 * How a command is made to stop: one signal asks, the second does not.
 *
 * @module
 */

import type { Lifetime } from "./command.ts";
import { EXIT } from "./errors.ts";
import type { Host, StopSignal } from "./host.ts";

/** Milliseconds a command has to stop after it was asked: what people wait before they kill. */
export const DRAIN_LIMIT = 5000;

/** Exit codes of what is cut off: 128 and the signal's number. */
const CUT_OFF: Readonly<Record<StopSignal, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
};

/** Why the process leaves without waiting for the command. */
export interface Cut {
  readonly reason: "second signal" | "drain limit" | "uncaught error";
  readonly error?: unknown;
}

/** Watches signals and uncaught errors from construction to `close`. */
export class Shutdown {
  readonly #controller = new AbortController();
  readonly #cut = Promise.withResolvers<Cut>();
  readonly #stops: (() => void)[];
  readonly #onAsked: (signal: StopSignal) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #received: StopSignal | undefined;
  #outputClosed = false;

  /** What a signal means to the command. */
  lifetime: Lifetime;

  /** `onAsked` is called at the first signal, before anything stops. */
  constructor(
    host: Pick<Host, "onSignal" | "onUncaught">,
    lifetime: Lifetime,
    onAsked: (signal: StopSignal) => void,
  ) {
    this.lifetime = lifetime;
    this.#onAsked = onAsked;
    this.#stops = [
      host.onSignal((signal) => this.#onSignal(signal)),
      host.onUncaught((error) =>
        this.#cut.resolve({ reason: "uncaught error", error })
      ),
    ];
  }

  /** Aborts when the command is to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when the process must leave, whatever the command does. */
  get cut(): Promise<Cut> {
    return this.#cut.promise;
  }

  /** Whether nobody reads our output any more. */
  get outputClosed(): boolean {
    return this.#outputClosed;
  }

  /** Asks the command to stop because nobody reads its output. */
  closeOutput(): void {
    this.#outputClosed = true;
    this.#ask("Standard output was closed");
  }

  /** The exit code for a command that returned `code`, given what stopped it. */
  codeFor(code: number): number {
    if (this.#received !== undefined && this.lifetime === "job") {
      return CUT_OFF[this.#received];
    }
    if (this.#outputClosed && this.#received === undefined) return EXIT.ok;
    return code;
  }

  /** The exit code of a forced end. */
  codeForCut({ reason }: Cut): number {
    if (reason === "uncaught error") return EXIT.failed;
    if (reason === "second signal") return CUT_OFF[this.#received ?? "SIGINT"];
    return this.codeFor(EXIT.ok);
  }

  /** Stops watching. */
  close(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  #onSignal(signal: StopSignal): void {
    if (this.#received !== undefined) {
      this.#received = signal;
      this.#cut.resolve({ reason: "second signal" });
      return;
    }
    this.#received = signal;
    this.#onAsked(signal);
    this.#ask(`Stopped by ${signal}`);
  }

  #ask(why: string): void {
    if (this.signal.aborted) return;
    this.#timer = setTimeout(
      () => this.#cut.resolve({ reason: "drain limit" }),
      DRAIN_LIMIT,
    );
    this.#controller.abort(new DOMException(why, "AbortError"));
  }
}
