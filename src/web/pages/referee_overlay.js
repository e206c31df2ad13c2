// @ts-check
/**
 * The overlay over the picture: both fencers' boxes, what they do, contacts,
 * lamps and the decision, at the moment that is shown.
 *
 * @module
 */

import { indexAt } from "./referee_screens.js";
import { shape } from "./referee_svg.js";

/** @typedef {import("../../referee/overlay_track.ts").OverlayTrack} Track */
/** @typedef {"left" | "right"} Side */

/** Seconds that a contact is shown. */
const CONTACT_SECONDS = 0.4;

/** @type {readonly Side[]} */
export const SIDES = ["left", "right"];

/** @type {Record<Side, string>} */
export const NAMES = { left: "Left", right: "Right" };

/**
 * The halt that a fencer is in.
 *
 * @param {Track} track
 * @param {Side} side
 * @param {number} time
 */
export function haltAt(track, side, time) {
  return track[side].halts.find(({ start, end }) =>
    time >= start && time <= end
  );
}

/** An overlay for one track, over a picture of its size. @param {Track} track */
export function createOverlay(track) {
  const { width, height, scored } = track;
  const size = Math.max(10, height / 26);
  const parts = SIDES.map((side) => {
    const box = shape("rect", {
      class: `overlay-box overlay-${side}`,
      rx: size / 4,
      "stroke-width": height / 180,
    });
    const label = shape("text", {
      class: `overlay-label overlay-${side}`,
      "font-size": size,
      "stroke-width": size / 5,
    });
    const lamp = shape("rect", {
      class: `overlay-lamp overlay-lamp-${side}`,
      x: side === "left" ? 0 : width - size * 2,
      y: 0,
      width: size * 2,
      height: size,
    });
    return { side, box, label, lamp };
  });
  const words = shape("text", {
    class: "overlay-words",
    x: width / 2,
    y: size * 1.4,
    "font-size": size,
    "stroke-width": size / 5,
  });
  const element = shape(
    "svg",
    {
      class: "overlay",
      viewBox: `0 0 ${width} ${height}`,
      "aria-hidden": "true",
    },
    ...parts.flatMap(({ box, label, lamp }) => [box, label, lamp]),
    words,
  );

  /** @param {number} time */
  function show(time) {
    const index = indexAt(track.times, time);
    const over = track.hit !== null && time >= track.hit;
    for (const { side, box, label, lamp } of parts) {
      const corners = track[side].boxes[index];
      const hidden = corners === null || corners === undefined;
      box.style.display = label.style.display = hidden ? "none" : "";
      lamp.style.display = over && scored[side] ? "" : "none";
      if (hidden) continue;
      const [left = 0, top = 0, right = 0, bottom = 0] = corners;
      box.setAttribute("x", String(left));
      box.setAttribute("y", String(top));
      box.setAttribute("width", String(right - left));
      box.setAttribute("height", String(bottom - top));
      const halt = haltAt(track, side, time);
      box.classList.toggle("overlay-halt", halt !== undefined);
      const text = halt === undefined
        ? NAMES[side]
        : `${NAMES[side]} ${halt.is_retreat ? "retreats" : "pauses"}`;
      if (label.textContent !== text) label.textContent = text;
      label.setAttribute("x", String((left + right) / 2));
      label.setAttribute("y", String(top - size / 2));
    }
    const contact = track.events.some(({ kind, time: at }) =>
      kind === "blade_contact" && time >= at && time < at + CONTACT_SECONDS
    );
    const text = over ? track.reason : contact ? "✕ Blade contact" : "";
    if (words.textContent !== text) words.textContent = text;
  }

  show(track.times[0] ?? 0);
  return { element, show };
}
