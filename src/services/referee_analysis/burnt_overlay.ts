/**
 * The overlay on the pixels of a video of its own: decoded, painted, encoded.
 * Words are drawn with our own font.
 *
 * @module
 */

import {
  drawText,
  GLYPH_HEIGHT,
  spawnFfmpeg,
  textWidth,
} from "../../media/mod.ts";
import {
  type OverlayCaption,
  overlayCaptions,
  type OverlayTrack,
} from "../../referee/mod.ts";
import type { Lens } from "../../vision/mod.ts";
import type { StageTools } from "../referee_server/analysis_stage.ts";
import { lowerProcess } from "../referee/low_priority.ts";
import { readPictures } from "./picture_reader.ts";

/** Brightness and both colour differences (BT.601) of what is painted. */
const COLORS = {
  left: [139, 192, 91],
  right: [155, 90, 77],
  mark: [181, 26, 174],
  panel: [30, 128, 128],
  text: [235, 128, 128],
  red: [81, 90, 240],
  green: [145, 54, 34],
} as const;

type Color = readonly [number, number, number];

/** A picture as ffmpeg's yuv420p: brightness, then colours at half the size. */
interface YuvPicture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes the video with its overlay.
 *
 * @throws {Error} when ffmpeg cannot.
 * @throws the signal's reason when it aborts.
 */
export async function burnOverlay(
  { ffmpeg, lens, track, videoPath, output }: {
    readonly ffmpeg: string;
    readonly lens: Lens | undefined;
    readonly track: OverlayTrack;
    readonly videoPath: string;
    readonly output: string;
  },
  { progress, signal }: StageTools,
): Promise<void> {
  // yuv420p wants even sides.
  const width = track.width & ~1;
  const height = track.height & ~1;
  const { times } = track;
  const seconds = Math.max(1e-3, (times.at(-1) ?? 0) - (times[0] ?? 0));
  const fps = Math.max(1, Math.min(240, (times.length - 1) / seconds));
  await using decoder = spawnFfmpeg(ffmpeg, [
    ...["-protocol_whitelist", "file", "-i", `file:${videoPath}`],
    ...["-map", "0:v:0", "-fps_mode", "passthrough"],
    ...["-vf", `${straighten(lens)}scale=${width}:${height},format=yuv420p`],
    ...["-f", "rawvideo", "pipe:1"],
  ], { signal, stdout: "piped", swift: true });
  await using encoder = spawnFfmpeg(ffmpeg, [
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p"],
    ...["-s", `${width}x${height}`, "-framerate", fps.toFixed(4)],
    ...["-i", "pipe:0", "-c:v", "libx264", "-preset", "veryfast"],
    ...["-crf", "21", "-movflags", "+faststart", "-y", `file:${output}`],
  ], { signal, stdin: "piped", swift: true });
  for (const { pid } of [decoder, encoder]) await lowerProcess(pid);
  const writer = encoder.stdin.getWriter();
  writer.closed.catch(() => {}); // told by the write
  const captions = overlayCaptions(track);
  let index = 0;
  try {
    await readPictures(decoder, width * height * 3 / 2, async (bytes) => {
      const picture = { width, height, bytes: bytes.slice() };
      if (index < times.length) {
        paintOverlay(picture, track, captions, index, lens);
      }
      index++;
      progress(index / (times.length + 1), "Drawing overlay...");
      await writer.write(picture.bytes);
    });
    await writer.close();
  } catch (error) {
    signal.throwIfAborted();
    await encoder.exit;
    throw new Error(
      `Cannot draw the overlay: ${encoder.reason() ?? String(error)}`,
      { cause: error },
    );
  }
  const { success } = await encoder.exit;
  signal.throwIfAborted();
  if (!success) {
    throw new Error(
      `Cannot draw the overlay: ${encoder.reason() ?? "ffmpeg failed"}`,
    );
  }
}

