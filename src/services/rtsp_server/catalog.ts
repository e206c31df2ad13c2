/**
 * All that can be watched, by its paths.
 *
 * @module
 */

import type {
  RtspMedia,
  RtspMediaCatalog,
  ServerAnswer,
} from "../../rtsp/mod.ts";
import type { Folder } from "./folder.ts";
import type { Refusal, ServedMedia } from "./playback.ts";
import type { StreamKeys } from "./stream_keys.ts";

/** Streams at once: films of a folder are added when they are asked for. */
export const MAX_STREAMS = 2000;

/** One stream. */
export interface CatalogEntry {
  /** Its one name, such as `/movie`. */
  readonly path: string;
  /** What the user called the source, without credentials. */
  readonly source: string;
  readonly media: ServedMedia;
  /** What SRTP is encrypted with; `undefined` where it is not offered. */
  readonly keys: StreamKeys | undefined;
}

/** What a stream is made with. */
export type StreamPlace = Pick<CatalogEntry, "path" | "keys">;

/** Makes the media of a film that was found in a folder. */
export type MakeFileMedia = (file: string, place: StreamPlace) => ServedMedia;

/** Finds media by path, and prepares it. */
export class Catalog implements RtspMediaCatalog {
  readonly #entries = new Map<string, CatalogEntry>();
  /** Every path, the lower-case ones as well, to an entry. */
  readonly #paths = new Map<string, CatalogEntry>();
  readonly #folders: Folder[] = [];
  readonly #makeFileMedia: MakeFileMedia;
  readonly #makeKeys: () => StreamKeys | undefined;

  /** An empty one; `makeKeys` is asked once for each stream. */
  constructor(
    makeFileMedia: MakeFileMedia,
    makeKeys: () => StreamKeys | undefined,
  ) {
    this.#makeFileMedia = makeFileMedia;
    this.#makeKeys = makeKeys;
  }

  /** All streams in the order they were added. */
  entries(): IterableIterator<CatalogEntry> {
    return this.#entries.values();
  }

  /**
   * Adds a stream under a name nobody has: `name`, else `name-2` and so on. It
   * is found under `alias` too when that is free.
   */
  add(
    name: string,
    alias: string | undefined,
    source: string,
    make: (place: StreamPlace) => ServedMedia,
  ): CatalogEntry {
    let path = `/${name}`;
    for (let count = 2; this.#entries.has(path); count++) {
      path = `/${name}-${count}`;
    }
    const keys = this.#makeKeys();
    const entry = { path, source, keys, media: make({ path, keys }) };
    this.#entries.set(path, entry);
    const names = alias === undefined ? [path] : [path, `/${alias}`];
    for (const key of names.flatMap((each) => [each, each.toLowerCase()])) {
      if (!this.#paths.has(key)) this.#paths.set(key, entry);
    }
    // Only now: an alias of another may have had this stream's own name.
    this.#paths.set(path, entry);
    return entry;
  }

  /** Takes a stream out; its media is the caller's to close. */
  remove(entry: CatalogEntry): void {
    this.#entries.delete(entry.path);
    for (const [path, found] of [...this.#paths]) {
      if (found === entry) this.#paths.delete(path);
    }
  }

  /** Adds the films of a folder, and finds others in it from now on. */
  async addFolder(folder: Folder): Promise<void> {
    for (const file of await folder.list()) this.#addFilm(folder, file);
    this.#folders.push(folder);
  }

  #addFilm(folder: Folder, file: string): CatalogEntry {
    const alias = folder.nameOf(file);
    const name = alias.replace(/\.[^./]*$/, "");
    return this.add(
      name,
      alias,
      file,
      (place) => this.#makeFileMedia(file, place),
    );
  }

  /** The stream at a path; the only one there is at `/` too. */
  find(path: string): CatalogEntry | undefined {
    const entry = this.#paths.get(path) ?? this.#paths.get(path.toLowerCase());
    if (entry !== undefined || path !== "/" || this.#entries.size !== 1) {
      return entry;
    }
    return this.#entries.values().next().value;
  }

  /** See {@linkcode RtspMediaCatalog.lookup}. */
  lookup(path: string): RtspMedia | "pending" | undefined {
    const entry = this.find(path);
    if (entry !== undefined) return entry.media.rtsp ?? "pending";
    // A folder may have got a film since; "trackID=0" is none.
    const last = path.slice(path.lastIndexOf("/") + 1);
    return this.#folders.length > 0 && !last.includes("=")
      ? "pending"
      : undefined;
  }

  /** Makes the media at a path ready. */
  async prepare(path: string): Promise<ServerAnswer> {
    const entry = this.find(path) ?? await this.#findFilm(path);
    const refusal: Refusal | undefined = entry === undefined
      ? { status: 404, reason: "Not Found" }
      : await entry.media.prepare();
    return refusal === undefined
      ? { type: "prepared" }
      : { type: "refused", status: refusal.status, reason: refusal.reason };
  }

  async #findFilm(path: string): Promise<CatalogEntry | undefined> {
    for (const folder of this.#folders) {
      const file = await folder.find(path);
      if (file === undefined) continue;
      const known = this.find(path);
      if (known !== undefined) return known;
      if (this.#entries.size >= MAX_STREAMS) return undefined;
      return this.#addFilm(folder, file);
    }
    return undefined;
  }

  /** Closes all media. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#entries.values()].map(({ media }) => media.close()),
    );
  }
}
