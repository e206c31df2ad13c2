// @ts-check
/**
 * The RTSP server's page: what is on, who watches, how well?
 *
 * @module
 */

import { readAddress, writeAddress } from "../static/pieces/address.js";
import { createBanner } from "../static/pieces/banner.js";
import { reachableUrl } from "../static/pieces/command.js";
import { confirmAction } from "../static/pieces/confirm.js";
import { createCopyField } from "../static/pieces/copy_field.js";
import { byId, element, setAttribute, setText } from "../static/pieces/dom.js";
import { connectEvents } from "../static/pieces/events.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { createVerdict } from "../static/pieces/verdict.js";
import { createSessionTable } from "./rtsp_server_sessions.js";
import { createStats } from "./rtsp_server_stats.js";
import { createStreamPanel } from "./rtsp_server_stream.js";
import { createStreamTiles } from "./rtsp_server_tiles.js";
import { judge, names } from "./rtsp_server_verdict.js";
import {
  CONNECTING,
  NO_CONNECTION,
  RUNNING,
  streamState,
  viewerName,
} from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").ServerReport} ServerReport */
/** @typedef {import("../../services/rtsp_server/report.ts").SessionReport} SessionReport */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** Who skipped frames within this many seconds is called slow. */
const SLOW_SECONDS = 10;

const announce = createLiveRegion();
const pump = new PicturePump();
const banner = createBanner();
const verdict = createVerdict(byId("verdict"), "Asking the server…");
const stats = createStats(byId("stats"));
const tiles = createStreamTiles({
  list: byId("streams"),
  filter: byId("filter"),
  pump,
  onChoose: (name) => choose(name),
});
const panel = createStreamPanel(byId("stream"), () => choose(undefined));
const sessions = createSessionTable(endSession);

/** Reports of the last seconds, oldest first. @type {ServerReport[]} */
let recent = [];
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";
let chosen = readAddress("stream");

