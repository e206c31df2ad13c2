// @ts-check
/**
 * The demo's page: every system in a panel of its own, live, with the commands
 * that made it.
 *
 * @module
 */

import { createBanner } from "../static/pieces/banner.js";
import { byId } from "../static/pieces/dom.js";
import { connectEvents } from "../static/pieces/events.js";
import { plural } from "../static/pieces/format.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { createVerdict } from "../static/pieces/verdict.js";
import { createPartPanel } from "./demo_part.js";

/** @typedef {import("./demo_part.js").Part} Part */
/** @typedef {import("../static/pieces/verdict.js").Verdict} Verdict */

const announce = createLiveRegion();
const pump = new PicturePump();
const banner = createBanner();
const verdict = createVerdict(byId("verdict"), "Asking the demo…");
const list = byId("parts");

/** @type {Map<string, ReturnType<typeof createPartPanel>>} */
const panels = new Map();
/** @type {readonly Part[]} */
let parts = [];
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";

const showHelp = listenForShortcuts([]);
const help = createButton({
  label: "Keyboard help",
  icon: "help",
  kind: "icon",
  key: "?",
  run: showHelp,
});
byId("toolbar").replaceWith(createToolbar("Page", help.element));
byId("banner").replaceWith(banner.element);

connectEvents("/api/events", {
  /** @param {{parts: readonly Part[]}} report */
  onData(report) {
    sayChanges(report.parts);
    parts = report.parts;
    show();
  },
  onConnection(next) {
    if (next === connection) return;
    if (next === "lost") announce("Connection to the demo lost, retrying");
    else if (connection === "lost") announce("Connected again");
    connection = next;
    document.body.dataset.connection = next;
    pump.paused = next === "lost";
    show();
  },
});

/** @param {readonly Part[]} next */
function sayChanges(next) {
  for (const { id, title, state, says } of next) {
    const before = parts.find((part) => part.id === id)?.state;
    if (before === undefined || before === state) continue;
    if (state === "proven") announce(`${title} works: ${says}`);
    if (state === "failed") announce(`${title} failed: ${says}`);
  }
}

function show() {
  banner.update(
    connection === "lost"
      ? {
        tone: "bad",
        what: "No connection to the demo",
        remedy: "It has ended, or its machine is gone. Start it again: " +
          "streamtool demo",
      }
      : undefined,
  );
  if (connection !== "connecting") verdict.update(judge(parts, connection));
  if (panels.size === 0 && parts.length > 0) list.replaceChildren();
  for (const part of parts) {
    let panel = panels.get(part.id);
    if (panel === undefined) {
      panel = createPartPanel(part, pump);
      panels.set(part.id, panel);
      list.append(panel.element);
    }
    panel.update(part);
  }
}

/**
 * @param {readonly Part[]} parts
 * @param {import("../static/pieces/events.js").Connection} connection
 * @returns {Verdict}
 */
function judge(parts, connection) {
  if (connection === "lost") {
    return {
      tone: "none",
      answer: "Not known without a connection",
      reason: "What is below is what was seen last.",
    };
  }
  const failed = parts.filter(({ state }) => state === "failed");
  const proven = parts.filter(({ state }) => state === "proven");
  if (failed.length > 0) {
    return {
      tone: "bad",
      answer: `${plural(failed.length, "system")} of ${parts.length} failed`,
      reason: failed.map(({ says }) => says).join(". "),
    };
  }
  if (proven.length === parts.length) {
    return {
      tone: "good",
      answer: `All ${parts.length} systems work`,
      reason: "Each has shown it; they go on until the demo ends.",
    };
  }
  return {
    tone: "none",
    answer:
      `${proven.length} of ${parts.length} systems have shown that they work`,
    reason: "The rest is on its way.",
  };
}
