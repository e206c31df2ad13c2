// @ts-check
/**
 * The coordinator's page: is every peer showing the same moment?
 *
 * @module
 */

import { createBanner } from "../static/pieces/banner.js";
import {
  hostAndPort,
  reachableHost,
  shellWord,
} from "../static/pieces/command.js";
import { confirmAction } from "../static/pieces/confirm.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { byId, element, setAttribute, setText } from "../static/pieces/dom.js";
import { connectEvents } from "../static/pieces/events.js";
import {
  ago,
  bitrate,
  bytes,
  clock,
  count,
  frameNumber,
  plural,
  short,
} from "../static/pieces/format.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import { createProgress } from "../static/pieces/progress.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { createStat } from "../static/pieces/stat.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { createVerdict } from "../static/pieces/verdict.js";
import { createChainRow } from "./chain_row.js";
import { createPeerTable } from "./chain_table.js";
import { judge } from "./chain_verdict.js";
import { CHAIN_STATES, CONNECTING, NO_CONNECTION } from "./chain_words.js";

/** @typedef {import("../../chain/report.ts").ChainSnapshot} ChainSnapshot */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** Where a peer looks for its coordinator when nothing else is said. */
const DEFAULT_COORDINATOR = "127.0.0.1:9000";

/** Who left is told about this long, and at most so many of them. */
const DEPARTED_SHOWN_SECONDS = 60;
const MAX_DEPARTED = 5;

const announce = createLiveRegion();
const pump = new PicturePump();
const banner = createBanner();
const verdict = createVerdict(byId("verdict"), "Asking the coordinator…");
const row = createChainRow(byId("chain"), pump);
const table = createPeerTable();
const progress = createProgress({ label: "Position in the video" });
const stats = {
  frame: createStat("Newest frame"),
  fps: createStat("Frames a second"),
  bitrate: createStat("Bitrate"),
  sent: createStat("Sent"),
  peers: createStat("Peers"),
  picture: createStat("Picture"),
};

/** @type {ChainSnapshot | undefined} */
let latest;
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";

const start = createButton({
  label: "Start",
  icon: "play",
  kind: "play",
  key: "Space",
  run: () => command("/api/start", "start the video"),
});
const stop = createButton({
  label: "Stop",
  icon: "stop",
  kind: "play",
  key: "Space",
  run: async () => {
    const yes = await confirmAction({
      question: "Stop the video?",
      consequence: `It ends at ${
        plural(latest?.peers.length ?? 0, "peer")
      }. Starting again begins at the first frame.`,
      action: "Stop",
    });
    if (yes) await command("/api/stop", "stop the video");
  },
});
const showHelp = listenForShortcuts([
  {
    key: " ",
    name: "Space",
    does: "Start the video, or stop it",
    run: () => (latest?.state === "playing" ? stop : start).press(),
  },
]);
const help = createButton({
  label: "Keyboard help",
  icon: "help",
  kind: "icon",
  key: "?",
  run: showHelp,
});

byId("toolbar").replaceWith(
  createToolbar("Video", start.element, stop.element, help.element),
);
byId("banner").replaceWith(banner.element);
byId("progress").replaceWith(progress.element);
byId("table").append(table.element);
byId("stats").append(...Object.values(stats).map(({ element }) => element));
enableButtons();

connectEvents("/api/events", {
  onData: show,
  onConnection(next) {
    if (next === connection) return;
    if (next === "lost") {
      announce("Connection to the coordinator lost, retrying");
    } else if (connection === "lost") announce("Connected again");
    connection = next;
    document.body.dataset.connection = next;
    pump.paused = next === "lost";
    showState();
    enableButtons();
  },
});

/**
 * @param {string} path
 * @param {string} what for the error
 */
async function command(path, what) {
  try {
    const response = await fetch(path, { method: "POST" });
    if (response.ok) return;
    const body = await response.json().catch(() => ({}));
    showToast(
      body.error ??
        `Cannot ${what}: the coordinator answers ${response.status}`,
      "bad",
    );
  } catch {
    showToast(`Cannot ${what}: the coordinator does not answer`, "bad");
  }
}

function enableButtons() {
  const live = connection === "live" && latest !== undefined;
  start.setEnabled(live && latest?.state !== "playing");
  stop.setEnabled(live && latest?.state === "playing");
}

/** What one looks at first; without a connection nothing of it is known. */
function showState() {
  const lost = connection === "lost";
  const { state, tone } = lost
    ? NO_CONNECTION
    : latest === undefined
    ? CONNECTING
    : CHAIN_STATES[latest.state];
  setText(byId("state-text"), state);
  setAttribute(byId("state"), "data-tone", tone);
  document.title = `${state} · Chain · streamtool`;
  verdict.update(
    lost || latest === undefined
      ? {
        tone: "none",
        answer: lost ? "Not known: no connection" : "Asking the coordinator…",
        reason: "",
      }
      : judge(latest),
  );
  banner.update(trouble());
}

