/**
 * What the hall looks like without the fencers: the median of frames that were
 * taken where something had moved, laid over each other as the camera turned.
 *
 * @module
 */

import type { GrayImage } from "./gray_image.ts";

/** Frames whose median is taken; odd. */
export const BACKGROUND_SAMPLES = 31;

/** With fewer samples at a place nothing is known of it. */
const MIN_SAMPLES = 3;

/** A frame with the camera taken out: its pixels lie on the grid of the first frame. */
export interface AlignedFrame {
  /** Column and row of the first frame at which the first pixel lies. */
  readonly left: number;
  readonly top: number;
  readonly image: GrayImage;
}

/** Part of a pixel below which a camera that stands is not said to turn. */
const STILL = 0.3;

/**
 * Takes the camera out of a frame: turned by (dx, dy) and as bright as the first
 * frame. A frame of a still camera shares nothing with `image` either.
 */
export function alignFrame(
  image: GrayImage,
  { dx, dy, gain, bias }: {
    readonly dx: number;
    readonly dy: number;
    readonly gain: number;
    readonly bias: number;
  },
): AlignedFrame {
  const table = new Uint8ClampedArray(256);
  for (let grey = 0; grey < 256; grey++) table[grey] = gain * grey + bias;
  const { width, height, pixels } = image;
  if (Math.hypot(dx, dy) < STILL) {
    const out = new Uint8Array(width * height);
    for (let i = 0; i < out.length; i++) out[i] = table[pixels[i]!]!;
    return { left: 0, top: 0, image: { width, height, pixels: out } };
  }
  const left = Math.ceil(-dx);
  const top = Math.ceil(-dy);
  // The same part of a pixel everywhere: four weights of 1/256.
  const sx = Math.round((left + dx) * 16);
  const sy = Math.round((top + dy) * 16);
  const [w0, w1, w2, w3] = [
    (16 - sx) * (16 - sy),
    sx * (16 - sy),
    (16 - sx) * sy,
    sx * sy,
  ];
  const columns = width - 1;
  const rows = height - 1;
  const out = new Uint8Array(columns * rows);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0, at = y * width; x < columns; x++, at++, to++) {
      out[to] = table[
        (pixels[at]! * w0! + pixels[at + 1]! * w1! +
          pixels[at + width]! * w2! + pixels[at + width + 1]! * w3! + 128) >> 8
      ]!;
    }
  }
  return { left, top, image: { width: columns, height: rows, pixels: out } };
}

/** The hall, on a sheet that is as large as the camera saw. */
export interface Background {
  readonly left: number;
  readonly top: number;
  readonly image: GrayImage;
  /** 1 where something is known. */
  readonly known: Uint8Array;
}

/** What a place shows most of the time, and what it shows else, if that is something other. */
interface Modes {
  readonly usual: Uint8Array;
  readonly other: Uint8Array;
  /** By how much more often the usual is seen than the other, in 1/255, and 1 more; 0 where there is no other. */
  readonly ambiguous: Uint8Array;
}

/** Greys between what a place shows and what it shows else, at least. */
const MIN_GAP = 3;

/** The same in deviations of the noise. */
const GAP_DEVIATIONS = 1.2;

/** Every how many pixels the noise is measured. */
const NOISE_STRIDE = 37;

/** Samples that must show the other. */
const MIN_OTHER = 3;

/** What choosing the rarer of two costs, as a part of their difference, when it is as good as never seen. */
const RARER_COST = 0.06;

/**
 * The hall, from frames. Usually the median; but where a fencer stood for long,
 * the fencer is the median. So where a place shows two things, the one counts
 * that fits what is beside it: a hall goes on, a body ends.
 */
export function medianBackground(frames: readonly AlignedFrame[]): Background {
  const left = Math.min(...frames.map((frame) => frame.left));
  const top = Math.min(...frames.map((frame) => frame.top));
  const width =
    Math.max(...frames.map((frame) => frame.left + frame.image.width)) - left;
  const height =
    Math.max(...frames.map((frame) => frame.top + frame.image.height)) - top;
  const modes: Modes = {
    usual: new Uint8Array(width * height),
    other: new Uint8Array(width * height),
    ambiguous: new Uint8Array(width * height),
  };
  const known = new Uint8Array(width * height);
  const values = new Uint8Array(frames.length);
  const least = MIN_GAP + GAP_DEVIATIONS * noiseOf(frames);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let count = 0;
      for (const frame of frames) {
        const column = x + left - frame.left;
        const row = y + top - frame.top;
        const { image } = frame;
        if (
          column < 0 || row < 0 || column >= image.width || row >= image.height
        ) continue;
        const value = image.pixels[row * image.width + column]!;
        let place = count++;
        while (place > 0 && values[place - 1]! > value) {
          values[place] = values[place - 1]!;
          place--;
        }
        values[place] = value;
      }
      if (count < Math.min(MIN_SAMPLES, frames.length)) continue;
      known[y * width + x] = 1;
      findModes(values, count, least, modes, y * width + x);
    }
  }
  chooseModes(modes, width, height);
  return { left, top, image: { width, height, pixels: modes.usual }, known };
}

