// @ts-check
/**
 * One stream at full size: its picture, the commands that play it, its facts.
 *
 * @module
 */

import { reachableUrl, shellWord } from "../static/pieces/command.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { element, setAttribute, setText } from "../static/pieces/dom.js";
import {
  bitrate,
  clock,
  NONE,
  plural,
  short,
  text,
} from "../static/pieces/format.js";
import { LivePicture } from "../static/pieces/picture.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import { toggleFullScreen } from "../static/pieces/picture_tools.js";
import { createButton } from "../static/pieces/toolbar.js";
import { frameUrl } from "./rtsp_server_tiles.js";
import { streamState } from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").StreamReport} StreamReport */

/** What a film has; the browser is asked for no more. */
const PICTURES_PER_SECOND = 30;

/** @type {readonly {label: string, command: (url: string, name: string) => string}[]} */
const COMMANDS = [
  { label: "URL", command: (url) => url },
  { label: "ffmpeg's player", command: (url) => `ffplay ${shellWord(url)}` },
  {
    label: "GStreamer",
    command: (url) => `gst-launch-1.0 playbin ${shellWord(`uri=${url}`)}`,
  },
  { label: "VLC", command: (url) => `vlc ${shellWord(url)}` },
  {
    label: "Our player",
    command: (url) => `streamtool rtsp-play ${shellWord(url)}`,
  },
  {
    label: "Any browser, without RTSP",
    command: (_url, name) =>
      new URL(
        `/streams/${encodeURIComponent(name)}/stream.mjpeg`,
        location.href,
      ).href,
  },
];

/** @type {Record<string, (stream: StreamReport) => string>} */
const FACTS = {
  "Source": ({ source }) => source,
  "Kind": ({ kind }) =>
    kind === "live" ? "live, all see the same" : "file, each from the start",
  "Picture": ({ width, height }) =>
    width === 0 ? NONE : `${width}×${height} px`,
  "Frames a second": ({ fps }) => fps === 0 ? NONE : short(fps),
  "Length": ({ duration }) => duration === null ? "no end" : clock(duration),
  "Viewers": ({ viewers }) => plural(viewers, "viewer"),
  "Bitrate to all": ({ kbps }) => text(bitrate(kbps)),
};

/**
 * @param {HTMLElement} place
 * @param {() => void} onClose
 */
export function createStreamPanel(place, onClose) {
  // Its own, so that the tiles' share of the page's pictures is not this one's.
  const pump = new PicturePump();
  const title = element("h2", {
    id: "stream-title",
    class: "panel-title",
    tabindex: -1,
  });
  const state = element("span");
  const badge = element(
    "span",
    { class: "badge" },
    element("span", { class: "dot" }),
    state,
  );
  const close = createButton({
    label: "Back to all streams",
    icon: "close",
    kind: "icon",
    key: "Escape",
    run: onClose,
  });
  const fullScreen = createButton({
    label: "Full screen",
    icon: "fullscreen",
    kind: "icon",
    key: "f",
    run: showFullScreen,
  });
  const screen = element("div", { class: "watch-main" });
  const fields = COMMANDS.map(({ label, command }) => {
    const field = createCopyField({ label, text: "" });
    return { label, command, field };
  });
  const facts = Object.entries(FACTS).map(([label, value]) => ({
    label,
    value,
    cell: element("dd", { class: "figure" }),
  }));
  const body = element(
    "div",
    { class: "watch" },
    screen,
    element(
      "div",
      { class: "watch-side" },
      element(
        "dl",
        { class: "commands" },
        ...fields.map(({ label, field }) =>
          element(
            "div",
            {},
            element("dt", {}, label),
            element("dd", {}, field.element),
          )
        ),
      ),
      element(
        "dl",
        { class: "facts" },
        ...facts.map(({ label, cell }) =>
          element("div", {}, element("dt", {}, label), cell)
        ),
      ),
    ),
  );
  const missing = element("p", { class: "empty", hidden: true });
  place.replaceChildren(
    element(
      "div",
      { class: "panel-head" },
      title,
      badge,
      fullScreen.element,
      close.element,
    ),
    missing,
    body,
  );

  /** @type {{name: string, picture: LivePicture} | undefined} */
  let shown;

  async function showFullScreen() {
    if (shown !== undefined) await toggleFullScreen(shown.picture.element);
  }

  /** @param {string | undefined} name */
  function pictureOf(name) {
    if (shown?.name === name) return shown?.picture;
    shown?.picture.remove();
    shown = undefined;
    if (name === undefined) return undefined;
    const picture = new LivePicture({
      pump,
      url: frameUrl(name),
      label: `Live picture of ${name}`,
      picturesPerSecond: PICTURES_PER_SECOND,
    });
    picture.element.classList.add("window");
    picture.element.addEventListener("dblclick", showFullScreen);
    screen.replaceChildren(picture.element);
    shown = { name, picture };
    return picture;
  }

  return {
    toggleFullScreen: showFullScreen,
    /** Asks nothing while set. @param {boolean} paused */
    set paused(paused) {
      pump.paused = paused;
    },
    /** Brings it into sight and reads its name. */
    focus() {
      title.focus({ preventScroll: true });
      place.scrollIntoView({ block: "start" });
    },
    /**
     * @param {string | undefined} name chosen; `undefined` shows nothing
     * @param {StreamReport | undefined} stream of that name, when there is one
     * @param {boolean} closable whether there is something to go back to
     */
    update(name, stream, closable) {
      place.hidden = name === undefined;
      const picture = pictureOf(stream?.name);
      setText(title, name ?? "");
      close.element.hidden = !closable;
      missing.hidden = stream !== undefined;
      body.hidden = badge.hidden = stream === undefined;
      fullScreen.element.hidden = stream === undefined;
      if (stream === undefined) {
        setText(missing, `There is no stream "${name}" here, or no longer.`);
        return;
      }
      const { tone, idleReason, ...words } = streamState(stream);
      setText(state, words.state);
      setAttribute(badge, "data-tone", tone);
      if (picture !== undefined) {
        picture.idleReason = idleReason;
        picture.asking = stream.state !== "failed";
        picture.setAspect(stream.width, stream.height);
      }
      const url = reachableUrl(stream.url);
      for (const { command, field } of fields) {
        field.update(command(url, stream.name));
      }
      for (const { value, cell } of facts) setText(cell, value(stream));
    },
  };
}
