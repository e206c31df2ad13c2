// @ts-check
/**
 * A peer's page, the window of the design: the live picture at full rate and
 * how well it arrives.
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
  latency,
  NONE,
  short,
  text,
} from "../static/pieces/format.js";
import { createGraph } from "../static/pieces/graph.js";
import { icon, setIcon } from "../static/pieces/icons.js";
import { createLiveRegion } from "../static/pieces/live_region.js";
import { LivePicture } from "../static/pieces/picture.js";
import { PicturePump } from "../static/pieces/picture_pump.js";
import {
  createSnapshotButton,
  toggleFullScreen,
} from "../static/pieces/picture_tools.js";
import { listenForShortcuts } from "../static/pieces/shortcuts.js";
import { createStat } from "../static/pieces/stat.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { CONNECTING, NO_CONNECTION, REPORT_STATES } from "./chain_words.js";

/** @typedef {import("../../chain/report.ts").PeerReport} PeerReport */
/** @typedef {import("../static/pieces/banner.js").Trouble} Trouble */

/** No screen shows more, and no source of ours sends more. */
const FULL_RATE = 60;

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
  frame: createStat("Newest frame"),
  fps: createStat("Frames a second"),
  bitrate: createStat("Bitrate"),
  hop: createStat("Hop latency, p50"),
  lost: createStat("Lost frames"),
  duplicates: createStat("Duplicates"),
};
const latencyGraph = createGraph({
  title: "Hop latency",
  unit: "ms",
  series: ["p50", "p99"],
});
const fpsGraph = createGraph({
  title: "Frame rate",
  unit: "frames/s",
  series: ["received"],
});

/** @type {PeerReport | undefined} */
let latest;
/** @type {import("../static/pieces/events.js").Connection} */
let connection = "connecting";

const freeze = createButton({
  label: "Freeze",
  icon: "pause",
  key: "Space",
  run: () => {
    picture.frozen = !picture.frozen;
    if (picture.frozen) freeze.setLabel("Continue", "play");
    else freeze.setLabel("Freeze", "pause");
    announce(picture.frozen ? "Frozen" : "Live");
  },
});
const snapshot = createSnapshotButton({
  server: "peer",
  name: (number) =>
    `peer_${latest?.name ?? ""}_${
      (number ?? String(picture.frameNumber)).padStart(6, "0")
    }.jpg`,
});
const fullScreen = createButton({
  label: "Full screen",
  icon: "fullscreen",
  kind: "icon",
  key: "f",
  run: showFullScreen,
});
const showHelp = listenForShortcuts([
  {
    key: " ",
    name: "Space",
    does: "Freeze the picture, or continue",
    run: freeze.press,
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
  createToolbar(
    "Picture",
    freeze.element,
    snapshot.element,
    fullScreen.element,
    help.element,
  ),
);
byId("banner").replaceWith(banner.element);
byId("window").replaceWith(picture.element);
byId("stats").append(...Object.values(stats).map(({ element }) => element));
byId("graphs").append(latencyGraph.element, fpsGraph.element);
const path = createPath(byId("path"));
const facts = createFacts(byId("facts"));

connectEvents("/api/events", {
  onData: show,
  onConnection(next) {
    if (next === connection) return;
    if (next === "lost") announce("Connection to the peer lost, retrying");
    else if (connection === "lost") announce("Connected again");
    connection = next;
    document.body.dataset.connection = next;
    pump.paused = next === "lost";
    banner.update(trouble());
    showState();
  },
});

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
        "The peer does not answer. Is it still running? Its log file says why it ended.",
    };
  }
  if (latest?.state === "connecting") {
    return {
      tone: "warn",
      what: "Not registered: the coordinator does not answer",
      remedy: "Start the coordinator; this peer tries again by itself.",
    };
  }
  if (latest !== undefined && latest.framesNotSaved > 0) {
    return {
      tone: "warn",
      what: `${
        count(latest.framesNotSaved)
      } frames not saved: the disk failed or was too slow`,
      remedy:
        "Make room on the disk, or save fewer frames with --keep or none with --no-save.",
    };
  }
  return undefined;
}

function showState() {
  const { state, tone } = connection === "lost"
    ? NO_CONNECTION
    : latest === undefined
    ? CONNECTING
    : REPORT_STATES[latest.state];
  setText(byId("state-text"), state);
  setAttribute(byId("state"), "data-tone", tone);
  document.title = `${state} · Peer ${latest?.name ?? ""} · streamtool`;
}

