/**
 * `referee-send`: brings a phrase and its signal to a referee server, and the
 * result back.
 *
 * @module
 */

import { basename, join } from "node:path";
import {
  ensureFfmpeg,
  type FrameSource,
  indexMjpegFile,
} from "../../media/mod.ts";
import { nowMicros, sleepUntil, WebSocketRefusedError } from "../../net/mod.ts";
import { checkFrame, type SessionStart } from "../../referee/mod.ts";
import type { ServiceContext } from "../context.ts";
import { SpoolStore } from "../referee/spool_store.ts";
import { writeVideo } from "../referee/video_file.ts";
import { openAnySource } from "../source/mod.ts";
import { BoxRecorder } from "./box_recorder.ts";
import { outgoingFrames } from "./frame_feed.ts";
import type { RefereeSendOptions, SendOutcome } from "./options.ts";
import { RefereeSendError, StreamSender } from "./stream_sender.ts";
import { uploadRecording } from "./upload.ts";

export { openScoringBox, ScoringBoxError } from "./box_source.ts";
export type {
  RefereeSendOptions,
  SendEncoding,
  SendOutcome,
  SendProgress,
  SignalSource,
} from "./options.ts";
export {
  parseRefereeAddress,
  type RefereeAddress,
  RefereeAddressError,
} from "./server_address.ts";
export { RefereeSendError } from "./stream_sender.ts";

/** What servers answer that know no streaming: such a path, such a method, such an upgrade. */
const NO_STREAMING = new Set([200, 400, 404, 405, 426, 501]);

/** Pixels of a frame that is kept for an upload: 16K. */
const MAX_PIXELS = 16_384 * 16_384;

/**
 * Sends a recording and waits for its result.
 *
 * @throws {MediaError} when the video cannot be read.
 * @throws {WebSocketRefusedError} when there is no server.
 * @throws {RefereeSendError} when the server refuses or fails.
 * @throws the signal's reason when it aborts.
 */
export async function sendRecording(
  options: RefereeSendOptions,
  context: ServiceContext,
): Promise<SendOutcome> {
  const { mode } = options;
  // Before anything is recorded for nothing.
  const signalFile = options.signal.kind === "file"
    ? await Deno.readFile(options.signal.path)
    : undefined;
  if (mode === "upload") return await upload(options, context, signalFile);
  try {
    return await stream(options, context, signalFile);
  } catch (error) {
    const mayUpload = mode === "auto" &&
      error instanceof WebSocketRefusedError &&
      NO_STREAMING.has(error.status ?? 0);
    if (!mayUpload) throw error;
    context.log.info(
      `The server takes no streams (${error.message}): uploading instead`,
    );
    return await upload(options, context, signalFile);
  }
}

function openVideo(
  options: RefereeSendOptions,
  context: ServiceContext,
): Promise<FrameSource> {
  return openAnySource(options.source, {
    ffmpeg: options.ffmpeg,
    fps: options.fps,
    quality: options.quality,
    duration: options.durationMs === undefined
      ? undefined
      : options.durationMs / 1000,
    log: context.log,
    signal: context.signal,
  });
}

async function findFfmpeg(
  { ffmpeg }: RefereeSendOptions,
  { log, signal }: ServiceContext,
): Promise<string> {
  return (await ensureFfmpeg({ flag: ffmpeg, log, signal })).path;
}

/** The scoring box, when its word is listened to. */
async function openBox(
  { signal }: RefereeSendOptions,
): Promise<BoxRecorder | undefined> {
  return signal.kind === "box"
    ? new BoxRecorder(await signal.open())
    : undefined;
}

async function stream(
  options: RefereeSendOptions,
  context: ServiceContext,
  signalFile: Uint8Array | undefined,
): Promise<SendOutcome> {
  await using source = await openVideo(options, context);
  const start: SessionStart = {
    type: "session_start",
    session_id: options.sessionId,
    fps: source.fps,
    width: source.width,
    height: source.height,
    expected_frames: source.totalFrames ?? 0,
    video_format: "bgr24",
    cumulative_acks: true,
    // Without a key a later run of this program may go on with the session.
    ...(options.resume ? {} : { resume_key: crypto.randomUUID() }),
  };
  const sender = new StreamSender(options, start, context);
  const startedAt = performance.now();
  let box: BoxRecorder | undefined;
  try {
    await sender.begin();
    box = await openBox(options);
    const { count, seconds } = await sendFrames(
      source,
      sender,
      box,
      options,
      context,
    );
    await sender.end(count);
    const sendSeconds = (performance.now() - startedAt) / 1000;
    const signal = signalFile ?? box!.finish(seconds);
    const result = await sender.finish(signal, signalName(options));
    return {
      mode: "stream",
      result,
      validation: sender.validation,
      frames: sender.sent,
      refused: sender.refused,
      bytes: sender.bytes,
      seconds: sendSeconds,
      reconnects: sender.reconnects,
    };
  } catch (error) {
    box?.finish(0);
    // With --resume a later run goes on, unless the user gave the phrase up for good.
    if (context.signal.aborted && !options.resume) sender.abort();
    else sender.close();
    throw error;
  }
}

