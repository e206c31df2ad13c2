// @ts-check
/**
 * What is on, who watches, how well? The answer in one sentence, made of what
 * the server has measured and the viewers have reported.
 *
 * @module
 */

import { count, plural, short } from "../static/pieces/format.js";
import { BAD_LOSS, percent, viewerName } from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").ServerReport} ServerReport */
/** @typedef {import("../../services/rtsp_server/report.ts").SessionReport} SessionReport */
/** @typedef {import("../../services/rtsp_server/report.ts").StreamReport} StreamReport */
/** @typedef {import("../static/pieces/verdict.js").Verdict} Verdict */

/** More names than these are a number. */
const MAX_NAMES = 3;

/**
 * @param {ServerReport} report
 * @param {ServerReport} [before] one of some seconds ago: who skips frames is seen by comparing
 * @returns {Verdict}
 */
export function judge(report, before) {
  const { streams, sessions } = report;
  if (streams.length === 0) {
    return { tone: "none", answer: "No stream to watch", reason: "" };
  }
  const lost = streams.filter(({ state, viewers }) =>
    state === "retrying" && viewers > 0
  );
  if (lost.length > 0) return judgeLostSources(lost);
  const playing = sessions.filter(({ state }) => state === "playing");
  if (playing.length === 0) {
    return {
      tone: "none",
      answer: sessions.length === 0
        ? "Nobody watches"
        : `${plural(sessions.length, "viewer")} connected, none plays`,
      reason: onOffer(streams),
    };
  }
  return judgeViewers(report, playing, before);
}

/**
 * @param {readonly StreamReport[]} lost
 * @returns {Verdict}
 */
function judgeLostSources(lost) {
  const viewers = lost.reduce((sum, { viewers }) => sum + viewers, 0);
  return {
    tone: "bad",
    answer: `${names(lost.map(({ name }) => name), "streams")} ${
      lost.length === 1 ? "has lost its source" : "have lost their sources"
    }, ${plural(viewers, "viewer")} ${viewers === 1 ? "waits" : "wait"}`,
    reason: "",
  };
}

/**
 * @param {ServerReport} report
 * @param {readonly SessionReport[]} playing
 * @param {ServerReport | undefined} before
 * @returns {Verdict}
 */
function judgeViewers({ seconds }, playing, before) {
  const lossy = playing
    .filter(({ fractionLost }) => (fractionLost ?? 0) > 0)
    .sort((a, b) => (b.fractionLost ?? 0) - (a.fractionLost ?? 0));
  const skipped = skippedSince(playing, before);
  if (lossy.length === 0 && skipped.length === 0) return judgeGood(playing);
  const [worst] = lossy;
  const [slowest] = skipped;
  const suffering = new Set([
    ...lossy,
    ...skipped.map(({ session }) => session),
  ]);
  const [first] = suffering;
  const only = suffering.size === 1 && first !== undefined
    ? viewerName(first)
    : undefined;
  const of = `${count(suffering.size)} of ${plural(playing.length, "viewer")}`;
  const one = suffering.size === 1;
  const what = worst === undefined
    ? one ? "is too slow" : "are too slow"
    : one
    ? "loses packets"
    : skipped.length === 0
    ? "lose packets"
    : "lose packets or are too slow";
  const share = `${percent(worst?.fractionLost ?? 0)} % of its packets`;
  return {
    tone: (worst?.fractionLost ?? 0) >= BAD_LOSS ? "bad" : "warn",
    answer: `${only ?? of} ${what}`,
    reason: [
      ...worst === undefined ? [] : [
        only === undefined
          ? `${lossy.length === 1 ? "" : "Most: "}${
            viewerName(worst)
          } on ${worst.stream}, ${share} as it last reported.`
          : `On ${worst.stream}: ${share}, as it last reported.`,
      ],
      ...slowest === undefined ? [] : [
        `${viewerName(slowest.session)} on ${slowest.session.stream}: ${
          plural(slowest.frames, "frame")
        } skipped in the last ${
          Math.round(seconds - (before?.seconds ?? 0))
        } s.`,
      ],
    ].join(" "),
  };
}

/**
 * @param {readonly SessionReport[]} playing
 * @returns {Verdict}
 */
function judgeGood(playing) {
  const reported = playing.filter(({ fractionLost }) => fractionLost !== null);
  const [first] = playing;
  if (reported.length === 0) {
    return {
      tone: "none",
      answer: playing.length === 1 && first !== undefined
        ? `${viewerName(first)} watches ${first.stream}`
        : `${plural(playing.length, "viewer")} watch`,
      reason:
        "How well is not known yet: no player has reported. Most do within 5 s, the teaching lab's never.",
    };
  }
  const jitter = playing
    .filter(({ jitterMs }) => jitterMs !== null)
    .sort((a, b) => (b.jitterMs ?? 0) - (a.jitterMs ?? 0))[0];
  const answer = playing.length === 1 && first !== undefined
    ? `${viewerName(first)} gets every packet of ${first.stream}`
    : reported.length === playing.length
    ? `${playing.length === 2 ? "Both" : `All ${count(playing.length)}`} ` +
      "viewers get every packet"
    : reported.length === 1
    ? `No loss at the only one of ${count(playing.length)} viewers that reports`
    : `No loss at the ${count(reported.length)} of ${
      plural(playing.length, "viewer")
    } that report`;
  return {
    tone: "good",
    answer,
    reason: jitter === undefined || jitter.jitterMs === null
      ? ""
      : `${playing.length === 1 ? "Jitter" : "Most jitter"}: ${
        short(jitter.jitterMs)
      } ms${playing.length === 1 ? "" : ` at ${viewerName(jitter)}`}.`,
  };
}

/**
 * Who was too slow for frames since, most first.
 *
 * @param {readonly SessionReport[]} playing
 * @param {ServerReport | undefined} before
 */
function skippedSince(playing, before) {
  const known = new Map(
    before?.sessions.map(({ id, framesSkipped }) => [id, framesSkipped]),
  );
  return playing.flatMap((session) => {
    const frames = session.framesSkipped -
      (known.get(session.id) ?? session.framesSkipped);
    return frames > 0 ? [{ session, frames }] : [];
  }).sort((a, b) => b.frames - a.frames);
}

/** @param {readonly StreamReport[]} streams */
function onOffer(streams) {
  const failed = streams.filter(({ state }) => state === "failed");
  const fit = streams.length - failed.length;
  return fit === 0
    ? "No stream can be played."
    : `${plural(fit, "stream")} can be watched${
      failed.length === 0 ? "" : `, ${count(failed.length)} cannot`
    }.`;
}

/**
 * @param {readonly string[]} all
 * @param {string} noun
 */
export function names(all, noun) {
  return all.length > MAX_NAMES
    ? `${count(all.length)} ${noun}`
    : all.join(", ");
}
