/**
 * Test media, made by the real ffmpeg when a test asks for them.
 *
 * What was made once stays in the system's temporary folder, under a name that
 * is a hash of how it was made; test files that run at the same time share it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createLogger } from "../../src/log/mod.ts";
import { ensureFfmpeg } from "../../src/media/mod.ts";

/** What the picture shows; both move from frame to frame. */
export type ClipSource = "testsrc2" | "mandelbrot";

/** How to encode a frame as JPEG. */
export interface JpegOptions {
  /** Width and height, `640x480`. */
  readonly size?: string;
  /** How many frames. */
  readonly frames?: number;
  /** ffmpeg's word for the sampling, `yuvj420p`, `yuvj422p` or `yuvj444p`. */
  readonly pixFmt?: string;
  /** `default` is the standard tables, `optimal` (ffmpeg's own choice) others for each frame. */
  readonly huffman?: "default" | "optimal";
  /** Whether the scan has restart markers, one a row of blocks or so. */
  readonly restartMarkers?: boolean;
  /** ffmpeg's quality, 2 (best) to 31. */
  readonly q?: number;
  /** What the picture shows. */
  readonly source?: ClipSource;
}

/** How to make a video file. */
export interface ClipOptions extends JpegOptions {
  /** Frames a second. */
  readonly fps?: number;
  /** ffmpeg's name of the encoder. */
  readonly codec?: string;
}

const DEFAULTS = {
  size: "640x480",
  frames: 1,
  pixFmt: "yuvj420p",
  huffman: "default",
  restartMarkers: false,
  q: 4,
  source: "testsrc2",
  fps: 24,
  codec: "mjpeg",
} satisfies Required<ClipOptions>;

/** ffmpeg's demuxer for JPEGs one after another, and its muxers by file name. */
const FORMATS: Readonly<Record<string, string>> = {
  ".avi": "avi",
  ".mkv": "matroska",
  ".mp4": "mp4",
  ".mjpeg": "mjpeg",
};

/** What ffmpeg says of good files too when they are of a few pixels. */
const HARMLESS =
  /deprecated pixel format|EOI missing, emulating|bitrate parameter is set too low|Last message repeated|^$/;

let found: Promise<string> | undefined;

/**
 * Path of the ffmpeg that makes test media: STREAMTOOL_FFMPEG, PATH, our
 * cache, or fetched as the program itself does it.
 */
export function ffmpegPath(): Promise<string> {
  found ??= findOnce();
  return found;
}

async function findOnce(): Promise<string> {
  const log = createLogger({
    level: "info",
    format: "text",
    color: false,
    now: () => new Date(),
    write: (line) => console.error(line),
  });
  return (await ensureFfmpeg({ log })).path;
}

/** JPEG files straight from ffmpeg's encoder, one a frame. */
export async function makeJpegs(
  options: JpegOptions = {},
): Promise<Uint8Array<ArrayBuffer>[]> {
  const folder = await cached(
    [...encodeArguments(options), "-f", "image2", "%05d.jpg"],
    async (args, target) => {
      await Deno.mkdir(target);
      await runFfmpeg(args, target);
    },
  );
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  return await Promise.all(
    names.sort().map((name) => Deno.readFile(join(folder, name))),
  );
}

/** One JPEG file; see {@linkcode makeJpegs}. */
export async function makeJpeg(
  options: Omit<JpegOptions, "frames"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const [jpeg] = await makeJpegs({ ...options, frames: 1 });
  if (jpeg === undefined) {
    throw new Error("Cannot make a JPEG: ffmpeg wrote none");
  }
  return jpeg;
}

/**
 * Writes a video to `path`; the extension says the container: `.avi`, `.mkv`,
 * `.mp4`, or `.mjpeg` for JPEGs one after another.
 */
export async function makeClip(
  path: string,
  options: ClipOptions = {},
): Promise<void> {
  const extension = extname(path).toLowerCase();
  const format = FORMATS[extension];
  if (format === undefined) {
    throw new Error(`Cannot make a clip: "${extension}" is no known container`);
  }
  const clip = await cached(
    [...encodeArguments(options), "-f", format],
    (args, target) => runFfmpeg([...args, target], tmpdir()),
  );
  await Deno.copyFile(clip, path);
}

/**
 * The pictures of JPEG files of the same size and sampling, as planes one
 * after another, in the files' own pixel format unless `pixFmt` names another.
 *
 * Throws when ffmpeg has anything to complain about.
 */
export async function decodeJpegs(
  jpegs: readonly Uint8Array[],
  pixFmt?: string,
): Promise<Uint8Array> {
  const command = new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-v", "warning", "-xerror", "-f", "mpjpeg", "-i", "pipe:0"],
      ...["-fps_mode", "passthrough", "-f", "rawvideo"],
      ...(pixFmt === undefined ? [] : ["-pix_fmt", pixFmt]),
      "pipe:1",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const process = command.spawn();
  const [output] = await Promise.all([
    process.output(),
    new Blob(jpegs.flatMap(multipart)).stream().pipeTo(process.stdin),
  ]);
  const complaint = new TextDecoder().decode(output.stderr).split("\n")
    .filter((line) => !HARMLESS.test(line)).join("\n");
  if (!output.success || complaint !== "") {
    throw new Error(`Cannot decode JPEGs: ffmpeg says "${complaint}"`);
  }
  return output.stdout;
}

/** ffmpeg guesses where a bare JPEG ends, and small ones wrongly; here it is told. */
function multipart(jpeg: Uint8Array): BlobPart[] {
  return [
    `--frame\r\nContent-type: image/jpeg\r\nContent-length: ${jpeg.length}\r\n\r\n`,
    jpeg.slice(),
    "\r\n",
  ];
}

function encodeArguments(options: ClipOptions): string[] {
  const { size, frames, pixFmt, huffman, restartMarkers, ...rest } = {
    ...DEFAULTS,
    ...options,
  };
  const { q, source, fps, codec } = rest;
  return [
    // With subsampled chroma testsrc2 rounds an odd size down.
    ...["-f", "lavfi", "-i", `${source}=size=${size}:rate=${fps},format=gbrp`],
    ...["-frames:v", `${frames}`, "-pix_fmt", pixFmt],
    ...["-c:v", codec, "-q:v", `${q}`],
    ...(codec === "mjpeg" ? ["-huffman", huffman] : []),
    // A slice a thread: that is where ffmpeg puts restart markers.
    ...(restartMarkers ? ["-threads", "4", "-thread_type", "slice"] : []),
    // Without this the files would carry the version of ffmpeg.
    ...["-flags", "+bitexact", "-fflags", "+bitexact"],
  ];
}

async function runFfmpeg(args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "error", "-nostdin", "-y", ...args],
    cwd,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot make test media: ffmpeg says "${
        new TextDecoder().decode(stderr).trim()
      }"`,
    );
  }
}

/** The path of what `make` makes with `args`, made now if nobody did before. */
async function cached(
  args: readonly string[],
  make: (args: readonly string[], target: string) => Promise<void>,
): Promise<string> {
  const key = createHash("sha256")
    .update(JSON.stringify([await ffmpegPath(), ...args]))
    .digest("hex").slice(0, 24);
  const root = join(tmpdir(), "streamtool-clips");
  const target = join(root, key);
  if (await exists(target)) return target;
  await Deno.mkdir(root, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: root, prefix: "making-" });
  try {
    const made = join(folder, "made");
    await make(args, made);
    await Deno.rename(made, target);
  } catch (error) {
    // Somebody else was faster: a folder that is not empty is not replaced.
    if (!await exists(target)) throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return target;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
