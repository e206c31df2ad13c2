/**
 * Both outputs of a run.
 *
 * @module
 */

import type { Host } from "./host.ts";
import { OutputWriter } from "./output.ts";
import { Screen } from "./screen.ts";

/** Standard output, standard error, and the screen on the latter. */
export class Outputs {
  readonly stdout: OutputWriter;
  readonly screen: Screen;
  readonly #stderr: OutputWriter;

  constructor(host: Pick<Host, "stdout" | "stderr">) {
    this.stdout = new OutputWriter(host.stdout);
    this.#stderr = new OutputWriter(host.stderr);
    this.screen = new Screen(this.#stderr);
  }

  /** Resolves when all is written, or after `limit` milliseconds. */
  async flush(limit = Infinity): Promise<void> {
    const flushed = Promise.all([this.stdout.flush(), this.#stderr.flush()]);
    if (limit === Infinity) {
      await flushed;
      return;
    }
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, limit);
    await Promise.race([flushed, late.promise]);
    clearTimeout(timer);
  }
}
