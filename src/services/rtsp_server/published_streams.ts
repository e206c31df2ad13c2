/**
 * The streams that came of publishing: each is in the catalog while somebody
 * publishes it, and a while longer.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type { Catalog, CatalogEntry } from "./catalog.ts";
import { LiveMedia } from "./live_media.ts";
import type { FrameSink, Playback } from "./playback.ts";
import { PublishFeed } from "./publish_feed.ts";
import type { PublishSession } from "./publish_session.ts";

/** What the streams need. */
export interface PublishedStreamsOptions {
  readonly catalog: Catalog;
  /** Our address. */
  readonly host: string;
  readonly random32: () => number;
  /** A stream is no more. */
  readonly onRemoved: (entry: CatalogEntry) => void;
  readonly log: Logger;
}

/** A path that is, or was, published at. */
export interface PublishedStream {
  readonly entry: CatalogEntry;
  readonly media: LiveMedia;
  readonly feed: PublishFeed;
  /** Keeps the stream running, so that whoever comes sees a picture at once. */
  readonly keeper: Playback;
  publisher: PublishSession | undefined;
  grace: ReturnType<typeof setTimeout> | undefined;
}

const NOBODY: FrameSink = { frame: () => {}, ended: () => {} };

/** All of a server's, by the path of their entry. */
export class PublishedStreams {
  readonly #options: PublishedStreamsOptions;
  readonly #streams = new Map<string, PublishedStream>();
  readonly #closing = new Set<Promise<unknown>>();

  /** None yet. */
  constructor(options: PublishedStreamsOptions) {
    this.#options = options;
  }

  /**
   * What is at a path: a stream of ours, "served" when the name is another
   * source's, `undefined` when there is nothing.
   */
  at(path: string): PublishedStream | "served" | undefined {
    const entry = this.#options.catalog.find(path);
    if (entry === undefined) return undefined;
    return this.#streams.get(entry.path) ?? "served";
  }

  /** The stream that a session publishes. */
  of(sessionId: string): PublishedStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.publisher?.id === sessionId) return stream;
    }
    return undefined;
  }

  /** A new one. */
  add(path: string): PublishedStream {
    const { catalog, host, log, random32 } = this.#options;
    const label = path.slice(1);
    const feed = new PublishFeed(label);
    let media: LiveMedia | undefined;
    const entry = catalog.add(
      label,
      undefined,
      "a publisher",
      (place) =>
        media = new LiveMedia({
          ...place,
          label,
          address: host,
          openSource: (signal, remedy) => {
            if (remedy === undefined) return feed.open(signal);
            return Promise.reject(
              new Error(`Cannot pass "${label}" on: RTP cannot carry its size`),
            );
          },
          loop: false,
          once: false,
          log,
          random32,
        }),
    );
    const stream: PublishedStream = {
      entry,
      media: media!,
      feed,
      keeper: media!.open(NOBODY),
      publisher: undefined,
      grace: undefined,
    };
    this.#streams.set(entry.path, stream);
    return stream;
  }

  /** Nobody publishes it any more: it ends after `graceMs` unless somebody comes back. */
  release(stream: PublishedStream, graceMs: number): void {
    stream.publisher = undefined;
    stream.feed.end();
    stream.grace = setTimeout(() => this.#remove(stream), graceMs);
  }

  #remove(stream: PublishedStream): void {
    const { catalog, log, onRemoved } = this.#options;
    const { entry, media } = stream;
    this.#streams.delete(entry.path);
    catalog.remove(entry);
    stream.keeper.close();
    const ended = media.end().finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
    onRemoved(entry);
    log.info(`${entry.path} has ended: nobody publishes it`);
  }

  /** Waits for those that end. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) clearTimeout(stream.grace);
    await Promise.all(this.#closing);
  }
}
