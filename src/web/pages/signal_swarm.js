// @ts-check
/**
 * The swarm: this page's part in it, and who sends to whom.
 *
 * @module
 */

import {
  FilmSwarm,
  LEAST_SWARM_CHUNKS,
  mayUpload,
} from "../../signaling/mod.ts";
import { element, setText } from "../static/pieces/dom.js";
import { random } from "./signal_member.js";

/** @typedef {import("../../signaling/mod.ts").PartyState} PartyState */

/** Pieces of the strip that shows how many have what. */
const PIECES = 60;
/** Copies that are as good as any more. */
const MANY_COPIES = 4;
/** Less than this is no stream, bits a second. */
const LEAST_BPS = 8000;
/** The map's size, and the circle that people stand on. */
const SIZE = 240;
const RADIUS = 92;
const SVG = "http://www.w3.org/2000/svg";

/**
 * This page's part in the swarm of a film; `undefined` when it takes from the
 * host alone.
 *
 * @param {object} options
 * @param {import("../../signaling/mod.ts").FilmManifest} options.manifest
 * @param {CryptoKey} options.key
 * @param {import("../../signaling/mod.ts").ChannelSender} options.from
 * @param {import("../../signaling/mod.ts").PartyClock} options.clock
 * @param {import("../../signaling/mod.ts").PartyClient} options.client
 * @param {(chunk: number) => Promise<Uint8Array<ArrayBuffer> | undefined> | Uint8Array<ArrayBuffer> | undefined} options.get
 * @param {number | undefined} options.bytesPerSecond
 * @param {(reason: string) => void} options.onProblem
 */
export function joinSwarm(
  { manifest, key, from, clock, client, get, bytesPerSecond, onProblem },
) {
  if (manifest.totalChunks < LEAST_SWARM_CHUNKS) return undefined;
  const line = /** @type {{connection?: {saveData?: boolean, type?: string}}} */
    (/** @type {unknown} */ (navigator)).connection ?? {};
  const swarm = new FilmSwarm({
    manifest,
    key,
    from,
    clock,
    random,
    links: (events) => client.paths.openSwarm(events),
    async read(chunk) {
      const bytes = await get(chunk);
      if (bytes === undefined) throw new Error("Cannot read: it is gone");
      return bytes;
    },
    uploads: mayUpload(line),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    onProblem: (_member, reason) =>
      onProblem(`A viewer is left alone: ${reason}`),
  });
  if (manifest.duration !== null) swarm.setDuration(manifest.duration);
  return swarm;
}

/** The swarm as people see it. */
export function createSwarmView() {
  const map = document.createElementNS(SVG, "svg");
  map.setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
  map.setAttribute("class", "swarm-map");
  map.setAttribute("role", "img");
  const rows = element("tbody");
  const health = element("div", { class: "swarm-health" });
  const healthText = element("p", { class: "second" });
  const pieces = Array.from({ length: PIECES }, () => element("i"));
  health.append(...pieces);
  const section = element(
    "section",
    { class: "party-panel swarm", "aria-label": "Swarm", hidden: true },
    element("h2", {}, "Who sends to whom"),
    map,
    element(
      "table",
      { class: "swarm-table" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ...[
            "Mbit/s",
            "Has",
            "Takes",
            "Gives",
            "From others",
          ].map((name) => element("th", { scope: "col" }, name)),
        ),
      ),
      rows,
    ),
    healthText,
    health,
  );

  return {
    element: section,
    /**
     * @param {PartyState} state
     * @param {FilmSwarm | undefined} swarm ours
     */
    update({ users, statuses, filmFrom, userId }, swarm) {
      const flows = flowsOf(users, statuses, filmFrom);
      const shown = users.some(({ id }) => statuses.get(id)?.swarm);
      section.hidden = !shown;
      if (!shown) return;
      drawMap(map, users, flows);
      rows.replaceChildren(...users.map(({ id, name }) => {
        const status = statuses.get(id);
        const given = flows.filter(({ from }) => from === id);
        const others = flows.filter(({ to, from }) =>
          to === id && from !== filmFrom
        );
        return element(
          "tr",
          {},
          element(
            "th",
            { scope: "row" },
            id === userId ? `${name} (you)` : name,
          ),
          cell(
            id === filmFrom && !status?.swarm
              ? "100 %"
              : percent(status?.swarm?.have ?? 0),
          ),
          cell(mbit(status?.downBps ?? 0)),
          cell(
            status?.swarm?.uploads === false
              ? "never"
              : mbit(Math.max(status?.upBps ?? 0, sum(given))),
          ),
          cell(mbit(sum(others))),
        );
      }));
      const copies = swarm?.health(PIECES) ?? [];
      const least = copies.length === 0 ? 0 : Math.min(...copies);
      health.hidden = copies.length === 0;
      setText(
        healthText,
        copies.length === 0
          ? ""
          : least === 0
          ? "Parts of the film are with nobody that you are connected to"
          : `Every part of the film is in ${least} ${
            least === 1 ? "place" : "places"
          } around you at least`,
      );
      for (const [index, piece] of pieces.entries()) {
        piece.dataset.copies = String(
          Math.min(MANY_COPIES, copies[index] ?? 0),
        );
      }
    },
  };
}

