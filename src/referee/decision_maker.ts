/**
 * The decision with its evidence: what the scoring box says, and where both
 * lamps are lit, what two cues say of the right of way.
 *
 * The tiers follow the cues: both agree and no blade met: high; both agree after
 * a contact of the blades: medium; only one speaks: low; they differ or are
 * silent: no call, and the fencers go on guard again as the rules have it.
 *
 * @module
 */

import {
  type PhraseTracks,
  type TrackProblem,
  trackProblem,
} from "../vision/mod.ts";
import { type Cue, groundCue, haltCue } from "./cues.ts";
import { decideBySignal, type Decision, type Pause } from "./decision.ts";
import {
  fencerName,
  haltReason,
  PROBLEM_REASONS,
  secondsText,
} from "./decision_reason.ts";
import { speedComparison } from "./decision_speeds.ts";
import { otherSide, type Side, type SignalEvent } from "./signal_event.ts";
import type { PhraseSignal } from "./signal_file.ts";
import {
  type FencerTimeline,
  makeTimeline,
  type PhraseTimeline,
} from "./timeline.ts";

/** The weapons, which differ in what two lamps mean. */
export const WEAPONS = ["sabre", "foil", "epee"] as const;

/** One of {@linkcode WEAPONS}. */
export type Weapon = typeof WEAPONS[number];

/**
 * Confidence of a tier where the cues are clear. In a trial on 223 labelled phrases
 * agreeing cues were right in 88 % of those without blade contact, which is high's, and
 * in 84 % with and without it: those with it must lie below, and medium's is set there.
 * One cue alone was right in about 70 %, and low stays below that. This code itself was
 * not measured on real phrases.
 */
const TIER_CONFIDENCE = { high: 0.88, medium: 0.8, low: 0.65 } as const;

/** Seconds between the lamps in the picture and the signal that need no word. */
const MIN_LAMP_DIFFERENCE = 0.1;

/** Frames of the same: lamps are seen in the frame after they went on. */
const MIN_LAMP_FRAMES = 2.5;

/** Seconds further than which lamps are somebody else's. */
const MAX_LAMP_DIFFERENCE = 5;

/** Decimals of seconds and heights in the result. */
const DECIMALS = 3;

/** What a decision is made from. */
export interface PhraseEvidence {
  readonly signal: PhraseSignal;
  /** `undefined` when the pictures could not be looked at. */
  readonly tracks: PhraseTracks | undefined;
  readonly weapon: Weapon;
  /** Seconds to add to the signal's times to get the video's. */
  readonly offset: number;
  /** The client's frame numbers; positions in the video when left out. */
  readonly frameNumbers?: ArrayLike<number> | undefined;
}

/** A decision and what a page needs to show why. */
export interface ReasonedDecision {
  readonly decision: Decision;
  readonly timeline: PhraseTimeline | undefined;
  /** The halt that decided, in seconds of the video. */
  readonly decisive:
    | { readonly side: Side; readonly start: number; readonly end: number }
    | undefined;
  /** What was added to the signal's times. */
  readonly offset: number;
  /** Why the tracks were not used. */
  readonly problem: TrackProblem | undefined;
  readonly warnings: readonly string[];
}

/** Decides a phrase. */
export function decidePhrase(evidence: PhraseEvidence): ReasonedDecision {
  const { signal, tracks, weapon } = evidence;
  const bySignal = decideBySignal(signal);
  const hitEvent = signal.events.find(({ kind }) =>
    kind === "hit" || kind === "simultaneous"
  );
  if (tracks === undefined || tracks.times.length < 2) {
    return {
      decision: withWeapon(bySignal, signal, weapon),
      timeline: undefined,
      decisive: undefined,
      offset: evidence.offset,
      problem: tracks === undefined ? undefined : "no_frames",
      warnings: [],
    };
  }
  const { offset, warnings } = alignWithLamps(
    tracks,
    hitEvent?.time,
    evidence.offset,
  );
  const end = tracks.times.at(-1)!;
  const wanted = (hitEvent?.time ?? Infinity) + offset;
  const hit = Math.max(tracks.times[0]!, Math.min(end, wanted));
  if (hitEvent !== undefined && Math.abs(hit - wanted) > 0.5) {
    warnings.push(
      `The hit at ${secondsText(hitEvent.time)} lies outside the video: ${
        secondsText(Math.abs(wanted - hit))
      } are missing`,
    );
  }
  const problem = trackProblem(tracks, -Infinity, hit);
  const timeline = makeTimeline(tracks, hit);
  const contacts = signal.events.filter(({ kind, time }) =>
    kind === "blade_contact" && time + offset <= hit &&
    time + offset >= timeline.start
  );
  const seen = problem === undefined
    ? seenParts(evidence, timeline, contacts, offset)
    : {};
  const { decision, decisive } = bySignal.winner !== "none" ||
      !signal.scores.left || weapon === "epee"
    ? {
      decision: withWeapon(bySignal, signal, weapon),
      decisive: undefined,
    }
    : problem === undefined
    ? decideByCues(bySignal, timeline, contacts.length > 0, offset)
    : {
      decision: { ...bySignal, reason: PROBLEM_REASONS[problem] },
      decisive: undefined,
    };
  return {
    decision: { ...decision, ...seen },
    timeline: problem === undefined ? timeline : undefined,
    decisive,
    offset,
    problem,
    warnings,
  };
}

/** With the épée both lamps are a point for both. */
function withWeapon(
  decision: Decision,
  { scores }: PhraseSignal,
  weapon: Weapon,
): Decision {
  if (weapon !== "epee" || !scores.left || !scores.right) return decision;
  return {
    ...decision,
    winner: "both",
    reason: "Double touch: with the epee both fencers score",
    confidence: 1,
    tier: "certain",
  };
}