const showHelp = listenForShortcuts([
  { key: "n", name: "N", does: "Next stream", run: () => step(1) },
  { key: "p", name: "P", does: "Previous stream", run: () => step(-1) },
  {
    key: "f",
    name: "F",
    does: "The chosen stream full screen, and back",
    run: panel.toggleFullScreen,
  },
  { key: "/", name: "/", does: "Find a stream by name", run: tiles.find },
  {
    key: "Escape",
    name: "Escape",
    does: "Back to all streams",
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
byId("sessions").append(sessions.element);
showState();

connectEvents("/api/events", {
  onData: receive,
  onConnection(next) {
    if (next === connection) return;
    if (next === "lost") announce("Connection to the server lost, retrying");
    else if (connection === "lost") announce("Connected again");
    connection = next;
    document.body.dataset.connection = next;
    pump.paused = panel.paused = next === "lost";
    if (next === "lost") recent = recent.slice(-1); // what was missed is not known
    showState();
    showSessions();
  },
});

/** The newest report. */
function latest() {
  return recent.at(-1);
}

/** @param {ServerReport} report */
function receive(report) {
  const before = latest();
  // Another run of the server has nothing to do with what this one did.
  if (before !== undefined && report.seconds < before.seconds) recent = [];
  recent = [...recent, report]
    .filter(({ seconds }) => report.seconds - seconds <= SLOW_SECONDS);
  sayChanges(before, report);
  showState();
  stats.update(report);
  showStreams();
  showSessions();
}

/** What one looks at first; without a connection nothing of it is known. */
function showState() {
  const report = latest();
  const lost = connection === "lost";
  const { state, tone } = lost
    ? NO_CONNECTION
    : report === undefined
    ? CONNECTING
    : RUNNING;
  setText(byId("state-text"), state);
  setAttribute(byId("state"), "data-tone", tone);
  const url = report?.streams[0]?.url;
  setText(
    byId("source"),
    url === undefined
      ? ""
      : /^\w+:\/\/[^/]+/.exec(reachableUrl(url))?.[0] ?? "",
  );
  const about = chosen === undefined ? "" : `${chosen} · `;
  document.title = `${
    lost ? `${state} · ` : ""
  }${about}RTSP server · streamtool`;
  verdict.update(
    lost || report === undefined
      ? {
        tone: "none",
        answer: lost ? "Not known: no connection" : "Asking the server…",
        reason: "",
      }
      : judge(report, recent[0]),
  );
  banner.update(trouble());
}

/** @returns {Trouble | undefined} */
function trouble() {
  const report = latest();
  if (connection === "lost") {
    return {
      tone: "bad",
      what: "Connection lost, retrying",
      remedy: `${
        report === undefined
          ? "The server does not answer."
          : "What you see is old."
      } Is the server still running? Its terminal says why it ended.`,
    };
  }
  const broken =
    report?.streams.filter(({ problem, state }) =>
      problem !== null && (state === "retrying" || state === "failed")
    ) ?? [];
  const [first] = broken;
  if (first === undefined) return undefined;
  const again = first.state === "retrying"
    ? "The server opens it again by itself, and whoever watches stays connected."
    : "When that is put right, the next player that asks for it gets it.";
  return broken.length === 1
    ? {
      tone: "warn",
      what: `${first.name}: ${first.problem}`,
      remedy: again,
    }
    : {
      tone: "warn",
      what: `${
        names(broken.map(({ name }) => name), "streams")
      } cannot be played now`,
      remedy: `${first.name}: ${first.problem}. ${again}`,
    };
}

/** The stream that is shown large: the one that was chosen, or the only one there is. */
function current() {
  const { streams = [] } = latest() ?? {};
  return chosen ?? (streams.length === 1 ? streams[0]?.name : undefined);
}

function showStreams() {
  const { streams = [] } = latest() ?? {};
  const name = current();
  const stream = streams.find((one) => one.name === name);
  // One stream alone is seen large already.
  byId("streams-section").hidden = streams.length === 1 &&
    stream !== undefined;
  tiles.update(streams, name);
  panel.update(name, stream, chosen !== undefined && streams.length !== 1);
  const note = byId("streams-note");
  if (streams.length > 0) note.replaceChildren();
  else if (latest() !== undefined && !note.querySelector(".empty")) {
    note.replaceChildren(element(
      "div",
      { class: "empty" },
      element(
        "p",
        {},
        "There is nothing to watch yet. Put a film into the folder that is served, or start the server with a film, a camera or a URL.",
      ),
      createCopyField({
        label: "Command that serves a film",
        text: "streamtool rtsp-serve movie.mjpeg",
      }).element,
    ));
  }
}

function showSessions() {
  const report = latest();
  if (report === undefined) return;
  const streams = new Map(report.streams.map((one) => [one.name, one]));
  const filtered = report.sessions.filter(({ stream }) =>
    chosen === undefined || stream === chosen
  );
  setText(
    byId("sessions-title"),
    chosen === undefined ? "Viewers" : `Viewers of ${chosen}`,
  );
  sessions.update(
    filtered.map((session) => ({
      session,
      stream: streams.get(session.stream),
      live: connection === "live",
    })),
    chosen === undefined
      ? undefined
      : `Nobody watches ${chosen}. Give its URL to a player.`,
  );
}

/**
 * Shows one stream large and its viewers only, or all again.
 *
 * @param {string | undefined} name
 */
function choose(name) {
  if (name === chosen) return;
  const before = chosen;
  chosen = name;
  writeAddress({ stream: name });
  showState();
  showStreams();
  showSessions();
  if (name !== undefined) panel.focus();
  else if (before !== undefined) tiles.focus(before);
}

/** @param {1 | -1} by */
function step(by) {
  const all = latest()?.streams ?? [];
  if (all.length < 2) return;
  const at = all.findIndex(({ name }) => name === chosen);
  const next = at < 0 ? (by === 1 ? 0 : -1) : (at + by) % all.length;
  choose(all.at(next)?.name);
}

/** @param {SessionReport} session */
async function endSession(session) {
  const who = viewerName(session);
  const yes = await confirmAction({
    question: `End the session of ${who}?`,
    consequence:
      `Its player is told that ${session.stream} is over and is disconnected. It may come back.`,
    action: "End it",
  });
  if (!yes) return;
  try {
    const response = await fetch(
      `/api/sessions/${encodeURIComponent(session.id)}`,
      { method: "DELETE" },
    );
    if (response.ok) {
      showToast(`Session of ${who} ended`);
      return;
    }
    const body = await response.json().catch(() => ({}));
    showToast(
      body.error ?? `Cannot end it: the server answers ${response.status}`,
      "bad",
    );
  } catch {
    showToast("Cannot end it: the server does not answer", "bad");
  }
}

/**
 * Says what a viewer of this page would see: streams that change their state.
 *
 * @param {ServerReport | undefined} before
 * @param {ServerReport} now
 */
function sayChanges(before, now) {
  if (before === undefined) return;
  const known = new Map(before.streams.map((one) => [one.name, one.state]));
  const changes = now.streams
    .filter(({ name, state }) => known.has(name) && known.get(name) !== state)
    .map((stream) => `${stream.name}: ${streamState(stream).state}`);
  if (changes.length > 0) announce(names(changes, "streams have changed"));
}