/**
 * Who sends how much to whom; what a member takes and no other viewer gives it,
 * comes from who has the film.
 *
 * @param {PartyState["users"]} users
 * @param {PartyState["statuses"]} statuses
 * @param {string | undefined} filmFrom
 */
function flowsOf(users, statuses, filmFrom) {
  const ids = new Set(users.map(({ id }) => id));
  return users.flatMap(({ id }) => {
    const status = statuses.get(id);
    const others = (status?.swarm?.from ?? [])
      .filter(([from]) => ids.has(from))
      .map(([from, bps]) => ({ from, to: id, bps }));
    const rest = (status?.downBps ?? 0) - sum(others);
    return filmFrom === undefined || filmFrom === id
      ? others
      : [...others, { from: filmFrom, to: id, bps: Math.max(0, rest) }];
  });
}

/**
 * @param {SVGSVGElement} map
 * @param {PartyState["users"]} users
 * @param {ReturnType<typeof flowsOf>} flows
 */
function drawMap(map, users, flows) {
  const places = new Map(users.map(({ id }, index) => {
    const angle = 2 * Math.PI * index / users.length - Math.PI / 2;
    return [id, {
      x: SIZE / 2 + RADIUS * Math.cos(angle),
      y: SIZE / 2 + RADIUS * Math.sin(angle),
    }];
  }));
  const live = flows.filter(({ bps }) => bps >= LEAST_BPS);
  const most = Math.max(1, ...live.map(({ bps }) => bps));
  map.setAttribute(
    "aria-label",
    `${live.length} streams between ${users.length} people`,
  );
  map.replaceChildren(
    ...live.map(({ from, to, bps }) => {
      const a = places.get(from) ?? { x: 0, y: 0 };
      const b = places.get(to) ?? { x: 0, y: 0 };
      // Bent to one side, so that both directions of a pair are seen.
      const bend = 0.12;
      const x = (a.x + b.x) / 2 + bend * (b.y - a.y);
      const y = (a.y + b.y) / 2 - bend * (b.x - a.x);
      return shape("path", {
        d: `M${a.x} ${a.y}Q${x} ${y} ${b.x} ${b.y}`,
        class: "swarm-flow",
        "stroke-width": (1 + 3 * bps / most).toFixed(1),
      });
    }),
    ...users.flatMap(({ id, name, isHost }) => {
      const { x, y } = places.get(id) ?? { x: 0, y: 0 };
      const text = shape("text", {
        x,
        y: y + (y < SIZE / 2 ? -10 : 18),
        class: "swarm-name",
      });
      text.textContent = name;
      return [
        shape("circle", {
          cx: x,
          cy: y,
          r: isHost ? 7 : 5,
          class: isHost ? "swarm-host" : "swarm-viewer",
        }),
        text,
      ];
    }),
  );
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  return made;
}

/** @param {string} text */
function cell(text) {
  return element("td", { class: "figure" }, text);
}

/** @param {readonly {readonly bps: number}[]} flows */
function sum(flows) {
  return flows.reduce((all, { bps }) => all + bps, 0);
}

/** @param {number} bps */
function mbit(bps) {
  return (bps / 1e6).toFixed(1);
}

/** @param {number} part */
function percent(part) {
  return `${(100 * part).toFixed(0)} %`;
}
