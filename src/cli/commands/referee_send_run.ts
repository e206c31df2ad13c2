/**
 * `streamtool referee-send`
 *
 * @module
 */

import {
  openScoringBox,
  parseRefereeAddress,
  type RefereeAddress,
  RefereeAddressError,
  type SendOutcome,
  type SendProgress,
  sendRecording,
  type SignalSource,
} from "../../services/referee_client/mod.ts";
import { readSource } from "../chain_options.ts";
import type { CommandContext, Progress } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatBytes } from "../progress.ts";
import { readText, readToken } from "../referee_flags.ts";
import { obeyWords } from "../words.ts";
import type { RefereeSendCliOptions } from "./referee_send.ts";

/** Where a server is unless something else is said. */
const DEFAULT_SERVER = "127.0.0.1:8080";

/** Warnings that are shown one by one. */
const MAX_WARNINGS = 10;

/** Sends one phrase and shows its result. */
export async function run(
  options: RefereeSendCliOptions,
  context: CommandContext,
): Promise<number> {
  const source = readVideo(options);
  const signal = readSignal(options);
  if (source.kind === "stdin" && options.signal === "-") {
    throw new UsageError(
      "Cannot read video and signal from standard input: choose one of them",
    );
  }
  const endless = source.kind === "camera" || source.kind === "pattern" ||
    source.kind === "url";
  if (endless && options.duration === undefined && signal.kind === "file") {
    throw new UsageError(
      "Cannot record without an end: pass --duration, such as --duration 10s, or --scoring-box",
    );
  }
  if (options.resume && options.sessionId === undefined) {
    throw new UsageError(
      "Cannot resume a phrase without its name: pass --session-id",
    );
  }
  const server = readServer(options.server ?? DEFAULT_SERVER);
  const shown = new ShownProgress(context);
  const quit = new AbortController();
  const over = new AbortController();
  // Standard input is a video, the scoring box, or somebody who types.
  if (source.kind !== "stdin" && options.signal !== "-") {
    obeyWords(context, {
      stop: { help: "end the recording", run: () => over.abort() },
      quit: { help: "give the phrase up", run: () => quit.abort() },
    }).then(() => {
      if (options.exitWithStdin) quit.abort();
    });
  }
  const outcome = await sendRecording({
    server,
    source,
    signal,
    durationMs: options.duration,
    realtime: options.realtime,
    over: over.signal,
    sessionId: options.sessionId ?? newSessionId(),
    encoding: options.encoding,
    quality: options.jpegQuality,
    fps: options.fps,
    window: options.window,
    resume: options.resume,
    mode: options.mode,
    swapSides: options.swapSides,
    token: await readToken(options.tokenFile),
    ca: options.ca === undefined
      ? undefined
      : await readText(options.ca, "--ca"),
    ffmpeg: context.ffmpegFlag,
    onProgress: (progress) => shown.update(progress),
  }, {
    signal: AbortSignal.any([context.signal, quit.signal]),
    log: context.log,
    emit: (event) => context.emit(event),
  });
  shown.done();
  const { result, ...totals } = outcome;
  if (options.output !== undefined) {
    await Deno.writeTextFile(
      options.output,
      `${JSON.stringify(result, null, 2)}\n`,
    );
  }
  context.emit({ event: "result", result });
  context.emit({
    event: "end",
    ...totals,
    session: result.metadata.session_id,
    winner: result.winner,
    reason: result.reason,
  });
  context.print(describe(outcome, server, context.colorOutput));
  return EXIT.ok;
}

function readVideo(
  { video, camera }: RefereeSendCliOptions,
): ReturnType<typeof readSource> {
  if (video !== undefined && camera !== undefined) {
    throw new UsageError(
      "Cannot use --video and --camera together: choose one",
    );
  }
  const text = video ?? (camera === undefined ? undefined : `camera:${camera}`);
  if (text === undefined) {
    throw new UsageError(
      "Cannot send nothing: pass --video FILE, or --camera 0",
    );
  }
  return readSource(text);
}

function readSignal(options: RefereeSendCliOptions): SignalSource {
  const { signal, scoringBox, baud } = options;
  if (signal !== undefined && scoringBox !== undefined) {
    throw new UsageError(
      "Cannot use --signal and --scoring-box together: choose one",
    );
  }
  if (scoringBox !== undefined) {
    return { kind: "box", open: () => openScoringBox(scoringBox, baud) };
  }
  if (signal === undefined) {
    throw new UsageError(
      "Cannot judge a phrase without its signal: pass --signal FILE, or --scoring-box DEVICE",
    );
  }
  return signal === "-"
    ? { kind: "box", open: () => Promise.resolve(Deno.stdin.readable) }
    : { kind: "file", path: signal };
}

