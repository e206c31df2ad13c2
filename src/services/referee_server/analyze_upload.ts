/**
 * `POST /analyze`: a video and its signal in one form, to disk as they arrive.
 *
 * @module
 */

import { extname, join } from "node:path";
import { fileInput, probeVideo } from "../../media/mod.ts";
import { type HttpRequestInfo, jsonResponse } from "../../net/mod.ts";
import {
  MIB,
  multipartBoundary,
  MultipartError,
  MultipartReader,
  RefereeProtocolError,
} from "../../referee/mod.ts";
import {
  type PreparedVideo,
  processRecording,
  type RecordingJob,
} from "./process_recording.ts";
import type { ServerCore } from "./server_core.ts";
import { SessionFolder } from "./session_folder.ts";
import {
  checkedForm,
  flag,
  type Form,
  FormSink,
  missing,
  UploadError,
} from "./upload_form.ts";
import { locatePictures } from "./picture_places.ts";
import { videoPackets } from "./video_packets.ts";

/** Uploads at once; each takes a connection, a file and its share of the disk. */
const MAX_UPLOADS = 8;

/** Suffixes that an uploaded video keeps; ffmpeg looks at the content anyway. */
const VIDEO_SUFFIXES = new Set([
  ".mp4",
  ".mov",
  ".mkv",
  ".webm",
  ".avi",
  ".mjpeg",
  ".mpg",
  ".ts",
]);

/** Takes uploads. */
export class AnalyzeUploads {
  readonly #core: ServerCore;
  #active = 0;

  /** For the queue and the limits of `core`. */
  constructor(core: ServerCore) {
    this.#core = core;
  }

  /** Uploads that arrive or are processed. */
  get active(): number {
    return this.#active;
  }

  /** Answers one upload, when its result is there. */
  async handle(request: Request, info: HttpRequestInfo): Promise<Response> {
    try {
      this.#admit(info.remoteAddress);
    } catch (error) {
      return this.#answerTo(error);
    }
    this.#active++;
    const folder = await SessionFolder.create(
      this.#core.options.outputDir,
      "upload",
    );
    let queued = false;
    try {
      const form = await this.#receive(request, folder, info.closing);
      this.#core.counters.uploads++;
      const result = this.#analyze(folder, form, info.closing);
      queued = true;
      return jsonResponse(await result);
    } catch (error) {
      await folder.remove();
      if (queued) this.#core.counters.failed++;
      return this.#answerTo(error);
    } finally {
      this.#active--;
    }
  }

