// @ts-check
/**
 * Progress: where a stream is. With `onSeek` one can go elsewhere in it, by pointer or keys.
 *
 * @module
 */

import { element, setAttribute, setText } from "./dom.js";

/** What an arrow key moves, and PageUp and PageDown, as parts of the whole. */
const STEP = 0.01;
const PAGE = 0.1;

/**
 * @typedef {object} ProgressState
 * @property {number | undefined} fraction from 0 to 1; `undefined` when the end is not known
 * @property {string} left text under its left end
 * @property {string} right text under its right end
 */

/**
 * @param {object} options
 * @param {string} options.label
 * @param {((fraction: number) => void)} [options.onSeek] called when a person has chosen
 */
export function createProgress({ label, onSeek }) {
  const seekable = onSeek !== undefined;
  const fill = element("div", { class: "progress-fill" });
  const thumb = element("div", { class: "progress-thumb", hidden: !seekable });
  const track = element(
    "div",
    {
      class: "progress-track",
      role: seekable ? "slider" : "progressbar",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      tabindex: seekable ? 0 : undefined,
    },
    fill,
    thumb,
  );
  const left = element("span", { class: "figure" });
  const right = element("span", { class: "figure" });
  const progress = element(
    "div",
    { class: "progress" },
    track,
    element("div", { class: "progress-text" }, left, right),
  );

  let fraction = 0;
  let dragging = false;

  /** @param {number | undefined} next */
  function show(next) {
    fraction = next ?? 0;
    fill.style.width = thumb.style.left = `${fraction * 100}%`;
    setAttribute(
      track,
      "aria-valuenow",
      next === undefined ? undefined : String(Math.round(next * 100)),
    );
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const { left: start, width } = track.getBoundingClientRect();
    show(clamp((event.clientX - start) / width));
  }

  /** @param {number} to */
  function seek(to) {
    show(clamp(to));
    onSeek?.(fraction);
  }

  if (seekable) {
    track.addEventListener("pointerdown", (event) => {
      dragging = true;
      track.setPointerCapture(event.pointerId);
      follow(event);
    });
    track.addEventListener("pointermove", (event) => {
      if (dragging) follow(event);
    });
    track.addEventListener("pointerup", () => {
      if (dragging) seek(fraction);
      dragging = false;
    });
    track.addEventListener("pointercancel", () => dragging = false);
    track.addEventListener("keydown", (event) => {
      const to = {
        ArrowRight: fraction + STEP,
        ArrowUp: fraction + STEP,
        ArrowLeft: fraction - STEP,
        ArrowDown: fraction - STEP,
        PageUp: fraction + PAGE,
        PageDown: fraction - PAGE,
        Home: 0,
        End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      seek(to);
    });
  }

  return {
    element: progress,
    /** @param {ProgressState} state */
    update(state) {
      setText(left, state.left);
      setText(right, state.right);
      setAttribute(track, "aria-valuetext", `${state.left}, ${state.right}`);
      if (!dragging) show(state.fraction);
    },
  };
}

/** @param {number} value */
function clamp(value) {
  return Math.min(1, Math.max(0, value));
}
