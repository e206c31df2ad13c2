/**
 * Made-up fencing phrases: two figures, lamps, a referee, a hall, and what
 * cameras do to them. The same seed gives the same pictures, and the truth is
 * known.
 *
 * @module
 */

import type { GrayImage } from "./gray_image.ts";
import { grayImage } from "./gray_image.ts";
import { Lens } from "./lens.ts";
import {
  paintBystander,
  paintCapsule,
  paintFencer,
  paintRectangle,
} from "./synthetic_figure.ts";
import {
  PhraseMotion,
  type PhraseScript,
  type Scenario,
} from "./synthetic_motion.ts";
import { noiseTable, SceneRandom } from "./synthetic_random.ts";

/** What cameras and halls do. */
export const CONDITIONS = [
  "plain",
  "noise",
  "low_contrast",
  "pan",
  "fps15",
  "barrel",
  "dark_on_bright",
  "flicker",
] as const;

/** One of {@linkcode CONDITIONS}. */
export type Condition = typeof CONDITIONS[number];

/** Strength of the lens of the condition `barrel`. */
export const BARREL_STRENGTH = 0.9;

/** Height of a fencer, as a part of the picture's. */
const FENCER_HEIGHT = 0.32;

/** Where the piste's middle line is, from the top. */
const FLOOR = 0.8;

/** How far the condition `pan` turns, as a part of the picture's width. */
const PAN_REACH = 0.08;

/** Standard deviation of the condition `noise`, in greys, at 480 pixels of width; more pixels, more noise each. */
const NOISE_AT_480 = 7;

/** What a phrase is made of. */
export interface PhraseOptions {
  readonly scenario: Scenario;
  /** Any integer. */
  readonly seed: number;
  readonly condition?: Condition;
  /** Pixels; 480 × 270 is what the tracker sees. */
  readonly width?: number;
  readonly height?: number;
  /** Frames a second; the condition `fps15` has its own. */
  readonly fps?: number;
  /** Exchanges left and right in the pictures and the truth. */
  readonly mirrored?: boolean;
  /** Who is on the piste; both by default. */
  readonly fencers?: readonly ("left" | "right")[];
  /** Whether a blade contact is heard before the hit. */
  readonly contact?: boolean;
  /** Whether all frames are the first one. */
  readonly still?: boolean;
}

/** Where the fencers are in a frame, in pixels: the middle of the body. */
export interface FrameTruth {
  readonly left: number;
  readonly right: number;
}

/** A phrase that can be painted frame by frame. */
export class SyntheticPhrase {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Frames a second. */
  readonly fps: number;
  /** Frames in it. */
  readonly frameCount: number;
  /** What happens, in the mirrored sense when it is mirrored. */
  readonly script: PhraseScript;
  readonly #options: PhraseOptions;
  readonly #motion: PhraseMotion;
  readonly #background: GrayImage;
  readonly #noise: Int8Array;
  readonly #lens: { offsets: Int32Array; shares: Uint16Array } | undefined;
  readonly #scratch: GrayImage;
  readonly #contactTime: number | undefined;

