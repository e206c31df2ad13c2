/**
 * How two made-up fencers move: scenarios of which the outcome is known.
 *
 * Everything is in heights of a fencer and seconds; forward is towards the
 * opponent. A script of velocities is smoothed (nobody stops at once), steps
 * make it swing a little, and a lunge ends it.
 *
 * @module
 */

import type { SceneRandom } from "./synthetic_random.ts";

/** The scenarios, named by what happens. */
export const SCENARIOS = [
  "right_retreats",
  "left_retreats",
  "right_pauses",
  "left_pauses",
  "simultaneous",
  "chase",
] as const;

/** One of {@linkcode SCENARIOS}. */
export type Scenario = typeof SCENARIOS[number];

/** What was decided before the pictures were made. */
export interface PhraseScript {
  readonly scenario: Scenario;
  /** Who has the point when both lamps are on. */
  readonly winner: "left" | "right" | "none";
  /** Seconds at which the lamps go on. */
  readonly hitTime: number;
  /** Seconds of the whole recording. */
  readonly duration: number;
  /** When the loser's decisive pause or retreat begins and ends; `undefined` when there is none. */
  readonly fault: { readonly start: number; readonly end: number } | undefined;
}

/** A fencer's body at a moment. */
export interface FencerPose {
  /** Heights from the middle of the piste, to the right. */
  readonly x: number;
  /** From 0 (on guard) to 1 (a full lunge). */
  readonly lunge: number;
  /** From 0 (bent) to 1 (stretched). */
  readonly arm: number;
  /** Phase of the steps, in turns. */
  readonly step: number;
}

/** A stretch of a script. */
interface Stretch {
  readonly until: number;
  /** Heights a second, forward. */
  readonly speed: number;
}

/** Samples a second at which the scripts are integrated. */
const RATE = 240;

/** Seconds over which a change of speed is spread. */
const EASE = 0.16;

/** Heights between the fencers' bodies when a point arrives. */
const HIT_DISTANCE = 1.05;

/** Seconds that a lunge takes, up to the hit. */
const LUNGE_SECONDS = 0.3;

/** Two fencers' motion, made once and looked up. */
export class PhraseMotion {
  /** What happens. */
  readonly script: PhraseScript;
  readonly #left: Float64Array;
  readonly #right: Float64Array;
  readonly #leftSteps: Float64Array;
  readonly #rightSteps: Float64Array;
  readonly #lunges: { readonly left: boolean; readonly right: boolean };

  /** Makes the motion of a scenario; `random` varies speeds and moments. */
  constructor(scenario: Scenario, random: SceneRandom) {
    const plan = planOf(scenario, random);
    const { hitTime } = plan;
    const duration = hitTime + 0.7;
    this.script = {
      scenario,
      winner: plan.winner,
      hitTime,
      duration,
      fault: plan.fault,
    };
    this.#lunges = plan.lunges;
    const left = integrate(plan.left, duration, random);
    const right = integrate(plan.right, duration, random);
    const at = Math.round(hitTime * RATE);
    const closed = left.way[at]! + right.way[at]!;
    const distance = HIT_DISTANCE + closed;
    // The middle of what both walk over is the middle of the piste.
    const middle = (left.way[at]! - right.way[at]!) / 4;
    this.#left = left.way.map((way) => -distance / 2 - middle + way);
    this.#right = right.way.map((way) => distance / 2 - middle - way);
    this.#leftSteps = left.steps;
    this.#rightSteps = right.steps;
  }

  /** Both fencers at `time` seconds. */
  at(time: number): { readonly left: FencerPose; readonly right: FencerPose } {
    return {
      left: this.#pose(time, this.#left, this.#leftSteps, this.#lunges.left),
      right: this.#pose(
        time,
        this.#right,
        this.#rightSteps,
        this.#lunges.right,
      ),
    };
  }

  #pose(
    time: number,
    way: Float64Array,
    steps: Float64Array,
    lunges: boolean,
  ): FencerPose {
    const { hitTime } = this.script;
    const stretched = smooth((time - hitTime + 0.35) / 0.25);
    const lunge = lunges ? smooth((time - hitTime + LUNGE_SECONDS) / 0.28) : 0;
    return {
      x: lookUp(way, time),
      step: lookUp(steps, time),
      lunge: lunge * (1 - smooth((time - hitTime - 0.25) / 0.4)),
      arm: stretched,
    };
  }
}

