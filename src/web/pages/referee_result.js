// @ts-check
/**
 * One finished recording: who won and why, the video, what the box said, and
 * everything to take along.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";
import { bytes, plural, text } from "../static/pieces/format.js";
import { createTable } from "../static/pieces/table.js";
import { createButton } from "../static/pieces/toolbar.js";
import { api, ask } from "./referee_api.js";
import { createPlayer } from "./referee_player.js";
import { createTimeline } from "./referee_timeline.js";
import { confidenceText, stageName, winnerName } from "./referee_words.js";

/** @typedef {import("./referee_words.js").Result} Result */
/** @typedef {import("./referee_words.js").Recording} Recording */
/** @typedef {Result["signal_events"][number]} SignalEvent */

/** An event nearer than this to the play head is the one that is seen. */
const NEAR_SECONDS = 0.1;

/** Events of a signal file that are shown before all are asked for. */
const MAX_EVENTS = 50;

/** @type {Record<string, (result: Result, recording: Recording | undefined) => string>} */
const FACTS = {
  "Phrase": ({ session_id }) => session_id,
  "Winner": ({ winner }) => winnerName(winner),
  "Confidence": ({ tier, confidence }) =>
    confidenceText(tier, confidence) || "no call",
  "Length": ({ metadata }) =>
    `${metadata.duration_seconds.toFixed(2)} s, ${
      plural(metadata.frame_count, "frame")
    }`,
  "Times of the signal": ({ metadata: { signal_offset_seconds: by } }) =>
    by === undefined || Math.abs(by) < 5e-4
      ? "as they were given"
      : `${Math.abs(by).toFixed(3)} s ${by < 0 ? "earlier" : "later"}`,
  "Picture": ({ metadata }) =>
    `${metadata.width}×${metadata.height} px, ${metadata.video_codec}`,
  "Recorded": ({ metadata }) => new Date(metadata.created).toLocaleString(),
  "Size on disk": (_result, recording) =>
    recording === undefined ? "–" : text(bytes(recording.bytes)),
  "Time from signal to result": ({ wall_time_seconds }) =>
    `${wall_time_seconds.toFixed(2)} s`,
  "Analysis": ({ stages_skipped }) => {
    const skipped = Object.entries(stages_skipped);
    return skipped.length === 0
      ? "all stages ran"
      : `without ${
        skipped.map(([stage]) => stageName(stage).toLowerCase()).join(", ")
      }: ${skipped[0]?.[1]}`;
  },
};

/** @type {Record<string, string>} */
const FILES = {
  video: "Video",
  signal: "Signal file",
  mapping: "Events and their frames",
  frames: "Frame times",
  result: "Result",
  overlay: "Overlay for players (ASS)",
  captions: "Captions (WebVTT)",
  overlay_video: "Video with overlay",
  tracks: "Tracks and timeline",
  keypoints: "Keypoints, Excel",
  keypoints_csv: "Keypoints, CSV",
};

/**
 * @param {HTMLElement} place
 * @param {{onClose: () => void, onLoad: (result: Result | undefined) => void}} events
 */