/** Standard deviation of what a place shows, from the middle half of its values, where the median place is. */
function noiseOf(frames: readonly AlignedFrame[]): number {
  const histogram = new Uint32Array(256);
  let places = 0;
  const [first] = frames;
  if (first === undefined) return 0;
  const { width, height } = first.image;
  for (let at = 0; at < width * height; at += NOISE_STRIDE) {
    const values = frames.map(({ left, top, image }) => {
      const x = at % width + first.left - left;
      const y = Math.floor(at / width) + first.top - top;
      return x >= 0 && y >= 0 && x < image.width && y < image.height
        ? image.pixels[y * image.width + x]!
        : -1;
    }).filter((value) => value >= 0).sort((a, b) => a - b);
    const { length } = values;
    histogram[values[length - 1 - (length >> 2)]! - values[length >> 2]!]!++;
    places++;
  }
  let sum = 0;
  for (let range = 0; range < 256; range++) {
    sum += histogram[range]!;
    if (2 * sum >= places) return range / 1.35;
  }
  return 0;
}

/** Divides sorted values at their widest gap. */
function findModes(
  values: Uint8Array,
  count: number,
  least: number,
  modes: Modes,
  at: number,
): void {
  modes.usual[at] = values[count >> 1]!;
  let gap = least;
  let split = 0;
  for (let i = MIN_OTHER; i <= count - MIN_OTHER; i++) {
    const here = values[i]! - values[i - 1]!;
    if (here > gap) {
      gap = here;
      split = i;
    }
  }
  if (split === 0) return;
  const lower = values[split >> 1]!;
  const upper = values[(split + count) >> 1]!;
  modes.ambiguous[at] = 1 + Math.abs(2 * split - count) / count * 254;
  modes.usual[at] = 2 * split > count ? lower : upper;
  modes.other[at] = 2 * split > count ? upper : lower;
}

/** Chooses for each ambiguous place what goes on best along its row and its column; the choice ends up in `usual`. */
function chooseModes(modes: Modes, width: number, height: number): void {
  const { usual, other, ambiguous } = modes;
  const worse = new Float32Array(width * height);
  const scratch = new Float64Array(2 * Math.max(width, height));
  for (let y = 0; y < height; y++) {
    addChain(modes, y * width, 1, width, worse, scratch);
  }
  for (let x = 0; x < width; x++) {
    addChain(modes, x, width, height, worse, scratch);
  }
  for (let at = 0; at < worse.length; at++) {
    if (ambiguous[at] !== 0 && worse[at]! < 0) usual[at] = other[at]!;
  }
}

/**
 * Along a line of pixels: adds to `worse` by how much the best choice for the whole
 * line gets worse when a place shows its other and not its usual (Viterbi from both
 * ends). A choice costs what it changes from pixel to pixel.
 */
function addChain(
  { usual, other, ambiguous }: Modes,
  start: number,
  stride: number,
  count: number,
  worse: Float32Array,
  ahead: Float64Array,
): void {
  // From the end: what the rest of the line costs behind either choice of a place.
  let usualCost = 0;
  let otherCost = 0;
  for (let i = count - 1; i >= 0; i--) {
    const at = start + i * stride;
    ahead[2 * i] = usualCost;
    ahead[2 * i + 1] = otherCost;
    if (i === 0) break;
    const rare = ambiguous[at] !== 0;
    const u = usualCost;
    const o = rare ? otherCost + rareCost(usual, other, ambiguous, at) : 0;
    const before = at - stride;
    const a = usual[before]!;
    const b = other[before]!;
    const [value, second] = [usual[at]!, other[at]!];
    usualCost = rare
      ? Math.min(u + Math.abs(a - value), o + Math.abs(a - second))
      : u + Math.abs(a - value);
    otherCost = rare
      ? Math.min(u + Math.abs(b - value), o + Math.abs(b - second))
      : u + Math.abs(b - value);
  }
  // From the beginning, and both together.
  let beforeUsual = 0;
  let beforeOther = Infinity;
  for (let i = 0; i < count; i++) {
    const at = start + i * stride;
    const rare = ambiguous[at] !== 0;
    const value = usual[at]!;
    const second = other[at]!;
    let u = 0;
    let o = 0;
    if (i > 0) {
      const a = usual[at - stride]!;
      const b = other[at - stride]!;
      u = Math.min(
        beforeUsual + Math.abs(value - a),
        beforeOther + Math.abs(value - b),
      );
      o = Math.min(
        beforeUsual + Math.abs(second - a),
        beforeOther + Math.abs(second - b),
      );
    }
    o = rare ? o + rareCost(usual, other, ambiguous, at) : Infinity;
    if (rare) worse[at]! += o + ahead[2 * i + 1]! - u - ahead[2 * i]!;
    beforeUsual = u;
    beforeOther = o;
  }
}

function rareCost(
  usual: Uint8Array,
  other: Uint8Array,
  ambiguous: Uint8Array,
  at: number,
): number {
  return RARER_COST * Math.abs(other[at]! - usual[at]!) *
    (ambiguous[at]! - 1) / 254;
}

/**
 * Which frames to take: equally far apart in what moved, not in time, so that
 * fencers who stand on guard for long do not become a part of the hall.
 */
export function chooseSamples(
  motion: ArrayLike<number>,
  wanted: number,
): number[] {
  const count = motion.length;
  if (count <= wanted) return Array.from({ length: count }, (_, i) => i);
  const mean = Array.from(motion).reduce((sum, one) => sum + one, 0) / count;
  // Standing still counts a little, so that a still picture has samples too.
  const least = 0.02 * mean + 1e-9;
  const reached = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) reached[i] = sum += motion[i]! + least;
  const chosen: number[] = [];
  for (let i = 0, place = 0; i < wanted; i++) {
    const target = (i + 0.5) / wanted * sum;
    while (place < count - 1 && reached[place]! < target) place++;
    if (chosen.at(-1) !== place) chosen.push(place);
  }
  return chosen;
}