  /** Prepares the hall and the motion. */
  constructor(options: PhraseOptions) {
    const { width = 480, height = 270, fps = 30, condition = "plain" } =
      options;
    this.#options = options;
    this.width = width;
    this.height = height;
    this.fps = condition === "fps15" ? 15 : fps;
    const random = new SceneRandom(options.seed * 7919 + 17);
    this.#motion = new PhraseMotion(options.scenario, random);
    const { script } = this.#motion;
    this.#contactTime = options.contact
      ? script.hitTime - random.between(0.3, 0.6)
      : undefined;
    this.script = options.mirrored ? mirrorScript(script) : script;
    this.frameCount = Math.floor(script.duration * this.fps);
    const reach = condition === "pan" ? Math.ceil(PAN_REACH * width) + 2 : 0;
    this.#background = paintHall(
      width + 2 * reach,
      height,
      new SceneRandom(options.seed),
      condition === "dark_on_bright",
    );
    this.#noise = noiseTable(
      1 << 16,
      condition === "noise" ? NOISE_AT_480 * Math.min(2.5, width / 480) : 1.2,
      random,
    );
    this.#scratch = grayImage(width, height);
    this.#lens = condition === "barrel"
      ? lensTable(
        width,
        height,
        new Lens(width, height, { strength: BARREL_STRENGTH, balance: 0 }),
      )
      : undefined;
  }

  /** Seconds of frame `index`. */
  timeOf(index: number): number {
    return this.#options.still ? 0 : index / this.fps;
  }

  /** Paints frame `index` into `target`, which has this phrase's size. */
  paint(index: number, target: GrayImage): void {
    const { condition = "plain", mirrored = false } = this.#options;
    const bent = this.#lens !== undefined;
    const image = bent ? this.#scratch : target;
    this.#paintScene(this.timeOf(index), image);
    if (this.#lens !== undefined) bend(image, this.#lens, target);
    if (mirrored) mirror(target);
    this.#develop(index, condition, target);
  }

  /** Where the fencers of frame `index` are in its picture; `straight` is as a lens without distortion would show it. */
  truth(index: number, { straight = false } = {}): FrameTruth {
    const time = this.timeOf(index);
    const { left, right } = this.#motion.at(time);
    const pan = this.#pan(time);
    const places = [left.x, right.x].map((x) => {
      const px = this.#x(x) - pan;
      if (straight || this.#lens === undefined) return px;
      const lens = new Lens(this.width, this.height, {
        strength: BARREL_STRENGTH,
        balance: 0,
      });
      const y = this.height * (FLOOR - 0.6 * FENCER_HEIGHT);
      return lens.bend({ x: px, y }).x;
    });
    const [first = 0, second = 0] = places;
    return this.#options.mirrored
      ? { left: this.width - 1 - second, right: this.width - 1 - first }
      : { left: first, right: second };
  }

  /** The scoring box's file, with `shift` seconds added to its clock. */
  signalText(shift = 0): string {
    const { hitTime, duration } = this.script;
    const line = (time: number, text: string): string =>
      `${(time + shift).toFixed(3).padStart(6)}s | ${text}\n`;
    return line(0, "Phrase recording started") +
      (this.#contactTime === undefined
        ? ""
        : line(this.#contactTime, "Off-Target: Blade-to-blade contact.")) +
      line(hitTime, "HIT: Left scores on Right!") +
      line(hitTime + 0.02, "Lockout period started (0.200s window)") +
      line(hitTime + 0.06, "HIT: Simultaneous valid hits!") +
      line(duration, "Phrase recording ended") +
      "Scores -> Fencer 1: HIT, Fencer 2: HIT\n";
  }

  /** Lamps that are lit in frame `index`: rectangles in pixels, for who adds colour. */
  lamps(
    index: number,
  ): { x: number; y: number; width: number; height: number; red: boolean }[] {
    if (this.timeOf(index) < this.script.hitTime) return [];
    const { width, height } = this;
    const pan = this.#pan(this.timeOf(index));
    return [true, false].map((red) => ({
      x: width / 2 - pan + (red ? -0.075 : 0.015) * width,
      y: 0.12 * height,
      width: 0.06 * width,
      height: 0.045 * height,
      red,
    }));
  }

  #x(heights: number): number {
    return this.width / 2 + heights * FENCER_HEIGHT * this.height;
  }

  #pan(time: number): number {
    return this.#options.condition === "pan"
      ? PAN_REACH * this.width * Math.sin(2 * Math.PI * time / 4.3)
      : 0;
  }

  #paintScene(time: number, image: GrayImage): void {
    const { width, height } = this;
    const { fencers = ["left", "right"], condition } = this.#options;
    const pan = this.#pan(time);
    const reach = (this.#background.width - width) / 2;
    shiftRows(this.#background, reach + pan, image);
    for (
      const { x, y, width: w, height: h } of this.lamps(
        Math.round(time * this.fps),
      )
    ) {
      paintRectangle(image, x, y, w, h, 235);
    }
    const bright = condition === "dark_on_bright";
    const cloth = bright ? 62 : 214;
    const dark = bright ? 30 : 66;
    paintBystander(image, {
      x: width * 0.53 - pan,
      floor: height * (FLOOR - 0.07),
      height: height * FENCER_HEIGHT * 0.9,
      sway: Math.sin(time * 1.7),
      cloth: bright ? 120 : 70,
      dark: bright ? 90 : 40,
    });
    const { left, right } = this.#motion.at(time);
    const place = {
      floor: height * FLOOR,
      height: height * FENCER_HEIGHT,
      cloth,
      dark,
    };
    if (fencers.includes("left")) {
      paintFencer(image, {
        ...place,
        x: this.#x(left.x) - pan,
        facing: 1,
        pose: left,
      });
    }
    if (fencers.includes("right")) {
      paintFencer(image, {
        ...place,
        x: this.#x(right.x) - pan,
        facing: -1,
        pose: right,
      });
    }
  }

  /** What the camera's electronics and the lights do. */
  #develop(index: number, condition: Condition, image: GrayImage): void {
    const { pixels } = image;
    const time = index / this.fps;
    const gain = condition === "low_contrast"
      ? 0.2
      : condition === "flicker"
      ? 1 + 0.14 * Math.sin(2 * Math.PI * 9.3 * time)
      : 1;
    const offset = condition === "low_contrast" ? 95 : 0;
    const noise = this.#noise;
    // Each frame takes the table from elsewhere, in steps that no frame repeats soon.
    let at = this.#options.still ? 0 : (index * 40503) & 0xffff;
    for (let i = 0; i < pixels.length; i++) {
      const value = pixels[i]! * gain + offset + noise[at]! + 0.5;
      pixels[i] = value < 0 ? 0 : value > 255 ? 255 : value;
      at = (at + 1 + ((i & 511) === 0 ? 7 : 0)) & 0xffff;
    }
  }
}

function mirrorScript(script: PhraseScript): PhraseScript {
  const { winner } = script;
  return {
    ...script,
    winner: winner === "left" ? "right" : winner === "right" ? "left" : winner,
  };
}

/** A wall with panels, people on benches, and a piste with its lines. */
function paintHall(
  width: number,
  height: number,
  random: SceneRandom,
  bright: boolean,
): GrayImage {
  const image = grayImage(width, height);
  const base = bright ? 176 : 92;
  for (let y = 0; y < height; y++) {
    const floor = y > 0.62 * height;
    const shade = floor ? base + 14 : base - 20 * y / height;
    image.pixels.fill(shade, y * width, (y + 1) * width);
  }
  for (let x = 0; x < width;) {
    const w = random.between(0.03, 0.08) * width;
    const grey = base + random.between(-24, 24);
    paintRectangle(image, x, 0.06 * height, w * 0.85, 0.4 * height, grey);
    x += w;
  }
  for (let i = 0; i < 40; i++) {
    const x = random.next() * width;
    const y = random.between(0.48, 0.58) * height;
    paintCapsule(
      image,
      x,
      y,
      x,
      y + 0.05 * height,
      random.between(0.008, 0.016) * height,
      base + random.between(-60, 50),
    );
  }
  paintRectangle(image, 0, 0.74 * height, width, 0.12 * height, base + 26);
  for (let i = -3; i <= 3; i++) {
    const x = width / 2 + i * 0.17 * height * 2;
    paintRectangle(
      image,
      x,
      0.74 * height,
      Math.max(1, 0.006 * height),
      0.12 * height,
      base + 56,
    );
  }
  for (const lamp of [-0.075, 0.015]) {
    // The box's lamps, off.
    paintRectangle(
      image,
      width / 2 + lamp * height * 16 / 9,
      0.12 * height,
      0.06 * height * 16 / 9,
      0.045 * height,
      45,
    );
  }
  return image;
}

/** Copies `source` from column `left` on, which need not be whole. */
function shiftRows(source: GrayImage, left: number, target: GrayImage): void {
  const whole = Math.floor(left);
  const share = left - whole;
  const { width, height, pixels } = target;
  for (let y = 0; y < height; y++) {
    const from = y * source.width + whole;
    if (share === 0) {
      pixels.set(source.pixels.subarray(from, from + width), y * width);
      continue;
    }
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const one = source.pixels[from + x]!;
      pixels[at] = one + (source.pixels[from + x + 1]! - one) * share + 0.5;
    }
  }
}

