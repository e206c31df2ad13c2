// @ts-check
/**
 * The finished recordings.
 *
 * @module
 */

import { bytes, count, text } from "../static/pieces/format.js";
import { createTable } from "../static/pieces/table.js";
import { winnerName } from "./referee_words.js";

/** @typedef {import("./referee_words.js").Recording} Recording */
/** @typedef {{recording: Recording, chosen: boolean}} Row */
/** @typedef {import("../static/pieces/table.js").Column<Row>} Column */

/** More are shown when asked for. */
const MAX_ROWS = 20;

/** @param {(name: string) => void} onChoose */
export function createRecordingTable(onChoose) {
  /** @type {Column[]} */
  const columns = [
    {
      id: "phrase",
      label: "Phrase",
      kind: "text",
      cell: ({ recording: { sessionId }, chosen }) => ({
        text: sessionId,
        title: sessionId,
        dot: true,
        tone: chosen ? "good" : "none",
      }),
    },
    {
      id: "winner",
      label: "Winner",
      kind: "text",
      cell: ({ recording: { winner } }) => ({ text: winnerName(winner) }),
    },
    {
      id: "reason",
      label: "Reason",
      kind: "text",
      cell: ({ recording: { reason } }) => ({ text: reason, title: reason }),
    },
    {
      id: "frames",
      label: "Frames",
      kind: "number",
      cell: ({ recording: { frameCount } }) => ({
        text: count(frameCount),
        order: frameCount,
      }),
    },
    {
      id: "length",
      label: "Length, s",
      kind: "number",
      cell: ({ recording: { durationSeconds } }) => ({
        text: durationSeconds.toFixed(1),
        order: durationSeconds,
      }),
    },
    {
      id: "size",
      label: "Size",
      kind: "number",
      cell: ({ recording }) => ({
        text: text(bytes(recording.bytes)),
        order: recording.bytes,
      }),
    },
    {
      id: "when",
      label: "When",
      kind: "number",
      cell: ({ recording: { createdAt } }) => ({
        text: new Date(createdAt).toLocaleTimeString(),
        order: createdAt,
        title: new Date(createdAt).toLocaleString(),
      }),
    },
    {
      id: "watch",
      label: "Watch",
      kind: "action",
      cell: ({ recording: { name, sessionId } }) => ({
        text: "",
        action: {
          label: "Watch",
          title: `Watch ${sessionId}`,
          run: () => onChoose(name),
        },
      }),
    },
  ];
  return createTable({
    label: "Finished recordings",
    columns,
    keyOf: ({ recording }) => recording.name,
    unsorted: "newest first",
    loading: "Loading the recordings…",
    empty: "There is no recording yet.",
    maxRows: MAX_ROWS,
  });
}
