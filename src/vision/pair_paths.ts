/**
 * Two coupled paths: of all ways to call two candidates of each frame the left
 * and the right fencer, the one that is best over the whole recording.
 *
 * Dynamic programming (Viterbi) over pairs. A pair is good when there is much
 * of two people who stand on the same floor and are of one size, and when both
 * move as people can.
 *
 * @module
 */

import type { Candidate } from "./people.ts";

/** Cost of saying that a fencer is not seen in a frame. */
const MISSING = 0.75;

/** Heights a second that cost nothing to speak of. */
const EASY_SPEED = 2.5;

/** Heights by which a measured place may be off. */
const JITTER = 0.05;

/** Most that a leap costs: after a cut or a long gap everything is possible. */
const MAX_LEAP = 4;

/** Who is whom in a frame. */
export interface Pair {
  readonly left: Candidate | undefined;
  readonly right: Candidate | undefined;
}

/** A frame's candidates, from left to right. */
export interface CandidateFrame {
  /** Seconds. */
  readonly time: number;
  readonly candidates: readonly Candidate[];
}

interface State {
  readonly pair: Pair;
  /** The places gone by, for a fencer that is not seen. */
  readonly leftX: number | undefined;
  readonly rightX: number | undefined;
  readonly cost: number;
  readonly before: State | undefined;
}

/** The best pair of each frame. */
export function findPaths(
  frames: readonly CandidateFrame[],
  bodyHeight: number,
): Pair[] {
  let states: readonly State[] = [];
  let time = 0;
  for (const frame of frames) {
    const dt = Math.max(1e-3, frame.time - time);
    time = frame.time;
    const before = states;
    states = pairsOf(frame.candidates).map((pair) =>
      extend(pair, unary(pair, bodyHeight), before, bodyHeight, dt)
    );
  }
  const pairs: Pair[] = [];
  let state: State | undefined = states.toSorted((a, b) => a.cost - b.cost)[0];
  for (; state !== undefined; state = state.before) pairs.push(state.pair);
  return pairs.reverse();
}

/** Every way to name two of the candidates, or one, or none. */
function pairsOf(candidates: readonly Candidate[]): Pair[] {
  const pairs: Pair[] = [{ left: undefined, right: undefined }];
  for (const [i, left] of candidates.entries()) {
    pairs.push({ left, right: undefined }, { left: undefined, right: left });
    for (const right of candidates.slice(i + 1)) pairs.push({ left, right });
  }
  return pairs;
}

function unary({ left, right }: Pair, bodyHeight: number): number {
  if (left === undefined || right === undefined) {
    const seen = left ?? right;
    return seen === undefined ? 2 * MISSING : MISSING + 1 - seen.score;
  }
  const floor = Math.abs(left.bottom - right.bottom) / bodyHeight;
  const size = Math.abs(
    Math.log((left.bottom - left.top) / (right.bottom - right.top)),
  );
  return 2 - left.score - right.score + Math.min(1, 3 * floor * floor * 4) +
    Math.min(0.5, 2 * size * size);
}

function extend(
  pair: Pair,
  cost: number,
  before: readonly State[],
  bodyHeight: number,
  dt: number,
): State {
  let best: State | undefined;
  let least = Infinity;
  for (const state of before) {
    const total = state.cost +
      leap(state.leftX, pair.left?.x, bodyHeight, dt) +
      leap(state.rightX, pair.right?.x, bodyHeight, dt);
    if (total < least) {
      least = total;
      best = state;
    }
  }
  return {
    pair,
    leftX: pair.left?.x ?? best?.leftX,
    rightX: pair.right?.x ?? best?.rightX,
    cost: cost + (best === undefined ? 0 : least),
    before: best,
  };
}

function leap(
  from: number | undefined,
  to: number | undefined,
  bodyHeight: number,
  dt: number,
): number {
  if (from === undefined || to === undefined) return 0;
  const easy = (JITTER + EASY_SPEED * dt) * bodyHeight;
  const share = (to - from) / easy;
  return Math.min(MAX_LEAP, share * share * 0.5);
}
