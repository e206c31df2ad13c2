/**
 * What RTSP says of a media.
 *
 * @module
 */

import type { RtspMedia } from "../../rtsp/mod.ts";
import {
  describeMjpeg,
  formatSdp,
  MJPEG_TRACK_CONTROL,
  type MjpegStreamInfo,
} from "../../sdp/mod.ts";

/** What a stream is like, and where it is. */
export interface StreamFacts extends Omit<MjpegStreamInfo, "sessionId"> {
  /** The one name of the stream, such as `/movie`. */
  readonly path: string;
}

/** The description of a stream; with a duration it can be played from anywhere. */
export function describeStream(facts: StreamFacts): RtspMedia {
  const { path, duration, mikey, ...info } = facts;
  const seekable = duration !== undefined;
  const sdp = formatSdp(describeMjpeg({
    ...info,
    // a number that differs from the one of a stream that was here before
    sessionId: String(Date.now()),
    name: info.name.replace(/[\r\n\0]/g, " "),
    ...(seekable ? { duration } : {}),
    ...(mikey === undefined ? {} : { mikey }),
  }));
  return {
    path,
    sdp,
    tracks: [MJPEG_TRACK_CONTROL],
    seekable,
    ...(seekable ? { duration } : {}),
    // In clear it is had too: within the connection, which is TLS then.
    ...(mikey === undefined ? {} : { protocols: ["RTP/SAVP", "RTP/AVP"] }),
  };
}