export function createResultPanel(place, { onClose, onLoad }) {
  const player = createPlayer();
  const title = element("h2", {
    id: "result-title",
    class: "panel-title",
    tabindex: -1,
  });
  const close = createButton({
    label: "Back to the newest result",
    icon: "close",
    kind: "icon",
    key: "Escape",
    run: onClose,
  });
  const facts = element("dl", { class: "facts facts-one" });
  const evidence = element("ul", { class: "evidence" });
  const warnings = element("ul", { class: "evidence warnings" });
  const files = element("ul", { class: "files" });
  const analysis = createTimeline(player);
  const missing = element("p", { class: "empty", hidden: true });
  const events = createTable({
    label: "What the scoring box said",
    columns: eventColumns((event) => player.seek(event.frame_time)),
    keyOf: ({ event, index }) => `${index} ${event.time}`,
    unsorted: "time",
    loading: "Loading the signal…",
    empty: "The signal file names no event.",
    maxRows: MAX_EVENTS,
  });
  const body = element(
    "div",
    { class: "watch" },
    element(
      "div",
      { class: "watch-main" },
      player.element,
      analysis.element,
      element("h3", { class: "small-title" }, "What the scoring box said"),
      element("div", { class: "sessions spoken" }, events.element),
    ),
    element(
      "div",
      { class: "watch-side" },
      facts,
      element("h3", { class: "small-title" }, "Why"),
      evidence,
      warnings,
      element("h3", { class: "small-title" }, "Files"),
      files,
    ),
  );
  place.replaceChildren(
    element("div", { class: "panel-head" }, title, close.element),
    missing,
    body,
  );

  /** @type {string | undefined} */
  let shown;
  /** @type {Result | undefined} */
  let result;

  player.onTime((time) => {
    if (result !== undefined) showEvents(result, time);
  });

  /**
   * @param {Result} of
   * @param {number} time
   */
  function showEvents({ signal_events }, time) {
    events.update(signal_events.map((event, index) => ({
      event,
      index,
      now: Math.abs(event.frame_time - time) < NEAR_SECONDS,
    })));
  }

  /**
   * @param {string} name
   * @param {Recording | undefined} recording
   */
  async function load(name, recording) {
    try {
      const next = await ask(`/results/${encodeURIComponent(name)}`);
      const frames = await ask(next.links.frames);
      if (shown !== name) return; // another one was chosen meanwhile
      fill(next, recording);
      player.load(name, frames, next.links.video, next.metadata);
      showEvents(next, 0);
      result = next;
      onLoad(next);
      await analysis.load(next.links.tracks);
    } catch (error) {
      if (shown !== name) return;
      missing.hidden = false;
      body.hidden = true;
      setText(
        missing,
        `Cannot show "${name}": ${
          error instanceof Error ? error.message : error
        }`,
      );
      onLoad(undefined);
    }
  }

  /**
   * @param {Result} next
   * @param {Recording | undefined} recording
   */
  function fill(next, recording) {
    missing.hidden = true;
    body.hidden = false;
    facts.replaceChildren(
      ...Object.entries(FACTS).map(([label, value]) =>
        element(
          "div",
          {},
          element("dt", {}, label),
          element("dd", { class: "figure" }, value(next, recording)),
        )
      ),
    );
    evidence.replaceChildren(
      ...[next.reason, ...next.evidence].map((line) => element("li", {}, line)),
    );
    warnings.replaceChildren(
      ...next.warnings.map((line) => element("li", {}, line)),
    );
    warnings.hidden = next.warnings.length === 0;
    files.replaceChildren(
      ...Object.entries(next.links).map(([kind, path]) =>
        element(
          "li",
          {},
          element(
            "a",
            { href: api(path), download: path.split("/").at(-1) ?? kind },
            FILES[kind] ?? kind,
          ),
        )
      ),
    );
  }

  return {
    player,
    focus() {
      title.focus({ preventScroll: true });
      place.scrollIntoView({ block: "start" });
    },
    /**
     * @param {string | undefined} name of the recording's folder; `undefined` shows none
     * @param {Recording | undefined} recording when it is known
     * @param {boolean} closable whether there is something to go back to
     */
    update(name, recording, closable) {
      close.element.hidden = !closable;
      if (name === shown) return;
      shown = name;
      result = undefined;
      place.hidden = name === undefined;
      player.unload();
      analysis.clear();
      setText(title, recording?.sessionId ?? name ?? "");
      if (name === undefined) onLoad(undefined);
      else load(name, recording);
    },
  };
}

/** @typedef {{event: SignalEvent, index: number, now: boolean}} EventRow */

/**
 * @param {(event: SignalEvent) => void} onChoose
 * @returns {import("../static/pieces/table.js").Column<EventRow>[]}
 */
function eventColumns(onChoose) {
  return [
    {
      id: "event",
      label: "Event",
      kind: "text",
      cell: ({ event, now }) => ({
        text: event.text,
        title: event.text,
        dot: true,
        tone: now ? "good" : "none",
      }),
    },
    {
      id: "time",
      label: "Time, s",
      kind: "number",
      cell: ({ event }) => ({
        text: event.time.toFixed(3),
        order: event.time,
      }),
    },
    {
      id: "frame",
      label: "Frame",
      kind: "number",
      cell: ({ event }) => ({
        text: String(event.frame_number),
        order: event.frame_number,
        title: `${event.difference.toFixed(3)} s from the frame to the event`,
      }),
    },
    {
      id: "show",
      label: "Show",
      kind: "action",
      cell: ({ event }) => ({
        text: "",
        action: {
          label: "Show",
          title: `Show the picture of "${event.text}"`,
          run: () => onChoose(event),
        },
      }),
    },
  ];
}
