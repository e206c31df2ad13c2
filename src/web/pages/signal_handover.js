// @ts-check
/**
 * From one quality of a film to another while it plays: a second element plays
 * what is there of the one before, over the first, until the new one has a
 * picture at the same position.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";

/** The one before is on again within this, or the change is made without it, ms. */
const BEGIN_MS = 3000;
/** The new one has a picture within this, or what it has is shown, ms. */
const END_MS = 15_000;
/** What beginning to play takes, seconds. */
const LEAD_S = 0.1;
/** The two are together when they are no farther apart, seconds. */
const TOGETHER_S = 0.3;
/** How often that is looked at, ms. */
const LOOK_MS = 50;

/**
 * @param {HTMLVideoElement} video plays the film
 * @param {string} url the film in another quality
 */
export async function handOver(video, url) {
  const before = element("video", {
    class: "party-before",
    playsinline: true,
    tabindex: -1,
    "aria-hidden": "true",
    src: video.currentSrc,
  });
  before.volume = video.volume;
  before.muted = video.muted;
  before.playbackRate = video.playbackRate;
  try {
    await event(before, "loadedmetadata", BEGIN_MS);
    before.currentTime = video.currentTime + LEAD_S;
    await event(before, "seeked", BEGIN_MS);
    await before.play();
    video.after(before);
  } catch {
    video.src = url; // the film stops for a moment, which is all that happens
    return;
  }
  video.src = url;
  const until = performance.now() + END_MS;
  while (performance.now() < until && !before.ended && before.isConnected) {
    const apart = Math.abs(video.currentTime - before.currentTime);
    if (video.readyState >= 3 && !video.seeking && apart < TOGETHER_S) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  before.remove();
  before.removeAttribute("src");
  before.load();
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} name
 * @param {number} within ms
 * @returns {Promise<void>}
 */
function event(video, name, within) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("late")), within);
    video.addEventListener(name, () => {
      clearTimeout(late);
      resolve();
    }, { once: true });
    video.addEventListener("error", () => reject(new Error("error")), {
      once: true,
    });
  });
}
