/**
 * Receives a film without a browser.
 *
 * @module
 */

import {
  type Bytes,
  type FilmManifest,
  FilmReceiver,
  parseLink,
  type TransportKind,
} from "../../signaling/mod.ts";
import type { ServiceContext } from "../context.ts";
import { ChunkQueue, createOutput, type FilmOutput } from "./film_file.ts";
import { createParty, denoClock } from "./party.ts";

/** Chunks that a pipe's reader is ahead of: 8 MiB. */
const PIPE_AHEAD = 128;

/** What receiving needs. */
export interface ShareViewerOptions {
  /** The link, with its fragment. */
  readonly link: string;
  /** A file, or a function that takes the film in order. */
  readonly output: string | ((bytes: Bytes) => Promise<void>);
  /** The viewer's name. */
  readonly name: string;
  /** The room's password. */
  readonly password: string | undefined;
  /** Download at most, bytes a second. */
  readonly downloadLimit: number | undefined;
  /** Ways that the film may take; all by default. */
  readonly ways?: readonly TransportKind[];
  /** How far it is. */
  readonly onProgress?: (bytes: number, total: number, note: string) => void;
}

/** What came of it. */
export interface ViewerTotals {
  /** The film's name, as its host calls it. */
  readonly fileName: string;
  /** The film's size. */
  readonly bytes: number;
  /** Everything that travelled. */
  readonly receivedBytes: number;
  /** Chunks that were refused and asked for again. */
  readonly refusedChunks: number;
  /** From joining to the last byte. */
  readonly seconds: number;
  /** From joining to the first chunk. */
  readonly firstChunkSeconds: number;
  /** How it came. */
  readonly ways: readonly string[];
}

/**
 * Joins a room and takes its film, whole.
 *
 * @throws {SignalProtocolError} when the link is none.
 * @throws {Error} when the room does not let us in or is closed, or nothing can be written.
 */
export async function receiveShare(
  options: ShareViewerOptions,
  context: ServiceContext,
): Promise<ViewerTotals> {
  const link = parseLink(options.link);
  const started = performance.now();
  const done = Promise.withResolvers<void>();
  const ways = new Set<string>();
  let receiver: FilmReceiver | undefined;
  let output: FilmOutput | undefined;
  let firstChunkAt = 0;
  let work: Promise<void> = Promise.resolve();
  const { output: target } = options;
  const file = typeof target === "string"
    ? await createOutput(target)
    : undefined;
  output = file;

  function begin(manifest: FilmManifest, pageKey: CryptoKey): FilmReceiver {
    receiver?.close();
    const store = file ?? new ChunkQueue();
    const made = new FilmReceiver({
      manifest,
      pageKey,
      key: party.keys.film,
      from: { roomId: link.roomId, fromUserId: party.client.state.userId },
      clock: denoClock,
      store,
      ...(options.downloadLimit === undefined
        ? {}
        : { bytesPerSecond: options.downloadLimit }),
      onChunk() {
        firstChunkAt ||= performance.now();
        for (const { kind } of made.sources()) ways.add(kind);
        options.onProgress?.(
          manifest.fileSize * made.count / manifest.totalChunks,
          manifest.fileSize,
          [...ways].join(" "),
        );
      },
      onProblem(_source, reason, left) {
        context.log.warn(left ? `${reason}; it is not asked any more` : reason);
        context.emit({ event: "refused", reason, left });
      },
      onSourceClosed: (id) => party.client.paths.closed(id),
    });
    receiver = made;
    context.log.info(`Receives "${manifest.fileName}"`);
    context.emit({
      event: "stream-start",
      fileName: manifest.fileName,
      bytes: manifest.fileSize,
    });
    work =
      (typeof target === "string"
        ? made.complete
        : pipe(made, manifest, target)).then(done.resolve, done.reject);
    return made;
  }

  const party = await createParty({
    server: link.server,
    secret: link,
    ways: options.ways,
    events: {
      film: begin,
      refused: (message) =>
        done.reject(
          new Error(`Cannot join room "${link.roomId}": ${message}`),
        ),
      problem: (message) => context.log.warn(message),
      changed({ phase }) {
        if (phase === "closed") {
          done.reject(
            new Error("Cannot receive the film: the room is closed"),
          );
        }
      },
    },
  });
  const abort = (): void =>
    done.reject(context.signal.reason ?? new Error("Stopped"));
  context.signal.addEventListener("abort", abort, { once: true });
  try {
    party.client.join({
      roomId: link.roomId,
      userName: options.name,
      ...(options.password === undefined ? {} : { password: options.password }),
    });
    party.connect();
    await done.promise;
    await output?.finish();
    output = undefined;
    const manifest = receiver!.manifest;
    return {
      fileName: manifest.fileName,
      bytes: manifest.fileSize,
      receivedBytes: receiver!.receivedBytes,
      refusedChunks: receiver!.refusedChunks,
      seconds: (performance.now() - started) / 1000,
      firstChunkSeconds: (firstChunkAt - started) / 1000,
      ways: [...ways],
    };
  } finally {
    context.signal.removeEventListener("abort", abort);
    done.promise.catch(() => {}); // a room that closes because we leave
    receiver?.close();
    party.close();
    await work.catch(() => {});
    await output?.discard();
  }
}

async function pipe(
  receiver: FilmReceiver,
  { totalChunks }: FilmManifest,
  write: (bytes: Bytes) => Promise<void>,
): Promise<void> {
  for (let chunk = 0; chunk < totalChunks; chunk++) {
    receiver.setPlayhead(chunk, PIPE_AHEAD);
    await write(await receiver.read(chunk));
  }
}
