/**
 * `streamtool rtsp-play`
 *
 * @module
 */

import { recordingEnding } from "../../media/mod.ts";
import { startRtspPlayer } from "../../services/rtsp_player/mod.ts";
import type { PlayerReport } from "../../services/rtsp_player/mod.ts";
import type { CommandContext, Progress } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { readCredentials, requireRtspUrl } from "../rtsp_flags.ts";
import { obeyWords } from "../words.ts";
import type { RtspPlayOptions } from "./rtsp_play.ts";

/** Milliseconds between two looks at the player for a terminal. */
const STATUS_INTERVAL_MS = 250;

/** Milliseconds between two `status` events. */
const EVENT_INTERVAL_MS = 1000;

/** Plays until the stream's end, the duration, the signal or `quit`. */
export async function run(
  options: RtspPlayOptions,
  context: CommandContext,
): Promise<number> {
  const url = requireRtspUrl(options.url, context);
  checkOutputs(options);
  const { output, record } = options;
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const running = await startRtspPlayer({
    url,
    transport: options.transport,
    dialect: options.dialect,
    rtpPort: options.rtpPort === 0 ? undefined : options.rtpPort,
    latencyMs: options.latency,
    durationMs: options.duration,
    start: options.start === undefined ? undefined : options.start / 1000,
    ...await readCredentials(options),
    reconnect: options.reconnect,
    saveDir: options.save,
    keep: options.keep,
    record,
    write: output === undefined
      ? undefined
      : (jpeg) => context.writeOutput(jpeg),
    host: options.host,
    pagePort: options.page ? options.pagePort : undefined,
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { player, pageUrl } = running;
  if (pageUrl !== undefined) {
    context.banner({ lines: [{ label: "Page", url: pageUrl }] });
    context.open(pageUrl);
  }

  const words = obeyWords(context, {
    setup: { help: "make a session", run: () => player.setup() },
    play: { help: "play on", run: () => player.play() },
    pause: { help: "pause", run: () => player.pause() },
    stop: { help: "end the session", run: () => player.stop() },
    status: { help: "the status line", run: () => statusLine(player.report()) },
    quit: { help: "end everything", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  const stopStatus = showStatus(context, () => player.report());
  try {
    await running.finished;
  } finally {
    stopStatus();
    const report = await running.close();
    context.emit({ event: "end", ...report });
    if (output === undefined) context.print(summary(report));
  }
  if (context.signal.aborted || quit.signal.aborted) await words;
  return EXIT.ok;
}

function checkOutputs({ output, record, json }: RtspPlayOptions): void {
  if (output !== undefined && output !== "-") {
    throw new UsageError(
      `Cannot write to "${output}": --output takes - only. Pass --record ${
        /\.\w+$/.test(output) ? output : `${output}.mkv`
      } for a file`,
    );
  }
  if (output !== undefined && json) {
    throw new UsageError(
      "Cannot write pictures and events to standard output at once: leave out --json or --output",
    );
  }
  if (record === undefined) return;
  try {
    recordingEnding(record);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Figures for a terminal, or once a second as an event; stops when called. */
function showStatus(
  context: CommandContext,
  report: () => PlayerReport,
): () => void {
  let progress: Progress | undefined;
  const timer = setInterval(() => {
    const now = report();
    if (context.json) {
      context.emit({ event: "status", ...now });
    } else {
      progress ??= context.progress("Status", undefined, "frames");
      progress.update(now.frame, shortStatus(now));
    }
  }, context.json ? EVENT_INTERVAL_MS : STATUS_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    progress?.done();
  };
}

/** The line of the design document. */
function statusLine(report: PlayerReport): string {
  const [state, ...figures] = statusParts(report);
  return [`Status: ${state}`, `Frame: ${report.frame}`, ...figures].join(" | ");
}

/** The same behind the frame number that progress shows. */
function shortStatus(report: PlayerReport): string {
  return statusParts(report).join(" | ");
}

function statusParts(report: PlayerReport): string[] {
  const { state, kbps, fps, framesLost } = report;
  return [
    state.slice(0, 1).toUpperCase() + state.slice(1),
    `Bitrate: ${kbps.toFixed(0)} kbps`,
    `FPS: ${fps.toFixed(0)}`,
    ...(framesLost > 0 ? [`Lost: ${framesLost}`] : []),
  ];
}

function summary(report: PlayerReport): string {
  const { framesReceived, framesLost, packets, framesSaved } = report;
  const parts = [
    `${framesReceived} frames received`,
    `${framesLost} lost`,
    `${packets.received} packets, ${packets.lost} lost, ${packets.duplicates} twice, ${packets.reordered} out of order`,
    ...(framesSaved > 0 ? [`${framesSaved} frames saved`] : []),
  ];
  return parts.join("; ");
}
