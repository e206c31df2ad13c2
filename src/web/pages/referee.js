// @ts-check
/**
 * The referee's page: who won, and why?
 *
 * @module
 */

import { readAddress, writeAddress } from "../static/pieces/address.js";
import { createBanner } from "../static/pieces/banner.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { byId, element, setAttribute, setText } from "../static/pieces/dom.js";
import { connectEvents } from "../static/pieces/events.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { createVerdict } from "../static/pieces/verdict.js";
import { api } from "./referee_api.js";
import { createLimits } from "./referee_limits.js";
import { createRecordingTable } from "./referee_recordings.js";
import { createResultPanel } from "./referee_result.js";
import {
  createSessionTable,
  createSessionTiles,
  createStats,
} from "./referee_sessions.js";
import { askForToken, tokenFits } from "./referee_token.js";
import { createUpload } from "./referee_upload.js";
import {
  confidenceText,
  CONNECTING,
  NO_CONNECTION,
  RUNNING,
  winnerName,
} from "./referee_words.js";

/** @typedef {import("../../services/referee_server/report.ts").RefereeReport} Report */
/** @typedef {import("./referee_words.js").Result} Result */
/** @typedef {import("../static/pieces/verdict.js").Verdict} Verdict */

const announce = createLiveRegion();
const pump = new PicturePump();
const banner = createBanner();
const verdict = createVerdict(byId("verdict"), "Asking the server…");
const stats = createStats(byId("stats"));
const tiles = createSessionTiles(byId("sessions"), pump);
const figures = createSessionTable();
const recordings = createRecordingTable(choose);
const limits = createLimits(byId("limits"));
const panel = createResultPanel(byId("result"), {
  onClose: () => choose(undefined),
  onLoad: (next) => {
    result = next;
    showState();
  },
});
const upload = createUpload(
  byId("upload"),
  ({ artifact_dir }) => choose(artifact_dir.split(/[/\\]/).at(-1)),
);

/** @type {Report | undefined} */
let report;
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";
let chosen = readAddress("result");
/** What is shown, when it has come. @type {Result | undefined} */
let result;

const { player } = panel;
const showHelp = listenForShortcuts([
  { key: " ", name: "Space", does: "Play, pause", run: player.toggle },
  {
    key: "ArrowLeft",
    name: "←",
    does: "Half a second back",
    run: () => player.skip(-1),
  },
  {
    key: "ArrowRight",
    name: "→",
    does: "Half a second on",
    run: () => player.skip(1),
  },
  {
    key: ",",
    name: ",",
    does: "One frame back",
    run: () => player.stepFrames(-1),
  },
  {
    key: ".",
    name: ".",
    does: "One frame on",
    run: () => player.stepFrames(1),
  },
  {
    key: "f",
    name: "F",
    does: "Full screen, and back",
    run: player.toggleFullScreen,
  },
  { key: "n", name: "N", does: "The recording before", run: () => step(1) },
  { key: "p", name: "P", does: "The recording after", run: () => step(-1) },
  { key: "u", name: "U", does: "Upload a phrase", run: upload.focus },
  {
    key: "Escape",
    name: "Escape",
    does: "Back to the newest result",
    run: () => choose(undefined),
  },
]);
const help = createButton({
  label: "Keyboard help",
  icon: "help",
  kind: "icon",
  key: "?",
  run: showHelp,
});

byId("toolbar").replaceWith(createToolbar("Page", help.element));
byId("banner").replaceWith(banner.element);
byId("figures").append(figures.element);
byId("recordings").append(recordings.element);
setText(
  byId("source"),
  `ws://${location.host}/stream`.replace(
    /^ws/,
    location.protocol === "https:" ? "wss" : "ws",
  ),
);
showState();
if (await tokenFits()) connect();
else {
  setText(byId("state-text"), "Token wanted");
  verdict.update({ tone: "none", answer: "The token is wanted", reason: "" });
  askForToken(byId("recordings"));
}

