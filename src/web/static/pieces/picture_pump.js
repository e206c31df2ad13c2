// @ts-check
/**
 * Fetches live pictures for a page: the newest one of each source, again and
 * again, never more at once than the browser and the server can bear.
 *
 * @module
 */

/**
 * Browsers open six connections to a host (HTTP/1.1). One carries the events; the rest of the
 * room is for buttons and for a second window.
 */
const MAX_REQUESTS = 3;

/** Pictures a second of all tiles together: decoding is the page's dearest work. */
const PAGE_PICTURES_PER_SECOND = 60;

/** How long the server may hold a request when every source has a connection of its own. */
const LONG_WAIT_MS = 2000;

/** How long when sources share them: a source that stands still must not stop the others. */
const SHARED_WAIT_MS = 250;

/** First and longest pause after an answer without a picture. */
const PAUSE_MS = [100, 1000];

/**
 * @typedef {object} PictureSource
 * @property {string} url answers `?after=SEQUENCE&wait=MS` with a JPEG or 204
 * @property {number} picturesPerSecond at most
 * @property {boolean} eager fetches the next picture while one is drawn, and not after it
 * @property {() => boolean} wanted whether anybody sees it
 * @property {(picture: Picture) => Promise<void>} draw
 */

/**
 * @typedef {object} Picture
 * @property {Blob} blob
 * @property {number} number of the frame in its stream
 * @property {number} ageMs since the server published it
 */

/** @typedef {PictureSource & {sequence: string, dueAt: number, pauseMs: number, busy: boolean, drawing: Promise<void>}} Entry */

/** One per page. */
export class PicturePump {
  /** @type {Set<Entry>} */
  #entries = new Set();
  #requests = 0;
  #paused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /**
   * Fetches pictures of this source until the function it gives back is called.
   *
   * @param {PictureSource} source
   * @returns {() => void}
   */
  add(source) {
    const entry = {
      ...source,
      sequence: "0",
      dueAt: 0,
      pauseMs: PAUSE_MS[0] ?? 0,
      busy: false,
      drawing: Promise.resolve(),
    };
    this.#entries.add(entry);
    this.#schedule();
    return () => this.#entries.delete(entry);
  }

  /** Asks nothing while set: the server does not answer, and its absence is known. */
  set paused(/** @type {boolean} */ paused) {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#schedule();
  }

  /** Look again now: a source is wanted that was not. */
  wake() {
    this.#schedule();
  }

  /** How many are seen: what is scrolled away takes nothing from the others. */
  #wanted() {
    return [...this.#entries].filter((entry) => entry.wanted()).length;
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#paused) return;
    const now = performance.now();
    const ready = [...this.#entries]
      .filter((entry) => !entry.busy && entry.wanted())
      .sort((a, b) => a.dueAt - b.dueAt);
    for (const entry of ready) {
      if (this.#requests >= MAX_REQUESTS) return; // an answer schedules again
      if (entry.dueAt > now) {
        this.#timer = setTimeout(() => this.#schedule(), entry.dueAt - now);
        return;
      }
      this.#fetch(entry);
    }
  }

  /** @param {Entry} entry */
  async #fetch(entry) {
    entry.busy = true;
    this.#requests++;
    const askedAt = performance.now();
    const picture = await this.#ask(entry);
    this.#requests--;
    if (picture === undefined) {
      entry.dueAt = performance.now() + entry.pauseMs;
      entry.pauseMs = Math.min(entry.pauseMs * 2, PAUSE_MS[1] ?? 0);
    } else {
      const share = PAGE_PICTURES_PER_SECOND / Math.max(1, this.#wanted());
      const rate = Math.min(entry.picturesPerSecond, share);
      // All tiles at the same beats, so that they show the same moment where the chain does.
      const beat = 1000 / rate;
      entry.dueAt = (Math.floor(askedAt / beat) + 1) * beat;
      entry.pauseMs = PAUSE_MS[0] ?? 0;
      this.#schedule(); // others may go while this one is drawn
      await entry.drawing; // one is drawn, one waits, never more
      if (this.#entries.has(entry)) entry.drawing = entry.draw(picture);
      if (!entry.eager) await entry.drawing;
    }
    entry.busy = false;
    this.#schedule();
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<Picture | undefined>}
   */
  async #ask(entry) {
    const alone = this.#wanted() <= MAX_REQUESTS;
    const query = new URLSearchParams({
      after: entry.sequence,
      wait: String(alone ? LONG_WAIT_MS : SHARED_WAIT_MS),
    });
    try {
      const sign = entry.url.includes("?") ? "&" : "?";
      const response = await fetch(entry.url + sign + query);
      if (response.status !== 200) return undefined;
      const blob = await response.blob();
      const { headers } = response;
      entry.sequence = headers.get("x-frame-seq") ?? "0";
      return {
        blob,
        number: Number(headers.get("x-frame-number") ?? -1),
        ageMs: Number(headers.get("x-frame-age") ?? 0),
      };
    } catch {
      return undefined; // the events say that the connection is lost
    }
  }
}
