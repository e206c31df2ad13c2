/**
 * Who pushes pictures in, and the streams that come of it.
 *
 * @module
 */

import { isLoopback, ListenError } from "../../net/mod.ts";
import type {
  ServerAction,
  ServerAnswer,
  SessionRegistry,
} from "../../rtsp/mod.ts";
import type { SdpDescription } from "../../sdp/mod.ts";
import type { ServiceEvent } from "../context.ts";
import { MAX_STREAMS } from "./catalog.ts";
import type { PublishingRules } from "./options.ts";
import type { Refusal } from "./playback.ts";
import { refuseAnnouncement } from "./publish_rules.ts";
import { PublishSession } from "./publish_session.ts";
import { PublishedStreams } from "./published_streams.ts";
import type {
  PublishedStream,
  PublishedStreamsOptions,
} from "./published_streams.ts";
import type { SetupConnection } from "./session_table.ts";

/** Publishers at once. Each may make us hold four frames of 8 MB. */
export const MAX_PUBLISHERS = 32;
/** Who has sent nothing for so long is no obstacle for the next: it is the same one, back over a new connection. */
export const STALE_PUBLISHER_MS = 2000;
/** Who has sent nothing for so long is gone. */
export const PUBLISHER_SILENCE_MS = 10_000;
/** Packets over UDP are read for so long after TEARDOWN, which overtakes them. */
const LINGER_MS = 100;
type Announce = Extract<ServerAction, { type: "announce" }>;
type Setup = Extract<ServerAction, { type: "setupTransport" }>;

/** What the table needs. */
export interface PublishTableOptions extends PublishedStreamsOptions {
  readonly registry: SessionRegistry;
  readonly rules: PublishingRules;
  /** Whether users must give a name: then the file says who may publish. */
  readonly hasUsers: boolean;
  /** Names the server in reports. */
  readonly cname: string;
  /** Ends a session as if its time were over. */
  readonly endSession: (id: string) => void;
  readonly emit: (event: ServiceEvent) => void;
}

/** All publishers of a server. */
export class PublishTable {
  readonly #options: PublishTableOptions;
  readonly #announced = new WeakMap<SetupConnection, SdpDescription>();
  readonly #sessions = new Map<string, PublishSession>();
  readonly #streams: PublishedStreams;
  /** Sessions that are over but for packets on their way. */
  readonly #lingering = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #closing = new Set<Promise<unknown>>();

  /** An empty one. */
  constructor(options: PublishTableOptions) {
    this.#options = options;
    this.#streams = new PublishedStreams(options);
  }

  /** Whether a session is a publisher's. */
  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** Takes an announcement, or says why not. */
  announce(
    { path, description }: Announce,
    connection: SetupConnection,
  ): ServerAnswer {
    const refusal = this.#refuse(path, description, connection);
    if (refusal !== undefined) return { type: "refused", ...refusal };
    this.#announced.set(connection, description);
    return { type: "announced" };
  }

