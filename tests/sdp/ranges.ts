/**
 * Ranges of time as text and as data.
 *
 * @module
 */

import type { MediaRange } from "../../src/sdp/mod.ts";

/** Text as we write it, and what it means. */
export const RANGES: readonly [text: string, range: MediaRange][] = [
  ["npt=0.000-", { unit: "npt", from: 0, to: undefined }],
  ["npt=12.500-20.250", { unit: "npt", from: 12.5, to: 20.25 }],
  ["npt=now-", { unit: "npt", from: "now", to: undefined }],
  ["npt=-20.000", { unit: "npt", from: undefined, to: 20 }],
  ["clock=20240131T143720Z-", {
    unit: "clock",
    from: Date.UTC(2024, 0, 31, 14, 37, 20),
    to: undefined,
  }],
  ["clock=19961108T142300Z-19961108T143520.250Z", {
    unit: "clock",
    from: Date.UTC(1996, 10, 8, 14, 23, 0),
    to: Date.UTC(1996, 10, 8, 14, 35, 20, 250),
  }],
  ["smpte-25=10:07:00-10:07:33:05.01", {
    unit: "smpte",
    text: "smpte-25=10:07:00-10:07:33:05.01",
  }],
];

/** Other ways to write ranges. */
export const OTHER_RANGES: readonly [text: string, range: MediaRange][] = [
  ["npt=0-", { unit: "npt", from: 0, to: undefined }],
  ["NPT = 1.5 - 2 ", { unit: "npt", from: 1.5, to: 2 }],
  ["npt:0-", { unit: "npt", from: 0, to: undefined }],
  ["npt=10", { unit: "npt", from: 10, to: undefined }],
  ["npt=.5-", { unit: "npt", from: 0.5, to: undefined }],
  ["npt=5.-", { unit: "npt", from: 5, to: undefined }],
  ["npt=0:01:30-1:00:00.5", { unit: "npt", from: 90, to: 3600.5 }],
  ["npt=123:45:6.789-", { unit: "npt", from: 445_506.789, to: undefined }],
  ["npt=NOW-", { unit: "npt", from: "now", to: undefined }],
  ["smpte=0:0:1-", { unit: "smpte", text: "smpte=0:0:1-" }],
  ["smpte-30-drop=0:0:1-", { unit: "smpte", text: "smpte-30-drop=0:0:1-" }],
];

/** What is no range. */
export const BAD_RANGES: readonly string[] = [
  "",
  "-",
  "npt",
  "npt=",
  "npt=-",
  "npt=abc-",
  "npt=-1-",
  "npt=1e5-",
  "npt=1.5.5-",
  "npt=1:60:00-",
  "npt=1:2-",
  "npt=NaN-",
  "npt=Infinity-",
  "npt=99999999999999999-",
  "clock=",
  "clock=20240131-",
  "clock=20240231T000000Z-",
  "clock=20240131T250000Z-",
  "clock=20240131T143720-",
  "bytes=0-",
];
