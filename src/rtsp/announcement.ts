/**
 * What a publisher announces (RFC 2326 section 10.3).
 *
 * @module
 */

import { attributeValue, parseSdp, SdpProtocolError } from "../sdp/mod.ts";
import type { SdpDescription } from "../sdp/mod.ts";
import { RtspProtocolError } from "./errors.ts";
import type { RtspRequest } from "./message.ts";
import type { RtspMedia } from "./server_actions.ts";
import { requestPath, resolveControl } from "./url.ts";

/** An announcement, read. */
export interface Announcement {
  readonly description: SdpDescription;
  /** The media as its sessions know it. */
  readonly media: RtspMedia;
  /** Path of each track's URL. */
  readonly trackPaths: readonly string[];
}

/**
 * Reads an ANNOUNCE request for `path`.
 *
 * @throws {RtspProtocolError} with status 415 when the body is no SDP, 400
 * when it cannot be read or describes nothing.
 */
export function readAnnouncement(
  request: RtspRequest,
  path: string,
): Announcement {
  const contentType = request.headers.get("content-type") ?? "application/sdp";
  if (!/^application\/sdp\b/i.test(contentType)) {
    throw new RtspProtocolError(
      "RTSP_BAD_HEADER",
      `Cannot read announcement: "${contentType}" is not application/sdp`,
      415,
    );
  }
  let description: SdpDescription;
  try {
    description = parseSdp(new TextDecoder().decode(request.body));
  } catch (error) {
    if (!(error instanceof SdpProtocolError)) throw error;
    throw new RtspProtocolError("RTSP_BAD_HEADER", error.message);
  }
  if (description.media.length === 0) {
    throw new RtspProtocolError(
      "RTSP_BAD_HEADER",
      "Cannot read announcement: it describes no media",
    );
  }
  const controls = description.media.map((media) =>
    attributeValue(media.attributes, "control") ?? ""
  );
  return {
    description,
    media: {
      path,
      sdp: "",
      tracks: controls,
      seekable: false,
      protocols: [
        ...new Set(description.media.map(({ protocol }) => protocol)),
      ],
    },
    trackPaths: controls.map((control) =>
      requestPath(resolveControl(request.uri, control))
    ),
  };
}

/** Index of the announced track that `uri` means; `undefined` when it is none of them. */
export function announcedTrack(
  announcement: Announcement,
  uri: string,
): number | undefined {
  const path = requestPath(uri);
  const index = announcement.trackPaths.indexOf(path);
  return index < 0 ? undefined : index;
}
