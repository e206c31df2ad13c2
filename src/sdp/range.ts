/**
 * Ranges of time, in `a=range:` and in RTSP's Range header (RFC 2326 sections
 * 3.5–3.7 and C.1.5).
 *
 *     npt=12.5-   npt=0:01:30-0:02:00.5   npt=now-   npt=-20
 *     clock=20240131T143720.25Z-
 *     smpte-25=10:07:00-10:07:33:05.01
 *
 * @module
 */

import { SdpProtocolError } from "./errors.ts";

/** Normal play time: seconds from the beginning of the presentation. */
export interface NptRange {
  /** Which kind it is. */
  readonly unit: "npt";
  /** `undefined` when only an end is given (`npt=-20`). */
  readonly from: number | "now" | undefined;
  /** `undefined` for "to the end". */
  readonly to: number | undefined;
}

/** Wall-clock time. */
export interface ClockRange {
  /** Which kind it is. */
  readonly unit: "clock";
  /** Unix time in milliseconds. */
  readonly from: number;
  /** Unix time in milliseconds, `undefined` for open. */
  readonly to: number | undefined;
}

/** SMPTE time code, recognised and left as it is. */
export interface SmpteRange {
  /** Which kind it is. */
  readonly unit: "smpte";
  /** The whole range, unit included. */
  readonly text: string;
}

/** Any range of time. */
export type MediaRange = NptRange | ClockRange | SmpteRange;

/**
 * Reads a range.
 *
 * @throws {SdpProtocolError} when it is none of the three kinds.
 */
export function parseMediaRange(text: string): MediaRange {
  // "npt:0-" is what some cameras write.
  const match = /^\s*(npt|clock|smpte(?:-[\w-]+)?)\s*[=:]\s*(.*?)\s*$/i.exec(
    text,
  );
  if (match === null) throw badRange(text);
  const unit = match[1]!.toLowerCase();
  const value = match[2]!;
  if (unit === "npt") return parseNpt(value, text);
  if (unit === "clock") return parseClock(value, text);
  return { unit: "smpte", text: text.trim() };
}

/** Writes a range. */
export function formatMediaRange(range: MediaRange): string {
  switch (range.unit) {
    case "npt": {
      const from = range.from === undefined
        ? ""
        : range.from === "now"
        ? "now"
        : formatNptSeconds(range.from);
      const to = range.to === undefined ? "" : formatNptSeconds(range.to);
      return `npt=${from}-${to}`;
    }
    case "clock":
      return `clock=${formatClock(range.from)}-${
        range.to === undefined ? "" : formatClock(range.to)
      }`;
    case "smpte":
      return range.text;
  }
}

/** Seconds with three decimals, as every server writes them. */
export function formatNptSeconds(seconds: number): string {
  return seconds.toFixed(3);
}

function parseNpt(value: string, text: string): NptRange {
  const dash = value.indexOf("-");
  // "npt=10" without a dash is taken as a beginning.
  const first = (dash < 0 ? value : value.slice(0, dash)).trim();
  const second = dash < 0 ? "" : value.slice(dash + 1).trim();
  if (first === "" && second === "") throw badRange(text);
  const from = first === ""
    ? undefined
    : first.toLowerCase() === "now"
    ? "now"
    : parseNptTime(first, text);
  const to = second === "" ? undefined : parseNptTime(second, text);
  return { unit: "npt", from, to };
}

function parseNptTime(value: string, text: string): number {
  const clock = /^(\d{1,9}):([0-5]?\d):([0-5]?\d(?:\.\d{0,9})?)$/.exec(value);
  if (clock !== null) {
    return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  }
  if (!/^(?:\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})$/.test(value)) {
    throw badRange(text);
  }
  return Number(value);
}

function parseClock(value: string, text: string): ClockRange {
  const [from, to, more] = value.split("-").map((part) => part.trim());
  if (from === undefined || from === "" || more !== undefined) {
    throw badRange(text);
  }
  return {
    unit: "clock",
    from: parseClockTime(from, text),
    to: to === undefined || to === "" ? undefined : parseClockTime(to, text),
  };
}

function parseClockTime(value: string, text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/i.exec(
    value,
  );
  if (match === null) throw badRange(text);
  const [, year, month, day, hour, minute, second, fraction] = match;
  const time = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const date = new Date(time);
  // Date.UTC turns 31 February into March: such a date was never meant.
  if (
    date.getUTCMonth() !== Number(month) - 1 ||
    date.getUTCDate() !== Number(day) || date.getUTCHours() !== Number(hour)
  ) {
    throw badRange(text);
  }
  return time + Math.round(Number(fraction ?? "0") * 1000);
}

function formatClock(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString().replace(/[-:]/g, "");
  return text.replace(".000Z", "Z");
}

function badRange(text: string): SdpProtocolError {
  return new SdpProtocolError(
    "SDP_BAD_RANGE",
    `Cannot read range: "${text.slice(0, 60)}" is no npt, clock or smpte range`,
  );
}
