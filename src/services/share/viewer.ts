/**
 * Receives a film without a browser.
 *
 * @module
 */

import {
  type Bytes,
  ChunkMemory,
  type ChunkStore,
  type FilmManifest,
  FilmReceiver,
  FilmSwarm,
  LEAST_SWARM_CHUNKS,
  parseLink,
  type PartyState,
  type TransportKind,
} from "../../signaling/mod.ts";
import type { ServiceContext } from "../context.ts";
import { whenAborted } from "../../net/mod.ts";
import {
  createOutput,
  type FilmFile,
  type FilmOutput,
  openFilm,
} from "./film_file.ts";
import { createParty, denoClock, randomBytes } from "./party.ts";
import { attachFile, isSameFilm } from "./seed_file.ts";

/** Chunks that a pipe's reader is ahead of: 8 MiB. */
const PIPE_AHEAD = 128;
/** Chunks of a pipe that are kept for the others: 64 MiB. */
const PIPE_KEPT = 1024;
/** How often the room is told how we are doing, ms. */
const REPORT_MS = 1000;

/** What receiving needs. */
export interface ShareViewerOptions {
  /** The link, with its fragment. */
  readonly link: string;
  /** A file, or a function that takes the film in order; `undefined` with {@linkcode have}. */
  readonly output: string | ((bytes: Bytes) => Promise<void>) | undefined;
  /** The film itself: we have it and give it to the others. */
  readonly have?: string;
  /** When all has come, we go on giving it to the others until the signal. */
  readonly stay?: boolean;
  /** Takes from the host alone, and gives nothing to the others. */
  readonly alone?: boolean;
  /** Upload to the others at most, bytes a second. */
  readonly uploadLimit?: number | undefined;
  /** How the room is, whenever that changes. */
  readonly onState?: (state: PartyState) => void;
  /** All has come; with {@linkcode stay} we are still there. */
  readonly onComplete?: () => void;
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
  /** Bytes of it that came from other viewers. */
  readonly fromOthers: number;
  /** Bytes that were given to other viewers. */
  readonly sentBytes: number;
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
  let swarm: FilmSwarm | undefined;
  let firstChunkAt = 0;
  let work: Promise<void> = Promise.resolve();
  const { output: target, have } = options;
  const film = have === undefined ? undefined : await openFilm(have);
  const file: FilmOutput | undefined = typeof target === "string"
    ? await createOutput(target)
    : undefined;
  const memory = new ChunkMemory(
    PIPE_KEPT,
    (chunk) => swarm?.forgotten(chunk),
  );
  const store: ChunkStore = file ?? (film && storeOf(film)) ?? memory;

  function joinSwarm(manifest: FilmManifest): FilmSwarm | undefined {
    if (options.alone === true && film === undefined) return undefined;
    if (options.ways?.includes("rtc") === false) return undefined;
    if (manifest.totalChunks < LEAST_SWARM_CHUNKS && film === undefined) {
      return undefined;
    }
    return new FilmSwarm({
      manifest,
      key: party.keys.film,
      from: { roomId: link.roomId, fromUserId: party.client.state.userId },
      async read(chunk) {
        const bytes = await store.get(chunk);
        if (bytes === undefined) throw new Error("Cannot read: it is gone");
        return bytes;
      },
      links: (events) => party.client.paths.openSwarm(events),
      random: randomBytes,
      clock: denoClock,
      uploads: options.alone !== true,
      ...(options.uploadLimit === undefined
        ? {}
        : { bytesPerSecond: options.uploadLimit }),
      onProblem(memberId, reason) {
        context.log.warn(`A viewer is left: ${reason}`);
        context.emit({ event: "left", id: memberId, reason });
      },
    });
  }

