// @ts-check
/**
 * The video of a room: its controls, and what keeps it where the room is.
 *
 * @module
 */

import {
  effectiveRate,
  positionAt,
  SyncSteering,
} from "../../signaling/mod.ts";
import { element, setText } from "../static/pieces/dom.js";
import { clock } from "../static/pieces/format.js";
import { createProgress } from "../static/pieces/progress.js";
import { createButton, createToolbar } from "../static/pieces/toolbar.js";
import { handOver } from "./signal_handover.js";

/** @typedef {import("../../signaling/mod.ts").PartyClient} PartyClient */

/** Without a picture for this long the position is read from the element, ms. */
const NO_FRAME_MS = 600;
/** How often that is looked at, ms. */
const LOOK_MS = 250;
/** Pieces of the strip that shows what is there. */
const STRIP_PIECES = 100;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/**
 * @param {object} options
 * @param {() => PartyClient | undefined} options.client
 * @param {(message: string) => void} options.onFailure
 * @param {() => void} options.onFirstFrame
 */
export function createPlayer({ client, onFailure, onFirstFrame }) {
  const video = element("video", {
    playsinline: true,
    preload: "auto",
    tabindex: -1,
  });
  const message = element("p", { class: "party-message" }, "No film yet");
  const screen = element("div", { class: "party-screen" }, video, message);
  const strip = element("div", { class: "party-strip", "aria-hidden": "true" });
  for (let piece = 0; piece < STRIP_PIECES; piece++) {
    strip.append(element("i"));
  }
  const progress = createProgress({
    label: "Position in the film",
    onSeek: (fraction) => seekTo(fraction * duration()),
  });
  const play = createButton({
    label: "Play",
    icon: "play",
    kind: "play",
    key: "Space",
    run: toggle,
  });
  const full = createButton({
    label: "Full screen",
    icon: "fullscreen",
    kind: "icon",
    key: "f",
    run: toggleFullScreen,
  });
  const volume = element("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    class: "party-volume",
    "aria-label": "Volume, for this page only",
    oninput: () => setVolume(),
  });
  const speed = element(
    "select",
    {
      class: "select",
      "aria-label": "Speed, for everybody",
      onchange: () =>
        client()?.control({ action: "speed", speed: Number(speed.value) }),
    },
    ...SPEEDS.map((value) =>
      element("option", { value, selected: value === 1 }, `${value}×`)
    ),
  );
  const captionsBox = element("input", {
    type: "checkbox",
    checked: true,
    onchange: () => {
      if (track !== undefined) {
        track.mode = captionsBox.checked ? "showing" : "hidden";
      }
    },
  });
  const captions = element(
    "label",
    { class: "check", hidden: true },
    captionsBox,
    " Subtitles",
  );
  const controls = createToolbar(
    "Film",
    play.element,
    speed,
    volume,
    captions,
    full.element,
  );

  const steering = new SyncSteering();
  /** @type {TextTrack | undefined} */
  let track;
  /** Another quality is on its way, and what plays meanwhile lies over our element. */
  let changing = false;
  /** @type {number | undefined} */
  let drift;
  let lastFrameAt = -Infinity;
  let firstFrame = false;
  let mayControl = false;
  /** What somebody has set for all; everybody is free to change it for themselves. */
  let roomVolume = 1;
  /** @type {import("./signal_film.js").ReceivedFilm | undefined} */
  let film;
  /** Drifts of the last frames, for tests and people who look. @type {number[]} */
  const drifts = [];

  function setVolume() {
    video.volume = Number(volume.value);
    video.muted = video.volume === 0;
  }

  function duration() {
    return Number.isFinite(video.duration) ? video.duration : 0;
  }

  /** Film seconds a second that the room makes now. */
  function roomRate() {
    const party = client();
    return party === undefined ? 0 : effectiveRate(party.state.playback);
  }

  function toggle() {
    const party = client();
    if (party === undefined || !mayControl) return;
    const { playing } = party.state.playback;
    const ended = duration() > 0 && party.position() >= duration() - 0.1;
    party.control({
      action: playing && !ended ? "pause" : "play",
      time: ended ? 0 : Math.min(party.position(), duration() || Infinity),
    });
  }

  /** @param {number} to */
  function seekTo(to) {
    const party = client();
    if (party === undefined || !mayControl || duration() === 0) return;
    party.control({
      action: "seek",
      time: Math.min(Math.max(0, to), duration()),
    });
  }

  async function toggleFullScreen() {
    if (document.fullscreenElement === null) await screen.requestFullscreen();
    else await document.exitFullscreen();
  }

  /**
   * Where the room is, and how fast it goes, at a moment of our clock.
   *
   * @param {number} at ms
   */
  function roomAt(at) {
    const party = client();
    if (party === undefined) return { target: 0, rate: 0 };
    const { playback } = party.state;
    const all = duration() || Infinity;
    const target = Math.min(positionAt(playback, party.toServer(at)), all);
    const atEnd = target >= all - 0.05;
    return { target, rate: atEnd ? 0 : effectiveRate(playback) };
  }

  /**
   * One measurement and what follows from it.
   *
   * @param {number} actual
   * @param {number} at ms of our clock
   */
  function steer(actual, at) {
    const party = client();
    if (party === undefined || video.readyState < 1) return;
    const { target, rate } = roomAt(at);
    if (rate > 0 && video.paused) {
      video.play().catch((error) => {
        if (error.name === "NotAllowedError") askForPress();
      });
    }
    if (rate === 0 && !video.paused) video.pause();
    const action = steering.update({
      now: performance.now(),
      target,
      rate,
      actual,
      ready: video.readyState >= 2 && !video.seeking,
    });
    drift = steering.driftMs;
    if (drift !== undefined && rate > 0 && !video.seeking) {
      drifts.push(1000 * (actual - target));
      if (drifts.length > 600) drifts.shift();
    }
    if (action.type === "seek") video.currentTime = action.to;
    else if (action.type === "rate") video.playbackRate = action.rate;
  }

  function askForPress() {
    video.muted = true;
    volume.value = "0";
    video.play().catch(() => {});
    onFailure("sound");
  }

  /**
   * @param {number} _now
   * @param {VideoFrameCallbackMetadata} metadata
   */
  function onFrame(_now, metadata) {
    lastFrameAt = performance.now();
    if (!firstFrame) {
      firstFrame = true;
      onFirstFrame();
    }
    steer(metadata.mediaTime, metadata.expectedDisplayTime);
    video.requestVideoFrameCallback(onFrame);
  }

  video.requestVideoFrameCallback?.(onFrame);
  video.addEventListener("seeked", () => steering.seeked(performance.now()));
  video.addEventListener(
    "loadeddata",
    () => steer(video.currentTime, performance.now()),
  );
  video.addEventListener("error", () => {
    if (!video.getAttribute("src")) return;
    onFailure(
      video.error?.code === 4
        ? "codec"
        : `The film stopped: ${video.error?.message ?? "unknown reason"}`,
    );
  });
  setInterval(() => {
    const now = performance.now();
    // A player that stands still or lies behind other windows shows no frames.
    if (now - lastFrameAt > NO_FRAME_MS || video.paused) {
      steer(video.currentTime, now);
    }
    show();
  }, LOOK_MS);

  function show() {
    const party = client();
    const playback = party?.state.playback;
    const all = duration();
    const position = all === 0 ? 0 : video.currentTime;
    if (all > 0) film?.setPlayhead(position / all);
    progress.update({
      fraction: all === 0 ? 0 : position / all,
      left: clock(position),
      right: clock(all),
    });
    const has = film?.strip(STRIP_PIECES);
    [...strip.children].forEach((piece, index) =>
      piece.classList.toggle("is-there", has?.[index] ?? film === undefined)
    );
    if (playback === undefined) return;
    const ended = all > 0 && position >= all - 0.1;
    if (playback.playing && !ended) play.setLabel("Pause", "pause");
    else play.setLabel("Play", "play");
    if (document.activeElement !== speed) speed.value = String(playback.rate);
    const waiting = playback.waitingFor.length;
    setText(
      message,
      !video.getAttribute("src")
        ? "No film yet"
        : waiting > 0
        ? `Waits for ${waiting} of us to buffer`
        : playback.playing && video.readyState < 3 && !ended && !changing
        ? "Buffering…"
        : "",
    );
  }

  /** @returns {import("../../signaling/mod.ts").PeerStatus["state"]} */
  function state() {
    if (!video.getAttribute("src")) return "idle";
    const playback = client()?.state.playback;
    if (duration() > 0 && video.currentTime >= duration() - 0.1) return "ended";
    if (
      !changing && playback?.playing && (video.readyState < 3 || video.seeking)
    ) return "buffering";
    return playback?.playing ? "playing" : "paused";
  }

  function bufferedS() {
    const { buffered, currentTime } = video;
    let ahead = 0;
    for (let index = 0; index < buffered.length; index++) {
      if (
        buffered.start(index) <= currentTime + 0.1 &&
        buffered.end(index) > currentTime
      ) ahead = buffered.end(index) - currentTime;
    }
    if (film !== undefined && duration() > 0) {
      const { totalChunks } = film.manifest;
      const chunk = Math.floor(currentTime / duration() * totalChunks);
      const run = film.receiver.runFrom(chunk) / totalChunks * duration();
      ahead = Math.max(ahead, Math.min(run, duration() - currentTime));
    }
    return ahead;
  }

  return {
    screen,
    controls,
    /**
     * Shows these with the picture: the browser's own clock of the film has them in time.
     *
     * @param {import("../../signaling/mod.ts").Subtitles | undefined} subtitles
     */
    setSubtitles(subtitles) {
      if (track !== undefined) track.mode = "hidden"; // a disabled one shows no cues to us
      for (const cue of [...track?.cues ?? []]) track?.removeCue(cue);
      captions.hidden = subtitles === undefined;
      if (subtitles === undefined) return;
      track ??= video.addTextTrack("subtitles", subtitles.title);
      for (const [start, end, text] of subtitles.cues) {
        track.addCue(new VTTCue(start / 1000, end / 1000, text));
      }
      track.mode = captionsBox.checked ? "showing" : "hidden";
    },
    progress: element(
      "div",
      { class: "party-progress" },
      strip,
      progress.element,
    ),
    video,
    toggle,
    toggleFullScreen,
    /** @param {number} by */
    skip: (by) => seekTo((client()?.position() ?? 0) + by),
    /** Plays this address; a film that comes in chunks is told where we are. */
    load(
      /** @type {string | undefined} */ url,
      /** @type {import("./signal_film.js").ReceivedFilm | undefined} */ from,
    ) {
      film = from;
      firstFrame = false;
      steering.reset();
      if (url === undefined) {
        video.removeAttribute("src");
        video.load();
      } else video.src = url;
    },
    /**
     * Goes over to the same film in another quality, and plays on meanwhile.
     *
     * @param {string} url
     * @param {import("./signal_film.js").ReceivedFilm} to
     */
    async change(url, to) {
      film = to;
      steering.reset();
      changing = true;
      await handOver(video, url);
      changing = false;
    },
    /** Whether a film is on that could be gone over from. */
    get isPlaying() {
      return !changing && state() === "playing" && video.readyState >= 2;
    },
    /** The room's position was set by somebody. */
    jumped() {
      const now = performance.now();
      const set = client()?.state.playback.volume ?? roomVolume;
      if (set !== roomVolume) {
        roomVolume = set;
        volume.value = String(set);
        setVolume();
      }
      const { target, rate } = roomAt(now);
      if (video.readyState < 1) return;
      const actual = video.currentTime;
      const action = steering.jump({ now, target, rate, actual });
      if (action.type === "seek") video.currentTime = action.to;
      steer(video.currentTime, now);
    },
    /** @param {boolean} may */
    setControl(may) {
      mayControl = may;
      play.setEnabled(may);
      speed.disabled = !may;
    },
    figures: () => ({
      driftMs: roomRate() > 0 ? drift : undefined,
      bufferedS: bufferedS(),
      state: state(),
      rate: video.playbackRate,
      drifts,
    }),
  };
}
