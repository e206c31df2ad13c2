/**
 * Both fencers over the whole recording: where they are, how fast they go, and
 * whether that can be relied on.
 *
 * @module
 */

import type { Lens } from "./lens.ts";
import { findPaths, type Pair } from "./pair_paths.ts";
import type { Candidate } from "./people.ts";
import type { SceneObservations } from "./scene_observer.ts";
import { dropSpikes, fillGaps, quantile, smoothSeries } from "./series.ts";

/** Seconds that a fencer may be hidden and still be followed. */
const MAX_GAP = 0.35;

/** Seconds over which places are smoothed: about a frame and a half at 30 frames/s. */
const PLACE_SIGMA = 0.03;

/** Seconds over which speeds are smoothed: shorter than a step. */
const SPEED_SIGMA = 0.07;

/** Heights by which a single frame may stand off its neighbours. */
const SPIKE = 0.12;

/** One fencer. */
export interface FencerTrack {
  /** Middle of the body in pixels of the first frame, the camera's turning taken out; `NaN` where nobody was seen. */
  readonly x: Float64Array;
  /** Pixels a second, to the right. */
  readonly speed: Float64Array;
  /** Heights from the foremost to the hindmost point. */
  readonly stretch: Float64Array;
  /** 1 in frames in which the fencer was seen, not filled in. */
  readonly seen: Uint8Array;
  /** Left, top, right, bottom in pixels of the frame itself, one after another. */
  readonly boxes: Float32Array;
  /** The model's points of the body in pixels of the frame itself. */
  readonly keypoints: readonly (ArrayLike<number> | undefined)[];
}

/** Both fencers. */
export interface PhraseTracks {
  /** Size of the pictures that the pixels are of. */
  readonly width: number;
  readonly height: number;
  /** Seconds of each frame. */
  readonly times: Float64Array;
  readonly left: FencerTrack;
  readonly right: FencerTrack;
  /** Pixels by which the scene is shifted in each frame: x in the frame is `x + dx`. */
  readonly dx: Float64Array;
  /** How high a fencer stands, in pixels. */
  readonly bodyHeight: number;
  /** Seconds at which lamps went on in the picture. */
  readonly lampTime: number | undefined;
  /** Seconds of the cuts. */
  readonly cuts: readonly number[];
  /** Mean share of the pixels that change from frame to frame. */
  readonly motion: number;
}

/** Follows the two fencers through what was observed. */
export function followFencers(observed: SceneObservations): PhraseTracks {
  const { frames, bodyHeight, width, height, lampTime } = observed;
  const times = Float64Array.from(frames, ({ time }) => time);
  const pairs = findPaths(frames, bodyHeight);
  const shift = frames.map(({ dx, dy }) => ({ dx, dy }));
  const track = (side: keyof Pair): FencerTrack =>
    makeTrack(pairs.map((pair) => pair[side]), times, shift, bodyHeight);
  return {
    width,
    height,
    times,
    left: track("left"),
    right: track("right"),
    dx: Float64Array.from(frames, ({ dx }) => dx),
    bodyHeight,
    lampTime,
    cuts: frames.filter(({ cut }) => cut).map(({ time }) => time),
    motion: frames.reduce((sum, { motion }) => sum + motion, 0) /
      Math.max(1, frames.length - 1),
  };
}

function makeTrack(
  seen: readonly (Candidate | undefined)[],
  times: Float64Array,
  shift: readonly { dx: number; dy: number }[],
  bodyHeight: number,
): FencerTrack {
  const x = Float64Array.from(seen, (one) => one?.x ?? NaN);
  dropSpikes(x, SPIKE * bodyHeight);
  fillGaps(times, x, MAX_GAP);
  const places = smoothSeries(times, x, PLACE_SIGMA).values;
  const { slopes } = smoothSeries(times, x, SPEED_SIGMA);
  const stretch = Float64Array.from(
    seen,
    (one) => one === undefined ? NaN : (one.right - one.left) / bodyHeight,
  );
  const boxes = new Float32Array(4 * seen.length).fill(NaN);
  for (const [i, one] of seen.entries()) {
    if (one === undefined) continue;
    const { dx, dy } = shift[i]!;
    boxes.set(
      [one.left + dx, one.top + dy, one.right + dx, one.bottom + dy],
      4 * i,
    );
  }
  return {
    x: places,
    speed: slopes,
    stretch: smoothSeries(times, stretch, SPEED_SIGMA).values,
    seen: Uint8Array.from(seen, (one) => one === undefined ? 0 : 1),
    boxes,
    keypoints: seen.map((one) => one?.keypoints),
  };
}

