/**
 * The fencers frame by frame as a table, for spreadsheets.
 *
 * @module
 */

import type { PhraseTracks } from "../vision/mod.ts";
import type { Side } from "./signal_event.ts";

/** The points of the body that pose models know, in their order (COCO). */
export const KEYPOINT_NAMES = [
  "nose",
  "left_eye",
  "right_eye",
  "left_ear",
  "right_ear",
  "left_shoulder",
  "right_shoulder",
  "left_elbow",
  "right_elbow",
  "left_wrist",
  "right_wrist",
  "left_hip",
  "right_hip",
  "left_knee",
  "right_knee",
  "left_ankle",
  "right_ankle",
] as const;

/** A cell. */
export type Cell = string | number | null;

/** A table: its head, then rows as long as it. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A row for each fencer of each frame, in pixels of the video. */
export function keypointTable(
  tracks: PhraseTracks,
  { width, height, frameNumbers }: {
    readonly width: number;
    readonly height: number;
    readonly frameNumbers: ArrayLike<number>;
  },
): Table {
  const scaleX = width / tracks.width;
  const scaleY = height / tracks.height;
  const withPoints = [tracks.left, tracks.right].some(({ keypoints }) =>
    keypoints.some((points) => points !== undefined)
  );
  const head = [
    "frame",
    "time",
    "fencer",
    "seen",
    "body_x",
    "box_left",
    "box_top",
    "box_right",
    "box_bottom",
    "speed_px_per_s",
    ...withPoints
      ? KEYPOINT_NAMES.flatMap((name) => [
        `${name}_x`,
        `${name}_y`,
        `${name}_confidence`,
      ])
      : [],
  ];
  const row = (side: Side, i: number): Cell[] => {
    const { x, boxes, speed, seen, keypoints } = tracks[side];
    const points = keypoints[i];
    return [
      frameNumbers[i] ?? i,
      round(tracks.times[i]!, 6),
      side,
      seen[i]!,
      round((x[i]! + tracks.dx[i]!) * scaleX, 2),
      round(boxes[4 * i]! * scaleX, 1),
      round(boxes[4 * i + 1]! * scaleY, 1),
      round(boxes[4 * i + 2]! * scaleX, 1),
      round(boxes[4 * i + 3]! * scaleY, 1),
      round(speed[i]! * scaleX, 2),
      ...withPoints
        ? KEYPOINT_NAMES.flatMap((_, k) => [
          round((points?.[3 * k] ?? NaN) * scaleX, 1),
          round((points?.[3 * k + 1] ?? NaN) * scaleY, 1),
          round(points?.[3 * k + 2] ?? NaN, 3),
        ])
        : [],
    ];
  };
  return {
    head,
    rows: Array.from(tracks.times).flatMap((
      _,
      i,
    ) => [row("left", i), row("right", i)]),
  };
}

/** A table as CSV (RFC 4180). */
export function formatCsv({ head, rows }: Table): string {
  const field = (cell: Cell): string => {
    const text = cell === null ? "" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => row.map(field).join(",") + "\r\n")
    .join("");
}

function round(value: number, decimals: number): number | null {
  if (!Number.isFinite(value)) return null;
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
}
