/**
 * The films that a host serves: the one that is on, and the one before it,
 * until all have gone over.
 *
 * @module
 */

import {
  createManifest,
  FilmSender,
  type HostIdentity,
  packSubtitles,
  type Subtitles,
} from "../../signaling/mod.ts";
import type { FilmFile } from "./film_file.ts";
import { denoClock, type Party, randomBytes } from "./party.ts";

/** Films served at once: who is in the middle of one takes it to its end. */
const MAX_SERVED = 2;

/** What a host has sent. */
export interface ShareTotals {
  /** Bytes sent, blocks and all. */
  readonly bytes: number;
  /** Chunks sent. */
  readonly chunks: number;
}

interface Served {
  readonly film: FilmFile;
  readonly sender: FilmSender;
}

/** What a host gives to its room, one film after another. */
export class ServedFilms {
  readonly #options: {
    readonly party: Party;
    readonly identity: HostIdentity;
    readonly roomId: string;
    readonly bytesPerSecond: number | undefined;
  };
  readonly #served: Served[] = [];
  #gone: ShareTotals = { bytes: 0, chunks: 0 };

  /** None yet. The host has to be in the room when one is given. */
  constructor(options: {
    readonly party: Party;
    readonly identity: HostIdentity;
    readonly roomId: string;
    readonly bytesPerSecond: number | undefined;
  }) {
    this.#options = options;
  }

  /** Gives this film to the room, and owns it from now on. `duration` is in seconds. */
  async give(
    film: FilmFile,
    duration: number | null,
    subtitles?: Subtitles,
  ): Promise<void> {
    const { party, identity, roomId, bytesPerSecond } = this.#options;
    const { client, keys } = party;
    try {
      const manifest = await createManifest(
        { ...film, duration },
        film.read,
        identity,
      );
      const sender = new FilmSender({
        manifest,
        identity,
        key: keys.film,
        read: film.read,
        random: randomBytes,
        clock: denoClock,
        from: { roomId, fromUserId: client.state.userId },
        ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
        onConnections(transport, count) {
          const member = client.paths.memberAt(transport);
          if (member !== undefined) client.paths.addConnections(member, count);
        },
      });
      this.#served.push({ film, sender });
    } catch (error) {
      film[Symbol.dispose]();
      throw error;
    }
    await client.share(
      this.#served.at(-1)!.sender,
      subtitles === undefined
        ? {}
        : { subtitles: await packSubtitles(subtitles) },
    );
    while (this.#served.length > MAX_SERVED) this.#end(this.#served.shift()!);
  }

  /** So far. */
  totals(): ShareTotals {
    let { bytes, chunks } = this.#gone;
    for (const { sender } of this.#served) {
      bytes += sender.sentBytes;
      chunks += sender.sentChunks;
    }
    return { bytes, chunks };
  }

  /** Ends them, and closes their files. */
  close(): void {
    for (const served of this.#served.splice(0)) this.#end(served);
  }

  #end({ film, sender }: Served): void {
    const { bytes, chunks } = this.#gone;
    this.#gone = {
      bytes: bytes + sender.sentBytes,
      chunks: chunks + sender.sentChunks,
    };
    sender.close();
    film[Symbol.dispose]();
  }
}
