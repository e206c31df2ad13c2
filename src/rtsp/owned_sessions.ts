/**
 * The sessions that one connection set up.
 *
 * @module
 */

import { LabSession } from "./lab_session.ts";
import type { InterleavedFrame, RtspRequest } from "./message.ts";
import type { RtspMedia, ServerAction } from "./server_actions.ts";
import { ServerSession } from "./server_session.ts";
import type { ControlledSession } from "./server_session.ts";
import { parseSession } from "./session_header.ts";
import type { SessionRegistry } from "./session_registry.ts";

/** What a SETUP wants. */
export interface SetupWish {
  readonly media: RtspMedia;
  readonly track: number;
  readonly purpose: ServerSession["purpose"];
  /** Whether packets shall come in `$` frames. */
  readonly overTcp: boolean;
}

/** The session of a SETUP, or the status that refuses it; `actions` come first. */
export type SetupSession =
  | { readonly session: ServerSession; readonly actions: ServerAction[] }
  | {
    readonly session?: undefined;
    readonly status: number;
    readonly actions: ServerAction[];
  };

/** Sessions of one connection; players have one, test tools a few. */
const MAX_SESSIONS_PER_CONNECTION = 16;

/** Keeps them, and gives them the `$` frames of their channels. */
export class OwnedSessions {
  readonly #registry: SessionRegistry;
  readonly #address: string;
  readonly #owned = new Map<string, ControlledSession>();

  /** Of a connection from `address`. */
  constructor(registry: SessionRegistry, address: string) {
    this.#registry = registry;
    this.#address = address;
  }

  /** Whether one more is within the limits of server, address and connection. */
  get hasRoom(): boolean {
    return this.#registry.hasRoom(this.#address) &&
      this.live().length < MAX_SESSIONS_PER_CONNECTION;
  }

  /** Those that are alive. */
  live(): ControlledSession[] {
    const live: ControlledSession[] = [];
    for (const [id, session] of [...this.#owned]) {
      if (this.#registry.get(id) === session) live.push(session);
      else this.#owned.delete(id);
    }
    return live;
  }

  /** The one of the teaching dialect; a connection has one at most. */
  lab(): LabSession | undefined {
    return this.live().find((session) => session instanceof LabSession);
  }

  /** The session a request names, set up here or elsewhere; `undefined` when none is alive. */
  named(request: RtspRequest): ControlledSession | undefined {
    const header = request.headers.get("session");
    return header === undefined
      ? undefined
      : this.#registry.get(parseSession(header).id);
  }

  /** Adds one. */
  add(session: ControlledSession): void {
    this.#owned.set(session.id, session);
    this.#registry.add(session, this.#address);
  }

  /** The session that a SETUP goes on with, or a new one. */
  forSetup(
    request: RtspRequest,
    { media, track, purpose, overTcp }: SetupWish,
    now: number,
  ): SetupSession {
    if (request.headers.has("session")) {
      const session = this.named(request);
      if (!(session instanceof ServerSession)) {
        return { status: 454, actions: [] };
      }
      return session.media.path === media.path && session.purpose === purpose
        ? { session, actions: [] }
        : { status: 459, actions: [] };
    }
    const actions = overTcp ? this.supersede(media, track) : [];
    if (!this.hasRoom) return { status: 453, actions };
    const session = new ServerSession({
      id: this.#registry.newId("standard"),
      media,
      purpose,
      timeout: this.#registry.timeout,
      now,
    });
    this.add(session);
    return { session, actions };
  }

  /** Forgets one that has ended by itself. */
  delete(session: ControlledSession): void {
    this.#owned.delete(session.id);
    this.#registry.delete(session.id);
  }

  /**
   * ffmpeg turns from silent UDP to TCP with a SETUP that names no session:
   * the one over UDP is given up.
   */
  supersede(media: RtspMedia, track: number): ServerAction[] {
    for (const session of this.live()) {
      if (
        session instanceof ServerSession && session.media.path === media.path &&
        session.tracks.get(track)?.kind === "udp"
      ) {
        this.#owned.delete(session.id);
        return this.#registry.end(session.id, "superseded");
      }
    }
    return [];
  }

  /** Channels in use on this connection, but for the track that a request sets up anew. */
  usedChannels(request: RtspRequest, track: number): Set<number> {
    const again = this.named(request);
    const used = new Set<number>();
    for (const session of this.live()) {
      if (!(session instanceof ServerSession)) continue;
      for (const [index, transport] of session.tracks) {
        if (transport.kind !== "tcp") continue;
        if (session === again && index === track) continue;
        for (const channel of transport.channels) used.add(channel);
      }
    }
    return used;
  }

  /** Takes a `$` frame: media or reports, and a sign of life. */
  handleFrame(frame: InterleavedFrame, now: number): ServerAction[] {
    for (const session of this.live()) {
      if (!(session instanceof ServerSession)) continue;
      for (const [track, transport] of session.tracks) {
        if (transport.kind !== "tcp") continue;
        const [rtp, rtcp] = transport.channels;
        if (frame.channel !== rtp && frame.channel !== rtcp) continue;
        session.touch(now);
        return [{
          type: frame.channel === rtp ? "rtp" : "rtcp",
          sessionId: session.id,
          track,
          bytes: frame.payload,
        }];
      }
    }
    return [];
  }

  /**
   * The connection is gone: what lived on it ends. A viewer's UDP session may
   * go on (RFC 2326 section 1.6), watched more closely.
   */
  end(): ServerAction[] {
    const actions: ServerAction[] = [];
    for (const session of this.live()) {
      const survives = session instanceof ServerSession &&
        session.purpose === "play" && !session.pending &&
        [...session.tracks.values()].every(({ kind }) => kind !== "tcp");
      if (survives) session.orphan();
      else actions.push(...this.#registry.end(session.id, "connection"));
    }
    this.#owned.clear();
    return actions;
  }
}
