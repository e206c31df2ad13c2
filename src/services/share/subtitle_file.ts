/**
 * Where a film's subtitles come from: a file beside it, or the film itself.
 *
 * @module
 */

import { basename, extname } from "node:path";
import { findFfmpeg } from "../../media/mod.ts";
import { parseSubtitles, type Subtitles } from "../../signaling/mod.ts";

/** Says that the film's own first text track is meant. */
export const EMBEDDED = "embedded";

/** What the program reads by itself; all else is ffmpeg's. */
const PLAIN = new Set([".srt", ".vtt"]);

/**
 * Reads subtitles: of a file (`.srt` and `.vtt` by ourselves, others by ffmpeg)
 * or, with `embedded`, those in the film.
 *
 * @throws {Error} that says what is missing.
 */
export async function readSubtitles(
  path: string,
  film: string,
  ffmpeg: string | undefined,
): Promise<Subtitles> {
  const from = path === EMBEDDED ? film : path;
  const title = path === EMBEDDED ? "Subtitles" : basename(path, extname(path));
  try {
    if (path !== EMBEDDED && PLAIN.has(extname(path).toLowerCase())) {
      return { title, cues: parseSubtitles(await Deno.readTextFile(path)) };
    }
    await Deno.stat(from);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read subtitles "${path}": there is no such file`);
  }
  const found = await findFfmpeg({ flag: ffmpeg });
  if (found === undefined) {
    throw new Error(
      `Cannot read subtitles "${path}": that needs ffmpeg, which "streamtool doctor" finds`,
    );
  }
  const { success, stdout } = await new Deno.Command(found.path, {
    args: [
      ...["-v", "error", "-nostdin", "-i", from],
      ...["-map", "0:s:0", "-f", "webvtt", "-"],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot read subtitles "${path}": there is no text track in "${
        basename(from)
      }"`,
    );
  }
  return { title, cues: parseSubtitles(new TextDecoder().decode(stdout)) };
}
