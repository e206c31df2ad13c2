/**
 * The outside world of a service under test: its events can be waited for, its
 * log is kept.
 *
 * @module
 */

import { createLogger } from "../../src/log/mod.ts";
import type {
  ServiceContext,
  ServiceEvent,
} from "../../src/services/context.ts";
import { type WaitOptions, waitUntil } from "./wait.ts";

/** A context that remembers. */
export interface TestContext extends ServiceContext {
  /** Everything that was emitted. */
  readonly events: ServiceEvent[];
  /** Every line that was logged. */
  readonly lines: string[];
  /** Stops the service. */
  abort(): void;
  /** The first event with this name, past or future. */
  event(name: string, options?: WaitOptions): Promise<ServiceEvent>;
}

/** A context for one service. */
export function testContext(): TestContext {
  const controller = new AbortController();
  const events: ServiceEvent[] = [];
  const lines: string[] = [];
  return {
    signal: controller.signal,
    log: createLogger({
      level: "debug",
      format: "text",
      color: false,
      now: () => new Date(),
      write: (line) => lines.push(line),
    }),
    emit: (event) => events.push(event),
    events,
    lines,
    abort: () => controller.abort(),
    event: (name, options) =>
      waitUntil(() => events.find(({ event }) => event === name), {
        what: `the event "${name}"`,
        ...options,
      }),
  };
}
