/**
 * Starting a child so that it never outlives us, and waiting until it is ready.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { Child, type ChildEvent } from "./child.ts";

/** How long a child may take to say that it is ready. */
const READY_TIMEOUT_MS = 30_000;

/** Options of {@linkcode startChild}. */
export interface StartChildOptions {
  /** Who it is in our log. */
  readonly name: string;
  /** Its command and flags, as a user would type them. */
  readonly args: readonly string[];
  /** Program and arguments that start another process of this program. */
  readonly self: (
    args: readonly string[],
  ) => { readonly command: string; readonly args: readonly string[] };
  /** Where its log lines go on, as its child. */
  readonly log: Logger;
  /** Told of each event. */
  onEvent(event: ChildEvent): void;
}

/** Starts another process of this program. */
export function startChild(options: StartChildOptions): Child {
  const { name, args, self, log, onEvent } = options;
  return new Child({
    name,
    ...self([...args, "--json", "--log-format", "json", "--exit-with-stdin"]),
    log: log.child(name),
    onEvent,
  });
}

/**
 * Waits for a child's event, for the signal, or for patience to end.
 *
 * @throws {Error} when the child ends or is not ready in 30 s; what the signal
 * says when it aborts.
 */
export async function whenReady(
  child: Child,
  stopping: AbortSignal,
  wanted: (event: ChildEvent) => boolean,
): Promise<ChildEvent> {
  const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
  const signal = AbortSignal.any([stopping, timeout]);
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(
        stopping.aborted ? stopping.reason : new Error(
          `Cannot start ${child.name}: it was not ready in ${
            READY_TIMEOUT_MS / 1000
          } s`,
        ),
      );
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
  });
  return await Promise.race([child.event(wanted), aborted]);
}
