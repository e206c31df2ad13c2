/**
 * `streamtool referee-worker`
 *
 * @module
 */

import { resolve } from "node:path";
import { redact } from "../../log/mod.ts";
import { whenAborted } from "../../net/mod.ts";
import {
  createAnalyzer,
  ModelError,
} from "../../services/referee_analysis/mod.ts";
import {
  QueueError,
  startRefereeWorker,
} from "../../services/referee_queue/mod.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { readAnalysis } from "../referee_analysis_flags.ts";
import { obeyWords } from "../words.ts";
import type { RefereeWorkerCliOptions } from "./referee_worker.ts";

/** What a recording that is under way at the end gets to be finished: programs are cut off after 5 s. */
const DRAIN_MS = 4000;
const DEFAULT_QUEUE = "redis://127.0.0.1:6379";

/** Works until the signal or `quit`; what is under way then is left to others after 4 s. */
export async function run(
  options: RefereeWorkerCliOptions,
  context: CommandContext,
): Promise<number> {
  const { queue: url = DEFAULT_QUEUE, jobs, stalledAfter } = options;
  const config = readAnalysis(options, context.ffmpegFlag);
  if (config === undefined) {
    throw new UsageError(
      `Cannot add "${options.signalOffset}" to times: --signal-offset is a number of seconds, such as -0.5`,
    );
  }
  const quit = new AbortController();
  using analyzer = await createAnalyzer(config, context.log).catch((error) => {
    if (error instanceof ModelError) throw new UsageError(error.message);
    throw error;
  });
  const drained = new AbortController();
  const worker = await startRefereeWorker({
    url,
    outputDir: resolve(options.outputDir),
    analyzer,
    jobs,
    stalledAfterMs: stalledAfter,
  }, {
    signal: drained.signal,
    log: context.log,
    emit: (event) => context.emit(event),
  }).catch((error) => {
    if (error instanceof QueueError && /it is written/.test(error.message)) {
      throw new UsageError(error.message);
    }
    throw error;
  });
  context.banner({ lines: [{ label: "Queue", url: redact(url) }] });
  const words = obeyWords(context, {
    status: {
      help: "recordings so far",
      run: () => {
        const { done, failed } = worker.totals();
        return `${done} recordings analysed, ${failed} attempts failed`;
      },
    },
    quit: { help: "finish what is under way and end", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  await whenAborted(AbortSignal.any([context.signal, quit.signal]));
  const late = setTimeout(
    () =>
      drained.abort(new DOMException("The worker is closing", "AbortError")),
    DRAIN_MS,
  );
  const totals = await worker.close();
  clearTimeout(late);
  context.emit({ event: "end", ...totals });
  if (!quit.signal.aborted) await words;
  return EXIT.ok;
}