/** @returns {Trouble | undefined} */
function trouble() {
  if (connection === "lost") {
    return {
      tone: "bad",
      what: "Connection lost, retrying",
      remedy: latest === undefined
        ? "The coordinator does not answer. Is it running? Its terminal says why it ended."
        : "What you see is old. Is the coordinator still running? Its terminal says why it ended.",
    };
  }
  if (latest?.problem) {
    return {
      tone: "warn",
      what: latest.problem,
      remedy: latest.state === "playing"
        ? ""
        : "Then press Start to try again.",
    };
  }
  return undefined;
}

/** @param {ChainSnapshot} snapshot */
function show(snapshot) {
  sayChanges(latest, snapshot);
  latest = snapshot;
  showState();
  setText(byId("source"), snapshot.source);
  byId("source").title = snapshot.source;
  enableButtons();
  showStats(snapshot);
  showProgress(snapshot);
  row.update(snapshot);
  table.update(snapshot.peers);
  showEmpty(snapshot);
  showDeparted(snapshot);
}

/** @param {ChainSnapshot} snapshot */
function showStats(snapshot) {
  const { frameNumber: newest, totalFrames, fps, targetFps, kbps } = snapshot;
  const rate = bitrate(kbps);
  const sent = bytes(snapshot.bytesSent);
  stats.frame.update({
    value: frameNumber(newest),
    foot: totalFrames === null
      ? "no known end"
      : `${plural(totalFrames, "frame")} in all`,
  });
  stats.fps.update({
    value: short(fps),
    unit: `of ${Number(targetFps.toFixed(2))}`,
    sample: fps,
  });
  stats.bitrate.update({ ...rate, sample: kbps });
  stats.sent.update({ ...sent, foot: plural(snapshot.framesSent, "frame") });
  const silent =
    snapshot.peers.filter(({ state }) => state === "silent").length;
  stats.peers.update({
    value: count(snapshot.peers.length),
    foot: silent === 0 ? "in the chain" : `${count(silent)} silent`,
    ...silent === 0 ? {} : { tone: "bad" },
  });
  stats.picture.update(
    snapshot.width === 0 ? { value: "–", foot: "no frame yet" } : {
      value: `${snapshot.width}×${snapshot.height}`,
      unit: "px",
      foot: "JPEG",
    },
  );
}

/** @param {ChainSnapshot} snapshot */
function showProgress({ state, framesSent, totalFrames, elapsedSeconds }) {
  progress.element.hidden = state === "waiting";
  progress.update({
    fraction: totalFrames === null || totalFrames === 0
      ? undefined
      : Math.min(1, framesSent / totalFrames),
    left: `${clock(elapsedSeconds)} since the start`,
    right: totalFrames === null
      ? plural(framesSent, "frame")
      : `frame ${count(framesSent)} of ${count(totalFrames)}`,
  });
}

/** @param {ChainSnapshot} snapshot */
function showEmpty({ peers, control }) {
  const place = byId("chain-empty");
  const empty = peers.length === 0;
  if (empty && !place.querySelector(".empty")) {
    place.replaceChildren(element(
      "div",
      { class: "empty" },
      element(
        "p",
        {},
        "No peer has joined yet. Start one in a terminal; the next ones, B, C and D, line up behind it.",
      ),
      createCopyField({
        label: "Command that starts a peer",
        text: joinCommand(control),
      }).element,
    ));
  } else if (!empty) place.replaceChildren();
}

/**
 * What to type on the machine that this page is read on.
 *
 * @param {ChainSnapshot["control"]} control
 */
function joinCommand({ host, port }) {
  const coordinator = hostAndPort(reachableHost(host), port);
  return coordinator === DEFAULT_COORDINATOR
    ? "streamtool chain-peer A"
    : `streamtool chain-peer A --coordinator ${shellWord(coordinator)}`;
}

/** @param {ChainSnapshot} snapshot */
function showDeparted({ departed }) {
  const list = byId("departed");
  const recent = departed
    .filter(({ secondsAgo }) => secondsAgo < DEPARTED_SHOWN_SECONDS)
    .slice(-MAX_DEPARTED);
  const lines = recent.map(({ name, reason, secondsAgo }) =>
    `${name} left ${ago(secondsAgo)} ago: ${reason}`
  );
  list.hidden = lines.length === 0;
  if (list.innerText === lines.join("\n")) return;
  list.replaceChildren(...lines.map((line) => element("li", {}, line)));
}

/**
 * @param {ChainSnapshot | undefined} before
 * @param {ChainSnapshot} now
 */
function sayChanges(before, now) {
  if (before === undefined) return;
  const known = new Set(before.peers.map(({ name }) => name));
  const present = new Set(now.peers.map(({ name }) => name));
  const changes = [
    ...before.state === now.state ? [] : [CHAIN_STATES[now.state].state],
    ...[...known].filter((name) => !present.has(name)).map((name) =>
      `${name} left the chain`
    ),
    ...[...present].filter((name) => !known.has(name)).map((name) =>
      `${name} joined the chain`
    ),
  ];
  if (changes.length > 0) announce(changes.join(", "));
}
