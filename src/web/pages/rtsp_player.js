// @ts-check
/**
 * The player's page, the window of the design document: the picture, SETUP,
 * PLAY, PAUSE, STOP, a progress that seeks, the status line, and how well the
 * stream arrives.
 *
 * @module
 */

import { createBanner } from "../static/pieces/banner.js";
import { byId, element, setAttribute, setText } from "../static/pieces/dom.js";
import { connectEvents } from "../static/pieces/events.js";
import {
  bitrate,
  bytes,
  count,
  frameNumber,
  NONE,
  short,
  text,
} from "../static/pieces/format.js";
import { createGraph } from "../static/pieces/graph.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { LivePicture } from "../static/pieces/picture.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import {
  createSnapshotButton,
  toggleFullScreen,
} from "../static/pieces/picture_tools.js";
import { createProgress } from "../static/pieces/progress.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { createStat } from "../static/pieces/stat.js";
import { showToast } from "../static/pieces/toast.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";

/** @typedef {import("../../services/rtsp_player/options.ts").PlayerReport} PlayerReport */
/** @typedef {import("../../services/rtsp_player/options.ts").PlayerState} PlayerState */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** No screen shows more, and no source of ours sends more. */
const FULL_RATE = 60;

/** Seconds that an arrow key moves. */
const SEEK_STEP = 5;

/** The server tells of itself four times a second; the graphs take one value a second. */
const GRAPH_INTERVAL_MS = 1000;

/**
 * What each state is called, what the picture's place says in it, and which buttons work.
 *
 * @type {Record<PlayerState, {name: string, tone: string, idle: string, buttons: readonly string[]}>}
 */
const STATES = {
  connecting: {
    name: "Connecting",
    tone: "waiting",
    idle: "Connecting to the server",
    buttons: ["stop"],
  },
  ready: {
    name: "Ready",
    tone: "waiting",
    idle: "Set up: press PLAY",
    buttons: ["play", "stop"],
  },
  playing: {
    name: "Playing",
    tone: "good",
    idle: "Waiting for a first frame",
    buttons: ["pause", "stop"],
  },
  paused: {
    name: "Paused",
    tone: "waiting",
    idle: "Paused",
    buttons: ["play", "stop"],
  },
  reconnecting: {
    name: "Reconnecting",
    tone: "warn",
    idle: "Connection to the server lost",
    buttons: ["stop"],
  },
  stopped: {
    name: "Stopped",
    tone: "none",
    idle: "Stopped: press SETUP or PLAY",
    buttons: ["setup", "play"],
  },
  ended: {
    name: "Ended",
    tone: "none",
    idle: "Ended: press PLAY to see it again",
    buttons: ["setup", "play"],
  },
  failed: {
    name: "Failed",
    tone: "bad",
    idle: "No session",
    buttons: ["setup", "play"],
  },
};

const announce = createLiveRegion();
const pump = new PicturePump();
const banner = createBanner();
const picture = new LivePicture({
  pump,
  url: "/frame",
  label: "Live picture",
  picturesPerSecond: FULL_RATE,
  eager: true,
});
const stats = {
  frame: createStat("Frame"),
  fps: createStat("Frames a second"),
  bitrate: createStat("Bitrate"),
  lost: createStat("Lost frames"),
  jitter: createStat("Jitter"),
  latency: createStat("Latency"),
};
const graphs = {
  loss: createGraph({ title: "Loss", unit: "%", series: ["packets"] }),
  jitter: createGraph({ title: "Jitter", unit: "ms", series: ["packets"] }),
  latency: createGraph({
    title: "Latency",
    unit: "ms",
    series: ["frame", "assembly"],
  }),
};

/** @type {PlayerReport | undefined} */
let latest;
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";
let graphedAt = 0;

