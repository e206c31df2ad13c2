/**
 * Everything that is drawn over the video and in the timeline beside it, in
 * pixels and seconds of the video: the file `tracks.json`.
 *
 * @module
 */

import type { FencerTrack, PhraseTracks } from "../vision/mod.ts";
import { GROUND_WINDOW, valueAt } from "./cues.ts";
import type { ReasonedDecision } from "./decision_maker.ts";
import type { Decision } from "./decision.ts";
import type { Side, SignalEvent } from "./signal_event.ts";
import type { FencerTimeline } from "./timeline.ts";

/** One fencer's line and boxes. */
export interface OverlayFencer {
  /** Heights from the middle of what both walk over, to the right; `null` where nobody was seen. */
  readonly place: readonly (number | null)[];
  /** Heights a second, forward. */
  readonly speed: readonly (number | null)[];
  /** Left, top, right, bottom of each frame, in pixels of the video. */
  readonly boxes: readonly (readonly number[] | null)[];
  readonly halts: readonly {
    readonly start: number;
    readonly end: number;
    readonly is_retreat: boolean;
  }[];
  /** Seconds of a lunge; `null` when there is none. */
  readonly lunge: number | null;
}

/** The file. */
export interface OverlayTrack {
  readonly version: 1;
  readonly width: number;
  readonly height: number;
  /** Seconds of each frame. */
  readonly times: readonly number[];
  /** What the tracks come from. */
  readonly source: "tracker" | "model";
  /** Why they are not to be relied on; `null` when they are. */
  readonly problem: string | null;
  readonly winner: Decision["winner"];
  readonly reason: string;
  readonly tier: Decision["tier"];
  readonly confidence: number;
  /** Seconds added to the signal's times. */
  readonly offset: number;
  /** Seconds of the begin of the action and of the hit; `null` where there is none. */
  readonly start: number | null;
  readonly hit: number | null;
  readonly scored: { readonly left: boolean; readonly right: boolean };
  readonly events: readonly {
    readonly time: number;
    readonly kind: SignalEvent["kind"];
    readonly side: Side | null;
    readonly text: string;
  }[];
  /** The halt that decided. */
  readonly decisive:
    | { readonly side: Side; readonly start: number; readonly end: number }
    | null;
  /** Heights gained from `from` to the hit. */
  readonly ground:
    | { readonly from: number; readonly left: number; readonly right: number }
    | null;
  readonly left: OverlayFencer;
  readonly right: OverlayFencer;
}

/** Puts the file together. */
export function makeOverlayTrack(
  { reasoned, tracks, events, scored, width, height, source }: {
    readonly reasoned: ReasonedDecision;
    readonly tracks: PhraseTracks;
    readonly events: readonly SignalEvent[];
    readonly scored: { readonly left: boolean; readonly right: boolean };
    /** The video's. */
    readonly width: number;
    readonly height: number;
    readonly source: OverlayTrack["source"];
  },
): OverlayTrack {
  const { decision, timeline, decisive, offset, problem } = reasoned;
  const middle = middleOf(tracks);
  const scale = { x: width / tracks.width, y: height / tracks.height };
  const fencer = (side: Side): OverlayFencer =>
    overlayFencer(tracks, tracks[side], timeline?.[side], middle, scale);
  const hitEvent = events.find(({ kind }) =>
    kind === "hit" || kind === "simultaneous"
  );
  return {
    version: 1,
    width,
    height,
    times: Array.from(tracks.times, (time) => round(time, 4)),
    source,
    problem: problem ?? null,
    winner: decision.winner,
    reason: decision.reason,
    tier: decision.tier,
    confidence: decision.confidence,
    offset: round(offset, 4),
    start: timeline === undefined ? null : round(timeline.start, 3),
    hit: hitEvent === undefined ? null : round(hitEvent.time + offset, 3),
    scored: { left: scored.left, right: scored.right },
    events: events.map(({ time, kind, side, text }) => ({
      time: round(time + offset, 3),
      kind,
      side: side ?? null,
      text,
    })),
    decisive: decisive === undefined ? null : {
      side: decisive.side,
      start: round(decisive.start, 3),
      end: round(decisive.end, 3),
    },
    ground: timeline === undefined ? null : groundOf(timeline),
    left: fencer("left"),
    right: fencer("right"),
  };
}

function groundOf(
  { times, left, right, start, hit }: NonNullable<ReasonedDecision["timeline"]>,
): OverlayTrack["ground"] {
  const from = Math.max(start, hit - GROUND_WINDOW);
  const gain = ({ forward }: FencerTimeline): number =>
    round(
      valueAt(times, forward, hit) - valueAt(times, forward, from) || 0,
      3,
    );
  return { from: round(from, 3), left: gain(left), right: gain(right) };
}

/** The middle of all places, in pixels: the figure's 0. */
function middleOf({ left, right }: PhraseTracks): number {
  const all = [...left.x, ...right.x].filter((x) => !Number.isNaN(x));
  return all.length === 0 ? 0 : (all.reduce((a, b) => Math.min(a, b)) +
    all.reduce((a, b) => Math.max(a, b))) / 2;
}

function overlayFencer(
  { bodyHeight }: PhraseTracks,
  { x, boxes }: FencerTrack,
  timeline: FencerTimeline | undefined,
  middle: number,
  scale: { readonly x: number; readonly y: number },
): OverlayFencer {
  return {
    place: Array.from(x, (value) => orNull((value - middle) / bodyHeight, 4)),
    speed: timeline === undefined
      ? []
      : Array.from(timeline.speed, (value) => orNull(value, 3)),
    boxes: Array.from(x, (_, i) => {
      const box = boxes.subarray(4 * i, 4 * i + 4);
      return Number.isNaN(box[0]) ? null : [
        round(box[0]! * scale.x, 1),
        round(box[1]! * scale.y, 1),
        round(box[2]! * scale.x, 1),
        round(box[3]! * scale.y, 1),
      ];
    }),
    halts: (timeline?.halts ?? []).map(({ start, end, isRetreat }) => ({
      start: round(start, 3),
      end: round(end, 3),
      is_retreat: isRetreat,
    })),
    lunge: timeline?.lungeTime === undefined
      ? null
      : round(timeline.lungeTime, 3),
  };
}

function orNull(value: number, decimals: number): number | null {
  return Number.isNaN(value) ? null : round(value, decimals);
}

function round(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
}
