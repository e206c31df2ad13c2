/**
 * Runs the body of a command: its context, its end, and what is said about it.
 *
 * @module
 */

import { createLogger } from "../log/mod.ts";
import type { Logger } from "../log/mod.ts";
import type { Command } from "./command.ts";
import { useColor } from "./color.ts";
import { commonOptions, createContext } from "./context.ts";
import { EXIT } from "./errors.ts";
import { EventWriter } from "./events.ts";
import { describeFailure, logFailure, showFailure } from "./failure.ts";
import type { Failure } from "./failure.ts";
import type { Host } from "./host.ts";
import type { Outputs } from "./outputs.ts";
import { logThreshold } from "./resolve.ts";
import type { ResolvedOptions } from "./resolve.ts";
import { Shutdown } from "./shutdown.ts";

/** Milliseconds the output may take to be written after a signal. */
const STOPPED_FLUSH_LIMIT = 1000;

/** Milliseconds it may take when the process is forced to leave. */
const FORCED_FLUSH_LIMIT = 100;

/** What a command came to. */
interface Outcome {
  readonly code: number;
  readonly failure?: Failure;
  /** Milliseconds the output may take; no limit while nobody has asked us to stop. */
  readonly flushLimit: number;
}

/** Everything a run consists of. */
interface Run {
  readonly command: Command;
  readonly resolved: ResolvedOptions;
  readonly host: Host;
  readonly outputs: Outputs;
  readonly log: Logger;
  readonly events: EventWriter;
  readonly shutdown: Shutdown;
}

async function runBody(run: Run): Promise<Outcome> {
  const { command, shutdown, resolved } = run;
  const context = createContext({
    name: command.spec.name,
    resolved,
    host: run.host,
    log: run.log,
    events: run.events,
    stdout: run.outputs.stdout,
    screen: run.outputs.screen,
    signal: shutdown.signal,
    setLifetime: (lifetime) => shutdown.lifetime = lifetime,
  });
  const limit = (): number =>
    shutdown.signal.aborted ? STOPPED_FLUSH_LIMIT : Infinity;
  try {
    const body = await command.load();
    return {
      code: shutdown.codeFor(await body(resolved.options, context)),
      flushLimit: limit(),
    };
  } catch (error) {
    const isAbort = error instanceof Error && error.name === "AbortError";
    if (shutdown.outputClosed || (shutdown.signal.aborted && isAbort)) {
      return { code: shutdown.codeFor(EXIT.ok), flushLimit: limit() };
    }
    const failure = describeFailure(error, command.spec.name);
    return { code: failure.code, failure, flushLimit: limit() };
  }
}

async function cutShort({ shutdown, log }: Run): Promise<Outcome> {
  const cut = await shutdown.cut;
  const code = shutdown.codeForCut(cut);
  if (cut.reason === "uncaught error") {
    return {
      code,
      failure: describeFailure(cut.error, undefined),
      flushLimit: STOPPED_FLUSH_LIMIT,
    };
  }
  if (cut.reason === "drain limit") {
    log.warn("Cannot stop within 5 s: leaving now");
  }
  return { code, flushLimit: FORCED_FLUSH_LIMIT };
}

/** Runs a command whose options are known and resolves to the exit code. */
export async function runCommand(
  command: Command,
  resolved: ResolvedOptions,
  host: Host,
  outputs: Outputs,
): Promise<number> {
  const common = commonOptions(resolved);
  const { screen, stdout } = outputs;
  const env = host.env.bind(host);
  const color = useColor({
    choice: common.color,
    env,
    isTerminal: host.stderr.isTerminal,
  });
  const log = createLogger({
    level: logThreshold(resolved.options),
    format: common.logFormat,
    write: (line) => screen.line(line),
    now: () => host.now(),
    color,
  });
  const shutdown = new Shutdown(host, command.spec.lifetime, (signal) => {
    const text = `Stopping after ${signal}; a second one leaves at once`;
    if (common.logFormat === "json") log.info(text, { signal });
    else if (!common.quiet) screen.line(text);
  });
  stdout.closed.addEventListener("abort", () => shutdown.closeOutput());
  const events = new EventWriter(
    common.json ? (line) => stdout.write(`${line}\n`) : undefined,
  );
  const run = { command, resolved, host, outputs, log, events, shutdown };
  const outcome = await Promise.race([runBody(run), cutShort(run)]);
  screen.status("");
  if (outcome.failure !== undefined) {
    if (common.logFormat === "json") logFailure(outcome.failure, log);
    else showFailure(outcome.failure, screen, color);
    for (const line of outcome.failure.stack) log.debug(line);
  }
  if (stdout.dropped > 0) {
    log.warn("Standard output was not read in time: lines were dropped", {
      lines: stdout.dropped,
    });
  }
  events.finish(outcome.code, outcome.failure?.error);
  const flushed = outputs.flush(outcome.flushLimit);
  // A reader may take its time, but the user may not want to wait for it.
  const cut = outcome.flushLimit === Infinity
    ? await Promise.race([flushed, shutdown.cut])
    : await flushed;
  shutdown.close();
  return cut === undefined
    ? outcome.code
    : Math.max(outcome.code, shutdown.codeForCut(cut));
}
