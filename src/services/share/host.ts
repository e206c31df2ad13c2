/**
 * Hosts a film without a browser.
 *
 * @module
 */

import {
  createIdentity,
  formatLink,
  LINK_KEY_BYTES,
  type LinkSecret,
  type PartyClient,
  type PartyState,
  ROOM_CODE_BYTES,
  roomCode,
  type RoomSettings,
  type RtcFactory,
  type Subtitles,
  type TransportKind,
} from "../../signaling/mod.ts";
import type { ServiceContext } from "../context.ts";
import { openFilm } from "./film_file.ts";
import { createParty, randomBytes } from "./party.ts";
import { ServedFilms, type ShareTotals } from "./served_films.ts";

/** Bytes of the secret by which a host comes back as host. */
const HOST_KEY_BYTES = 24;

/** What hosting needs. */
export interface ShareHostOptions {
  /** The film. */
  readonly file: string;
  /** Address of the server. */
  readonly server: string;
  /** Code of the room; a new one by default. */
  readonly room: string | undefined;
  /** The host's name. */
  readonly name: string;
  /** Settings of the room. */
  readonly settings: Partial<RoomSettings>;
  /** Upload at most, bytes a second. */
  readonly uploadLimit: number | undefined;
  /** Length of the film in seconds, when it is known. */
  readonly duration: number | null;
  /** Subtitles for everybody. */
  readonly subtitles?: Subtitles | undefined;
  /** Ways that the film may take; all by default. */
  readonly ways?: readonly TransportKind[];
  /** Wraps WebRTC: for a test that puts a bad network in between. */
  readonly rtc?: (factory: RtcFactory) => RtcFactory;
}

/** A film that is hosted. */
export interface ShareHost {
  /** What people need to join. */
  readonly link: string;
  /** The room. */
  readonly roomId: string;
  /** The member that hosts. */
  readonly client: PartyClient;
  /** The link's secret. */
  readonly secret: LinkSecret;
  /** So far. */
  totals(): ShareTotals;
  /** Resolves when the room is no more. */
  readonly ended: Promise<void>;
  /**
   * Gives the room another film; the one before it is served until the next
   * change, to those who are not done with it.
   */
  replace(file: string, duration: number | null): Promise<void>;
  /** Leaves. */
  close(): void;
}

/**
 * Makes or joins a room and gives it a film.
 *
 * @throws {Error} when the film cannot be read or the server refuses.
 */
export async function startShareHost(
  options: ShareHostOptions,
  context: ServiceContext,
): Promise<ShareHost> {
  const first = await openFilm(options.file);
  const identity = await createIdentity();
  const secret = {
    key: randomBytes(LINK_KEY_BYTES),
    fingerprint: identity.fingerprint,
  };
  const server = options.server.replace(/[?#].*$/, "").replace(/\/*$/, "/");
  const roomId = options.room ?? roomCode(randomBytes(ROOM_CODE_BYTES));
  const joined = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let before: PartyState | undefined;
  const party = await createParty({
    server,
    secret,
    ways: options.ways,
    rtc: options.rtc,
    events: {
      changed(state) {
        report(before, state, context);
        before = state;
        if (state.phase === "joined") joined.resolve();
        if (state.phase === "closed") ended.resolve();
      },
      refused: (message) =>
        joined.reject(new Error(`Cannot join room "${roomId}": ${message}`)),
      problem: (message) => context.log.warn(message),
      chat: ({ userName, message }) =>
        context.log.info(`${userName}: ${message}`),
    },
  });
  const films = new ServedFilms({
    party,
    identity,
    roomId,
    bytesPerSecond: options.uploadLimit,
  });
  const abort = (): void =>
    joined.reject(context.signal.reason ?? new Error("Stopped"));
  context.signal.addEventListener("abort", abort, { once: true });
  const late = setTimeout(
    () =>
      context.log.warn(
        `Waits for the server at ${server}: start it with "streamtool signal"`,
      ),
    3000,
  );
  try {
    party.client.join({
      roomId,
      userName: options.name,
      hostKey: randomBytes(HOST_KEY_BYTES).toBase64({ alphabet: "base64url" }),
    });
    party.connect();
    await joined.promise;
    if (Object.keys(options.settings).length > 0) {
      party.client.set(options.settings);
    }
    await films.give(first, options.duration, options.subtitles);
    let closed = false;
    return {
      link: formatLink({ server, roomId, ...secret }),
      roomId,
      client: party.client,
      secret,
      totals: () => films.totals(),
      ended: ended.promise,
      replace: async (file, duration) =>
        await films.give(await openFilm(file), duration, options.subtitles),
      close() {
        if (closed) return;
        closed = true;
        films.close();
        party.close();
      },
    };
  } catch (error) {
    films.close();
    party.close();
    first[Symbol.dispose]();
    throw error;
  } finally {
    clearTimeout(late);
    context.signal.removeEventListener("abort", abort);
  }
}

/** Tells who came and went. */
function report(
  before: PartyState | undefined,
  { users, userId, knocks }: PartyState,
  { log, emit }: ServiceContext,
): void {
  const old = new Map((before?.users ?? []).map((user) => [user.id, user]));
  for (const { id, name } of users) {
    if (old.delete(id) || id === userId) continue;
    log.info(`${name} has joined`);
    emit({ event: "user-joined", id, name });
  }
  for (const { id, name } of old.values()) {
    log.info(`${name} has left`);
    emit({ event: "user-left", id, name });
  }
  const waiting = new Set(before?.knocks.map(({ id }) => id));
  for (const { id, name } of knocks) {
    if (waiting.has(id)) continue;
    log.info(`${name} knocks: type "admit" or "refuse"`);
    emit({ event: "knock", id, name });
  }
}
