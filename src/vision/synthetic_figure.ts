/**
 * Painting made-up fencers, a referee and lamps into a picture in grey.
 *
 * @module
 */

import type { GrayImage } from "./gray_image.ts";
import type { FencerPose } from "./synthetic_motion.ts";

/** Half the length of a torso's lean forward, in heights. */
const LEAN = 0.02;

/** A fencer to paint. */
export interface Figure {
  /** Pixels: the middle of the body. */
  readonly x: number;
  /** Pixels: the floor. */
  readonly floor: number;
  /** Pixels. */
  readonly height: number;
  /** 1 looks to the right, -1 to the left. */
  readonly facing: 1 | -1;
  readonly pose: FencerPose;
  /** Grey of the clothes and of mask, blade and shoes. */
  readonly cloth: number;
  readonly dark: number;
}

/** Paints a fencer; the middle of the torso is at `x`. */
export function paintFencer(image: GrayImage, figure: Figure): void {
  const { x, floor, height: h, facing, pose, cloth, dark } = figure;
  const swing = Math.sin(2 * Math.PI * pose.step);
  const px = (forward: number): number => x + facing * forward * h;
  const py = (up: number): number => floor - up * h;
  // On guard the knees are bent; a lunge goes lower and further apart.
  const hip = 0.47 - 0.09 * pose.lunge;
  const shoulder = hip + 0.33;
  const front = 0.2 + 0.03 * swing + 0.34 * pose.lunge;
  const back = -0.2 + 0.03 * swing - 0.16 * pose.lunge;
  const lift = 0.02 * Math.max(0, swing);
  const limb = (
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    radius: number,
    grey: number,
  ): void =>
    paintCapsule(image, px(x0), py(y0), px(x1), py(y1), radius * h, grey);

  const knee = (foot: number): number => foot * 0.62;
  limb(-LEAN, hip, knee(back), hip * 0.52, 0.062, cloth);
  limb(knee(back), hip * 0.52, back, 0.05, 0.046, cloth);
  limb(back - 0.02, 0.025, back + 0.07, 0.025, 0.024, dark);
  limb(-LEAN, hip, knee(front) + 0.03, hip * 0.55, 0.062, cloth);
  limb(
    knee(front) + 0.03,
    hip * 0.55,
    front,
    0.05 + lift,
    0.046,
    cloth,
  );
  limb(front - 0.02, 0.025 + lift, front + 0.09, 0.025 + lift, 0.024, dark);
  // The rear arm balances, the torso hides its root.
  limb(-0.02, shoulder - 0.03, -0.15, shoulder - 0.02, 0.036, cloth);
  limb(-0.15, shoulder - 0.02, -0.17, shoulder + 0.1, 0.03, cloth);
  limb(-LEAN, hip, LEAN, shoulder, 0.088, cloth);
  limb(0.035, shoulder + 0.115, 0.035, shoulder + 0.125, 0.07, dark);
  const hand = 0.2 + 0.16 * pose.arm;
  const handUp = shoulder - 0.06 + 0.04 * pose.arm;
  limb(0.04, shoulder - 0.02, hand, handUp, 0.036, cloth);
  limb(hand, handUp, hand + 0.45, handUp + 0.03, 0.006, dark);
}

/** Paints somebody who stands and looks on: a referee. */
export function paintBystander(
  image: GrayImage,
  { x, floor, height: h, sway, cloth, dark }: {
    readonly x: number;
    readonly floor: number;
    readonly height: number;
    /** From -1 to 1. */
    readonly sway: number;
    readonly cloth: number;
    readonly dark: number;
  },
): void {
  const lean = sway * 0.015 * h;
  const up = (part: number): number => floor - part * h;
  for (const side of [-1, 1]) {
    const foot = x + side * 0.06 * h;
    paintCapsule(
      image,
      x + side * 0.04 * h,
      up(0.5),
      foot,
      up(0.04),
      0.05 * h,
      dark,
    );
    paintCapsule(
      image,
      x + lean + side * 0.08 * h,
      up(0.78),
      x + lean + side * 0.13 * h,
      up(0.5 + 0.04 * Math.max(0, side * sway)),
      0.034 * h,
      cloth,
    );
  }
  paintCapsule(image, x, up(0.52), x + lean, up(0.78), 0.09 * h, cloth);
  paintCapsule(
    image,
    x + lean,
    up(0.93),
    x + lean,
    up(0.95),
    0.062 * h,
    dark + 60,
  );
}

/** A line with round ends and soft edges. */
export function paintCapsule(
  image: GrayImage,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  grey: number,
): void {
  const { width, height, pixels } = image;
  const r = Math.max(radius, 0.35);
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = dx * dx + dy * dy || 1e-9;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - r - 1));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + r + 1));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - r - 1));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + r + 1));
  for (let y = top; y <= bottom; y++) {
    for (let x = left, at = y * width + left; x <= right; x++, at++) {
      const along = ((x - x0) * dx + (y - y0) * dy) / length;
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const ax = x - x0 - t * dx;
      const ay = y - y0 - t * dy;
      const reach = r + 0.5;
      const square = ax * ax + ay * ay;
      if (square >= reach * reach) continue;
      const cover = Math.min(1, reach - Math.sqrt(square));
      pixels[at] = pixels[at]! + (grey - pixels[at]!) * cover;
    }
  }
}

/** A rectangle without soft edges. */
export function paintRectangle(
  { width, height, pixels }: GrayImage,
  x: number,
  y: number,
  w: number,
  h: number,
  grey: number,
): void {
  const left = Math.max(0, Math.round(x));
  const right = Math.min(width, Math.round(x + w));
  const bottom = Math.min(height, Math.round(y + h));
  for (let row = Math.max(0, Math.round(y)); row < bottom; row++) {
    if (left < right) {
      pixels.fill(grey, row * width + left, row * width + right);
    }
  }
}
