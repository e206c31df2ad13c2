/**
 * What a scoring box's line means.
 *
 * @module
 */

/** One of the two fencers, as the camera sees them. */
export type Side = "left" | "right";

/** What happened. */
export type SignalEventKind =
  | "recording_started"
  | "recording_ended"
  | "hit"
  | "simultaneous"
  | "off_target"
  | "blade_contact"
  | "lockout"
  | "other";

/** One timed line. */
export interface SignalEvent {
  /** Seconds on the box's clock. */
  readonly time: number;
  readonly kind: SignalEventKind;
  /** Who did it, where the line says so. */
  readonly side: Side | undefined;
  /** The line's own words. */
  readonly text: string;
  /** The frame number that newer boxes write. */
  readonly frame: number | undefined;
}

/** The other one. */
export function otherSide(side: Side): Side {
  return side === "left" ? "right" : "left";
}

/** A side in any spelling, and by the box's numbers: fencer 1 is the right one (green), 2 the left (red). */
export function parseSide(word: string | undefined): Side | undefined {
  switch (word?.trim().toLowerCase()) {
    case "left":
    case "l":
    case "red":
    case "2":
    case "fencer 2":
      return "left";
    case "right":
    case "r":
    case "green":
    case "1":
    case "fencer 1":
      return "right";
    default:
      return undefined;
  }
}

/** Sentences of the text form, words of the tables; the first that fits counts. */
const KINDS: readonly (readonly [RegExp, SignalEventKind])[] = [
  [/recording[ _]?started|^(?:phrase[ _])?start(?:ed)?$/i, "recording_started"],
  [
    /recording[ _]?ended|^(?:phrase[ _])?(?:end(?:ed)?|stop)$/i,
    "recording_ended",
  ],
  [/simultaneous|^both$/i, "simultaneous"],
  [/blade|^contact$|^parry$/i, "blade_contact"],
  [/^off[-_ ]?target/i, "off_target"],
  [/lock[-_ ]?out/i, "lockout"],
  [/^hit\b|\bscores on\b|^touch\b|^valid$/i, "hit"],
];

/** The event of a line's words; `side` is what a table says besides. */
export function classifyEvent(
  text: string,
  side?: Side,
): Pick<SignalEvent, "kind" | "side"> {
  const kind = KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
  const named = /\b(left|right)\b(?: fencer)?(?: scores|'s)?/i.exec(text)?.[1];
  const sided = kind === "hit" || kind === "off_target";
  return { kind, side: sided ? side ?? parseSide(named) : undefined };
}