/** Lamps that go on in the picture at another time than the signal says move the signal. */
function alignWithLamps(
  { times, lampTime }: PhraseTracks,
  hitTime: number | undefined,
  offset: number,
): { offset: number; warnings: string[] } {
  if (lampTime === undefined || hitTime === undefined) {
    return { offset, warnings: [] };
  }
  const difference = lampTime - (hitTime + offset);
  const frame = (times.at(-1)! - times[0]!) / (times.length - 1);
  const least = Math.max(MIN_LAMP_DIFFERENCE, MIN_LAMP_FRAMES * frame);
  if (
    Math.abs(difference) < least || Math.abs(difference) > MAX_LAMP_DIFFERENCE
  ) return { offset, warnings: [] };
  return {
    offset: offset + difference,
    warnings: [
      `The lamps in the picture go on ${secondsText(Math.abs(difference))} ${
        difference > 0 ? "later" : "earlier"
      } than the signal says: its times were moved by that much`,
    ],
  };
}

function decideByCues(
  bySignal: Decision,
  timeline: PhraseTimeline,
  contact: boolean,
  offset: number,
): Pick<ReasonedDecision, "decision" | "decisive"> {
  const halt = haltCue(timeline);
  const ground = groundCue(timeline);
  const evidence = [
    ...bySignal.evidence,
    halt.favours === undefined || halt.halt === undefined
      ? "Neither fencer paused or retreated later than the other"
      : `${
        haltReason(otherSide(halt.favours), halt.halt, halt.halt.start - offset)
      } and went on at ${
        secondsText(halt.halt.end - offset)
      }: this favours the ${halt.favours} fencer`,
    `In the last ${
      secondsText(Math.min(0.8, timeline.hit - timeline.start))
    } before the hit the left fencer gained ${
      heights(ground.left)
    }, the right fencer ${heights(ground.right)}: this favours ${
      ground.favours === undefined ? "neither" : `the ${ground.favours} fencer`
    }`,
    contact
      ? "The blades met before the hit"
      : "No contact of the blades before the hit",
  ];
  const winner = halt.favours ?? ground.favours;
  const differ = halt.favours !== undefined && ground.favours !== undefined &&
    halt.favours !== ground.favours;
  if (winner === undefined || differ) {
    return {
      decision: {
        ...bySignal,
        winner: "none",
        reason: differ
          ? "No call: who paused later and who gained ground contradict each other"
          : "No call: simultaneous actions, neither fencer paused or retreated",
        confidence: 0,
        tier: "none",
        evidence,
      },
      decisive: undefined,
    };
  }
  const agree = halt.favours !== undefined && ground.favours !== undefined;
  const tier = agree ? contact ? "medium" : "high" : "low";
  return {
    decision: {
      ...bySignal,
      winner,
      reason: halt.favours === undefined || halt.halt === undefined
        ? `${fencerName(winner)} gained more ground before the hit`
        : haltReason(
          otherSide(winner),
          halt.halt,
          halt.halt.start - offset,
        ),
      confidence: confidenceOf(tier, [halt, ground]),
      tier,
      evidence,
    },
    decisive: halt.favours === undefined || halt.halt === undefined
      ? undefined
      : {
        side: otherSide(winner),
        start: halt.halt.start,
        end: halt.halt.end,
      },
  };
}

/** From even to the tier's own, as clear as the clearest cue is. */
function confidenceOf(
  tier: keyof typeof TIER_CONFIDENCE,
  cues: readonly Cue[],
): number {
  const margin = Math.max(...cues.map((cue) => cue.margin));
  return round(
    0.5 + (TIER_CONFIDENCE[tier] - 0.5) * Math.min(1, 0.5 + margin / 2),
  );
}

/** The result's fields that tell what was seen, whoever won. */
function seenParts(
  { frameNumbers }: PhraseEvidence,
  timeline: PhraseTimeline,
  contacts: readonly SignalEvent[],
  offset: number,
): Partial<Decision> {
  const { times, left, right, hit } = timeline;
  const number = (index: number): number => frameNumbers?.[index] ?? index;
  const pauses = ({ halts }: FencerTimeline): Pause[] =>
    halts.map(({ start, end, startFrame, endFrame, isRetreat }) => ({
      start_frame: number(startFrame),
      end_frame: number(endFrame),
      start_time: round(start - offset),
      end_time: round(end - offset),
      duration: round(end - start),
      is_retreat: isRetreat,
    }));
  const last = contacts.at(-1);
  const frameOf = (time: number): number => {
    const index = times.findIndex((one) => one >= time);
    return number(index < 0 ? times.length - 1 : index);
  };
  return {
    left_pauses: pauses(left),
    right_pauses: pauses(right),
    blade_analysis: {
      contacts: contacts.length,
      source: "signal",
      last_contact_time: last === undefined ? null : last.time,
      seconds_before_hit: last === undefined
        ? null
        : round(hit - offset - last.time),
    },
    blade_details: contacts.map(({ time, text }) => ({
      time,
      frame: frameOf(time + offset),
      text,
    })),
    speed_comparison: speedComparison(timeline),
    lunge_detected: left.lungeTime !== undefined ||
      right.lungeTime !== undefined,
  };
}

function heights(value: number): string {
  return `${value.toFixed(2)} body heights`;
}

function round(value: number): number {
  const factor = 10 ** DECIMALS;
  return Math.round(value * factor) / factor + 0;
}
