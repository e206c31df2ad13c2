// @ts-check
/**
 * One system in the demo: live pictures, a line of figures, its own page and
 * the commands that made it.
 *
 * @module
 */

import { createCopyField } from "../static/pieces/copy_field.js";
import {
  element,
  safeHref,
  setAttribute,
  setText,
} from "../static/pieces/dom.js";
import { createDemoTimeline } from "./demo_timeline.js";
import { createTile } from "../static/pieces/tile.js";

/** @typedef {"starting" | "running" | "proven" | "failed"} PartState */
/** @typedef {import("../static/pieces/tile.js").Tone} Tone */

/**
 * @typedef {object} Part
 * @property {string} id
 * @property {string} title
 * @property {PartState} state
 * @property {string} says
 * @property {string | null} page
 * @property {readonly string[]} commands
 * @property {readonly string[]} pictures
 * @property {string} pageLabel
 * @property {number} decided
 */

/** Small tiles, and many: more pictures a second are not seen. */
const PICTURES_PER_SECOND = 10;

/** @type {Record<PartState, {name: string, tone: Tone}>} */
const STATES = {
  starting: { name: "Starting", tone: "none" },
  running: { name: "Running", tone: "warn" },
  proven: { name: "Works", tone: "good" },
  failed: { name: "Failed", tone: "bad" },
};

/**
 * @param {Part} part
 * @param {import("../static/pieces/picture_pump.js").PicturePump} pump
 */
export function createPartPanel({ id, title }, pump) {
  const stateText = element("span");
  const state = element(
    "span",
    { class: "badge", "data-tone": "none" },
    element("span", { class: "dot" }),
    stateText,
  );
  const says = element("p", { class: "part-says figure" });
  const open = element("a", { class: "button", hidden: true });
  const timeline = createDemoTimeline(id);
  const tiles = element("div", { class: "part-tiles" });
  const commands = element("div", { class: "commands" });
  const details = element(
    "details",
    { class: "part-commands" },
    element("summary", {}, "Commands"),
    commands,
  );
  const panel = element(
    "section",
    { class: "part", "aria-labelledby": `${id}-title` },
    element(
      "div",
      { class: "panel-head" },
      element("h2", { id: `${id}-title`, class: "panel-title" }, title),
      state,
    ),
    says,
    tiles,
    timeline.element,
    element("div", { class: "part-links" }, open),
    details,
  );
  /** @type {Map<string, ReturnType<typeof createTile>>} */
  const pictures = new Map();
  let shownCommands = "";

  return {
    element: panel,
    /** @param {Part} part */
    update(part) {
      const { name, tone } = STATES[part.state];
      setText(stateText, name);
      setAttribute(state, "data-tone", tone);
      setText(says, part.says);
      const href = safeHref(part.page);
      open.hidden = href === undefined;
      if (href !== undefined) setAttribute(open, "href", href);
      setText(open, part.pageLabel);
      showPictures(part);
      timeline.update(part.decided);
      const text = part.commands.join("\n");
      details.hidden = text === "";
      if (text === shownCommands) return;
      shownCommands = text;
      commands.replaceChildren(
        ...part.commands.map((command, index) =>
          createCopyField({
            label: `Command ${index + 1} of ${part.title}`,
            text: command,
          }).element
        ),
      );
    },
  };

  /** @param {Part} part */
  function showPictures({ pictures: names, state, page }) {
    for (const [name, tile] of pictures) {
      if (names.includes(name)) continue;
      tile.remove();
      pictures.delete(name);
    }
    for (const name of names) {
      let tile = pictures.get(name);
      if (tile === undefined) {
        tile = createTile({
          pump,
          name,
          frameUrl: `/parts/${encodeURIComponent(id)}/${
            encodeURIComponent(name)
          }/frame`,
          page,
          picturesPerSecond: PICTURES_PER_SECOND,
        });
        pictures.set(name, tile);
        tiles.append(tile.element);
      }
      tile.update({
        state: "",
        tone: STATES[state].tone,
        figures: "",
        idleReason: state === "failed"
          ? "It has failed"
          : "Waiting for a picture",
        width: 16,
        height: 9,
      });
    }
  }
}
