// @ts-check
/**
 * A recording to watch: picture by picture from the server where the browser
 * has no decoder for the file (MJPEG, PNG), else as a video. Both have the same
 * controls.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";
import { createProgress } from "../static/pieces/progress.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton } from "../static/pieces/toolbar.js";
import { api } from "./referee_api.js";
import {
  createPictureScreen,
  createVideoScreen,
  indexAt,
} from "./referee_screens.js";

/** @typedef {import("./referee_screens.js").Screen} Screen */

/** What an arrow key moves, in seconds. */
const STEP_SECONDS = 0.5;

/** Said where the server decodes each picture. */
const SLOW_WORDS =
  "This browser cannot play this video: the server decodes its pictures, a few a second.";

/** Playing speeds. */
const SPEEDS = [1, 0.5, 0.25, 0.1];

/**
 * @typedef {object} Frames what `frames.json` says
 * @property {string} codec
 * @property {readonly number[]} numbers
 * @property {readonly number[]} times seconds, ascending
 * @property {readonly number[]} [offsets]
 */

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
  const note = element(
    "p",
    { class: "note", role: "status", hidden: true },
    SLOW_WORDS,
  );
  const root = element(
    "div",
    { class: "player" },
    place,
    note,
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

  /** @param {Screen} next */
  function use(next) {
    const overlay = screen?.element.querySelector(".overlay");
    screen?.remove();
    screen = next;
    screen.setSpeed(speed);
    place.replaceChildren(screen.element);
    if (overlay) screen.element.append(overlay);
    shownAt = -1;
    show();
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
      frames = next;
      note.hidden = true;
      const pictures = () =>
        createPictureScreen(
          next.times,
          (index) =>
            api(`/results/${encodeURIComponent(name)}/frames/${index}`),
        );
      if (size.width > 0 && size.height > 0) {
        place.style.setProperty("--aspect", `${size.width} / ${size.height}`);
      }
      use(
        next.offsets === undefined
          ? createVideoScreen(api(videoPath), () => {
            // The server has a decoder that this browser has not.
            note.hidden = false;
            use(pictures());
          })
          : pictures(),
      );
    },
    unload() {
      screen?.remove();
      screen = undefined;
      place.replaceChildren();
    },
  };
}