interface Plan {
  readonly left: readonly Stretch[];
  readonly right: readonly Stretch[];
  readonly winner: PhraseScript["winner"];
  readonly hitTime: number;
  readonly fault: PhraseScript["fault"];
  readonly lunges: { readonly left: boolean; readonly right: boolean };
}

function planOf(scenario: Scenario, random: SceneRandom): Plan {
  const begin = random.between(0.35, 0.6);
  const hitTime = begin + random.between(1.9, 2.3);
  const pace = random.between(0.62, 0.8);
  const attack: Stretch[] = [
    { until: begin, speed: 0 },
    { until: hitTime - LUNGE_SECONDS, speed: pace },
    { until: hitTime, speed: random.between(1.3, 1.7) },
    { until: Infinity, speed: 0 },
  ];
  const faultStart = begin + random.between(0.55, 0.75);
  switch (scenario) {
    case "simultaneous": {
      return {
        left: attack,
        right: attack.map(({ until, speed }) => ({
          until,
          speed: speed * random.between(0.98, 1.02),
        })),
        winner: "none",
        hitTime,
        fault: undefined,
        lunges: { left: true, right: true },
      };
    }
    case "chase": {
      const chased: Stretch[] = [
        { until: begin + 0.1, speed: 0 },
        { until: hitTime - 0.1, speed: -pace * random.between(0.55, 0.7) },
        { until: Infinity, speed: 0 },
      ];
      const chaserIsLeft = random.next() < 0.5;
      return {
        left: chaserIsLeft ? attack : chased,
        right: chaserIsLeft ? chased : attack,
        winner: chaserIsLeft ? "left" : "right",
        hitTime,
        fault: { start: begin + 0.1, end: hitTime - 0.1 },
        lunges: { left: chaserIsLeft, right: !chaserIsLeft },
      };
    }
    default: {
      const retreats = scenario.endsWith("retreats");
      const faultEnd = hitTime - random.between(0.4, 0.5);
      const faulty: Stretch[] = [
        { until: begin, speed: 0 },
        { until: faultStart, speed: pace },
        {
          until: faultEnd,
          speed: retreats ? -random.between(0.45, 0.6) : 0,
        },
        { until: hitTime, speed: random.between(0.75, 0.95) },
        { until: Infinity, speed: 0 },
      ];
      const leftIsFaulty = scenario.startsWith("left");
      return {
        left: leftIsFaulty ? faulty : attack,
        right: leftIsFaulty ? attack : faulty,
        winner: leftIsFaulty ? "right" : "left",
        hitTime,
        fault: { start: faultStart, end: faultEnd },
        lunges: { left: !leftIsFaulty, right: leftIsFaulty },
      };
    }
  }
}

/** The way walked forward, and the phase of the steps, at {@linkcode RATE} samples a second. */
function integrate(
  script: readonly Stretch[],
  duration: number,
  random: SceneRandom,
): { way: Float64Array; steps: Float64Array } {
  const count = Math.ceil(duration * RATE) + 2;
  const raw = Float64Array.from(
    { length: count },
    (_, i) => script.find(({ until }) => i / RATE < until)?.speed ?? 0,
  );
  const reach = Math.round(EASE * RATE / 2);
  const phase = random.next();
  const way = new Float64Array(count);
  const steps = new Float64Array(count);
  let sum = 0;
  for (let i = -reach; i < reach; i++) sum += at(raw, i);
  for (let i = 0, walked = 0, turned = phase; i < count; i++) {
    sum += at(raw, i + reach) - at(raw, i - reach - 1);
    const speed = sum / (2 * reach + 1);
    turned += Math.abs(speed) * 2.2 / RATE;
    // A step is quick and slow in turn.
    walked += speed * (1 + 0.18 * Math.sin(2 * Math.PI * turned)) / RATE;
    way[i] = walked;
    steps[i] = turned;
  }
  return { way, steps };
}

function at(values: Float64Array, index: number): number {
  return values[Math.max(0, Math.min(values.length - 1, index))]!;
}

function lookUp(values: Float64Array, time: number): number {
  const place = Math.max(0, Math.min(values.length - 1.001, time * RATE));
  const below = Math.floor(place);
  const share = place - below;
  return values[below]! * (1 - share) + at(values, below + 1) * share;
}

/** From 0 to 1 without a corner. */
function smooth(value: number): number {
  const t = Math.max(0, Math.min(1, value));
  return t * t * (3 - 2 * t);
}
