// @ts-check
/**
 * The streams as tiles: a live picture, how it is, and its URL to take along.
 *
 * @module
 */

import { readAddress, writeAddress } from "../static/pieces/address.js";
import { reachableUrl } from "../static/pieces/command.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { element, setAttribute, setText } from "../static/pieces/dom.js";
import {
  bitrate,
  count,
  plural,
  short,
  text,
} from "../static/pieces/format.js";
import { createTile } from "../static/pieces/tile.js";
import { streamState } from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").StreamReport} StreamReport */
/** @typedef {import("../static/pieces/picture_pump.js").PicturePump} PicturePump */

/** A tile is small: more pictures a second are not seen in it and cost a lot. */
const TILE_PICTURES_PER_SECOND = 10;

/** From this many streams on one looks for a name and not at the tiles. */
const FILTER_FROM = 9;

/** A folder may hold two thousand: more than these are shown when asked for. */
const MAX_TILES = 60;

/**
 * Where the pictures of a stream come from.
 *
 * @param {string} name
 */
export function frameUrl(name) {
  return `/streams/${encodeURIComponent(name)}/frame`;
}

/**
 * @typedef {object} StreamTile
 * @property {HTMLLIElement} element
 * @property {ReturnType<typeof createTile>} tile
 * @property {ReturnType<typeof createCopyField>} url
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.list
 * @param {HTMLElement} options.filter where the field to look for a name goes
 * @param {PicturePump} options.pump
 * @param {(name: string) => void} options.onChoose
 */
export function createStreamTiles({ list, filter, pump, onChoose }) {
  const search = element("input", {
    type: "search",
    class: "search",
    placeholder: "Find a stream",
    "aria-label": "Find a stream by name",
    "aria-keyshortcuts": "/",
    oninput: () => {
      writeAddress({ find: search.value || undefined });
      show();
    },
  });
  search.value = readAddress("find") ?? "";
  const found = element("span", { class: "second", role: "status" });
  const more = element("button", {
    type: "button",
    class: "button",
    hidden: true,
    onclick: () => {
      limit = Infinity;
      show();
    },
  });
  const field = element("div", { class: "filter" }, search, found);
  filter.replaceWith(field);
  list.after(more);

  let limit = MAX_TILES;
  /** @type {readonly StreamReport[]} */
  let streams = [];
  /** @type {string | undefined} */
  let chosen;
  /** @type {Map<string, StreamTile>} */
  const tiles = new Map();

  /** @param {StreamReport} stream @returns {StreamTile} */
  function tileOf({ name, url }) {
    const known = tiles.get(name);
    if (known !== undefined) return known;
    const tile = createTile({
      pump,
      name,
      frameUrl: frameUrl(name),
      page: `?${new URLSearchParams({ stream: name })}`,
      picturesPerSecond: TILE_PICTURES_PER_SECOND,
    });
    tile.element.addEventListener("click", (event) => {
      const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
      if (ctrlKey || metaKey || shiftKey) return; // a tab or window of its own
      event.preventDefault();
      onChoose(name);
    });
    const copy = createCopyField({
      label: `URL of ${name}`,
      text: reachableUrl(url),
    });
    const made = {
      element: element("li", { class: "stream" }, tile.element, copy.element),
      tile,
      url: copy,
    };
    tiles.set(name, made);
    return made;
  }

  function show() {
    const filtering = streams.length >= FILTER_FROM;
    field.hidden = !filtering;
    const words = filtering ? search.value.trim().toLowerCase() : "";
    const matching = streams.filter(({ name, source }) =>
      name.toLowerCase().includes(words) || source.toLowerCase().includes(words)
    );
    const seen = matching.slice(0, limit);
    setText(
      found,
      words === ""
        ? plural(streams.length, "stream")
        : `${count(matching.length)} of ${plural(streams.length, "stream")}`,
    );
    more.hidden = matching.length <= limit;
    setText(more, `Show all ${count(matching.length)} streams`);

    const wanted = new Set(seen.map(({ name }) => name));
    for (const [name, { tile, element }] of tiles) {
      if (wanted.has(name)) continue;
      tile.remove();
      element.remove();
      tiles.delete(name);
    }
    for (const [index, stream] of seen.entries()) {
      const one = tileOf(stream);
      update(one, stream);
      // Only what is out of place moves: moving takes the focus away.
      if (list.children[index] !== one.element) {
        list.insertBefore(one.element, list.children[index] ?? null);
      }
    }
  }

  /**
   * @param {StreamTile} one
   * @param {StreamReport} stream
   */
  function update({ tile, url, element }, stream) {
    const { name, width, height } = stream;
    const state = streamState(stream);
    tile.update({ ...state, figures: figures(stream), width, height });
    tile.picture.asking = stream.state !== "failed";
    url.update(reachableUrl(stream.url));
    setAttribute(
      tile.element,
      "aria-current",
      name === chosen ? "true" : undefined,
    );
    setAttribute(element, "data-chosen", String(name === chosen));
  }

  return {
    /** Looks for a name, by keyboard. */
    find() {
      if (!field.hidden) search.focus();
    },
    /** @param {string} name */
    focus(name) {
      tiles.get(name)?.tile.element.focus();
    },
    /**
     * @param {readonly StreamReport[]} next
     * @param {string | undefined} nextChosen
     */
    update(next, nextChosen) {
      streams = next;
      chosen = nextChosen;
      show();
    },
  };
}

/** @param {StreamReport} stream */
function figures({ state, problem, viewers, fps, kbps }) {
  if (problem !== null && state !== "ready") return problem;
  return [
    viewers === 0 ? "No viewer" : plural(viewers, "viewer"),
    ...fps > 0 ? [`${short(fps)} fps`] : [],
    ...viewers > 0 ? [text(bitrate(kbps))] : [],
  ].join(" · ");
}