function connect() {
  connectEvents(api("/api/events"), {
    onData: receive,
    onConnection(next) {
      if (next === connection) return;
      if (next === "lost") announce("Connection to the server lost, retrying");
      else if (connection === "lost") announce("Connected again");
      connection = next;
      document.body.dataset.connection = next;
      pump.paused = next === "lost";
      showState();
    },
  });
}

/** @param {Report} next */
function receive(next) {
  const before = report;
  report = next;
  if (before !== undefined && next.results_total > before.results_total) {
    const [newest] = next.results;
    if (newest !== undefined) {
      announce(
        `${newest.sessionId}: ${winnerName(newest.winner)}, ${newest.reason}`,
      );
    }
  }
  stats.update(next);
  tiles.update(next.sessions);
  figures.update(next.sessions);
  limits.update(next);
  showRecordings();
  showState();
}

/** The recording that is shown: the one that was chosen, else the newest. */
function current() {
  return chosen ?? report?.results[0]?.name;
}

function showRecordings() {
  const { results = [] } = report ?? {};
  const name = current();
  recordings.update(
    results.map((recording) => ({
      recording,
      chosen: recording.name === name,
    })),
  );
  panel.update(
    name,
    results.find((one) => one.name === name),
    chosen !== undefined && chosen !== results[0]?.name,
  );
}

function showState() {
  const lost = connection === "lost";
  const { state, tone } = lost
    ? NO_CONNECTION
    : report === undefined
    ? CONNECTING
    : RUNNING;
  setText(byId("state-text"), state);
  setAttribute(byId("state"), "data-tone", tone);
  document.title = [
    ...lost ? [state] : [],
    ...result === undefined ? [] : [result.session_id],
    "Referee",
    "streamtool",
  ].join(" · ");
  verdict.update(judge(lost));
  banner.update(
    lost
      ? {
        tone: "bad",
        what: "Connection lost, retrying",
        remedy:
          "What you see is old. Is the server still running? Its terminal says why it ended.",
      }
      : undefined,
  );
  showBeginning();
}

/**
 * @param {boolean} lost
 * @returns {Verdict}
 */
function judge(lost) {
  if (result !== undefined) {
    const { winner, reason, tier, confidence } = result;
    const how = confidenceText(tier, confidence);
    return {
      tone: winner === "none" ? "warn" : tier === "low" ? "warn" : "good",
      answer: winnerName(winner),
      reason: how === "" ? reason : `${reason} (${how})`,
    };
  }
  if (lost) {
    return { tone: "none", answer: "Not known: no connection", reason: "" };
  }
  if (report === undefined) {
    return { tone: "none", answer: "Asking the server…", reason: "" };
  }
  return current() === undefined
    ? {
      tone: "none",
      answer: "No phrase is decided yet",
      reason: report.sessions.length > 0
        ? "One is on its way."
        : "Send one, or upload one below.",
    }
    : { tone: "none", answer: "Loading the result…", reason: "" };
}

/** How to send a phrase, while there is none. */
function showBeginning() {
  const place = byId("verdict");
  const known = document.getElementById("beginning");
  const wanted = report !== undefined && current() === undefined;
  if (!wanted) known?.remove();
  else if (known === null) {
    place.after(element(
      "div",
      { id: "beginning", class: "empty" },
      element("p", {}, "A phrase comes from a program that streams, such as"),
      createCopyField({
        label: "Command that sends a phrase",
        text:
          `streamtool referee-send ${location.host} --video phrase.mp4 --signal phrase.txt`,
      }).element,
    ));
  }
}

/**
 * Shows one recording, or the newest again.
 *
 * @param {string | undefined} name
 */
function choose(name) {
  if (name === chosen) return;
  chosen = name;
  writeAddress({ result: name });
  showRecordings();
  if (name !== undefined) panel.focus();
}

/** @param {1 | -1} by */
function step(by) {
  const all = report?.results ?? [];
  const at = all.findIndex(({ name }) => name === current());
  const next = all[at + by];
  if (next !== undefined) choose(next.name);
}
