// @ts-check
/**
 * Tile: a live picture with a name, its state and one line of figures.
 *
 * @module
 */

import { element, safeHref, setAttribute, setText } from "./dom.js";
import { LivePicture } from "./picture.js";

/** @typedef {"good" | "warn" | "bad" | "none"} Tone */

/**
 * @typedef {object} TileState
 * @property {string} state in a word or two
 * @property {Tone} tone
 * @property {string} figures one line
 * @property {string} idleReason why the picture stands still, "" when it should move
 * @property {number} width of the stream's pictures, 0 when unknown
 * @property {number} height of the stream's pictures, 0 when unknown
 */

/**
 * @param {object} options
 * @param {import("./picture_pump.js").PicturePump} options.pump
 * @param {string} options.name
 * @param {string | undefined} options.frameUrl where its pictures come from
 * @param {string | null} [options.page] opened by the tile
 * @param {number} options.picturesPerSecond at most
 */
export function createTile({ pump, name, frameUrl, page, picturesPerSecond }) {
  const picture = new LivePicture({
    pump,
    url: frameUrl,
    label: `Picture at ${name}`,
    picturesPerSecond,
  });
  const state = element("span");
  const stateLine = element(
    "span",
    { class: "tile-state", "data-tone": "none" },
    element("span", { class: "dot" }),
    state,
  );
  const figures = element("p", { class: "tile-figures figure" });
  const href = safeHref(page);
  const caption = element(
    "div",
    { class: "tile-caption" },
    element(
      "div",
      { class: "tile-head" },
      element("span", { class: "tile-name", title: name }, name),
      stateLine,
    ),
    figures,
  );
  const tile = href === undefined
    ? element("div", { class: "tile" }, picture.element, caption)
    : element("a", { class: "tile", href }, picture.element, caption);

  return {
    element: tile,
    picture,
    /** @param {TileState} next */
    update(next) {
      setText(state, next.state);
      setAttribute(stateLine, "data-tone", next.tone);
      setText(figures, next.figures);
      setAttribute(figures, "title", next.figures);
      picture.idleReason = next.idleReason;
      picture.setAspect(next.width, next.height);
    },
    remove() {
      picture.remove();
      tile.remove();
    },
  };
}
