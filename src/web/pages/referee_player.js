// @ts-check
/**
 * A recording to watch: picture by picture from the server where the browser
 * has no decoder for the file (MJPEG, PNG), else as a video. Both have the same
 * controls.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";
import { createProgress } from "../static/pieces/progress.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton } from "../static/pieces/toolbar.js";
import { api } from "./referee_api.js";

/** Pictures under way at once: a slow network then shows fewer and not later ones. */
const MAX_REQUESTS = 3;

/** What an arrow key moves, in seconds. */
const STEP_SECONDS = 0.5;

/** Playing speeds. */
const SPEEDS = [1, 0.5, 0.25, 0.1];

/**
 * @typedef {object} Frames what `frames.json` says
 * @property {string} codec
 * @property {readonly number[]} numbers
 * @property {readonly number[]} times seconds, ascending
 * @property {readonly number[]} [offsets]
 */

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

/** The player of the page; one recording after another. */
export function createPlayer() {
  /** @type {Screen | undefined} */
  let screen;
  /** @type {Frames} */
  let frames = { codec: "", numbers: [], times: [] };
  let speed = 1;
  /** @type {((seconds: number) => void)[]} */
  const listeners = [];
  let shownAt = -1;
  let shownPlaying = false;

  const place = element("div", { class: "player-screen" });
  const play = createButton({
    label: "Play",
    icon: "play",
    kind: "play",
    key: " ",
    run: toggle,
  });
  const back = createButton({
    label: "One frame back",
    icon: "back",
    kind: "icon",
    key: ",",
    run: () => stepFrames(-1),
  });
  const on = createButton({
    label: "One frame on",
    icon: "on",
    kind: "icon",
    key: ".",
    run: () => stepFrames(1),
  });
  const full = createButton({
    label: "Full screen",
    icon: "fullscreen",
    kind: "icon",
    key: "f",
    run: toggleFullScreen,
  });
  const chooser = element(
    "select",
    {
      class: "select",
      "aria-label": "Speed",
      onchange: () => {
        speed = Number(chooser.value);
        screen?.setSpeed(speed);
      },
    },
    ...SPEEDS.map((one) => element("option", { value: one }, `${one}×`)),
  );
  const progress = createProgress({
    label: "Position in the recording",
    onSeek: (fraction) => seek(fraction * duration()),
  });
  const root = element(
    "div",
    { class: "player" },
    place,
    progress.element,
    element(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Playing" },
      play.element,
      back.element,
      on.element,
      chooser,
      full.element,
    ),
  );

  function duration() {
    return frames.times.at(-1) ?? 0;
  }

  /** @param {number} seconds */
  function seek(seconds) {
    screen?.seek(Math.min(Math.max(0, seconds), duration()));
    show();
  }

  async function toggle() {
    if (screen === undefined) return;
    if (screen.playing()) screen.pause();
    else {
      if (screen.time() >= duration() - 1e-3) screen.seek(0);
      await screen.play();
    }
    show();
  }

  /** @param {number} by */
  function stepFrames(by) {
    if (screen === undefined) return;
    screen.pause();
    const index = indexAt(frames.times, screen.time()) + by;
    const time = frames.times[Math.max(0, index)];
    if (time !== undefined) seek(time);
  }

  async function toggleFullScreen() {
    try {
      if (document.fullscreenElement !== null) await document.exitFullscreen();
      else await place.requestFullscreen();
    } catch {
      showToast(
        "This browser does not show this page full screen. Open it in a window of its own",
        "bad",
      );
    }
  }

  function show() {
    if (screen === undefined) return;
    const time = screen.time();
    const playing = screen.playing();
    if (playing !== shownPlaying) {
      play.setLabel(playing ? "Pause" : "Play", playing ? "pause" : "play");
      shownPlaying = playing;
    }
    if (time === shownAt) return;
    shownAt = time;
    const index = indexAt(frames.times, time);
    progress.update({
      fraction: duration() === 0 ? 0 : time / duration(),
      left: `${time.toFixed(3)} s · frame ${frames.numbers[index] ?? 0}`,
      right: `${duration().toFixed(3)} s`,
    });
    for (const listener of listeners) listener(time);
  }

  (function follow() {
    show();
    requestAnimationFrame(follow);
  })();

  return {
    element: root,
    toggle,
    toggleFullScreen,
    stepFrames,
    seek,
    /** Half a second. @param {1 | -1} direction */
    skip(direction) {
      if (screen !== undefined) seek(screen.time() + direction * STEP_SECONDS);
    },
    /** Seconds in the recording. */
    get time() {
      return screen?.time() ?? 0;
    },
    /** Calls it whenever the position changes. @param {(seconds: number) => void} listener */
    onTime(listener) {
      listeners.push(listener);
    },
    /**
     * @param {string} name of the recording's folder
     * @param {Frames} next
     * @param {string} videoPath
     * @param {{width: number, height: number}} size
     */
    load(name, next, videoPath, size) {
      screen?.remove();
      frames = next;
      screen = next.offsets === undefined
        ? createVideoScreen(api(videoPath))
        : createPictureScreen(
          next.times,
          (index) =>
            api(`/results/${encodeURIComponent(name)}/frames/${index}`),
        );
      screen.setSpeed(speed);
      if (size.width > 0 && size.height > 0) {
        place.style.setProperty("--aspect", `${size.width} / ${size.height}`);
      }
      place.replaceChildren(screen.element);
      shownAt = -1;
      show();
    },
    unload() {
      screen?.remove();
      screen = undefined;
      place.replaceChildren();
    },
  };
}

/**
 * @param {string} url
 * @returns {Screen}
 */
function createVideoScreen(url) {
  const video = element("video", {
    src: url,
    preload: "auto",
    playsinline: true,
    "aria-label": "The recording",
  });
  video.muted = true;
  const message = element("p", { class: "picture-message", hidden: true });
  const root = element(
    "div",
    { class: "picture window", tabindex: -1 },
    video,
    message,
  );
  video.addEventListener("error", () => {
    message.hidden = false;
    setText(
      message,
      "This browser cannot play this video. Download it below and open it in a player",
    );
  });
  return {
    element: root,
    play: () => video.play().catch(() => {}), // the message says why
    pause: () => video.pause(),
    seek: (seconds) => video.currentTime = seconds,
    setSpeed: (speed) => video.playbackRate = speed,
    time: () => video.currentTime,
    playing: () => !video.paused && !video.ended,
    remove() {
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
function createPictureScreen(times, urlOf) {
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
