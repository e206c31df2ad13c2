/**
 * What ffmpeg writes to stderr, made fit for one line of ours.
 *
 * @module
 */

/** Lines of stderr that are kept: ffmpeg says the reason within its last dozen, and repeats itself when it fails. */
export const MAX_STDERR_LINES = 40;

/** Longest line of stderr that is kept, in characters; codec names and URLs fit. */
export const MAX_STDERR_LINE_LENGTH = 500;

/** `[mov,mp4 @ 0x55d5]`, `[in#0 @ 0x55]`, `[vost#0:0/mjpeg @ 0x55]`, possibly several. */
const COMPONENT_PREFIX = /^(?:\[[^\]]* @ (?:0x)?[0-9a-fA-F]+\]\s*)+/;

/** Lines that only repeat that something failed; the reason stands before them. */
const NOISE = [
  /^Last message repeated/,
  /^Error opening (?:input|output) (?:file .*\.$|files: )/,
  /^(?:Terminating thread|Task finished|Decode error rate|Conversion failed|Exiting normally)/,
  /^Error (?:closing file|writing trailer|muxing a packet|submitting|selecting an encoder)/,
  /^(?:Nothing was written|Output file is empty|Received signal|At least one output file)/,
  /^(?:Input #|Output #|Stream mapping|Press \[q\]|Metadata:|frame=|size=|video:)/,
  /^Consider increasing the value for the/,
  /^deprecated pixel format used/,
  /^\s*$/,
];

/** Messages that a user can do more with in other words. */
const TRANSLATIONS: readonly (readonly [RegExp, string])[] = [
  [
    /Format not on whitelist/,
    "playlists and picture sequences are not read; give the video itself",
  ],
  [
    /Protocol '([^']*)' not on whitelist/,
    "it refers to other files or hosts, which is not allowed",
  ],
  [/moov atom not found/, "the file is cut off: its index is missing"],
  [/Invalid data found when processing input/, "it is no video, or damaged"],
];

/** Keeps the last lines of a stderr stream, each bounded; text is pushed in any pieces. */
export class StderrTail {
  readonly #lines: string[] = [];
  #partial = "";

  /** Adds text as it arrived and returns the lines it completed. */
  push(text: string): string[] {
    const pieces = (this.#partial + text).split(/\r\n|\n|\r/);
    this.#partial = (pieces.pop() ?? "").slice(0, MAX_STDERR_LINE_LENGTH);
    const complete: string[] = [];
    for (const piece of pieces) {
      const line = piece.slice(0, MAX_STDERR_LINE_LENGTH);
      complete.push(line);
      this.#lines.push(line);
    }
    const excess = this.#lines.length - MAX_STDERR_LINES;
    if (excess > 0) this.#lines.splice(0, excess);
    return complete;
  }

  /** The last lines, an unfinished one included. */
  get lines(): string[] {
    return this.#partial === ""
      ? [...this.#lines]
      : [...this.#lines, this.#partial];
  }
}

/**
 * The one line of ffmpeg's stderr that says why it failed, without addresses
 * of its objects and without the input's name before it; `undefined` when it
 * said nothing of use.
 */
export function meaningfulLine(
  lines: readonly string[],
  inputName = "",
): string | undefined {
  const stripped = lines.map((line) =>
    line.replace(COMPONENT_PREFIX, "").trim()
  );
  for (const [pattern, words] of TRANSLATIONS) {
    if (stripped.some((line) => pattern.test(line))) return words;
  }
  const telling = stripped.filter((line) =>
    !NOISE.some((pattern) => pattern.test(line))
  );
  const chosen = telling.at(-1)?.replace(
    /^Error opening (?:input|output):? /,
    "",
  );
  if (chosen === undefined) return undefined;
  const prefix = `${inputName}: `;
  const line = inputName !== "" && chosen.startsWith(prefix)
    ? chosen.slice(prefix.length)
    : chosen;
  return line.replace(/\.$/, "");
}