/** Share of the frames from `from` to `to` seconds in which a fencer was seen. */
export function seenShare(
  { times }: PhraseTracks,
  { seen }: FencerTrack,
  from = -Infinity,
  to = Infinity,
): number {
  let frames = 0;
  let found = 0;
  for (let i = 0; i < times.length; i++) {
    if (times[i]! < from || times[i]! > to) continue;
    frames++;
    found += seen[i]!;
  }
  return frames === 0 ? 0 : found / frames;
}

/** Why the tracks cannot be relied on. */
export type TrackProblem =
  | "no_frames"
  | "still"
  | "cut"
  | "nobody"
  | "one_fencer"
  | "unsteady";

/** Frames in which both must be seen. */
const MIN_SEEN = 0.65;

/** Below this share one is called absent, not badly seen. */
const ABSENT = 0.35;

/** Share of the pixels: less moves in a picture that stands still, where not even somebody who looks on breathes. */
const MIN_MOTION = 1e-5;

/** Heights between measured places and their smooth curve. */
const MAX_ROUGHNESS = 0.08;

/** Whether the stretch from `from` to `to` can be relied on; `undefined` when it can. */
export function trackProblem(
  tracks: PhraseTracks,
  from: number,
  to: number,
): TrackProblem | undefined {
  const { times, left, right, cuts, motion, bodyHeight } = tracks;
  if (times.length < 2) return "no_frames";
  if (motion < MIN_MOTION) return "still";
  if (cuts.some((cut) => cut >= from && cut <= to)) return "cut";
  const shares = [left, right].map((one) => seenShare(tracks, one, from, to))
    .sort((a, b) => a - b);
  const [worse = 0, better = 0] = shares;
  if (better < ABSENT) return "nobody";
  if (worse < ABSENT) return "one_fencer";
  if (worse < MIN_SEEN) return "unsteady";
  const rough = [left, right].map((one) => roughness(one, times, from, to));
  return Math.max(...rough) > MAX_ROUGHNESS * bodyHeight
    ? "unsteady"
    : undefined;
}

/** The distance in pixels that 90 % of the frames stay below, between a place and the line through its neighbours. */
function roughness(
  { x }: FencerTrack,
  times: Float64Array,
  from: number,
  to: number,
): number {
  const off: number[] = [];
  for (let i = 1; i + 1 < times.length; i++) {
    if (times[i]! < from || times[i]! > to) continue;
    const middle = (x[i - 1]! + x[i + 1]!) / 2;
    if (!Number.isNaN(middle + x[i]!)) off.push(Math.abs(x[i]! - middle));
  }
  return off.length === 0 ? 0 : quantile(off, 0.9);
}

/**
 * The tracks as a straight lens would have shown them: places and sizes for the
 * decision; boxes and points stay where they are in the picture.
 */
export function correctTracks(tracks: PhraseTracks, lens: Lens): PhraseTracks {
  const correct = (track: FencerTrack): FencerTrack => {
    const x = track.x.map((place, i) => {
      const top = track.boxes[4 * i + 1]!;
      const bottom = track.boxes[4 * i + 3]!;
      const y = Number.isNaN(top + bottom)
        ? tracks.height / 2
        : top + 0.4 * (bottom - top);
      return lens.correct({ x: place + tracks.dx[i]!, y }).x - tracks.dx[i]!;
    });
    return {
      ...track,
      x,
      speed: smoothSeries(tracks.times, x, SPEED_SIGMA).slopes,
    };
  };
  return {
    ...tracks,
    left: correct(tracks.left),
    right: correct(tracks.right),
  };
}
