// @ts-check
/**
 * The analysis of a recording, tied to the player: both fencers' timeline below
 * it, the overlay over it.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";
import { ask } from "./referee_api.js";
import { drawChart } from "./referee_chart.js";
import { createOverlay } from "./referee_overlay.js";

/** @typedef {import("../../referee/overlay_track.ts").OverlayTrack} Track */
/** @typedef {ReturnType<typeof import("./referee_player.js").createPlayer>} Player */

/** What an arrow key moves, in seconds; with Shift ten times as much. */
const STEP_SECONDS = 0.05;

/** @param {Player} player */
export function createTimeline(player) {
  const place = element("div", {
    class: "chart-place",
    role: "slider",
    tabindex: 0,
    "aria-label": "Timeline of both fencers",
    "aria-valuemin": 0,
  });
  const shows = element("input", { type: "checkbox", checked: true });
  const note = element("p", { class: "chart-note", role: "note" });
  const root = element(
    "section",
    { class: "timeline", "aria-label": "Why", hidden: true },
    element(
      "div",
      { class: "timeline-head" },
      element("h3", { class: "small-title" }, "Both fencers on the piste"),
      element("label", { class: "check" }, shows, "Overlay on the picture"),
    ),
    place,
    note,
  );

  /** @type {Track | undefined} */
  let track;
  /** @type {ReturnType<typeof drawChart> | undefined} */
  let chart;
  /** @type {ReturnType<typeof createOverlay> | undefined} */
  let overlay;
  /** What was asked for last. @type {string | undefined} */
  let wanted;
  let width = 0;

  function draw() {
    if (track === undefined || width === 0) return;
    chart = drawChart(track, width);
    place.replaceChildren(chart.element);
    place.setAttribute(
      "aria-valuemax",
      (track.times.at(-1) ?? 0).toFixed(2),
    );
    follow(player.time);
  }

  /** @param {number} time */
  function follow(time) {
    chart?.moveHead(time);
    overlay?.show(time);
    place.setAttribute("aria-valuenow", time.toFixed(2));
    place.setAttribute("aria-valuetext", `${time.toFixed(2)} seconds`);
  }

  function attach() {
    overlay?.element.remove();
    overlay = undefined;
    if (track === undefined || !shows.checked) return;
    overlay = createOverlay(track);
    player.element.querySelector(".picture")?.append(overlay.element);
    overlay.show(player.time);
  }

  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry?.contentRect.width ?? 0);
    if (next === width) return;
    width = next;
    draw();
  }).observe(place);
  player.onTime(follow);
  shows.addEventListener("change", attach);

  let dragging = false;
  /** @param {PointerEvent} event */
  function seek({ clientX }) {
    if (chart === undefined) return;
    player.seek(chart.timeAt(clientX - place.getBoundingClientRect().left));
  }
  place.addEventListener("pointerdown", (event) => {
    dragging = true;
    place.setPointerCapture(event.pointerId);
    seek(event);
  });
  place.addEventListener("pointermove", (event) => {
    if (dragging) seek(event);
  });
  place.addEventListener("pointerup", () => dragging = false);
  place.addEventListener("pointercancel", () => dragging = false);
  place.addEventListener("keydown", (event) => {
    const step = STEP_SECONDS * (event.shiftKey ? 10 : 1);
    const to = {
      ArrowRight: player.time + step,
      ArrowUp: player.time + step,
      ArrowLeft: player.time - step,
      ArrowDown: player.time - step,
      Home: 0,
      End: track?.times.at(-1) ?? 0,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    player.seek(to);
  });

  function clear() {
    wanted = track = chart = undefined;
    overlay?.element.remove();
    overlay = undefined;
    place.replaceChildren();
    root.hidden = true;
  }

  return {
    element: root,
    clear,
    /**
     * Shows the analysis whose file is at `path`; none when there is none.
     *
     * @param {string | undefined} path
     */
    async load(path) {
      clear();
      if (path === undefined) return;
      wanted = path;
      /** @type {Track} */
      const next = await ask(path);
      if (wanted !== path) return; // another one was chosen meanwhile
      track = next;
      root.hidden = false;
      setText(
        note,
        next.problem === null
          ? "Places in body heights along the piste; thick is a pause or a retreat, and the shaded time is where ground is counted. Figures at the right are the ground gained in it."
          : "The tracks are not reliable, so nothing is read from them. What was seen is drawn all the same.",
      );
      draw();
      attach();
    },
  };
}
