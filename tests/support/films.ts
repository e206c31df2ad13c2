/**
 * Films that browsers play, made by the real ffmpeg and kept for the next test.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ffmpegPath } from "./clips.ts";

/** What a film is like. */
export interface FilmOptions {
  /** Seconds. */
  readonly seconds?: number;
  /** Frames a second. */
  readonly fps?: number;
  /** `640x360`. */
  readonly size?: string;
  /** Bits a second of the picture. */
  readonly bitrate?: string;
  /** `.mp4` with its index first or last, `.webm`. */
  readonly container?: "mp4-first" | "mp4-last" | "webm";
}

/** Path of a film with a moving picture and a tone. */
export async function makeFilm(options: FilmOptions = {}): Promise<string> {
  const {
    seconds = 20,
    fps = 30,
    size = "640x360",
    bitrate = "1500k",
    container = "mp4-first",
  } = options;
  const webm = container === "webm";
  const args = [
    ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`],
    ...["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"],
    ...["-t", `${seconds}`, "-pix_fmt", "yuv420p", "-b:v", bitrate],
    ...(webm
      ? ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"]
      : ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"]),
    ...["-g", `${fps}`, "-minrate", bitrate, "-maxrate", bitrate],
    ...["-bufsize", bitrate, "-c:a", webm ? "libopus" : "aac"],
    ...(container === "mp4-first" ? ["-movflags", "+faststart"] : []),
  ];
  const hash = createHash("sha256").update(JSON.stringify(args)).digest("hex");
  const ending = webm ? "webm" : "mp4";
  const path = join(tmpdir(), `streamtool_film_${hash.slice(0, 16)}.${ending}`);
  try {
    if (Deno.statSync(path).isFile) return path;
  } catch {
    // made below
  }
  const making = `${path}.${Deno.pid}.${ending}`;
  const { success, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "error", "-nostdin", "-y", ...args, making],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot make a film: ${new TextDecoder().decode(stderr)}`,
    );
  }
  await Deno.rename(making, path);
  return path;
}
