/**
 * From a request's URI to the media and track it means.
 *
 * @module
 */

import type { RtspMedia, RtspMediaCatalog } from "./server_actions.ts";
import type { ServerSession } from "./server_session.ts";
import { requestPath } from "./url.ts";

/** Deepest control attribute tried, in path segments. */
const MAX_CONTROL_DEPTH = 4;

/** What a URI means. */
export interface MediaMatch {
  /** The path without track and query. */
  readonly path: string;
  /** What the catalog said. */
  readonly found: ReturnType<RtspMediaCatalog["lookup"]>;
  /** Index of the track the URI names; `undefined` for the whole media. */
  readonly track: number | undefined;
}

/** Whether the catalog's answer is media. */
export function isMedia(
  found: ReturnType<RtspMediaCatalog["lookup"]>,
): found is RtspMedia {
  return typeof found === "object" && "tracks" in found;
}

/**
 * Finds what `uri` means. Players append a track's control attribute to the
 * base URL whatever that looks like, so it may stand behind a query:
 * `rtsp://host/movie?x=1/trackID=0`.
 *
 * @throws {RtspProtocolError} when it is no URI.
 */
export function findMedia(uri: string, catalog: RtspMediaCatalog): MediaMatch {
  const whole = requestPath(uri);
  let undecided: MediaMatch | undefined;
  for (const { prefix, control } of splitControl(whole)) {
    const found = catalog.lookup(prefix);
    if (isMedia(found)) {
      const track = found.tracks.indexOf(control);
      if (track >= 0) return { path: prefix, found, track };
    } else if (found !== undefined) {
      undecided ??= { path: prefix, found, track: undefined };
    }
  }
  const path = withoutQuery(whole);
  const found = catalog.lookup(path);
  if (found === undefined && undecided !== undefined) return undecided;
  return { path, found, track: undefined };
}

/** The ways to take `path` as a base and a control attribute, longest base first. */
export function splitControl(
  path: string,
): { prefix: string; control: string }[] {
  const splits: { prefix: string; control: string }[] = [];
  const segments = path.split("/");
  for (
    let count = 1;
    count <= MAX_CONTROL_DEPTH && count < segments.length;
    count++
  ) {
    splits.push({
      prefix: withoutQuery(segments.slice(0, -count).join("/")),
      control: withoutQuery(segments.slice(-count).join("/")),
    });
  }
  return splits;
}

function withoutQuery(path: string): string {
  return path.split("?")[0]!.replace(/\/+$/, "") || "/";
}

/**
 * Whether `uri` names the media of a session, a track of it, or something else.
 *
 * @throws {RtspProtocolError} when it is no URI.
 */
export function targetOf(
  uri: string,
  session: ServerSession,
  catalog: RtspMediaCatalog,
): "media" | "track" | "other" {
  if (uri === "*") return "media";
  const { media } = session;
  const match = findMedia(
    uri,
    session.purpose === "publish"
      ? { lookup: (path) => path === media.path ? media : undefined }
      : catalog,
  );
  // A source that is gone or starting anew still has its sessions.
  const same = isMedia(match.found)
    ? match.found.path === media.path
    : match.path === media.path;
  if (!same) return "other";
  return match.track === undefined ? "media" : "track";
}