  #answerTo(error: unknown): Response {
    if (error instanceof UploadError) {
      return jsonResponse({ detail: error.detail }, error.status);
    }
    const status = error instanceof MultipartError ? 400 : 500;
    return jsonResponse({ detail: this.#core.publicMessage(error) }, status);
  }

  #admit(address: string): void {
    const { table, queue } = this.#core;
    if (this.#active >= MAX_UPLOADS || queue.isFull) {
      throw new UploadError(
        503,
        `Cannot take the upload: ${MAX_UPLOADS} are under way or the queue is full. Try again later`,
      );
    }
    try {
      table.countStart(address, this.#core.now());
    } catch (error) {
      if (!(error instanceof RefereeProtocolError)) throw error;
      throw new UploadError(429, error.message);
    }
  }

  async #receive(
    request: Request,
    folder: SessionFolder,
    closing: AbortSignal,
  ): Promise<Form> {
    const { max_upload_mb, max_upload_seconds } = this.#core.options.limits;
    const reader = new MultipartReader(
      multipartBoundary(request.headers.get("content-type")),
    );
    const body = request.body?.getReader();
    if (body === undefined) throw missing("video");
    const stop = (): void => void body.cancel().catch(() => {});
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, max_upload_seconds * 1000);
    closing.addEventListener("abort", stop, { once: true });
    const sink = new FormSink(folder);
    let received = 0;
    try {
      for (;;) {
        const { done, value } = await body.read();
        if (done) break;
        received += value.length;
        if (received > max_upload_mb * MIB) {
          throw new UploadError(
            413,
            `The upload is larger than ${max_upload_mb} MB (max_upload_mb)`,
          );
        }
        reader.push(value);
        for (let event = reader.next(); event; event = reader.next()) {
          if (event.type === "part") await sink.begin(event);
          else if (event.type === "data") await sink.add(event.bytes);
          else if (event.type === "part_end") sink.end();
        }
      }
      if (late) {
        throw new UploadError(
          408,
          `The upload took longer than ${max_upload_seconds} s (max_upload_seconds)`,
        );
      }
      reader.end();
      return checkedForm(sink.form);
    } catch (error) {
      stop();
      throw error;
    } finally {
      clearTimeout(timer);
      closing.removeEventListener("abort", stop);
      sink.close();
    }
  }

  async #analyze(
    folder: SessionFolder,
    form: Form,
    closing: AbortSignal,
  ): Promise<unknown> {
    const core = this.#core;
    const sessionId = `upload-${folder.name.split("_").at(-1)}`;
    const { analyzer } = core.options;
    let result: unknown;
    const job: RecordingJob = {
      sessionId,
      folder,
      signal: {
        bytes: form.signal,
        filename: form.signalName ?? "signal.txt",
        swapSides: flag(form, "swap_sides", false),
      },
      reconstruct: (artifacts, progress, signal) =>
        this.#prepare(folder, form, artifacts, progress, signal),
      // It has no frames before its end, so it begins with its own size.
      analysis: analyzer?.begin({ width: 0, height: 0, fps: 0 }),
      signalOffset: core.options.signalOffset ?? 0,
      saveOverlay: flag(form, "save_overlay", true),
      includeKeypoints: flag(form, "include_keypoints", false),
      warnings: [],
      stats: null,
      startedAt: core.now(),
    };
    const queued = core.queue.add(async (signal) => {
      result = await processRecording(
        job,
        core.catalog,
        core.options.outputDir,
        () => {},
        signal,
      );
    }, () => {});
    const cancel = (): void => queued.cancel();
    closing.addEventListener("abort", cancel, { once: true });
    try {
      await queued.done;
    } catch (error) {
      job.analysis?.abandon();
      throw error;
    } finally {
      closing.removeEventListener("abort", cancel);
    }
    core.counters.completed++;
    await core.catalog.sweep(core.options.retention, Date.now());
    return result;
  }

  /** The uploaded file is the video; its own timestamps are the true ones. */
  async #prepare(
    folder: SessionFolder,
    form: Form,
    artifacts: string,
    progress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<PreparedVideo> {
    const { max_video_seconds, max_session_frames } = this.#core.options.limits;
    const ffmpeg = await this.#core.ffmpeg();
    const name = form.videoName ?? "video";
    const input = { ...fileInput(folder.uploadPath), label: name };
    const info = await probeVideo(ffmpeg, input, { signal, swift: true });
    if ((info.duration ?? 0) > max_video_seconds) {
      throw new UploadError(
        413,
        `The video is longer than ${max_video_seconds} s (max_video_seconds)`,
      );
    }
    progress(0.5);
    const packets = await videoPackets(
      ffmpeg,
      input,
      max_session_frames,
      signal,
    );
    const places = await locatePictures(
      folder.uploadPath,
      info.codec,
      packets,
      signal,
    );
    const times = Float64Array.from(packets, ({ time }) => time).sort();
    const suffix = extname(name).toLowerCase();
    const fileName = `video${VIDEO_SUFFIXES.has(suffix) ? suffix : ".bin"}`;
    await Deno.rename(folder.uploadPath, join(artifacts, fileName));
    return {
      fileName,
      codec: info.codec,
      width: info.width,
      height: info.height,
      fps: info.fps,
      numbers: Float64Array.from(times, (_, index) => index),
      times,
      places,
      clock: "video",
      originSeconds: 0,
      warnings: [],
    };
  }
}
