// @ts-check
/**
 * Who is in the room and how their players do; who is at the door.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";
import { NONE } from "../static/pieces/format.js";

/** @typedef {import("../../signaling/mod.ts").PartyState} PartyState */

const WORDS = {
  idle: "no film",
  playing: "plays",
  paused: "paused",
  buffering: "buffers",
  ended: "at the end",
};

/** A full strip is this much film, seconds. */
const FULL_BUFFER_S = 30;

/** @param {(id: string, admit: boolean) => void} onAdmit */
export function createPeople(onAdmit) {
  const list = element("ul", { class: "people" });
  const door = element("ul", { class: "people" });
  const count = element("span", { class: "second" });
  /** @type {Map<string, ReturnType<typeof createPerson>>} */
  const rows = new Map();

  return {
    element: element(
      "section",
      { class: "party-panel", "aria-label": "People" },
      element("h2", {}, "People ", count),
      door,
      list,
    ),
    /** @param {PartyState} state */
    update({ users, statuses, userId, knocks, isHost }) {
      setText(count, String(users.length));
      const left = new Set(rows.keys());
      for (const user of users) {
        left.delete(user.id);
        let row = rows.get(user.id);
        if (row === undefined) {
          row = createPerson();
          rows.set(user.id, row);
          list.append(row.element);
        }
        row.update(user, statuses.get(user.id), user.id === userId);
      }
      for (const id of left) {
        rows.get(id)?.element.remove();
        rows.delete(id);
      }
      const key = knocks.map(({ id }) => id).join();
      if (door.dataset.key === key) return;
      door.dataset.key = key;
      door.replaceChildren(
        ...(isHost ? knocks : []).map(({ id, name }) =>
          element(
            "li",
            { class: "person" },
            element("span", { class: "person-name" }, `${name} knocks`),
            button("Let in", () => onAdmit(id, true)),
            button("Refuse", () => onAdmit(id, false)),
          )
        ),
      );
    },
  };
}

/**
 * @param {string} label
 * @param {() => void} run
 */
function button(label, run) {
  return element(
    "button",
    { type: "button", class: "button", onclick: run },
    label,
  );
}

function createPerson() {
  const name = element("span", { class: "person-name" });
  const figures = element("span", { class: "person-figures figure" });
  const fill = element("i");
  const row = element(
    "li",
    { class: "person" },
    name,
    figures,
    element("span", { class: "person-buffer", "aria-hidden": "true" }, fill),
  );
  return {
    element: row,
    /**
     * @param {import("../../signaling/mod.ts").UserView} user
     * @param {import("../../signaling/mod.ts").PeerStatus | undefined} status
     * @param {boolean} self
     */
    update(user, status, self) {
      setText(
        name,
        `${user.name}${self ? " (you)" : ""}${user.isHost ? " · host" : ""}`,
      );
      const drift = status?.driftMs;
      setText(
        figures,
        user.away
          ? "away"
          : status === undefined
          ? "–"
          : `${WORDS[status.state]} · drift ${
            drift === null || drift === undefined
              ? NONE
              : `${drift < 0 ? "−" : "+"}${Math.abs(drift).toFixed(0)} ms`
          } · buffer ${status.bufferedS.toFixed(0)} s${
            status.path === "" ? "" : ` · ${status.path}`
          }`,
      );
      fill.style.width = `${
        Math.min(100, 100 * (status?.bufferedS ?? 0) / FULL_BUFFER_S)
      }%`;
    },
  };
}
