// @ts-check
/**
 * The chain as a row of tiles with arrows between them. It heals before one's
 * eyes: a peer that is gone says so in its place, then the gap closes.
 *
 * @module
 */

import { element, setAttribute, setText } from "../static/pieces/dom.js";
import {
  bitrate,
  count,
  frameNumber,
  latency,
  NONE,
  short,
  text,
} from "../static/pieces/format.js";
import { icon, setIcon } from "../static/pieces/icons.js";
import { createTile } from "../static/pieces/tile.js";
import { CHAIN_STATES, peerState } from "./chain_words.js";

/** @typedef {import("../../chain/report.ts").ChainPeerView} ChainPeerView */
/** @typedef {import("../../chain/report.ts").ChainSnapshot} ChainSnapshot */
/** @typedef {import("../static/pieces/picture_pump.js").PicturePump} PicturePump */

/** A tile is small: more pictures a second are not seen in it and cost a lot. */
const TILE_PICTURES_PER_SECOND = 10;

/** How long a peer that is gone stays in its place, so that one sees who it was. */
const GONE_SHOWN_MS = 5000;

/** How long its place fades; the style sheet's transition is as long. */
const CLOSING_MS = 400;

/** From this many peers on the tiles are smaller. */
const MANY = 8;

/**
 * @typedef {object} Link
 * @property {HTMLLIElement} element
 * @property {ReturnType<typeof createTile>} tile
 * @property {ReturnType<typeof createHop>} hop
 * @property {string} identity changes when the tile must be another one
 * @property {boolean} gone
 */

/**
 * @param {HTMLElement} list
 * @param {PicturePump} pump
 */
export function createChainRow(list, pump) {
  const own = createTile({
    pump,
    name: "Coordinator",
    frameUrl: "/frame",
    picturesPerSecond: TILE_PICTURES_PER_SECOND,
  });
  const ownSign = icon("source");
  ownSign.setAttribute("data-source", "");
  const ownPlace = element(
    "li",
    { class: "link" },
    element("div", { class: "hop" }, ownSign, "source"),
    own.element,
  );
  list.append(ownPlace);

  /** @type {Map<string, Link>} */
  const links = new Map();

  /** @param {ChainPeerView} peer */
  function linkOf(peer) {
    const identity = JSON.stringify([peer.host, peer.port, peer.page]);
    const known = links.get(peer.name);
    if (known !== undefined) {
      if (known.identity === identity && !known.gone) return known;
      drop(peer.name, known); // it is back, perhaps elsewhere
    }
    const tile = createTile({
      pump,
      name: peer.name,
      frameUrl: peer.page === null
        ? undefined
        : `/peers/${encodeURIComponent(peer.name)}/frame`,
      page: peer.page,
      picturesPerSecond: TILE_PICTURES_PER_SECOND,
    });
    const hop = createHop();
    const place = element("li", { class: "link" }, hop.element, tile.element);
    /** @type {Link} */
    const link = { element: place, tile, hop, identity, gone: false };
    links.set(peer.name, link);
    return link;
  }

  /**
   * @param {string} name
   * @param {Link} link
   */
  function drop(name, link) {
    link.tile.remove();
    link.element.remove();
    if (links.get(name) === link) links.delete(name);
  }

  /**
   * @param {string} name
   * @param {Link} link
   * @param {string} reason
   */
  function leave(name, link, reason) {
    link.gone = true;
    link.element.dataset.left = "true";
    link.tile.update({
      state: "Left",
      tone: "bad",
      figures: reason,
      idleReason: reason === "" ? "Left the chain" : `Left: ${reason}`,
      width: 0,
      height: 0,
    });
    link.tile.picture.stop();
    setTimeout(() => {
      link.element.dataset.closing = "true";
      setTimeout(() => closeGap(list, () => drop(name, link)), CLOSING_MS);
    }, GONE_SHOWN_MS);
  }

  return {
    /** @param {ChainSnapshot} snapshot */
    update(snapshot) {
      setAttribute(list, "data-many", String(snapshot.peers.length >= MANY));
      own.update({
        ...CHAIN_STATES[snapshot.state],
        figures: `${short(snapshot.fps)} fps · ${text(bitrate(snapshot.kbps))}`,
        width: snapshot.width,
        height: snapshot.height,
      });
      const present = new Set(snapshot.peers.map(({ name }) => name));
      for (const [name, link] of links) {
        if (present.has(name) || link.gone) continue;
        const departed = snapshot.departed.findLast((one) => one.name === name);
        leave(name, link, departed?.reason ?? "");
      }
      /** @type {Element} */
      let before = ownPlace;
      for (const peer of snapshot.peers) {
        const link = linkOf(peer);
        link.hop.update(peer);
        updateTile(link, peer, snapshot);
        while (
          before.nextElementSibling instanceof HTMLElement &&
          before.nextElementSibling.dataset.left === "true"
        ) before = before.nextElementSibling; // who left keeps its place
        if (before.nextElementSibling !== link.element) {
          before.after(link.element);
        }
        before = link.element;
      }
    },
  };
}

/**
 * Takes one place away and lets the others slide to where they belong.
 *
 * @param {HTMLElement} list
 * @param {() => void} remove
 */
function closeGap(list, remove) {
  const before = [...list.children].map((place) => ({
    place,
    from: place.getBoundingClientRect(),
  }));
  remove();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const { place, from } of before) {
    const to = place.getBoundingClientRect();
    const move = `translate(${from.x - to.x}px, ${from.y - to.y}px)`;
    if (!place.isConnected || (from.x === to.x && from.y === to.y)) continue;
    place.animate([{ transform: move }, { transform: "none" }], {
      duration: CLOSING_MS,
      easing: "ease",
    });
  }
}

/**
 * @param {Link} link
 * @param {ChainPeerView} peer
 * @param {ChainSnapshot} snapshot
 */
function updateTile({ tile }, peer, snapshot) {
  const { report } = peer;
  const state = peerState(peer);
  tile.update({
    ...state,
    // The chain's own state explains why a peer's picture stands still.
    idleReason: state.idleReason || CHAIN_STATES[snapshot.state].idleReason,
    figures: report === null
      ? `${peer.host}:${peer.port}`
      : `${short(report.fps)} fps · ${text(bitrate(report.kbps))}`,
    width: report?.width || snapshot.width,
    height: report?.height || snapshot.height,
  });
}

/** The arrow to a peer: how long the hop takes and what it has lost. */
function createHop() {
  const arrow = icon("arrow");
  const delay = element("span", { class: "hop-latency figure" });
  const loss = element("span", { class: "figure" });
  const hop = element("div", { class: "hop" }, delay, arrow, loss);
  return {
    element: hop,
    /** @param {ChainPeerView} peer */
    update({ report, wire }) {
      setIcon(arrow, wire === "strandcast" ? "dashed" : "arrow");
      const lost = report?.framesLost ?? 0;
      setText(
        delay,
        report === null ? NONE : text(latency(report.hopLatency, "p50")),
      );
      setText(loss, report === null ? NONE : `${count(lost)} lost`);
      setAttribute(hop, "data-tone", lost > 0 ? "bad" : "none");
      setAttribute(
        hop,
        "title",
        report === null
          ? `${wire} wire, this peer reports nothing`
          : `${wire} wire, hop latency p50 ${
            text(latency(report.hopLatency, "p50"))
          }, p99 ${text(latency(report.hopLatency, "p99"))}, ${
            count(lost)
          } frames lost, newest frame ${frameNumber(report.frameNumber)}`,
      );
    },
  };
}
