/**
 * The scoring box's file: text, JSON lines or CSV.
 *
 * ```text
 *      1.947s | Off-Target: Blade-to-blade contact.
 *      3.345s | frame 000100 | HIT: Left scores on Right!
 *     Scores -> Fencer 1: HIT, Fencer 2: HIT
 *     [2025-10-20 20:59:27] Manual selection winner: Right Fencer (Green Lamp)
 * ```
 *
 * Fencer 1 is the right fencer. Where the HIT lines and the Scores line
 * contradict each other the Scores line counts. The manual selection is a label
 * of the phrase for people who measure decisions; no decision may read it.
 *
 * @module
 */

import {
  classifyEvent,
  otherSide,
  parseSide,
  type Side,
  type SignalEvent,
} from "./signal_event.ts";
import { parseCsvLine, readJsonLine } from "./signal_table.ts";

/** Largest signal file; a phrase has some twenty lines. */
export const MAX_SIGNAL_BYTES = 4 * 1024 * 1024;

/** Longest line that is looked at. */
const MAX_LINE = 4096;

/** Most events that are kept. */
export const MAX_SIGNAL_EVENTS = 20_000;

/** Most warnings that are written out. */
const MAX_WARNINGS = 20;

/** Whether each fencer scored, and which lines say so. */
export interface Scores {
  readonly left: boolean;
  readonly right: boolean;
  readonly source: "scores_line" | "hits" | "none";
}

/** A signal file, read. */
export interface PhraseSignal {
  readonly format: "text" | "json_lines" | "csv";
  /** In the order of their times; nothing after "recording ended". */
  readonly events: readonly SignalEvent[];
  readonly scores: Scores;
  /** The winner that a person selected: a label, never an input of a decision. */
  readonly label: Side | undefined;
  /** What is odd about the file. */
  readonly warnings: readonly string[];
}

/** How to read a signal file. */
export interface SignalOptions {
  /** Exchanges left and right: the box was wired the other way round. */
  readonly swapSides?: boolean | undefined;
}

/** Everything a file may say, before it is judged. */
interface Collected {
  readonly events: SignalEvent[];
  readonly warnings: string[];
  scores: { left: boolean; right: boolean } | undefined;
  label: Side | undefined;
  ignored: number;
}

/** Reads a signal file from its bytes; whatever they are, there is an answer. */
export function parseSignalFile(
  bytes: Uint8Array,
  { swapSides = false }: SignalOptions = {},
): PhraseSignal {
  const found: Collected = {
    events: [],
    warnings: [],
    scores: undefined,
    label: undefined,
    ignored: 0,
  };
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe
    ? "utf-16le"
    : "utf-8";
  const lines = new TextDecoder(encoding)
    .decode(bytes.subarray(0, MAX_SIGNAL_BYTES)).split(/\r\n|\n|\r/);
  const format = formatOf(lines);
  if (format === "csv") readCsv(lines, found);
  else {
    for (const line of lines) {
      const text = line.slice(0, MAX_LINE);
      if (format === "json_lines") readJson(text, found);
      else readLine(text, found);
    }
  }
  return judge(format, found, swapSides);
}

function formatOf(lines: readonly string[]): PhraseSignal["format"] {
  const first = lines.find((line) => line.trim() !== "")?.trim() ?? "";
  if (first.startsWith("{")) return "json_lines";
  const columns = parseCsvLine(first.slice(0, MAX_LINE).toLowerCase());
  return columns.includes("time") && columns.includes("event") ? "csv" : "text";
}

function readLine(line: string, found: Collected): void {
  const timed = /^\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*s?\s*\|\s*(.*)$/.exec(line);
  if (timed === null) readNote(line, found);
  else {
    const numbered = /^frame\s+(\d{1,15})\s*\|\s*(.*)$/i.exec(timed[2] ?? "");
    addEvent(found, {
      time: Number(timed[1]),
      text: (numbered?.[2] ?? timed[2] ?? "").trim(),
      frame: numbered === null ? undefined : Number(numbered[1]),
    });
  }
}

/** Lines without a time: the scores, the label, headers. */
function readNote(line: string, found: Collected): void {
  const scores = /scores\s*->\s*fencer 1:\s*([^,]*),\s*fencer 2:\s*(.*)$/i
    .exec(line);
  if (scores !== null) {
    found.scores = { right: isHit(scores[1]), left: isHit(scores[2]) };
  }
  const label = /manual selection winner:\s*(left|right)\b/i.exec(line);
  if (label !== null) found.label = parseSide(label[1]);
}