const controls = {
  setup: createButton({
    label: "SETUP",
    icon: "source",
    run: () => command("setup"),
  }),
  play: createButton({
    label: "PLAY",
    icon: "play",
    kind: "play",
    key: "Space",
    run: () => command("play"),
  }),
  pause: createButton({
    label: "PAUSE",
    icon: "pause",
    key: "Space",
    run: () => command("pause"),
  }),
  stop: createButton({
    label: "STOP",
    icon: "stop",
    run: () => command("stop"),
  }),
};
const progress = createProgress({
  label: "Position in the stream",
  onSeek: (fraction) => {
    seekTo(fraction * (latest?.duration ?? 0));
  },
});
const snapshot = createSnapshotButton({
  server: "player",
  name: (number) => `frame_${(number ?? "0").padStart(6, "0")}.jpg`,
});
const fullScreen = createButton({
  label: "Full screen",
  icon: "fullscreen",
  kind: "icon",
  key: "f",
  run: showFullScreen,
});
const showHelp = listenForShortcuts([
  { key: " ", name: "Space", does: "Play or pause", run: playOrPause },
  {
    key: "ArrowLeft",
    name: "←",
    does: `${SEEK_STEP} seconds back`,
    run: () => seekBy(-SEEK_STEP),
  },
  {
    key: "ArrowRight",
    name: "→",
    does: `${SEEK_STEP} seconds on`,
    run: () => seekBy(SEEK_STEP),
  },
  { key: "f", name: "F", does: "Full screen, and back", run: showFullScreen },
  {
    key: "s",
    name: "S",
    does: "Save a snapshot of the newest frame",
    run: snapshot.save,
  },
]);
const help = createButton({
  label: "Keyboard help",
  icon: "help",
  kind: "icon",
  key: "?",
  run: showHelp,
});

picture.element.classList.add("window");
picture.element.addEventListener("dblclick", showFullScreen);
byId("toolbar").replaceWith(
  createToolbar("Picture", snapshot.element, fullScreen.element, help.element),
);
byId("banner").replaceWith(banner.element);
byId("window").replaceWith(picture.element);
byId("progress").replaceWith(progress.element);
byId("controls").replaceWith(
  createToolbar(
    "Stream",
    ...Object.values(controls).map(({ element }) => element),
  ),
);
byId("stats").append(...Object.values(stats).map(({ element }) => element));
byId("graphs").append(...Object.values(graphs).map(({ element }) => element));
const facts = createFacts(byId("facts"));
for (const button of Object.values(controls)) button.setEnabled(false);

connectEvents("/api/events", {
  onData: show,
  onConnection(next) {
    if (next === connection) return;
    if (next === "lost") announce("Connection to the player lost, retrying");
    else if (connection === "lost") announce("Connected again");
    connection = next;
    document.body.dataset.connection = next;
    pump.paused = next === "lost";
    banner.update(trouble());
    showState();
  },
});

/**
 * @param {"setup" | "play" | "pause" | "stop"} name
 * @param {object} [body]
 */
async function command(name, body) {
  try {
    const response = await fetch(`/api/${name}`, {
      method: "POST",
      ...body === undefined ? {} : { body: JSON.stringify(body) },
    });
    const answer = await response.json();
    if (response.ok) show(answer);
    else showToast(answer.error, "bad");
  } catch {
    showToast(`Cannot ${name}: the player does not answer`, "bad");
  }
}

function playOrPause() {
  if (latest === undefined) return;
  const { buttons } = STATES[latest.state];
  if (buttons.includes("pause")) controls.pause.press();
  else if (buttons.includes("play")) controls.play.press();
}

/** @param {number} seconds */
function seekBy(seconds) {
  seekTo((latest?.position ?? 0) + seconds);
}

/** @param {number} seconds */
function seekTo(seconds) {
  if (latest === undefined || !latest.seekable || latest.duration === null) {
    showToast("Cannot seek: the stream is live", "bad");
    return;
  }
  const from = Math.min(Math.max(0, seconds), latest.duration);
  command("play", { from });
}

function showFullScreen() {
  return toggleFullScreen(picture.element);
}

/** @returns {Trouble | undefined} */
function trouble() {
  if (connection === "lost") {
    return {
      tone: "bad",
      what: "Connection lost, retrying",
      remedy:
        "The player does not answer. Is it still running? The terminal it was started in says why it ended.",
    };
  }
  if (latest !== undefined && latest.trouble !== null) {
    const retries = latest.state === "reconnecting";
    return {
      tone: retries ? "warn" : "bad",
      what: latest.trouble,
      remedy: retries
        ? "The player tries again by itself."
        : "Look after the server, then press PLAY.",
    };
  }
  if (latest !== undefined && latest.framesNotSaved > 0) {
    return {
      tone: "warn",
      what: `${
        count(latest.framesNotSaved)
      } frames not saved: the disk failed or was too slow`,
      remedy: "Make room on the disk, or save fewer frames with --keep.",
    };
  }
  return undefined;
}

function showState() {
  const { name, tone } = connection === "lost"
    ? { name: "No connection", tone: "bad" }
    : latest === undefined
    ? { name: "Connecting", tone: "waiting" }
    : STATES[latest.state];
  setText(byId("state-text"), name);
  setAttribute(byId("state"), "data-tone", tone);
  document.title = `${name} · Player · streamtool`;
}

