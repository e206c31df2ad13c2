/**
 * The overlay as subtitles that players draw: WebVTT with the words alone, and
 * ASS with boxes and marks as vector drawings, which need no font.
 *
 * @module
 */

import { fencerName } from "./decision_reason.ts";
import type { OverlayFencer, OverlayTrack } from "./overlay_track.ts";
import type { Side } from "./signal_event.ts";

/** Blue, green, amber and white of the overlay, as ASS has them: BGR. */
const ASS_COLORS = {
  left: "FF9D4D",
  right: "6BCF4C",
  mark: "00B3FF",
  text: "FFFFFF",
} as const;

/** Seconds that a contact is shown. */
const CONTACT_SECONDS = 0.4;

/** Seconds after the hit until the decision is shown: not before one has seen it. */
const DECISION_AFTER = 0;

/** A line that is shown for a time. */
export interface OverlayCaption {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: "halt" | "contact" | "decision";
  readonly side: Side | undefined;
}

/** What the overlay says, in the order of its begin. */
export function overlayCaptions(track: OverlayTrack): OverlayCaption[] {
  const { times, hit, events, reason, winner } = track;
  const end = lastTime(track);
  const captions: OverlayCaption[] = [];
  for (const side of ["left", "right"] as const) {
    for (const { start, end: until, is_retreat } of track[side].halts) {
      captions.push({
        start,
        end: until,
        text: `${fencerName(side)} ${is_retreat ? "retreats" : "pauses"}`,
        kind: "halt",
        side,
      });
    }
  }
  for (const { time, kind } of events) {
    if (kind !== "blade_contact") continue;
    captions.push({
      start: time,
      end: time + CONTACT_SECONDS,
      text: "Blade contact",
      kind: "contact",
      side: undefined,
    });
  }
  const decided = Math.min(
    end - 0.04,
    Math.max(times[0] ?? 0, (hit ?? end) + DECISION_AFTER),
  );
  captions.push({
    start: decided,
    end,
    text: `${decisionTitle(winner)}: ${reason}`,
    kind: "decision",
    side: winner === "left" || winner === "right" ? winner : undefined,
  });
  return captions
    .filter(({ start, end: until }) => until > start)
    .toSorted((a, b) => a.start - b.start);
}

/** "Point for the left fencer". */
export function decisionTitle(winner: OverlayTrack["winner"]): string {
  switch (winner) {
    case "left":
    case "right":
      return `Point for the ${winner} fencer`;
    case "both":
      return "Point for both fencers";
    case "none":
      return "No point";
  }
}

/** The words as WebVTT. */
export function formatVtt(track: OverlayTrack): string {
  const cue = ({ start, end, text }: OverlayCaption): string =>
    `${vttTime(start)} --> ${vttTime(end)}\n${vttText(text)}\n`;
  return ["WEBVTT\n", ...overlayCaptions(track).map(cue)].join("\n");
}

/** Boxes, marks and words as Advanced SubStation Alpha, which mpv and VLC draw over the video. */
export function formatAss(track: OverlayTrack): string {
  const { width, height } = track;
  const size = Math.max(14, Math.round(height / 24));
  const lines = [
    "[Script Info]",
    "Title: Referee overlay",
    "ScriptType: v4.00+",
    `PlayResX: ${width}`,
    `PlayResY: ${height}`,
    "",
    "[V4+ Styles]",
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding",
    `Style: Words,sans-serif,${size},&H00${ASS_COLORS.text},&H00FFFFFF,&H00181818,&H80000000,0,0,0,0,100,100,0,0,1,2,0,8,10,10,10,1`,
    "Style: Boxes,sans-serif,20,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,1",
    "",
    "[Events]",
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
  ];
  for (const side of ["left", "right"] as const) {
    lines.push(...boxEvents(track, track[side], ASS_COLORS[side]));
  }
  for (const { start, end, text, kind, side } of overlayCaptions(track)) {
    const color = side === undefined ? ASS_COLORS.mark : ASS_COLORS[side];
    // The decision is in the middle above, a halt at its fencer's side.
    const place = kind === "decision" || side === undefined
      ? `{\\an8\\1c&H${color}&}`
      : `{\\an${side === "left" ? 7 : 9}\\1c&H${color}&}`;
    lines.push(
      `Dialogue: 1,${assTime(start)},${assTime(end)},Words,,0,0,0,,${place}${
        assText(text)
      }`,
    );
  }
  return lines.join("\n") + "\n";
}

function boxEvents(
  track: OverlayTrack,
  { boxes }: OverlayFencer,
  color: string,
): string[] {
  const { times, height } = track;
  const thick = Math.max(2, Math.round(height / 270));
  return boxes.flatMap((box, i) => {
    const start = times[i];
    if (box === null || start === undefined) return [];
    const end = times[i + 1] ?? lastTime(track);
    const [l = 0, t = 0, r = 0, b = 0] = box.map(Math.round);
    // Four bars, drawn as one shape.
    const bars = [
      [l, t, r, t + thick],
      [l, b - thick, r, b],
      [l, t, l + thick, b],
      [r - thick, t, r, b],
    ].map(([x0, y0, x1, y1]) =>
      `m ${x0} ${y0} l ${x1} ${y0} ${x1} ${y1} ${x0} ${y1}`
    ).join(" ");
    return [
      `Dialogue: 0,${assTime(start)},${
        assTime(end)
      },Boxes,,0,0,0,,{\\pos(0,0)\\1c&H${color}&\\p1}${bars}`,
    ];
  });
}

/** When the last frame ends. */
function lastTime({ times }: OverlayTrack): number {
  const last = times.at(-1) ?? 0;
  return last + Math.max(0.04, last - (times.at(-2) ?? last));
}

function vttTime(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const part = (value: number, digits: number): string =>
    String(value).padStart(digits, "0");
  return `${part(Math.floor(ms / 3_600_000), 2)}:${
    part(Math.floor(ms / 60_000) % 60, 2)
  }:${part(Math.floor(ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}

function assTime(seconds: number): string {
  const cs = Math.max(0, Math.round(seconds * 100));
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(cs / 360_000)}:${part(Math.floor(cs / 6000) % 60)}:${
    part(Math.floor(cs / 100) % 60)
  }.${part(cs % 100)}`;
}

function vttText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll("-->", "→").replaceAll(/\s+/g, " ");
}

function assText(text: string): string {
  return text.replaceAll(/[{}\\\r\n]/g, " ");
}
