/**
 * Looks at a video with a model.
 *
 * @module
 */

import { spawnFfmpeg } from "../../media/mod.ts";
import {
  fillLetterbox,
  grayImage,
  letterbox,
  letterboxInput,
  PeopleObserver,
  readPeople,
  type SceneObservations,
} from "../../vision/mod.ts";
import type {
  FinishedPhrase,
  StageTools,
} from "../referee_server/analysis_stage.ts";
import { lowerProcess } from "../referee/low_priority.ts";
import { ModelSession } from "./model_session.ts";
import { readPictures } from "./picture_reader.ts";

/** Pictures a second that the model is asked about; between them people move little. */
const MODEL_FPS = 15;

/**
 * Observes the video of a phrase.
 *
 * @throws {Error} when the model or the decoder fails.
 * @throws the signal's reason when it aborts.
 */
export async function observeWithModel(
  { ffmpeg, model, phrase: { recording } }: {
    readonly ffmpeg: string;
    readonly model: string;
    readonly phrase: FinishedPhrase;
  },
  { progress, signal }: StageTools,
): Promise<SceneObservations> {
  const session = await ModelSession.open(model);
  try {
    const { width, height, frameTimes, videoPath } = recording;
    const { inputWidth, inputHeight, layout } = session;
    const box = letterbox(width, height, inputWidth, inputHeight);
    const input = letterboxInput(box);
    const image = grayImage(box.width, box.height);
    const observer = new PeopleObserver(box.width, box.height);
    const total = frameTimes.length;
    const stride = strideOf(frameTimes);
    const times: number[] = [];
    let index = 0;
    await using process = spawnFfmpeg(ffmpeg, [
      ...["-protocol_whitelist", "file", "-i", `file:${videoPath}`],
      ...["-map", "0:v:0", "-fps_mode", "passthrough"],
      ...[
        "-vf",
        `scale=${box.width}:${box.height}:flags=bilinear,format=rgb24`,
      ],
      ...["-f", "rawvideo", "pipe:1"],
    ], { signal, stdout: "piped", swift: true });
    await lowerProcess(process.pid);
    await readPictures(
      process,
      3 * box.width * box.height,
      async (rgb) => {
        const frame = index++;
        if (frame % stride !== 0 || frame >= total) return;
        fillLetterbox(box, rgb, input);
        const people = readPeople(await session.run(input), layout, box);
        // Green is most of what grey is.
        for (let i = 0; i < image.pixels.length; i++) {
          image.pixels[i] = rgb[3 * i + 1]!;
        }
        observer.push(image, people);
        times.push(frameTimes[frame]!);
        progress(frame / total, "Asking the model...");
      },
    );
    const { success, code } = await process.exit;
    signal.throwIfAborted();
    if (!success && index === 0) {
      throw new Error(
        `Cannot decode the video: ${process.reason() ?? `exit code ${code}`}`,
      );
    }
    return observer.finish(times);
  } finally {
    await session.close();
  }
}

/** Every how many frames the model is asked. */
function strideOf(times: ArrayLike<number>): number {
  const seconds = (times[times.length - 1] ?? 0) - (times[0] ?? 0);
  const fps = seconds > 0 ? (times.length - 1) / seconds : MODEL_FPS;
  return Math.max(1, Math.round(fps / MODEL_FPS));
}
