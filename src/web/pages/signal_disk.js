// @ts-check
/**
 * The chunks that this browser has kept of a film: a source of its own after a
 * reload, whose chunks are checked like everybody else's.
 *
 * @module
 */

import {
  chunkLength,
  ChunkSet,
  encodeHaveBits,
  FilmSender,
  memoryTransports,
} from "../../signaling/mod.ts";
import { pageClock, random } from "./signal_member.js";

/** A film on this device. */
export class KeptFilm {
  /** @param {import("../../signaling/mod.ts").FilmManifest} manifest */
  constructor(manifest) {
    this.manifest = manifest;
    this.worker = new Worker("/pages/signal_disk_worker.js");
    /** @type {Map<number, (answer: any) => void>} */
    this.waiting = new Map();
    this.serial = 0;
    this.works = true;
    this.kept = new ChunkSet(manifest.totalChunks);
    this.worker.onmessage = ({ data }) => {
      if (data.error !== undefined) this.works = false;
      this.waiting.get(data.id)?.(data);
      this.waiting.delete(data.id);
    };
    this.opened = this.ask({
      type: "open",
      name: manifest.filmId,
      total: manifest.totalChunks,
    });
  }

  /**
   * Offers what is kept to this film's swarm.
   *
   * @param {import("../../signaling/mod.ts").FilmSwarm} swarm
   * @param {CryptoKey} key
   */
  async offer(swarm, key) {
    const { have } = await this.opened;
    for (
      let chunk = 0;
      have !== undefined && chunk < this.kept.total;
      chunk++
    ) {
      if ((have[chunk >> 3] & (0x80 >> (chunk & 7))) !== 0) {
        this.kept.add(
          chunk,
        );
      }
    }
    if (this.kept.count === 0) return;
    const [mine, its] = memoryTransports(queueMicrotask);
    const sender = new FilmSender({
      manifest: this.manifest,
      key,
      random,
      clock: pageClock,
      from: { roomId: "", fromUserId: "" },
      read: (chunk) => this.get(chunk),
      hashPage: () => new Promise(() => {}), // the host signs
    });
    swarm.attachOwn("disk", mine);
    sender.attach(its);
    for (const frame of encodeHaveBits(this.kept)) its.send(frame);
  }

  /**
   * @param {number} chunk
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  put(chunk, bytes) {
    // What has come from here is here.
    if (this.works && this.kept.add(chunk)) {
      this.worker.postMessage({ type: "put", chunk, bytes });
    }
  }

  /**
   * @param {number} chunk
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async get(chunk) {
    const length = chunkLength(this.manifest.fileSize, chunk);
    const { bytes } = await this.ask({ type: "get", chunk, length });
    if (bytes?.length !== length) throw new Error("Cannot read: it is gone");
    return bytes;
  }

  close() {
    this.worker.terminate();
  }

  /**
   * @param {object} question
   * @returns {Promise<any>}
   */
  ask(question) {
    const id = ++this.serial;
    this.worker.postMessage({ ...question, id });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }
}
