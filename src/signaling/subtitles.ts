/**
 * Subtitles as they travel: read from SubRip or WebVTT, made small, and sealed
 * into what the room is told of its film, so that everybody has all of them
 * before the first is due.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";

/** Cues of a film: one a second for three hours. */
export const MAX_CUES = 10_000;
/** Characters of a cue: more fits on no screen. */
export const MAX_CUE_LENGTH = 1000;
/** Characters of a file with subtitles. */
export const MAX_SUBTITLE_TEXT = 4 * 1024 * 1024;
/** Bytes of them deflated: what a room's description of its film has room for. */
export const MAX_SUBTITLE_BYTES = 45 * 1024;
/** Characters of a title. */
const MAX_TITLE_LENGTH = 60;

/** What is shown, and when, ms of the film. */
export type SubtitleCue = readonly [start: number, end: number, text: string];

/** A film's subtitles. */
export interface Subtitles {
  /** For people, such as a language. */
  readonly title: string;
  /** In the order of their beginnings. */
  readonly cues: readonly SubtitleCue[];
}

const TIMES =
  /^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})/;

/**
 * Reads SubRip (`.srt`) or WebVTT (`.vtt`, W3C WebVTT section 4); both are
 * blocks of a line with two times and lines of text.
 *
 * @throws {SignalProtocolError} when there is no cue in it.
 */
export function parseSubtitles(text: string): SubtitleCue[] {
  const cues: SubtitleCue[] = [];
  const blocks = text.slice(0, MAX_SUBTITLE_TEXT).replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n").replaceAll("\r", "\n").split(/\n{2,}/);
  for (const block of blocks) {
    const lines = block.split("\n");
    const at = lines.findIndex((line) => TIMES.test(line));
    const [, from = "", to = ""] = TIMES.exec(lines[at] ?? "") ?? [];
    const words = plainText(lines.slice(at + 1).join("\n"));
    if (at < 0 || words === "" || cues.length >= MAX_CUES) continue;
    const [start, end] = [milliseconds(from), milliseconds(to)];
    if (end > start) cues.push([start, end, words]);
  }
  if (cues.length === 0) {
    throw new SignalProtocolError(
      "bad-field",
      "Cannot read the subtitles: there is no cue in them",
    );
  }
  return cues.sort(([a], [b]) => a - b);
}

/**
 * Makes them small enough to be told with the film.
 *
 * @throws {SignalProtocolError} when they are too many.
 */
export async function packSubtitles({ title, cues }: Subtitles): Promise<{
  readonly title: string;
  readonly deflated: string;
}> {
  let before = 0;
  const near = cues.map(([start, end, text]) => {
    const one = [start - before, end - start, text];
    before = start;
    return one;
  });
  const stream = new Blob([JSON.stringify(near)]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (bytes.length > MAX_SUBTITLE_BYTES) {
    throw new SignalProtocolError(
      "bad-field",
      `Cannot share the subtitles: they have ${bytes.length} bytes when deflated, ${MAX_SUBTITLE_BYTES} is the most`,
    );
  }
  return {
    title: title.slice(0, MAX_TITLE_LENGTH),
    deflated: bytes.toBase64(),
  };
}

/** Reads what {@linkcode packSubtitles} made; `undefined` for anything else. */
export async function unpackSubtitles(
  value: unknown,
): Promise<Subtitles | undefined> {
  const { title, deflated } = (value ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (
    typeof deflated !== "string" || deflated.length > 2 * MAX_SUBTITLE_BYTES
  ) return undefined;
  try {
    const text = await inflate(Uint8Array.fromBase64(deflated));
    let at = 0;
    const cues: SubtitleCue[] = [];
    for (const one of (JSON.parse(text) as unknown[]).slice(0, MAX_CUES)) {
      const [gap, length, words] = one as unknown[];
      if (
        typeof gap !== "number" || typeof length !== "number" ||
        typeof words !== "string"
      ) return undefined;
      at += gap;
      cues.push([at, at + length, words.slice(0, MAX_CUE_LENGTH)]);
    }
    return {
      title: typeof title === "string" ? title.slice(0, MAX_TITLE_LENGTH) : "",
      cues,
    };
  } catch {
    return undefined; // no deflated JSON
  }
}

/** At most as many characters as a file may have: a small text can be made of endless blanks. */
async function inflate(bytes: Bytes): Promise<string> {
  const reader = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw"))
    .pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > MAX_SUBTITLE_TEXT) {
      await reader.cancel();
      throw new SignalProtocolError(
        "bad-field",
        "Cannot read the subtitles: they are too long",
      );
    }
  }
}

function milliseconds(time: string): number {
  const [seconds = "", minutes = "", hours = "0"] = time.replace(",", ".")
    .split(":").reverse();
  return Math.round(
    1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds)),
  );
}

/** Without tags, positions of SubStation, and the names of characters. */
function plainText(text: string): string {
  return text.replace(/<[^>\n]{0,100}>|\{\\[^}\n]{0,100}\}/g, "")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&nbsp;", " ")
    .replaceAll("&lrm;", "").replaceAll("&rlm;", "").replaceAll("&amp;", "&")
    .trim().slice(0, MAX_CUE_LENGTH);
}