function readServer(text: string): RefereeAddress {
  try {
    return parseRefereeAddress(text);
  } catch (error) {
    if (error instanceof RefereeAddressError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/** `phrase_20260131_201500_5f2a`: sorts by time, and two at once differ. */
function newSessionId(): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")
    .replace("T", "_");
  return `phrase_${time}_${crypto.randomUUID().slice(0, 4)}`;
}

/** One bar after another: sending, then the server's stages. */
class ShownProgress {
  readonly #context: CommandContext;
  #progress: Progress | undefined;
  #phase: string | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  update(now: SendProgress): void {
    if (now.phase === "process") {
      this.#begin("process", "Processing", 100, "%")
        .update(Math.round(now.progress * 100), now.message);
    } else if (now.phase === "upload") {
      this.#begin("upload", "Uploading", now.totalBytes, "bytes")
        .update(now.bytes);
    } else {
      const rate = now.seconds > 0 ? now.frames / now.seconds : 0;
      this.#begin("send", "Sending", now.totalFrames, "frames").update(
        now.frames,
        `${formatBytes(now.bytes)}, ${rate.toFixed(0)} frames/s`,
      );
    }
  }

  done(): void {
    this.#progress?.done();
  }

  #begin(
    phase: string,
    label: string,
    total: number | undefined,
    unit: string,
  ): Progress {
    if (this.#phase !== phase || this.#progress === undefined) {
      this.#progress?.done();
      this.#phase = phase;
      this.#progress = this.#context.progress(label, total, unit);
    }
    return this.#progress;
  }
}

const WINNERS: Readonly<Record<string, string>> = {
  left: "left fencer",
  right: "right fencer",
  both: "both",
  none: "no call",
};

function describe(
  outcome: SendOutcome,
  server: RefereeAddress,
  bold: boolean,
): string {
  const { result, frames, refused, bytes, seconds, reconnects } = outcome;
  const { metadata, warnings } = result;
  const winner = WINNERS[result.winner] ?? result.winner;
  const rate = seconds > 0 ? (frames / seconds).toFixed(0) : "0";
  const sent = outcome.mode === "upload"
    ? `${formatBytes(bytes)} uploaded in ${seconds.toFixed(1)} s`
    : `${frames} frames, ${formatBytes(bytes)} in ${
      seconds.toFixed(1)
    } s (${rate} frames/s)`;
  const page = new URL("/", server.analyze);
  const rows: [string, string][] = [
    ["Winner", bold ? `\x1b[1m${winner}\x1b[22m` : winner],
    ["Reason", result.reason],
    // A server of the documents gives no confidence.
    ...(result.confidence === undefined ? [] : [[
      "Confidence",
      `${result.tier}, ${Math.round(result.confidence * 100)} %`,
    ] as [string, string]]),
    ...(result.evidence ?? []).map((text, index): [string, string] => [
      index === 0 ? "Evidence" : "",
      text,
    ]),
    [
      "Phrase",
      `${metadata.session_id}, ${metadata.frame_count} frames, ${
        metadata.duration_seconds.toFixed(1)
      } s`,
    ],
    ["Sent", sent],
    ...(refused === 0 ? [] : [["Refused", `${refused} frames`] as [
      string,
      string,
    ]]),
    ...(reconnects === 0
      ? []
      : [["Reconnected", `${reconnects} times, nothing is lost`] as [
        string,
        string,
      ]]),
    ["Artifacts", result.artifact_dir],
    [
      "Page",
      `${page.href}?result=${encodeURIComponent(nameOf(result.artifact_dir))}`,
    ],
    ...warnings.slice(0, MAX_WARNINGS).map((text): [string, string] => [
      "Warning",
      text,
    ]),
    ...(warnings.length > MAX_WARNINGS
      ? [["", `and ${warnings.length - MAX_WARNINGS} warnings more`] as [
        string,
        string,
      ]]
      : []),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`)
    .join("\n");
}

function nameOf(folder: string): string {
  return folder.split(/[/\\]/).at(-1) ?? "";
}