/** @param {PlayerReport} report */
function show(report) {
  const state = STATES[report.state];
  if (latest !== undefined && latest.state !== report.state) {
    announce(state.name);
  }
  latest = report;
  setText(byId("url"), report.url);
  showState();
  banner.update(trouble());
  picture.idleReason = state.idle;
  picture.setAspect(report.width, report.height);
  for (const [name, button] of Object.entries(controls)) {
    button.setEnabled(state.buttons.includes(name));
  }
  progress.update({
    fraction: report.duration === null || report.duration === 0
      ? undefined
      : Math.min(1, report.position / report.duration),
    left: clock(report.position),
    right: report.duration === null ? "live" : clock(report.duration),
  });
  setText(
    byId("status"),
    `Status: ${state.name} | Frame: ${report.frame} | Bitrate: ${
      report.kbps.toFixed(0)
    } kbps | FPS: ${report.fps.toFixed(0)}`,
  );
  showStats(report);
  facts.update(report);
  const now = performance.now();
  if (now - graphedAt < GRAPH_INTERVAL_MS) return;
  graphedAt = now;
  const playing = report.state === "playing";
  graphs.loss.add(playing ? report.lossPercent : undefined);
  graphs.jitter.add(playing ? report.jitterMs ?? undefined : undefined);
  graphs.latency.add(
    playing ? report.latencyMs ?? undefined : undefined,
    playing ? report.assemblyMs : undefined,
  );
}

/** @param {PlayerReport} report */
function showStats(report) {
  const { framesLost, jitterMs, latencyMs, nominalFps } = report;
  stats.frame.update({
    value: report.frame === 0 ? NONE : frameNumber(report.frame),
    foot: report.width === 0 ? "" : `${report.width}×${report.height} px`,
  });
  stats.fps.update(
    nominalFps === null
      ? { value: short(report.fps), sample: report.fps }
      : { value: short(report.fps), foot: `of ${short(nominalFps)}` },
  );
  stats.bitrate.update({ ...bitrate(report.kbps), sample: report.kbps });
  stats.lost.update({
    value: count(framesLost),
    foot: `${count(report.framesReceived)} received`,
    ...framesLost > 0 ? { tone: /** @type {const} */ ("bad") } : {},
  });
  stats.jitter.update({
    value: jitterMs === null ? NONE : short(jitterMs),
    unit: "ms",
    ...jitterMs === null ? { foot: "not measured here" } : { sample: jitterMs },
  });
  stats.latency.update({
    value: latencyMs === null ? NONE : short(latencyMs),
    unit: "ms",
    ...latencyMs === null
      ? { foot: "the server tells no time" }
      : { sample: Math.max(0, latencyMs) },
  });
}

/**
 * The figures that are looked up and not watched.
 *
 * @param {HTMLElement} place
 */
function createFacts(place) {
  /** @type {Record<string, (report: PlayerReport) => string>} */
  const values = {
    "Transport": ({ transport, secure }) =>
      transport === null
        ? NONE
        : `${transport.toUpperCase()}${secure ? ", TLS" : ""}`,
    "Dialect": ({ dialect }) =>
      dialect === "lab" ? "course project" : "standard",
    "Received": ({ bytesReceived }) => text(bytes(bytesReceived)),
    "Packets received, lost": ({ packets }) =>
      `${count(packets.received)}, ${count(packets.lost)}`,
    "Packets twice, out of order": ({ packets }) =>
      `${count(packets.duplicates)}, ${count(packets.reordered)}`,
    "Packets late, unreadable": ({ packets }) =>
      `${count(packets.late)}, ${count(packets.invalid)}`,
    "Clock drift": ({ driftMs }) => `${driftMs.toFixed(1)} ms`,
    "Connected again": ({ reconnects }) => count(reconnects),
    "Frames saved": ({ framesSaved }) => count(framesSaved),
  };
  const cells = Object.entries(values).map(([label, value]) => {
    const cell = element("dd", { class: "figure" }, NONE);
    place.append(element("div", {}, element("dt", {}, label), cell));
    return { cell, value };
  });
  return {
    /** @param {PlayerReport} report */
    update(report) {
      for (const { cell, value } of cells) setText(cell, value(report));
    },
  };
}

/**
 * `75.4` → `1:15`; hours only where there are some.
 *
 * @param {number} seconds
 */
function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}