/** ffmpeg's filters for a lens: the picture made smaller by the zoom, then straightened. */
function straighten(lens: Lens | undefined): string {
  if (lens === undefined) return "";
  const { k, zoom } = lens;
  const shrink = zoom > 1
    ? `scale=iw/${zoom}:ih/${zoom},pad=iw*${zoom}:ih*${zoom}:(ow-iw)/2:(oh-ih)/2,`
    : "";
  return `${shrink}lenscorrection=k1=${k * zoom * zoom}:k2=0:i=bilinear,`;
}

function paintOverlay(
  picture: YuvPicture,
  track: OverlayTrack,
  captions: readonly OverlayCaption[],
  index: number,
  lens: Lens | undefined,
): void {
  const { width, height } = picture;
  const time = track.times[index]!;
  const thick = Math.max(2, Math.round(height / 270));
  for (const side of ["left", "right"] as const) {
    const box = track[side].boxes[index];
    if (box === null || box === undefined) continue;
    const [l, t, r, b] = lens === undefined
      ? box
      : straightBox(box, track, lens);
    paintFrame(picture, l!, t!, r!, b!, thick, COLORS[side]);
  }
  const scale = Math.max(2, Math.round(height / 180));
  const pitch = (GLYPH_HEIGHT + 5) * scale;
  const shown = captions.filter(({ start, end }) =>
    time >= start && time < end
  );
  for (const [row, { text, kind, side }] of shown.entries()) {
    const color = kind === "decision"
      ? COLORS.text
      : side === undefined
      ? COLORS.mark
      : COLORS[side];
    const wide = textWidth(text, scale);
    const x = Math.max(4 * scale, (width - wide) / 2);
    const y = 6 * scale + row * pitch;
    fill(
      picture,
      x - 3 * scale,
      y - 3 * scale,
      wide + 6 * scale,
      pitch - scale,
      COLORS.panel,
    );
    drawText(
      text,
      x,
      y,
      scale,
      (left, top, w, h) => fill(picture, left, top, w, h, color),
    );
  }
  if (track.hit !== null && time >= track.hit) {
    const lamp = 12 * scale;
    if (track.scored.left) fill(picture, 0, 0, lamp, lamp, COLORS.red);
    if (track.scored.right) {
      fill(picture, width - lamp, 0, lamp, lamp, COLORS.green);
    }
  }
}

/** A box of the bent picture in the straight one; the lens is that of the smaller picture that was looked at. */
function straightBox(
  box: readonly number[],
  { width, height }: OverlayTrack,
  lens: Lens,
): number[] {
  const { x: scaleX, y: scaleY } = lens.scaleTo(width, height);
  const [l = 0, t = 0, r = 0, b = 0] = box;
  const a = lens.correct({ x: l / scaleX, y: t / scaleY });
  const c = lens.correct({ x: r / scaleX, y: b / scaleY });
  return [a.x * scaleX, a.y * scaleY, c.x * scaleX, c.y * scaleY];
}

function paintFrame(
  picture: YuvPicture,
  l: number,
  t: number,
  r: number,
  b: number,
  thick: number,
  color: Color,
): void {
  fill(picture, l, t, r - l, thick, color);
  fill(picture, l, b - thick, r - l, thick, color);
  fill(picture, l, t, thick, b - t, color);
  fill(picture, r - thick, t, thick, b - t, color);
}

/** A filled rectangle; what lies outside is cut off. */
function fill(
  { width, height, bytes }: YuvPicture,
  x: number,
  y: number,
  w: number,
  h: number,
  [luma, blue, red]: Color,
): void {
  const left = Math.max(0, Math.round(x));
  const top = Math.max(0, Math.round(y));
  const right = Math.min(width, Math.round(x + w));
  const bottom = Math.min(height, Math.round(y + h));
  if (left >= right) return;
  for (let row = top; row < bottom; row++) {
    bytes.fill(luma, row * width + left, row * width + right);
  }
  const half = width >> 1;
  const plane = half * (height >> 1);
  const start = width * height;
  for (let row = top >> 1; row < (bottom + 1) >> 1; row++) {
    const from = start + row * half + (left >> 1);
    const to = start + row * half + ((right + 1) >> 1);
    bytes.fill(blue, from, to);
    bytes.fill(red, from + plane, to + plane);
  }
}
