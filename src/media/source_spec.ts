/**
 * The SOURCE grammar that every command shares.
 *
 * ```text
 * SOURCE  = "-" | camera | pattern | chain | url | file
 * camera  = "camera:" index                      camera:0
 * pattern = "pattern" [":" W "x" H ["@" fps]]    pattern:640x480@24
 * chain   = "chain://" host ":" port             chain://127.0.0.1:10001
 * url     = ("rtsp" | "rtsps" | "http" | "https") "://" …
 * file    = "file://" … | anything else without a scheme
 * ```
 *
 * A file whose name looks like one of the others is written with its folder:
 * `./camera:0`.
 *
 * @module
 */

/** Longest SOURCE that is looked at: PATH_MAX on Linux, and longer than any sane URL. */
export const MAX_SOURCE_LENGTH = 4096;

/** Smallest pattern side in pixels: room for the frame number. */
export const MIN_PATTERN_SIDE = 64;

/** Largest pattern side in pixels: 8K, beyond which a raw frame exceeds 50 MB. */
export const MAX_PATTERN_SIDE = 7680;

/** Highest frame rate that may be asked for: above the fastest displays (RFC 2435's clock allows more). */
export const MAX_FPS = 240;

/** Highest camera number: V4L2 has 256 video device minors. */
export const MAX_CAMERA_INDEX = 255;

/** The pattern's picture where `pattern` says nothing more. */
export const DEFAULT_PATTERN = { width: 640, height: 480, fps: 24 } as const;

/** What a SOURCE argument names. */
export type SourceSpec =
  /** A video file. */
  | { readonly kind: "file"; readonly path: string }
  /** A stream on the network; `url` is normalised. */
  | {
    readonly kind: "url";
    readonly url: string;
    readonly scheme: "rtsp" | "rtsps" | "http" | "https";
  }
  /** The machine's camera number `index`. */
  | { readonly kind: "camera"; readonly index: number }
  /** The moving test picture. */
  | {
    readonly kind: "pattern";
    readonly width: number;
    readonly height: number;
    readonly fps: number;
  }
  /** The stream of a chain peer. */
  | { readonly kind: "chain"; readonly host: string; readonly port: number }
  /** An MJPEG stream on standard input. */
  | { readonly kind: "stdin" };

/**
 * Stable names of what is wrong with a SOURCE: `empty`, `too_long`,
 * `bad_character`, `bad_camera`, `bad_pattern`, `bad_chain`, `bad_url`,
 * `unknown_scheme`.
 */
export type SourceSpecErrorCode =
  | "empty"
  | "too_long"
  | "bad_character"
  | "bad_camera"
  | "bad_pattern"
  | "bad_chain"
  | "bad_url"
  | "unknown_scheme";

/** A SOURCE that cannot be understood; the message says what is allowed. */
export class SourceSpecError extends SyntaxError {
  /** The class, in messages and for who cannot import it. */
  override name = "SourceSpecError";
  /** What is wrong, stable across versions. */
  readonly code: SourceSpecErrorCode;

  /** The message reads `Cannot use source "…": <why>`. */
  constructor(code: SourceSpecErrorCode, text: string, why: string) {
    const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
    super(`Cannot use source ${JSON.stringify(shown)}: ${why}`);
    this.code = code;
  }
}

/** The error that refuses `text` because of `why`. */
function refuse(
  code: SourceSpecErrorCode,
  text: string,
  why: string,
): SourceSpecError {
  return new SourceSpecError(code, text, why);
}

/** Anything but printable text and tabs: no file name that was meant has one. */
// deno-lint-ignore no-control-regex -- these are what must be refused
const CONTROL_BYTE = /[\x00-\x08\x0a-\x1f\x7f]/;

const URL_SCHEMES = new Set(["rtsp", "rtsps", "http", "https"]);

/**
 * Reads a SOURCE argument. Whether the file or device is there is not looked at.
 *
 * @throws {SourceSpecError} when the text follows none of the forms.
 */
