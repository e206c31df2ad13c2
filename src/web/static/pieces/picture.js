// @ts-check
/**
 * A live picture: the canvas, the frame's number on it, and what is to be said
 * when it does not move.
 *
 * @module
 */

import { element, setAttribute, setText } from "./dom.js";

/** @typedef {import("./picture_pump.js").PicturePump} PicturePump */
/** @typedef {import("./picture_pump.js").Picture} Picture */

/** After this long without a frame a picture must not look live. */
const STALE_MS = 2000;

/** How often the page looks whether a picture has become old. */
const LOOK_MS = 250;

/** A picture this many times larger than its place is scaled down while it is decoded. */
const SHRINK_FROM = 1.5;

/** Pixels of a canvas for each CSS pixel, at most: sharper is dear and not seen. */
const MAX_DENSITY = 2;

/**
 * @typedef {object} PictureOptions
 * @property {PicturePump} pump
 * @property {string | undefined} url `undefined` when there is no picture to be had
 * @property {string} label for who cannot see it
 * @property {number} picturesPerSecond at most
 * @property {boolean} [eager] fetches the next picture while one is drawn: for one at full rate
 */

/** A live picture in an element of its own, from construction until `remove`. */
export class LivePicture {
  #canvas = element("canvas", { role: "img" });
  #number = element("span", { class: "picture-number figure", hidden: true });
  #message = element("span", { class: "picture-message" });
  /** The element to put into the page. */
  element = element(
    "div",
    { class: "picture", "data-stale": "true" },
    this.#canvas,
    this.#number,
    this.#message,
  );
  /** Number of the frame that is seen, -1 before the first. */
  frameNumber = -1;

  #pump;
  /** @type {number | undefined} when the frame on the canvas was published */
  #publishedAt;
  /** Width of the stream's pictures, 0 while unknown. */
  #streamWidth = 0;
  #inView = false;
  #frozen = false;
  #asking = true;
  #hasSource;
  #why = "";
  #stop = () => {};
  #observer = new IntersectionObserver((entries) => {
    this.#inView = entries.at(-1)?.isIntersecting ?? false;
    this.#pump.wake();
  });
  #timer = setInterval(() => this.#look(), LOOK_MS);

  /** @param {PictureOptions} options */
  constructor({ pump, url, label, picturesPerSecond, eager = false }) {
    this.#pump = pump;
    this.#hasSource = url !== undefined;
    this.#canvas.setAttribute("aria-label", label);
    this.#observer.observe(this.element);
    if (url !== undefined) {
      this.#stop = pump.add({
        url,
        picturesPerSecond,
        eager,
        wanted: () => this.#inView && this.#asking && !this.#frozen,
        draw: (picture) => this.#draw(picture),
      });
    }
    this.#look();
  }

  /** Why it stands still, when that is known: "Ended", "Not started". @param {string} why */
  set idleReason(why) {
    if (this.#why === why) return;
    this.#why = why;
    this.#look();
  }

  /** Whether it asks for pictures: what has failed has none. @param {boolean} asking */
  set asking(asking) {
    if (this.#asking === asking) return;
    this.#asking = asking;
    this.#pump.wake();
  }

  /** Holds the picture that is seen and says so. */
  get frozen() {
    return this.#frozen;
  }

  set frozen(/** @type {boolean} */ frozen) {
    this.#frozen = frozen;
    this.#look();
    this.#pump.wake();
  }

  /** The stream's proportions, so that nothing jumps when the first picture comes.
   * @param {number} width
   * @param {number} height */
  setAspect(width, height) {
    if (width <= 0 || height <= 0) return;
    this.#streamWidth = width;
    this.element.style.setProperty("--aspect", `${width} / ${height}`);
  }

  /** Asks no more; what is seen stays, grey, with the reason. */
  stop() {
    this.#stop();
    this.#publishedAt = undefined;
    this.#look();
  }

  /** Takes it out of the page. */
  remove() {
    this.#stop();
    clearInterval(this.#timer);
    this.#observer.disconnect();
    this.element.remove();
  }

  /** @param {Picture} picture */
  async #draw({ blob, number, ageMs }) {
    const publishedAt = performance.now() - ageMs;
    const density = Math.min(devicePixelRatio, MAX_DENSITY);
    const wanted = Math.round(this.element.clientWidth * density);
    /** @type {ImageBitmap} */
    let bitmap;
    try {
      // A full picture in each tile would cost ten times as much.
      bitmap = await createImageBitmap(
        blob,
        wanted > 0 && this.#streamWidth > wanted * SHRINK_FROM
          ? { resizeWidth: wanted, resizeQuality: "medium" }
          : {},
      );
    } catch {
      return; // not a picture: the one before stays and turns grey in time
    }
    if (!this.#frozen) {
      if (this.#canvas.width !== bitmap.width) {
        this.#canvas.width = bitmap.width;
      }
      if (this.#canvas.height !== bitmap.height) {
        this.#canvas.height = bitmap.height;
      }
      this.#canvas.getContext("2d", { alpha: false })?.drawImage(bitmap, 0, 0);
      this.frameNumber = number;
      this.#publishedAt = publishedAt;
      setText(this.#number, `#${number}`);
      this.#number.hidden = false;
      this.#look();
    }
    bitmap.close();
  }

  /** Greys what is old and says why. */
  #look() {
    const age = this.#publishedAt === undefined
      ? Infinity
      : performance.now() - this.#publishedAt;
    const stale = age > STALE_MS;
    setAttribute(
      this.element,
      "data-stale",
      String(stale && !this.#frozen),
    );
    this.#message.hidden = !stale && !this.#frozen;
    setText(this.#message, this.#sayWhy(age));
  }

  /** @param {number} age in milliseconds */
  #sayWhy(age) {
    if (this.#frozen) return `Frozen at frame #${this.frameNumber}`;
    if (!this.#hasSource) return "No picture from this peer";
    if (this.#why !== "") return this.#why;
    return age === Infinity
      ? "Waiting for a picture"
      : `No frame for ${Math.floor(age / 1000)} s`;
  }
}