/** @param {PeerReport} report */
function show(report) {
  if (latest !== undefined && latest.state !== report.state) {
    announce(REPORT_STATES[report.state].state);
  }
  latest = report;
  setText(byId("name"), `Peer ${report.name}`);
  showState();
  banner.update(trouble());
  picture.idleReason = REPORT_STATES[report.state].idleReason;
  picture.setAspect(report.width, report.height);
  showStats(report);
  path.update(report);
  facts.update(report);
  const measured = report.hopLatency.count > 0;
  latencyGraph.add(
    measured ? report.hopLatency.p50 : undefined,
    measured ? report.hopLatency.p99 : undefined,
  );
  fpsGraph.add(report.fps);
}

/** @param {PeerReport} report */
function showStats(report) {
  const { framesInStream, hopLatency } = report;
  stats.frame.update({
    value: frameNumber(report.frameNumber),
    foot: report.width === 0 ? "" : `${report.width}×${report.height} px`,
  });
  stats.fps.update({ value: short(report.fps), sample: report.fps });
  stats.bitrate.update({ ...bitrate(report.kbps), sample: report.kbps });
  stats.hop.update({
    ...latency(hopLatency, "p50"),
    ...hopLatency.count > 0 ? { sample: hopLatency.p50 } : {},
  });
  stats.lost.update({
    value: count(report.framesLost),
    foot: framesInStream === null
      ? `${count(report.framesReceived)} received`
      : `${count(report.framesReceived)} of ${count(framesInStream)} received`,
    ...report.framesLost > 0 ? { tone: "bad" } : {},
  });
  stats.duplicates.update({
    value: count(report.duplicates),
    foot: "datagrams dropped",
  });
}

/**
 * Upstream → this peer → downstream.
 *
 * @param {HTMLElement} place
 */
function createPath(place) {
  const arrow = icon("arrow");
  const onward = icon("arrow");
  const from = element("b");
  const here = element("b");
  const to = element("b");
  const toWhere = element("span", { class: "second figure" });
  place.append(
    element("span", { class: "path-stop" }, "from ", from),
    element("span", { class: "path-stop" }, arrow, here),
    element("span", { class: "path-stop" }, onward, "to ", to, toWhere),
  );
  return {
    /** @param {PeerReport} report */
    update({ name, upstream, downstream, wire }) {
      setIcon(arrow, wire === "strandcast" ? "dashed" : "arrow");
      setIcon(onward, downstream?.wire === "strandcast" ? "dashed" : "arrow");
      setText(from, upstream ?? "Coordinator");
      setText(here, name);
      setText(to, downstream?.name ?? "nobody: last in the chain");
      setText(
        toWhere,
        downstream === null ? "" : `${downstream.host}:${downstream.port}`,
      );
    },
  };
}

/**
 * The figures that are looked up and not watched.
 *
 * @param {HTMLElement} place
 */
function createFacts(place) {
  /** @type {Record<string, (report: PeerReport) => string>} */
  const values = {
    "Hop latency, p99": ({ hopLatency }) => text(latency(hopLatency, "p99")),
    "Chain latency, p50": ({ chainLatency }) =>
      text(latency(chainLatency, "p50")),
    "Chain latency, p99": ({ chainLatency }) =>
      text(latency(chainLatency, "p99")),
    "Received": ({ bytesReceived }) => text(bytes(bytesReceived)),
    "Datagrams in, out": ({ datagramsReceived, datagramsForwarded }) =>
      `${count(datagramsReceived)}, ${count(datagramsForwarded)}`,
    "Datagrams unreadable": ({ corrupt }) => count(corrupt),
    "Frames that are no JPEG": ({ invalidFrames }) => count(invalidFrames),
    "Frames saved": ({ framesSaved }) => count(framesSaved),
    "Frames not saved": ({ framesNotSaved }) => count(framesNotSaved),
    "Wire in": ({ wire }) => wire ?? NONE,
  };
  const cells = Object.entries(values).map(([label, value]) => {
    const cell = element("dd", { class: "figure" }, NONE);
    place.append(element("div", {}, element("dt", {}, label), cell));
    return { cell, value };
  });
  return {
    /** @param {PeerReport} report */
    update(report) {
      for (const { cell, value } of cells) setText(cell, value(report));
    },
  };
}