export function parseSource(text: string): SourceSpec {
  if (text === "") {
    throw refuse("empty", text, "it is empty; give a video file");
  }
  if (text.length > MAX_SOURCE_LENGTH) {
    throw refuse(
      "too_long",
      text,
      `it has ${text.length} characters, the limit is ${MAX_SOURCE_LENGTH}`,
    );
  }
  if (CONTROL_BYTE.test(text)) {
    throw refuse("bad_character", text, "it has a control byte");
  }
  if (text === "-") return { kind: "stdin" };
  if (text.startsWith("camera:")) return parseCamera(text);
  if (text === "pattern" || text.startsWith("pattern:")) {
    return parsePattern(text);
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(text)?.[1]
    ?.toLowerCase();
  if (scheme === undefined) return { kind: "file", path: text };
  if (scheme === "chain") return parseChain(text);
  if (scheme === "file") return parseFileUrl(text);
  if (!URL_SCHEMES.has(scheme)) {
    throw refuse(
      "unknown_scheme",
      text,
      `"${scheme}://" is not known; there are rtsp, rtsps, http, https, chain and file`,
    );
  }
  return parseUrl(text, scheme as "rtsp" | "rtsps" | "http" | "https");
}

function parseCamera(text: string): SourceSpec {
  const digits = text.slice("camera:".length);
  const index = Number(digits);
  if (!/^\d{1,3}$/.test(digits) || index > MAX_CAMERA_INDEX) {
    throw refuse(
      "bad_camera",
      text,
      `a camera has a number from 0 to ${MAX_CAMERA_INDEX}, as in "camera:0"`,
    );
  }
  return { kind: "camera", index };
}

function parsePattern(text: string): SourceSpec {
  if (text === "pattern") return { kind: "pattern", ...DEFAULT_PATTERN };
  const match = /^pattern:(\d{1,5})x(\d{1,5})(?:@(\d{1,4}(?:\.\d{1,3})?))?$/
    .exec(text);
  if (match === null) {
    throw refuse(
      "bad_pattern",
      text,
      'a pattern is written "pattern:640x480@24"',
    );
  }
  const width = Number(match[1]);
  const height = Number(match[2]);
  const fps = Number(match[3] ?? DEFAULT_PATTERN.fps);
  for (const side of [width, height]) {
    if (
      side < MIN_PATTERN_SIDE || side > MAX_PATTERN_SIDE || side % 2 !== 0
    ) {
      throw refuse(
        "bad_pattern",
        text,
        `its sides must be even, from ${MIN_PATTERN_SIDE} to ${MAX_PATTERN_SIDE}`,
      );
    }
  }
  if (!(fps > 0 && fps <= MAX_FPS)) {
    throw refuse(
      "bad_pattern",
      text,
      `its frame rate must be above 0 and at most ${MAX_FPS}`,
    );
  }
  return { kind: "pattern", width, height, fps };
}

function parseChain(text: string): SourceSpec {
  const match =
    /^chain:\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})\/?$/i
      .exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port < 1 || port > 65535) {
    throw refuse(
      "bad_chain",
      text,
      'a peer\'s stream is written "chain://host:port"',
    );
  }
  return { kind: "chain", host, port };
}

function parseFileUrl(text: string): SourceSpec {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const path = decodePath(url?.pathname ?? "");
  if (url === undefined || path === undefined) {
    throw refuse("bad_url", text, "it is no file URL");
  }
  if (url.hostname !== "" && url.hostname !== "localhost") {
    throw refuse("bad_url", text, `it names the host "${url.hostname}"`);
  }
  if (CONTROL_BYTE.test(path)) {
    throw refuse("bad_character", text, "it has a control byte");
  }
  // file:///C:/movie.mp4 is C:/movie.mp4 on Windows
  return { kind: "file", path: path.replace(/^\/([A-Za-z]:\/)/, "$1") };
}

function decodePath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function parseUrl(
  text: string,
  scheme: "rtsp" | "rtsps" | "http" | "https",
): SourceSpec {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") {
    throw refuse(
      "bad_url",
      text,
      `it is no URL; one looks like "${scheme}://host/path"`,
    );
  }
  return { kind: "url", url: url.href, scheme };
}
