/**
 * Reading what PLAY and the parameter methods ask for.
 *
 * @module
 */

import type { MediaRange } from "../sdp/mod.ts";
import { parseMediaRange, SdpProtocolError } from "../sdp/mod.ts";
import { parseDecimal, splitValue } from "./header_values.ts";
import type { RtspRequest } from "./message.ts";
import type { RtspMedia } from "./server_actions.ts";

/** Fastest and slowest viewing speed asked of a source. */
const MAX_SCALE = 32;

/** Where and how a PLAY wants to begin, or why it cannot. */
export function readPlay(
  request: RtspRequest,
  media: RtspMedia,
):
  | {
    from: number | "now" | undefined;
    to: number | undefined;
    scale: number;
    speed: number;
  }
  | { status: number } {
  const { headers } = request;
  const scale = readFactor(headers.get("scale"));
  const speed = readFactor(headers.get("speed"));
  if (scale === undefined || speed === undefined || speed < 0) {
    return { status: 400 };
  }
  const text = headers.get("range");
  if (text === undefined) {
    return { from: undefined, to: undefined, scale, speed };
  }
  let range: MediaRange;
  try {
    // "Range: npt=5-;time=…" names a moment to begin at; now is as near as any.
    range = parseMediaRange(splitValue(text, ";")[0] ?? "");
  } catch (error) {
    if (!(error instanceof SdpProtocolError)) throw error;
    return { status: 400 };
  }
  if (range.unit !== "npt") return { status: 457 };
  if (!media.seekable || media.duration === undefined) {
    // Players ask a live stream for its beginning, or for where they paused.
    return { from: "now", to: undefined, scale, speed };
  }
  const from = range.from === "now" ? undefined : range.from ?? 0;
  if ((from ?? 0) > media.duration) return { status: 457 };
  if (range.to !== undefined && scale > 0 && range.to < (from ?? 0)) {
    return { status: 457 };
  }
  const to = range.to === undefined
    ? undefined
    : Math.min(range.to, media.duration);
  return { from, to, scale, speed };
}

/** Scale or Speed: 1 when absent, `undefined` when it is none. */
function readFactor(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  const value = parseDecimal(text.split(";")[0]);
  return value === undefined || value === 0 || Math.abs(value) > MAX_SCALE
    ? undefined
    : value;
}

/** Names of the parameters in a `text/parameters` body. */
export function parameterNames(body: Uint8Array): string[] {
  return new TextDecoder().decode(body).split(/[\r\n]+/)
    .map((line) => line.split(":")[0]!.trim())
    .filter((name) => /^[!-~]{1,64}$/.test(name)).slice(0, 32);
}
