// @ts-check
/**
 * Both fencers of the phrase that was decided last, over time.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";
import { ask } from "./referee_api.js";
import { drawChart } from "./referee_chart.js";

/** @typedef {import("../../referee/overlay_track.ts").OverlayTrack} Track */

/** @param {string} id the part's */
export function createDemoTimeline(id) {
  const place = element("div", { class: "part-timeline", hidden: true });
  /** @type {Track | undefined} */
  let track;
  let shown = 0;
  let width = 0;

  function draw() {
    if (track !== undefined && width > 0) {
      place.replaceChildren(drawChart(track, width).element);
    }
  }

  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry?.contentRect.width ?? 0);
    if (next === width) return;
    width = next;
    draw();
  }).observe(place);

  return {
    element: place,
    /** @param {number} decided phrases decided so far */
    async update(decided) {
      if (decided === shown) return;
      shown = decided;
      try {
        track = await ask(`/parts/${encodeURIComponent(id)}/timeline`);
      } catch {
        return; // the demo's report says what became of it
      }
      place.hidden = false;
      draw();
    },
  };
}