  function begin(manifest: FilmManifest, pageKey: CryptoKey): FilmReceiver {
    receiver?.close();
    swarm?.close();
    swarm = joinSwarm(manifest);
    const made = new FilmReceiver({
      ...(swarm === undefined ? {} : { policy: swarm }),
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
    swarm?.start(made);
    if (film !== undefined && swarm !== undefined) {
      offerFile(film, manifest, swarm).catch(done.reject);
    }
    report();
    context.log.info(`Receives "${manifest.fileName}"`);
    context.emit({
      event: "stream-start",
      fileName: manifest.fileName,
      bytes: manifest.fileSize,
    });
    work =
      (typeof target === "function"
        ? pipe(made, manifest, memory, target)
        : made.complete).then(done.resolve, done.reject);
    return made;
  }

  async function offerFile(
    film: FilmFile,
    manifest: FilmManifest,
    swarm: FilmSwarm,
  ): Promise<void> {
    if (!await isSameFilm(film, manifest)) {
      throw new Error(
        `Cannot give "${have}" to the others: it is not the same file as the room's "${manifest.fileName}"`,
      );
    }
    attachFile(film, manifest, party.keys.film, swarm);
  }

  const before = { at: started, received: 0, sent: 0 };
  /** Tells the room how we are doing; the others learn from it that we have a part in the swarm. */
  function report(): void {
    const at = performance.now();
    const received = receiver?.receivedBytes ?? 0;
    const sent = swarm?.totals().sent ?? 0;
    const bps = (bytes: number): number =>
      Math.max(0, 8000 * bytes / Math.max(1, at - before.at));
    party.client.report({
      driftMs: null,
      bufferedS: 0,
      state: "idle",
      downBps: bps(received - before.received),
      upBps: bps(sent - before.sent),
      path: [...ways].join("+"),
      ...(swarm === undefined ? {} : { swarm: swarm.status() }),
    });
    Object.assign(before, { at, received, sent });
  }

  const party = await createParty({
    server: link.server,
    secret: link,
    ways: options.ways,
    events: {
      film: begin,
      takesOver: () => swarm?.sender,
      refused: (message) =>
        done.reject(
          new Error(`Cannot join room "${link.roomId}": ${message}`),
        ),
      problem: (message) => context.log.warn(message),
      changed(state) {
        swarm?.update(state);
        options.onState?.(state);
        if (state.phase === "closed") {
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
  const timer = setInterval(report, REPORT_MS);
  try {
    party.client.join({
      roomId: link.roomId,
      userName: options.name,
      ...(options.password === undefined ? {} : { password: options.password }),
    });
    party.connect();
    await done.promise;
    await file?.finish();
    const seconds = (performance.now() - started) / 1000;
    options.onComplete?.();
    if (options.stay === true) await whenAborted(context.signal);
    const { sent, received } = swarm?.totals() ?? { sent: 0, received: 0 };
    const manifest = receiver!.manifest;
    return {
      fileName: manifest.fileName,
      bytes: manifest.fileSize,
      receivedBytes: receiver!.receivedBytes,
      refusedChunks: receiver!.refusedChunks,
      seconds,
      firstChunkSeconds: (firstChunkAt - started) / 1000,
      ways: [...ways],
      fromOthers: received,
      sentBytes: sent,
    };
  } finally {
    clearInterval(timer);
    context.signal.removeEventListener("abort", abort);
    done.promise.catch(() => {}); // a room that closes because we leave
    receiver?.close();
    swarm?.close();
    party.close();
    await work.catch(() => {});
    await file?.close();
    film?.[Symbol.dispose]();
  }
}

/** A film that is there already: nothing is written to it. */
function storeOf({ read }: FilmFile): ChunkStore {
  return { put: () => {}, get: read };
}

async function pipe(
  receiver: FilmReceiver,
  { totalChunks }: FilmManifest,
  memory: ChunkMemory,
  write: (bytes: Bytes) => Promise<void>,
): Promise<void> {
  for (let chunk = 0; chunk < totalChunks; chunk++) {
    memory.playhead = chunk;
    receiver.setPlayhead(chunk, PIPE_AHEAD);
    await write(await receiver.read(chunk));
  }
}
