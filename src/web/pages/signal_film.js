// @ts-check
/**
 * A film that comes in chunks, as something a video element plays: through the
 * service worker, or else whole, from memory.
 *
 * @module
 */

import {
  CHUNK_BYTES,
  ChunkMemory,
  FilmReceiver,
  MEMORY_CHUNKS,
} from "../../signaling/mod.ts";
import { KeptFilm } from "./signal_disk.js";
import { mediaSourceUrl } from "./signal_media_source.js";

/** @typedef {import("../../signaling/mod.ts").FilmManifest} FilmManifest */

/** The worker has to be there after this, ms. */
const WORKER_MS = 8000;

/** Films that the worker may ask for. @type {Map<string, ReceivedFilm>} */
const films = new Map();

/** @type {Promise<boolean> | undefined} */
let worker;

/** Whether the service worker answers for this page; asked as early as possible. */
export function startWorker() {
  return worker ??= start().catch(() => false);
}

async function start() {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return false;
  serviceWorker.addEventListener("message", ({ data, ports }) => {
    const port = ports[0];
    if (data?.type === "film" && port !== undefined) answer(data, port);
  });
  serviceWorker.startMessages();
  await serviceWorker.register("/pages/signal_worker.js", { scope: "/" });
  if (serviceWorker.controller !== null) return true;
  return await new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(true));
    setTimeout(resolve, WORKER_MS, false);
  });
}

/**
 * @param {{path: string, range: string | null}} request
 * @param {MessagePort} port
 */
function answer({ path, range }, port) {
  const film = films.get(path.split("/")[2] ?? "");
  if (film === undefined) {
    port.postMessage({ status: 404 });
    return;
  }
  film.serve(range, port);
}

/** A film on its way into the page. */
export class ReceivedFilm {
  /**
   * @param {object} options
   * @param {FilmManifest} options.manifest
   * @param {CryptoKey} options.pageKey
   * @param {CryptoKey} options.key
   * @param {import("../../signaling/mod.ts").ChannelSender} options.from
   * @param {import("../../signaling/mod.ts").PartyClock} options.clock
   * @param {(reason: string) => void} options.onProblem
   * @param {(id: string) => void} options.onSourceClosed
   * @param {(get: (chunk: number) => Uint8Array<ArrayBuffer> | undefined) => import("../../signaling/mod.ts").FilmSwarm | undefined} options.joinSwarm
   */
  constructor(options) {
    this.manifest = options.manifest;
    this.swarm = options.joinSwarm((chunk) => this.memory.get(chunk));
    /** @type {ChunkMemory} */
    this.memory = new ChunkMemory(
      MEMORY_CHUNKS,
      (chunk) => this.receiver.forget(chunk),
    );
    this.receiver = new FilmReceiver({
      ...options,
      store: this.memory,
      ...(this.swarm === undefined ? {} : { policy: this.swarm }),
      onProblem: (_source, reason) => options.onProblem(reason),
      onChunk: (chunk, bytes) => this.kept?.put(chunk, bytes),
    });
    this.ahead = Math.min(
      this.manifest.totalChunks,
      Math.floor(MEMORY_CHUNKS * 0.75),
    );
    this.closing = new AbortController();
    films.set(this.manifest.filmId, this);
    this.swarm?.start(this.receiver);
    // A film that is worth a swarm is worth being kept over a reload.
    this.kept = this.swarm && new KeptFilm(this.manifest);
    if (this.swarm !== undefined) {
      void this.kept?.offer(this.swarm, options.key);
    }
  }

  /**
   * The address that the video element plays: the worker's, a media source's,
   * or that of the whole film in memory.
   *
   * @param {() => number} position of the player, seconds
   */
  async url(position) {
    const { filmId, fileName, mimeType, totalChunks } = this.manifest;
    const wanted = new URLSearchParams(location.search).get("play");
    if (wanted === null && await startWorker()) {
      return `/film/${filmId}/${encodeURIComponent(fileName)}`;
    }
    if (wanted !== "memory") {
      const url = await mediaSourceUrl(
        this.receiver,
        position,
        this.closing.signal,
      );
      if (url !== undefined) return url;
    }
    if (totalChunks > MEMORY_CHUNKS) {
      throw new Error(
        "This browser has no service worker and the film is too large for its memory",
      );
    }
    await this.receiver.complete;
    const parts = [];
    for (let chunk = 0; chunk < totalChunks; chunk++) {
      parts.push(await this.receiver.read(chunk));
    }
    return URL.createObjectURL(new Blob(parts, { type: mimeType }));
  }

  /**
   * Where the player is, so that what follows comes first.
   *
   * @param {number} fraction
   */
  setPlayhead(fraction) {
    const chunk = Math.min(
      this.manifest.totalChunks - 1,
      Math.max(0, Math.floor(fraction * this.manifest.totalChunks)),
    );
    this.memory.playhead = chunk;
    this.swarm?.setPlaying(chunk);
    this.receiver.setPlayhead(chunk, this.ahead);
  }

  /**
   * Parts of the film that are there, as fractions, for the strip.
   *
   * @param {number} pieces
   */
  strip(pieces) {
    const { totalChunks } = this.manifest;
    return Array.from({ length: pieces }, (_, index) => {
      const chunk = Math.floor((index + 0.5) / pieces * totalChunks);
      return this.receiver.has(Math.min(chunk, totalChunks - 1));
    });
  }

  /**
   * @param {string | null} range
   * @param {MessagePort} port
   */
  serve(range, port) {
    const { fileSize, mimeType } = this.manifest;
    const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "bytes=0-");
    let first = Number(match?.[1] || 0);
    let last = match?.[2] ? Number(match[2]) : fileSize - 1;
    if (match?.[1] === "" && match[2]) {
      first = Math.max(0, fileSize - Number(match[2])); // the last so many bytes
      last = fileSize - 1;
    }
    last = Math.min(last, fileSize - 1);
    if (match === null || first > last) {
      port.postMessage({
        status: 416,
        headers: { "content-range": `bytes */${fileSize}` },
      });
      return;
    }
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.closing.signal]);
    let at = first;
    port.onmessage = async ({ data }) => {
      if (data === "cancel") {
        over.abort();
        port.close();
        return;
      }
      if (at > last) {
        port.postMessage(null);
        return;
      }
      try {
        const chunk = Math.floor(at / CHUNK_BYTES);
        const bytes = await this.receiver.read(chunk, signal);
        const from = at - chunk * CHUNK_BYTES;
        const part = bytes.slice(from, last + 1 - chunk * CHUNK_BYTES);
        at += part.length;
        port.postMessage(part, [part.buffer]);
      } catch {
        port.postMessage("gone");
      }
    };
    port.postMessage({
      status: range === null ? 200 : 206,
      headers: {
        "content-type": mimeType,
        "content-length": String(last - first + 1),
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        ...(range === null ? {} : {
          "content-range": `bytes ${first}-${last}/${fileSize}`,
        }),
      },
    });
  }

  close() {
    this.closing.abort();
    this.receiver.close();
    this.swarm?.close();
    this.kept?.close();
    films.delete(this.manifest.filmId);
  }
}
