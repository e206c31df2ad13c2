/**
 * Commands of the user's that run when somebody begins or stops to watch.
 *
 * What a viewer sent reaches them in the environment only, never in the command.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";

/** Commands running at once. */
const MAX_RUNNING = 4;
/** Commands waiting; more are left out. */
const MAX_WAITING = 100;
/** A command that takes longer is ended. */
const TIMEOUT_MS = 30_000;

/** What a command learns, as `STREAMTOOL_…` variables. */
export interface HookFacts {
  readonly event: "play" | "stop";
  readonly path: string;
  readonly session: string;
  readonly address: string;
  readonly transport: string;
  readonly user: string;
}

/** Runs commands, a few at once. */
export class Hooks {
  readonly #commands: { readonly play?: string; readonly stop?: string };
  readonly #log: Logger;
  readonly #waiting: HookFacts[] = [];
  readonly #running = new Set<{ kill: () => void; done: Promise<void> }>();
  #closed = false;

  /** `undefined` runs nothing. */
  constructor(
    commands: { play: string | undefined; stop: string | undefined },
    log: Logger,
  ) {
    this.#commands = {
      ...(commands.play === undefined ? {} : { play: commands.play }),
      ...(commands.stop === undefined ? {} : { stop: commands.stop }),
    };
    this.#log = log;
  }

  /** Runs the command of an event, soon. */
  run(facts: HookFacts): void {
    if (this.#commands[facts.event] === undefined || this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#log.warn(
        `Cannot run --on-${facts.event}: ${MAX_WAITING} commands are waiting`,
      );
      return;
    }
    this.#waiting.push(facts);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < MAX_RUNNING && this.#waiting.length > 0) {
      const facts = this.#waiting.shift()!;
      const running = this.#start(facts, this.#commands[facts.event]!);
      if (running === undefined) continue;
      this.#running.add(running);
      running.done = running.done.then(() => {
        this.#running.delete(running);
        this.#next();
      });
    }
  }

  #start(
    facts: HookFacts,
    command: string,
  ): { kill: () => void; done: Promise<void> } | undefined {
    const [shell, ...before] = Deno.build.os === "windows"
      ? ["cmd", "/d", "/s", "/c"]
      : ["sh", "-c"];
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(shell!, {
        args: [...before, command],
        env: Object.fromEntries(
          Object.entries(facts).map(([name, value]) => [
            `STREAMTOOL_${name.toUpperCase()}`,
            value,
          ]),
        ),
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    } catch (error) {
      this.#log.error(`Cannot run --on-${facts.event}: ${error}`);
      return undefined;
    }
    const kill = (): void => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(kill, TIMEOUT_MS);
    const done = child.status.then(({ code }) => {
      clearTimeout(timer);
      if (code !== 0 && !this.#closed) {
        this.#log.warn(`--on-${facts.event} ended with ${code}: ${command}`);
      }
    });
    return { kill, done };
  }

  /** Waits for the commands that run and wait, at most `drainMs`. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    const timer = setTimeout(() => {
      this.#waiting.length = 0;
      for (const { kill } of this.#running) kill();
    }, drainMs);
    while (this.#running.size > 0) {
      await Promise.all([...this.#running].map(({ done }) => done));
    }
    clearTimeout(timer);
  }
}