/** For each pixel of a bent picture: where it comes from, and the four shares in 1/16. */
function lensTable(
  width: number,
  height: number,
  lens: Lens,
): { offsets: Int32Array; shares: Uint16Array } {
  const offsets = new Int32Array(width * height);
  const shares = new Uint16Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const point = lens.correct({ x, y });
      const sx = Math.max(0, Math.min(width - 1.01, point.x));
      const sy = Math.max(0, Math.min(height - 1.01, point.y));
      offsets[at] = Math.floor(sy) * width + Math.floor(sx);
      shares[at] = Math.floor((sx % 1) * 16) | Math.floor((sy % 1) * 16) << 8;
    }
  }
  return { offsets, shares };
}

function bend(
  { width, pixels }: GrayImage,
  { offsets, shares }: { offsets: Int32Array; shares: Uint16Array },
  target: GrayImage,
): void {
  for (let at = 0; at < offsets.length; at++) {
    const from = offsets[at]!;
    const sx = shares[at]! & 255;
    const sy = shares[at]! >> 8;
    const above = pixels[from]! * (16 - sx) + pixels[from + 1]! * sx;
    const below = pixels[from + width]! * (16 - sx) +
      pixels[from + width + 1]! * sx;
    target.pixels[at] = (above * (16 - sy) + below * sy + 128) >> 8;
  }
}

function mirror({ width, height, pixels }: GrayImage): void {
  for (let y = 0; y < height; y++) {
    pixels.subarray(y * width, (y + 1) * width).reverse();
  }
}
