// @ts-check
/**
 * What a host may set.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";

/** @typedef {import("../../signaling/mod.ts").PartyState} PartyState */
/** @typedef {import("../../signaling/mod.ts").RoomSettings} RoomSettings */

const BYTES_PER_MBIT = 125_000;

/**
 * @param {object} options
 * @param {(settings: Partial<RoomSettings>) => void} options.onSet
 * @param {(bytesPerSecond: number) => void} options.onUploadLimit
 */
export function createSettings({ onSet, onUploadLimit }) {
  const password = element("input", {
    class: "copy-text party-input",
    type: "password",
    maxlength: 100,
    autocomplete: "new-password",
    "aria-label": "Password of the room, empty for none",
    onchange: () => onSet({ password: password.value }),
  });
  const cap = element("input", {
    class: "copy-text party-input",
    type: "number",
    min: 0,
    step: 1,
    value: 0,
    onchange: () => onUploadLimit(Number(cap.value) * BYTES_PER_MBIT),
  });
  const boxes = /** @type {const} */ ([
    ["sharedControl", "Everybody may play, pause and seek"],
    ["waitForBuffering", "All wait for those who buffer"],
    ["knock", "I let everybody in one by one"],
  ]).map(([name, label]) => {
    const box = element("input", {
      type: "checkbox",
      onchange: () => onSet({ [name]: box.checked }),
    });
    return { name, box, label };
  });
  return {
    element: element(
      "details",
      { class: "party-settings" },
      element("summary", {}, "Settings of the room"),
      ...boxes.map(({ box, label }) =>
        element("label", { class: "check" }, box, ` ${label}`)
      ),
      element(
        "label",
        { class: "field" },
        "Password, empty for none",
        password,
      ),
      element(
        "label",
        { class: "field" },
        "Upload at most, Mbit/s (0: no limit)",
        cap,
      ),
    ),
    /** @param {PartyState} state */
    update({ settings: current }) {
      for (const { name, box } of boxes) box.checked = current[name];
    },
  };
}
