/**
 * How long a film is.
 *
 * @module
 */

import { fileInput, findFfmpeg, probeVideo } from "../../media/mod.ts";

/**
 * The film's length in seconds by ffmpeg, where there is one; `null` when
 * nobody can tell, which only leaves the time display without an end.
 */
export async function filmDuration(
  path: string,
  ffmpeg: string | undefined,
): Promise<number | null> {
  try {
    const found = await findFfmpeg({ flag: ffmpeg });
    if (found === undefined) return null;
    const { duration } = await probeVideo(found.path, fileInput(path));
    return duration ?? null;
  } catch {
    return null;
  }
}
