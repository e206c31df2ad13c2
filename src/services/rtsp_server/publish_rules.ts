/**
 * What may be published: names, tracks and codecs.
 *
 * @module
 */

import {
  findJpegMedia,
  mediaCodecs,
  type SdpDescription,
} from "../../sdp/mod.ts";
import type { Refusal } from "./playback.ts";

/** Tracks of an announcement: video, sound, subtitles and one more. */
export const MAX_ANNOUNCED_TRACKS = 4;
/** Longest name of a published stream. */
const MAX_PATH_LENGTH = 128;
/** Segments of letters, digits and `._~-`, none of them beginning with a dot. */
const PATH_PATTERN = /^(?:\/[\p{L}\p{N}_~-][\p{L}\p{N}._~-]*){1,4}$/u;

/** Why what is announced at `path` cannot be taken, whoever announces it. */
export function refuseAnnouncement(
  path: string,
  description: SdpDescription,
): Refusal | undefined {
  if (path.length > MAX_PATH_LENGTH || !PATH_PATTERN.test(path)) {
    return { status: 403, reason: "Not a name for a stream" };
  }
  if (description.media.length > MAX_ANNOUNCED_TRACKS) {
    return {
      status: 413,
      reason: `More than ${MAX_ANNOUNCED_TRACKS} tracks`,
    };
  }
  if (findJpegMedia(description) !== undefined) return undefined;
  // It goes into a status line, which ffmpeg shows.
  const codecs = description.media.flatMap(mediaCodecs)
    .map(({ encoding }) => encoding.replace(/[^\w.+-]/g, "")).join(", ");
  return {
    status: 415,
    reason: `Only JPEG video is taken, not ${codecs || "this"}`,
  };
}