  #refuse(
    path: string,
    description: SdpDescription,
    connection: SetupConnection,
  ): Refusal | undefined {
    const { rules, hasUsers, catalog } = this.#options;
    if (
      rules.who === "local" && !hasUsers && !isLoopback(connection.address)
    ) {
      return refuse(403, "Only programs of this machine may publish");
    }
    const refusal = refuseAnnouncement(path, description);
    if (refusal !== undefined) return refusal;
    const known = this.#streams.at(path);
    if (known === "served") {
      return refuse(403, "A stream of that name is served");
    }
    if (known?.publisher !== undefined && !this.#mayReplace(known.publisher)) {
      return refuse(403, "Somebody publishes there");
    }
    const room = this.#sessions.size < MAX_PUBLISHERS &&
      (known !== undefined || [...catalog.entries()].length < MAX_STREAMS);
    return room ? undefined : refuse(453, "Too many publishers");
  }

  #mayReplace(publisher: PublishSession): boolean {
    return this.#options.rules.takeover || this.#lingering.has(publisher.id) ||
      performance.now() - publisher.heardAt > STALE_PUBLISHER_MS;
  }

  /** Opens what a SETUP needs. */
  setup(action: Setup, connection: SetupConnection): ServerAnswer {
    const { host, cname, random32, registry, log } = this.#options;
    const description = this.#announced.get(connection);
    if (description === undefined) return { type: "refused", status: 455 };
    const { transport, sessionId: id, path } = action;
    if (transport.kind === "multicast" || transport.secure) {
      return { type: "refused", status: 461 };
    }
    let session = this.#sessions.get(id);
    if (session === undefined) {
      if (this.#sessions.size >= MAX_PUBLISHERS) {
        return { type: "refused", status: 453, reason: "Too many publishers" };
      }
      session = new PublishSession({
        id,
        path,
        description,
        connection,
        user: action.username,
        host,
        cname,
        random32,
        onLife: (now) => registry.touch(id, now),
        onFault: (error) => {
          log.error(`Cannot go on with publisher ${id}: ${error}`);
          this.#options.endSession(id);
        },
        onFrame: ({ jpeg, mediaTime, width, height }) =>
          this.#streams.of(id)?.feed.push({ jpeg, mediaTime, width, height }),
      });
      this.#sessions.set(id, session);
    }
    try {
      const serverPorts = session.setup(action);
      return {
        type: "transportReady",
        ...(serverPorts === undefined ? {} : { serverPorts }),
      };
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      log.warn(error.message);
      return { type: "refused", status: 461 };
    }
  }

  /** A publisher begins. */
  record(id: string): ServerAnswer {
    const session = this.#sessions.get(id);
    if (session === undefined) return { type: "refused", status: 454 };
    if (!session.hasVideo) {
      return {
        type: "refused",
        status: 455,
        reason: "Its video is not set up",
      };
    }
    const { emit, log, endSession } = this.#options;
    const known = this.#streams.at(session.path);
    if (known === "served") {
      return {
        type: "refused",
        ...refuse(403, "A stream of that name is served"),
      };
    }
    const before = known?.publisher;
    if (before !== undefined && before !== session) {
      if (!this.#mayReplace(before)) {
        return { type: "refused", ...refuse(403, "Somebody publishes there") };
      }
      if (this.#lingering.has(before.id)) this.#end(before.id, false);
      else endSession(before.id);
    }
    const stream = known ?? this.#streams.add(session.path);
    clearTimeout(stream.grace);
    stream.publisher = session;
    if (before !== session) stream.feed.begin(session.announcedFps);
    session.record();
    const facts = this.#facts(stream, session);
    emit({ event: "publisher-start", ...facts });
    log.info(
      `${facts.address} publishes ${facts.path} by ${facts.transport}`,
    );
    return { type: "recording" };
  }

  #facts(stream: PublishedStream, session: PublishSession) {
    const { id, address, transport, user } = session;
    return {
      path: stream.entry.path,
      session: id,
      address,
      transport,
      user: user ?? null,
    };
  }

  /** What comes is not wanted for now. */
  pause(id: string): void {
    this.#sessions.get(id)?.pause();
  }

  /** A packet in a `$` frame. */
  receiveRtp(id: string, track: number, bytes: Uint8Array): void {
    this.#sessions.get(id)?.receiveRtp(track, bytes);
  }

  /** A report in a `$` frame. */
  receiveRtcp(id: string, track: number, bytes: Uint8Array): void {
    this.#sessions.get(id)?.receiveRtcp(track, bytes);
  }

  /** Ends a publisher; its viewers wait for it to come back. `close` ends its connection too. */
  teardown(id: string, close: boolean): void {
    const session = this.#sessions.get(id);
    if (session === undefined || this.#lingering.has(id)) return;
    if (close || session.transport === "tcp") {
      this.#end(id, close);
      return;
    }
    this.#lingering.set(id, setTimeout(() => this.#end(id, false), LINGER_MS));
  }

  #end(id: string, close: boolean): void {
    clearTimeout(this.#lingering.get(id));
    this.#lingering.delete(id);
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    session.close();
    this.#until(session.closed());
    if (close) session.writer.end("its session was ended");
    const stream = this.#streams.of(id);
    if (stream === undefined) return;
    this.#streams.release(stream, this.#options.rules.graceMs);
    const { emit, log } = this.#options;
    const { framesReceived, framesLost } = session.figures;
    const facts = this.#facts(stream, session);
    emit({ event: "publisher-stop", ...facts, framesReceived, framesLost });
    log.info(
      `${facts.address} no longer publishes ${facts.path}: ${framesReceived} frames, ${framesLost} lost`,
    );
  }

  /** Ends publishers that send nothing. */
  tick(now: number): void {
    for (const session of [...this.#sessions.values()]) {
      if (now - session.heardAt > PUBLISHER_SILENCE_MS) {
        this.#options.endSession(session.id);
      }
    }
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const id of [...this.#sessions.keys()]) this.#end(id, false);
    await this.#streams.close();
    await Promise.all(this.#closing);
  }

  #until(work: Promise<unknown>): void {
    const kept = work.finally(() => this.#closing.delete(kept));
    this.#closing.add(kept);
  }
}

function refuse(status: number, reason: string): Refusal {
  return { status, reason };
}