async function sendFrames(
  source: FrameSource,
  sender: StreamSender,
  box: BoxRecorder | undefined,
  options: RefereeSendOptions,
  context: ServiceContext,
): Promise<{ count: number; seconds: number }> {
  let count = 0;
  let seconds = 0;
  let isOver = false;
  box?.ended.then(() => isOver = true);
  const startedAt = nowMicros();
  const frames = outgoingFrames(
    source,
    options.encoding,
    () => findFfmpeg(options, context),
    context.signal,
  );
  for await (const frame of frames) {
    box?.start();
    if (options.realtime) {
      await sleepUntil(startedAt + frame.timestamp * 1e6, context.signal);
    }
    await sender.send(frame);
    count++;
    seconds = frame.timestamp;
    if (isOver || options.over?.aborted) break;
  }
  context.signal.throwIfAborted();
  if (count === 0) {
    throw new RefereeSendError(
      `Cannot send "${source.label}": it has no pictures`,
    );
  }
  return { count, seconds };
}

function signalName({ signal }: RefereeSendOptions): string {
  return signal.kind === "file" ? basename(signal.path) : "scoring_box.txt";
}

async function upload(
  options: RefereeSendOptions,
  context: ServiceContext,
  signalFile: Uint8Array | undefined,
): Promise<SendOutcome> {
  const startedAt = performance.now();
  const { source, durationMs, fps } = options;
  const asItIs = source.kind === "file" && durationMs === undefined &&
    fps === undefined && signalFile !== undefined &&
    // A bare MJPEG file has no times: the server could only guess.
    await indexMjpegFile(source.path, context) === undefined;
  const folder = await Deno.makeTempDir({ prefix: "streamtool_upload_" });
  try {
    let path: string;
    let signal = signalFile;
    let frames = 0;
    if (asItIs) path = source.path;
    else {
      path = join(folder, "phrase.mkv");
      const recorded = await record(path, folder, options, context);
      frames = recorded.frames;
      signal ??= recorded.signal;
    }
    const { size } = await Deno.stat(path);
    const result = await uploadRecording(
      path,
      { bytes: signal ?? new Uint8Array(), name: signalName(options) },
      options,
      context.signal,
    );
    return {
      mode: "upload",
      result,
      validation: undefined,
      frames: frames || result.metadata.frame_count,
      refused: 0,
      bytes: size,
      seconds: (performance.now() - startedAt) / 1000,
      reconnects: 0,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Records what cannot be uploaded as it is: a camera, a stream, a part of a file. */
async function record(
  path: string,
  folder: string,
  options: RefereeSendOptions,
  context: ServiceContext,
): Promise<{ frames: number; signal: Uint8Array | undefined }> {
  await using source = await openVideo(options, context);
  const box = await openBox(options);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {}); // it is raced below
  let wake = (): void => {};
  const store = await SpoolStore.create(join(folder, "frames.spool"), {
    deliver: () => wake(),
    room: () => wake(),
    failed: reject,
  });
  let frames = 0;
  let seconds = 0;
  let isOver = false;
  box?.ended.then(() => isOver = true);
  try {
    for await (const { bytes, time } of source.frames()) {
      box?.start();
      const info = checkFrame(bytes, "jpeg", {
        width: source.width,
        height: source.height,
        maxPixels: MAX_PIXELS,
      });
      seconds = time / 1e6;
      store.append(
        { ...info, number: frames, timestamp: seconds, bytes },
        { type: "pong" },
      );
      frames++;
      while (store.isFull) {
        await Promise.race([
          new Promise<void>((resolve) => wake = resolve),
          failed,
        ]);
      }
      if (isOver || options.over?.aborted) break;
    }
    context.signal.throwIfAborted();
    await Promise.race([store.flushed(), failed]);
    await writeVideo(store, {
      path,
      fps: source.fps,
      ffmpeg: () => findFfmpeg(options, context),
      workFolder: folder,
      progress: () => {},
      signal: context.signal,
    });
  } finally {
    await store.close();
  }
  return { frames, signal: box?.finish(seconds) };
}
