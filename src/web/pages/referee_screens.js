// @ts-check
/**
 * What shows a recording: the browser's own player, or a canvas for one picture
 * after another from the server.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";

/** Pictures under way at once: a slow network then shows fewer and not later ones. */
const MAX_REQUESTS = 3;

/**
 * What shows a recording.
 *
 * @typedef {object} Screen
 * @property {HTMLElement} element
 * @property {() => Promise<void>} play
 * @property {() => void} pause
 * @property {(seconds: number) => void} seek
 * @property {(speed: number) => void} setSpeed
 * @property {() => number} time
 * @property {() => boolean} playing
 * @property {() => void} remove
 */

/**
 * Index of the last of `times` that is not after `time`.
 *
 * @param {readonly number[]} times
 * @param {number} time
 */
export function indexAt(times, time) {
  let [low, high] = [0, times.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= time + 1e-6) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * @param {string} url
 * @param {() => void} onFail the browser cannot play it
 * @returns {Screen}
 */
export function createVideoScreen(url, onFail) {
  const video = element("video", {
    src: url,
    preload: "auto",
    playsinline: true,
    "aria-label": "The recording",
  });
  video.muted = true;
  const root = element(
    "div",
    { class: "picture window", tabindex: -1 },
    video,
  );
  let removed = false;
  video.addEventListener("error", () => {
    if (!removed) onFail();
  });
  return {
    element: root,
    play: () => video.play().catch(() => {}), // pictures come instead
    pause: () => video.pause(),
    seek: (seconds) => video.currentTime = seconds,
    setSpeed: (speed) => video.playbackRate = speed,
    time: () => video.currentTime,
    playing: () => !video.paused && !video.ended,
    remove() {
      removed = true;
      video.removeAttribute("src");
      video.load(); // lets go of the connection
    },
  };
}

/**
 * @param {readonly number[]} times
 * @param {(index: number) => string} urlOf
 * @returns {Screen}
 */
export function createPictureScreen(times, urlOf) {
  const canvas = element("canvas", {
    role: "img",
    "aria-label": "The recording",
  });
  const message = element("p", { class: "picture-message", hidden: true });
  const root = element("div", { class: "picture window" }, canvas, message);
  const context = canvas.getContext("2d");
  const end = times.at(-1) ?? 0;
  let speed = 1;
  let position = 0;
  /** When playing began, and where. @type {{at: number, from: number} | undefined} */
  let begun;
  let removed = false;
  let requests = 0;
  let wanted = -1;
  let asked = 0;
  let drawn = 0;

  function now() {
    if (begun === undefined) return position;
    const passed = (performance.now() - begun.at) / 1000 * speed;
    return Math.min(end, begun.from + passed);
  }

  function pause() {
    position = now();
    begun = undefined;
  }

  function follow() {
    if (removed) return;
    if (begun !== undefined && now() >= end) pause();
    const index = indexAt(times, now());
    if (index !== wanted && requests < MAX_REQUESTS) {
      wanted = index;
      fetchPicture(index);
    }
    requestAnimationFrame(follow);
  }

  /** @param {number} index */
  async function fetchPicture(index) {
    const order = ++asked;
    requests++;
    try {
      const response = await fetch(urlOf(index));
      if (!response.ok) {
        throw new Error(`The server answers ${response.status}`);
      }
      const bitmap = await createImageBitmap(await response.blob());
      // A picture that was overtaken is not shown any more.
      if (order > drawn && !removed) {
        drawn = order;
        if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
        if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
        context?.drawImage(bitmap, 0, 0);
        canvas.dataset.index = String(index);
        message.hidden = true;
      }
      bitmap.close();
    } catch (error) {
      message.hidden = false;
      setText(
        message,
        `No picture: ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      requests--;
    }
  }

  requestAnimationFrame(follow);
  return {
    element: root,
    play() {
      begun ??= { at: performance.now(), from: position };
      return Promise.resolve();
    },
    pause,
    seek(seconds) {
      position = seconds;
      if (begun !== undefined) begun = { at: performance.now(), from: seconds };
    },
    setSpeed(next) {
      const playing = begun !== undefined;
      pause();
      speed = next;
      if (playing) begun = { at: performance.now(), from: position };
    },
    time: now,
    playing: () => begun !== undefined,
    remove() {
      removed = true;
    },
  };
}
