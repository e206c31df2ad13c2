/**
 * What every service is handed by whoever starts it: `cli`, a test, a program
 * that uses the library.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";

/** Something that happened, as a line of `--json` shows it. */
export interface ServiceEvent {
  /** What happened: `listening`, `registered`, `stream-end` … */
  readonly event: string;
  /** The event's own figures. */
  readonly [field: string]: unknown;
}

/** The outside world of a service. */
export interface ServiceContext {
  /** Aborts when the service shall stop. */
  readonly signal: AbortSignal;
  /** Where the service tells people what it does. */
  readonly log: Logger;
  /** Where the service tells programs what happened. */
  emit(event: ServiceEvent): void;
}