function isHit(word: string | undefined): boolean {
  return /^\s*(?:valid\s+)?hit\b/i.test(word ?? "");
}

function readJson(line: string, found: Collected): void {
  if (line.trim() === "") return;
  const row = readJsonLine(line);
  if (row === undefined) warn(found, `Cannot read the line ${quote(line)}`);
  else readRow(row.time, row.event, row.side, row.frame, found);
}

function readCsv(lines: readonly string[], found: Collected): void {
  let columns: string[] | undefined;
  for (const line of lines) {
    if (line.trim() === "") continue;
    const values = parseCsvLine(line.slice(0, MAX_LINE));
    if (columns === undefined) {
      columns = values.map((name) => name.trim().toLowerCase());
      continue;
    }
    const names = columns;
    const value = (name: string): string | undefined => {
      const text = values[names.indexOf(name)]?.trim();
      return text === "" ? undefined : text;
    };
    const time = value("time");
    const frame = value("frame");
    readRow(
      time === undefined ? undefined : Number(time),
      value("event") ?? "",
      value("side"),
      frame === undefined ? undefined : Number(frame),
      found,
    );
  }
}

/** One row of a table. */
function readRow(
  time: number | undefined,
  event: string,
  side: string | undefined,
  frame: number | undefined,
  found: Collected,
): void {
  if (time === undefined) readNote(event, found);
  else if (!Number.isFinite(time)) {
    warn(found, `Cannot read the time of ${quote(event)}`);
  } else {
    addEvent(found, {
      time,
      text: event.trim(),
      side: parseSide(side),
      frame: Number.isSafeInteger(frame) ? frame : undefined,
    });
  }
}

function addEvent(
  found: Collected,
  { time, text, side, frame }: {
    time: number;
    text: string;
    side?: Side | undefined;
    frame: number | undefined;
  },
): void {
  if (found.events.length >= MAX_SIGNAL_EVENTS) {
    found.ignored++;
    return;
  }
  const before = found.events.at(-1);
  if (before !== undefined && time < before.time) {
    warn(found, `The time goes back to ${time.toFixed(3)}s at ${quote(text)}`);
  }
  found.events.push({ time, text, frame, ...classifyEvent(text, side) });
}

function judge(
  format: PhraseSignal["format"],
  found: Collected,
  swapSides: boolean,
): PhraseSignal {
  const { warnings } = found;
  const sorted = found.events.toSorted((a, b) => a.time - b.time);
  const end = sorted.findIndex(({ kind }) => kind === "recording_ended");
  const events = end < 0 ? sorted : sorted.slice(0, end + 1);
  if (found.ignored > 0) {
    warn(found, `Only the first ${MAX_SIGNAL_EVENTS} events are used`);
  }
  if (events.length === 0) warn(found, "The signal file has no timed events");
  const hits = scoresOfHits(events);
  let scores: Scores = {
    ...hits,
    source: hits.left || hits.right ? "hits" : "none",
  };
  if (found.scores !== undefined) {
    scores = { ...found.scores, source: "scores_line" };
    const { left, right } = found.scores;
    if (
      scored(hits) !== "nobody" && (left !== hits.left || right !== hits.right)
    ) {
      warn(
        found,
        `The HIT lines say that ${scored(hits)} scored, the Scores line ${
          scored(scores)
        }: ` +
          "the Scores line counts. With swap_sides left and right are exchanged",
      );
    }
  }
  return swapSides
    ? {
      format,
      events: events.map((event) => ({
        ...event,
        side: event.side === undefined ? undefined : otherSide(event.side),
      })),
      scores: { ...scores, left: scores.right, right: scores.left },
      label: found.label,
      warnings,
    }
    : { format, events, scores, label: found.label, warnings };
}

/** Who scored, by the HIT lines alone. */
function scoresOfHits(
  events: readonly SignalEvent[],
): { left: boolean; right: boolean } {
  const both = events.some(({ kind }) => kind === "simultaneous");
  const hit = (wanted: Side): boolean =>
    both || events.some(({ kind, side }) => kind === "hit" && side === wanted);
  return { left: hit("left"), right: hit("right") };
}

function scored({ left, right }: { left: boolean; right: boolean }): string {
  if (left && right) return "both";
  if (left) return "left";
  return right ? "right" : "nobody";
}

function warn(found: Collected, text: string): void {
  if (found.warnings.length < MAX_WARNINGS) found.warnings.push(text);
}

function quote(text: string): string {
  return JSON.stringify(text.trim().slice(0, 80));
}
