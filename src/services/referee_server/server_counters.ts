/**
 * What a server counts from its start, for `/metrics`.
 *
 * @module
 */

import type { Metric } from "../../net/mod.ts";
import { FrameRate, type RefereeProtocolError } from "../../referee/mod.ts";

/** Counts; they only grow. */
export class ServerCounters {
  /** Frames that were kept. */
  frames = 0;
  /** How fast they come now. */
  readonly frameRate = new FrameRate();
  /** Sessions that began. */
  sessionsStarted = 0;
  /** Sessions that went on after a break. */
  sessionsResumed = 0;
  /** Recordings with a result. */
  completed = 0;
  /** Recordings without. */
  failed = 0;
  /** Uploads that arrived whole. */
  uploads = 0;
  readonly #errors = new Map<string, number>();

  /** An error was told to a client. */
  count({ code }: RefereeProtocolError): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** As Prometheus wants them. */
  metrics(): Metric[] {
    const counter = (name: string, help: string, value: number): Metric => ({
      name: `referee_${name}_total`,
      help,
      type: "counter",
      value,
    });
    return [
      counter("frames", "Frames kept", this.frames),
      counter("sessions_started", "Sessions begun", this.sessionsStarted),
      counter("sessions_resumed", "Sessions resumed", this.sessionsResumed),
      counter("results", "Recordings with a result", this.completed),
      counter("failures", "Recordings without a result", this.failed),
      counter("uploads", "Uploads received", this.uploads),
      {
        name: "referee_errors_total",
        help: "Errors told to clients",
        type: "counter",
        value: [...this.#errors].map(([code, count]) =>
          [{ code }, count] as const
        ),
      },
    ];
  }
}
