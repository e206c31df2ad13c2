/**
 * Paints a made-up phrase straight into the tracker and measures it.
 *
 * @module
 */

import {
  followFencers,
  grayImage,
  type PhraseOptions,
  type PhraseTracks,
  SceneObserver,
  SyntheticPhrase,
} from "../../../src/vision/mod.ts";

/** A phrase and what the tracker made of it. */
export interface TrackedPhrase {
  readonly phrase: SyntheticPhrase;
  readonly tracks: PhraseTracks;
}

/** Tracks a phrase; `first` is the second of its first frame. */
export function trackPhrase(
  options: PhraseOptions,
  first = 0,
): TrackedPhrase {
  const phrase = new SyntheticPhrase(options);
  const { width, height, fps, frameCount } = phrase;
  const image = grayImage(width, height);
  const observer = new SceneObserver(width, height);
  for (let frame = 0; frame < frameCount; frame++) {
    phrase.paint(frame, image);
    observer.push(image);
  }
  const times = Array.from({ length: frameCount }, (_, i) => first + i / fps);
  return { phrase, tracks: followFencers(observer.finish(times)) };
}

/** Distances from the truth in pixels of a picture 1920 wide, in ascending order; infinite where a fencer was lost. */
export function positionErrors({ phrase, tracks }: TrackedPhrase): number[] {
  const errors: number[] = [];
  const scale = 1920 / phrase.width;
  for (let frame = 0; frame < phrase.frameCount; frame++) {
    const truth = phrase.truth(frame);
    for (const side of ["left", "right"] as const) {
      const x = tracks[side].x[frame]! + tracks.dx[frame]!;
      errors.push(
        Number.isNaN(x) ? Infinity : Math.abs(x - truth[side]) * scale,
      );
    }
  }
  return errors.sort((a, b) => a - b);
}

/** The value that `share` of ascending numbers stay below. */
export function share(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
