/**
 * The film of a room as a member has it: gives it, or takes it from who does.
 *
 * @module
 */

import type { FilmPaths } from "./film_paths.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import { type FilmManifest, verifyManifest } from "./manifest.ts";
import type { LinkSecret } from "./party_link.ts";
import type { PartyEvents } from "./party_state.ts";
import type { RoomMirror } from "./room_mirror.ts";
import type { RoomStream } from "./room.ts";
import type { Emit } from "./rtc_links.ts";
import { openValue, type PartyKeys } from "./seal.ts";
import { unpackSubtitles } from "./subtitles.ts";

/** What a member's film is made of. */
export interface PartyFilmParts {
  /** Who is who. */
  readonly room: RoomMirror;
  /** The ways it takes. */
  readonly paths: FilmPaths;
  /** Sends an event to the server. */
  readonly emit: Emit;
  /** Seals a value for the room. */
  readonly seal: (value: unknown) => Promise<{ readonly sealed: string }>;
  /** From the link. */
  readonly keys: PartyKeys;
  /** From the link. */
  readonly secret: LinkSecret;
  /** Takes the film of a later host too. */
  readonly anyHost: boolean;
  /** Who hears of it. */
  readonly events: PartyEvents;
  /** Something is different. */
  readonly onChange: () => void;
}

/** The film of a room. */
export class PartyFilm {
  readonly #parts: PartyFilmParts;
  #stream: RoomStream | undefined;
  #manifest: FilmManifest | undefined;
  #sender: FilmSender | undefined;
  #extras: Readonly<Record<string, unknown>> = {};
  #receiver: FilmReceiver | undefined;
  #hearing: Promise<void> = Promise.resolve();

  /** No film yet. */
  constructor(parts: PartyFilmParts) {
    this.#parts = parts;
  }

  /** The film that is on. */
  get manifest(): FilmManifest | undefined {
    return this.#manifest;
  }

  /** Who gives it. */
  get from(): string | undefined {
    return this.#stream?.userId;
  }

  /** What gives it, when that is us. */
  get sender(): FilmSender | undefined {
    return this.#sender;
  }

  /** What takes it, when it is not us who give it. */
  get receiver(): FilmReceiver | undefined {
    return this.#receiver;
  }

  /** Gives this film to the room; `extras` are told with it, such as its subtitles. */
  async share(
    sender: FilmSender,
    extras: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#sender = sender;
    this.#extras = extras;
    this.#manifest = sender.manifest;
    this.#parts.paths.serve(sender);
    await this.announce();
  }

  /** Gives it no more. */
  unshare(): void {
    this.#sender?.close();
    this.#sender = undefined;
    this.#manifest = undefined;
    this.#parts.paths.serve(undefined);
    this.#parts.emit("streaming-stopped", {});
  }

  /** Tells the room what we give, if anything. */
  async announce(): Promise<void> {
    const sender = this.#sender;
    const { room, seal, emit, onChange } = this.#parts;
    if (sender === undefined || room.userId === "") return;
    const metadata = await seal({ ...sender.manifest, ...this.#extras });
    this.#stream = {
      userId: room.userId,
      metadata,
      totalChunks: sender.manifest.totalChunks,
      quality: "original",
    };
    const { totalChunks, quality } = this.#stream;
    emit("streaming-started", { metadata, totalChunks, quality });
    onChange();
  }

  /** What the server says is on; one after another, because opening takes a moment. */
  tell(stream: RoomStream | undefined): void {
    this.#hearing = this.#hearing.then(() => this.#take(stream))
      .catch((error) => this.#parts.events.problem?.(String(error.message)));
  }

  /** A member has come back with nothing of what it had open. */
  reconnected(memberId: string): void {
    if (memberId !== this.#stream?.userId) return;
    this.#parts.paths.stopFetching();
    this.#fetch();
  }

  async #take(stream: RoomStream | undefined): Promise<void> {
    const { room, paths, keys, secret, anyHost, events, onChange } =
      this.#parts;
    if (this.#sender !== undefined && stream?.userId !== room.userId) {
      if (stream === undefined) return;
      this.#sender = undefined; // another host's film is on now
      paths.serve(undefined);
    }
    if (stream === undefined) {
      this.#stream = undefined;
      paths.stopFetching();
      events.filmEnded?.();
      onChange();
      return;
    }
    if (stream.userId === room.userId) {
      if (this.#sender !== undefined) return;
      // Who had the film is gone, and we have most of it: we give it now.
      this.#stream = stream;
      paths.stopFetching();
      paths.serve(events.takesOver?.());
      onChange();
      return;
    }
    const value = await openValue(keys.message, stream.metadata);
    const { manifest, key, isLinkHosts } = await verifyManifest(
      value,
      secret.fingerprint,
      anyHost,
    );
    this.#stream = stream;
    const isNew = manifest.filmId !== this.#manifest?.filmId;
    if (!isLinkHosts && isNew) {
      const name = room.nameOf(stream.userId) ?? "somebody";
      events.problem?.(`This film is ${name}'s, not that of your link's host`);
    }
    if (isNew || this.#receiver === undefined) {
      this.#manifest = manifest;
      this.#receiver = events.film?.(manifest, key);
    }
    const { subtitles } = value as { subtitles?: unknown };
    events.subtitles?.(await unpackSubtitles(subtitles));
    this.#fetch();
    onChange();
  }

  #fetch(): void {
    const from = this.#stream?.userId;
    if (this.#receiver === undefined || from === undefined) return;
    this.#parts.paths.fetch(this.#receiver, from);
  }
}
