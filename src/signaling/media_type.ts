/**
 * What Media Source Extensions must be told of a film, read from its beginning:
 * for browsers that have no service worker.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";

/** Boxes of a file's beginning that are looked at, at most. */
const MAX_BOXES = 64;
/** The EBML header (RFC 8794, section 11). */
const EBML = 0x1a45dfa3;

const WEBM_CODECS: readonly (readonly [id: string, codec: string])[] = [
  ["V_VP8", "vp8"],
  ["V_VP9", "vp9"],
  ["V_AV1", "av01.0.08M.08"],
  ["A_OPUS", "opus"],
  ["A_VORBIS", "vorbis"],
];

/**
 * The type for `MediaSource`, such as `video/mp4; codecs="avc1.42c01e"`, from
 * the first bytes of a file; `undefined` for what cannot be given piece by
 * piece, as an MP4 that is not fragmented.
 */
export function mediaSourceType(head: Bytes): string | undefined {
  if (head.length < 12) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = new TextDecoder("latin1").decode(head);
  if (view.getUint32(0) === EBML) {
    const codecs = WEBM_CODECS.filter(([id]) => text.includes(id))
      .map(([, codec]) => codec);
    return text.slice(0, 64).includes("webm") && codecs.length > 0
      ? `video/webm; codecs="${codecs.join(", ")}"`
      : undefined;
  }
  for (let at = 0, count = 0; at + 8 <= head.length; count++) {
    const size = view.getUint32(at);
    const kind = text.slice(at + 4, at + 8);
    if (kind === "moov") return movieType(text.slice(at, at + size), head, at);
    if (size < 8 || count > MAX_BOXES) return undefined;
    at += size;
  }
  return undefined;
}

/** From a movie box (ISO/IEC 14496-12), when it announces fragments. */
function movieType(moov: string, head: Bytes, at: number): string | undefined {
  if (!moov.includes("mvex")) return undefined;
  const codecs: string[] = [];
  const avc = moov.indexOf("avcC");
  // Profile, compatibility and level (ISO/IEC 14496-15, section 5.3.3).
  if (avc >= 0) {
    codecs.push(`avc1.${head.slice(at + avc + 5, at + avc + 8).toHex()}`);
  }
  if (moov.includes("mp4a")) codecs.push("mp4a.40.2");
  if (moov.includes("Opus")) codecs.push("opus");
  return codecs.length === 0
    ? undefined
    : `video/mp4; codecs="${codecs.join(", ")}"`;
}
