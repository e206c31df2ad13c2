// @ts-check
/**
 * Is every peer showing the same moment? The answer in one sentence, made of
 * what the peers have measured.
 *
 * @module
 */

import { count, duration, plural, text } from "../static/pieces/format.js";

/** @typedef {import("../../chain/report.ts").ChainPeerView} ChainPeerView */
/** @typedef {import("../../chain/report.ts").ChainSnapshot} ChainSnapshot */
/** @typedef {import("../../chain/report.ts").PeerReport} PeerReport */
/** @typedef {import("../static/pieces/verdict.js").Verdict} Verdict */

/**
 * @param {ChainSnapshot} snapshot
 * @returns {Verdict}
 */
export function judge(snapshot) {
  const { peers, state } = snapshot;
  const reports = peers.flatMap(({ state, report }) =>
    state === "live" && report !== null ? [report] : []
  );
  if (peers.length === 0) {
    return { tone: "none", answer: "No peer in the chain", reason: "" };
  }
  const silent = peers.filter(({ state }) => state === "silent");
  if (silent.length > 0) {
    return {
      tone: "bad",
      answer: `${names(silent)} ${silent.length === 1 ? "is" : "are"} silent`,
      reason:
        "If it is gone for good, its neighbours close the gap by themselves.",
    };
  }
  if (state === "waiting") {
    return {
      tone: "none",
      answer: `${plural(peers.length, "peer")} ready, not started`,
      reason: "Start sends the video to all of them.",
    };
  }
  if (reports.length === 0) {
    return {
      tone: "none",
      answer: "Not known: no peer reports",
      reason: "StrandCast peers play the video and measure nothing.",
    };
  }
  return state === "ended" ? judgeEnd(reports) : judgeMoment(snapshot, reports);
}

/**
 * @param {ChainSnapshot} snapshot
 * @param {readonly PeerReport[]} reports
 * @returns {Verdict}
 */
function judgeMoment({ peers, targetFps, congestion }, reports) {
  if (congestion !== undefined && congestion.tightAt !== null) {
    const sent = text({
      value: (congestion.share * 100).toFixed(0),
      unit: "%",
    });
    return {
      tone: "warn",
      answer: `The hop to ${congestion.tightAt} is too narrow`,
      reason: congestion.share < 1
        ? `It does not carry all of the video: ${sent} of it are sent until it does, with coarser pictures or fewer of them.`
        : "It does not carry all of the video. Start the coordinator with --adapt to send less of it, or with a lower --quality.",
    };
  }
  const measured = reports.filter(({ chainLatency }) => chainLatency.count > 0);
  const waiting = reports.filter((report) => !measured.includes(report));
  const furthest =
    measured.toSorted((a, b) => b.chainLatency.p50 - a.chainLatency.p50)[0];
  if (furthest === undefined) {
    return {
      tone: "none",
      answer: "The first frame is on its way",
      reason: `Waiting: ${names(waiting)}.`,
    };
  }
  const frameMs = 1000 / targetFps;
  const behind = furthest.chainLatency.p50;
  const within = behind <= frameMs;
  const distance = `${furthest.name} is furthest behind the coordinator: ` +
    `${text(duration(behind))}, ${within ? "less" : "more"} than one frame (${
      text(duration(frameMs))
    }).`;
  const reason = [distance, ...remarks(peers, reports, waiting)].join(" ");
  if (!within) {
    const hop = measured.toSorted((a, b) =>
      b.hopLatency.p50 - a.hopLatency.p50
    )[0];
    return {
      tone: "warn",
      answer: `${furthest.name} shows an older moment`,
      reason: hop === undefined
        ? reason
        : `${reason} The slowest hop leads to ${hop.name}.`,
    };
  }
  if (waiting.length > 0) {
    return {
      tone: "warn",
      answer: `${names(waiting)} ${
        waiting.length === 1 ? "has" : "have"
      } no picture yet`,
      reason,
    };
  }
  return {
    tone: "good",
    answer: measured.length === 1
      ? `${furthest.name} shows the same moment as the coordinator`
      : `${all(measured.length)} ${
        measured.length < peers.length ? "peers that report " : "peers "
      }show the same moment`,
    reason,
  };
}

/**
 * @param {readonly ChainPeerView[]} peers
 * @param {readonly PeerReport[]} reports
 * @param {readonly PeerReport[]} waiting
 */
function remarks(peers, reports, waiting) {
  const legacy = peers.filter(({ state }) => state === "legacy");
  const lossy = reports.filter(({ framesLost }) => framesLost > 0);
  return [
    ...waiting.length > 0
      ? [`Waiting for a first frame: ${names(waiting)}.`]
      : [],
    ...legacy.length > 0
      ? [
        `${names(legacy)} ${
          legacy.length === 1 ? "speaks" : "speak"
        } StrandCast and ${
          legacy.length === 1 ? "reports" : "report"
        } nothing.`,
      ]
      : [],
    ...lossy.length > 0
      ? [
        `Lost so far: ${
          lossy.map(({ name, framesLost }) =>
            `${name} ${plural(framesLost, "frame")}`
          )
            .join(", ")
        }.`,
      ]
      : [],
  ];
}

/**
 * @param {readonly PeerReport[]} reports
 * @returns {Verdict}
 */
function judgeEnd(reports) {
  const unfinished = reports.filter(({ framesInStream }) =>
    framesInStream === null
  );
  if (unfinished.length > 0) {
    return {
      tone: "none",
      answer: "Ended at the coordinator",
      reason: `The end is still on its way to ${names(unfinished)}.`,
    };
  }
  const short = reports.filter(({ framesReceived, framesInStream }) =>
    framesReceived < (framesInStream ?? 0)
  );
  if (short.length === 0) {
    return {
      tone: "good",
      answer: reports.length === 1
        ? `Every frame arrived at ${reports[0]?.name}`
        : `Every frame arrived at ${all(reports.length).toLowerCase()} peers`,
      reason: `${
        plural(reports[0]?.framesInStream ?? 0, "frame")
      } in the stream.`,
    };
  }
  return {
    tone: "warn",
    answer: `${names(short)} ${
      short.length === 1 ? "has" : "have"
    } not every frame`,
    reason: `${
      short.map(({ name, framesReceived, framesInStream }) =>
        `${name}: ${count(framesReceived)} of ${count(framesInStream ?? 0)}`
      ).join(", ")
    }.`,
  };
}

/** @param {number} number at least 2 */
function all(number) {
  return number === 2 ? "Both" : `All ${count(number)}`;
}

/** @param {readonly {name: string}[]} peers */
function names(peers) {
  return peers.map(({ name }) => name).join(", ");
}
