/**
 * A member's side of a room: joins, comes back by itself, knows who is there
 * and where the film is, and moves the film. The page, the headless host and
 * viewer, and the tests all are this and differ in what they give it.
 *
 * @module
 */

import type { PeerStatus, RoomSettings } from "./client_event.ts";
import { type Bytes, SEALED_CHUNK_BYTES } from "./chunk.ts";
import { ClockOffset } from "./clock_offset.ts";
import { SignalProtocolError } from "./error.ts";
import { FilmPaths, type FilmPathsParts } from "./film_paths.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import { type FilmManifest, verifyManifest } from "./manifest.ts";
import {
  applyAction,
  initialPlayback,
  type Playback,
  type PlaybackAction,
  positionAt,
} from "./playback.ts";
import type { LinkSecret } from "./party_link.ts";
import type { RoomStream, SettingsView, UserView } from "./room.ts";
import type { RtcServer } from "./rtc.ts";
import { NONCE_BYTES, openValue, type PartyKeys, sealValue } from "./seal.ts";
import { sealedRange } from "./http_transport.ts";
import type { FilmTransport } from "./transport.ts";

/** Round trips to the server's clock at the start, and their distance, ms. */
const FIRST_PINGS = 10;
const FIRST_PING_MS = 60;
/** Later there is one this often, ms. */
const PING_MS = 2000;

/** The part of a Socket.IO client that is used here. */
export interface PartySocket {
  /** Whether it is connected now. */
  readonly connected: boolean;
  /** Sends an event. */
  emit(event: string, payload: unknown): unknown;
  /** Listens. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** Ends it. */
  disconnect(): unknown;
}

/** How the room is, for this member. */
export interface PartyState {
  /** Where we are: at the door means that the host has to let us in. */
  readonly phase:
    | "connecting"
    | "joining"
    | "at-door"
    | "joined"
    | "refused"
    | "closed";
  /** Whether the connection to the server stands. */
  readonly connected: boolean;
  /** Our id. */
  readonly userId: string;
  /** Whether we are the host. */
  readonly isHost: boolean;
  /** Everybody, ourselves among them. */
  readonly users: readonly UserView[];
  /** How everybody's player is doing, by id. */
  readonly statuses: ReadonlyMap<string, PeerStatus>;
  /** What the host has set. */
  readonly settings: SettingsView;
  /** Where the film is. */
  readonly playback: Playback;
  /** The film that is on. */
  readonly film: FilmManifest | undefined;
  /** Who has it. */
  readonly filmFrom: string | undefined;
  /** Who waits to be let in. */
  readonly knocks: readonly { readonly id: string; readonly name: string }[];
}

/** A line of the chat. */
export interface ChatLine {
  /** Distinguishes it. */
  readonly id: string;
  /** Who. */
  readonly userId: string;
  /** Whose name. */
  readonly userName: string;
  /** What. */
  readonly message: string;
  /** When, ms of the server's clock. */
  readonly timestamp: number;
}

/** What a member is told. */
export interface PartyEvents {
  /** The state is another one. */
  changed?(state: PartyState): void;
  /** The film's position was set: by a person, or because somebody is waited for. */
  playback?(playback: Playback, byUserId: string | null): void;
  /** A film is on: give a receiver for it, or nothing when it is not wanted. */
  film?(manifest: FilmManifest, pageKey: CryptoKey): FilmReceiver | undefined;
  /** The film is off. */
  filmEnded?(): void;
  /** Somebody said something. */
  chat?(line: ChatLine): void;
  /** Joining did not work; the second says that a password is asked for. */
  refused?(message: string, passwordRequired: boolean): void;
  /** Something else did not. */
  problem?(message: string): void;
}

/** What a member is made of. */
export interface PartyClientParts
  extends Omit<FilmPathsParts, "emit" | "key" | "onChange" | "openHttp"> {
  /** The connection to the server; not connected yet. */
  readonly socket: PartySocket;
  /** From the link. */
  readonly secret: LinkSecret;
  /** From the link. */
  readonly keys: PartyKeys;
  /** Makes a transport over HTTP for who shows this token. */
  readonly openHttp?: (
    receiver: FilmReceiver,
    roomId: string,
    token: string,
  ) => FilmTransport;
  /** Takes the film of a later host too, and says so; else only that of the link's. */
  readonly anyHost?: boolean;
  /** Answers a request of the relay over HTTP; `undefined`: we cannot. */
  readonly postAnswer?: (id: string, bytes: Bytes | undefined) => void;
  /** What happens. */
  readonly events: PartyEvents;
}

/** How to join. */
export interface JoinOptions {
  /** The room's code. */
  readonly roomId: string;
  /** Our name. */
  readonly userName: string;
  /** The room's password. */
  readonly password?: string;
  /** The host's secret. */
  readonly hostKey?: string;
  /** What the server gave to us before a reload. */
  readonly token?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const NO_SETTINGS: SettingsView = {
  locked: false,
  knock: false,
  sharedControl: false,
  waitForBuffering: false,
};

/** A member of a room. */
export class PartyClient {
  readonly #parts: PartyClientParts;
  readonly #paths: FilmPaths;
  readonly #clock = new ClockOffset();
  #options: JoinOptions | undefined;
  #token: string | undefined;
  #hostClaim: string | undefined;
  #phase: PartyState["phase"] = "connecting";
  #userId = "";
  #hostId = "";
  readonly #users = new Map<string, UserView>();
  readonly #statuses = new Map<string, PeerStatus>();
  readonly #knocks = new Map<string, string>();
  #settings = NO_SETTINGS;
  #playback: Playback = initialPlayback(0);
  #stream: RoomStream | undefined;
  #film: FilmManifest | undefined;
  #sender: FilmSender | undefined;
  #receiver: FilmReceiver | undefined;
  #pings = 0;
  #cancelPing: () => void = () => {};
  #hearing: Promise<void> = Promise.resolve();

  /** Not in a room yet; call {@linkcode join}. */
  constructor(parts: PartyClientParts) {
    this.#parts = parts;
    const { openHttp } = parts;
    this.#paths = new FilmPaths({
      emit: (event, payload) => this.#emit(event, payload),
      key: parts.keys.message,
      rtc: parts.rtc,
      openRelay: parts.openRelay,
      openHttp: openHttp &&
        ((receiver) =>
          openHttp(receiver, this.#options?.roomId ?? "", this.#token ?? "")),
      clock: parts.clock,
      random: parts.random,
      onChange: () => this.#changed(),
    });
    this.#listen();
  }

  /** How the room is. */
  get state(): PartyState {
    return {
      phase: this.#phase,
      connected: this.#parts.socket.connected,
      userId: this.#userId,
      isHost: this.#userId !== "" && this.#hostId === this.#userId,
      users: [...this.#users.values()]
        .map((user) => ({ ...user, isHost: user.id === this.#hostId })),
      statuses: this.#statuses,
      settings: this.#settings,
      playback: this.#playback,
      film: this.#film,
      filmFrom: this.#stream?.userId,
      knocks: [...this.#knocks].map(([id, name]) => ({ id, name })),
    };
  }

  /** Shows, after a reload, that we are who we were. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Ways that the film comes by. */
  get paths(): FilmPaths {
    return this.#paths;
  }

  /** Round trip to the server at its best, ms. */
  get serverRoundTripMs(): number | undefined {
    return this.#clock.roundTripMs;
  }

  /** The server's clock now, ms. */
  serverNow(): number {
    return this.#clock.toRemote(this.#parts.clock.now());
  }

  /** The server's clock at a moment of ours, ms. */
  toServer(local: number): number {
    return this.#clock.toRemote(local);
  }

  /** Where the film is now, seconds. */
  position(): number {
    return positionAt(this.#playback, this.serverNow());
  }

  /** Joins, and after every loss of the connection again. */
  join(options: JoinOptions): void {
    this.#options = options;
    this.#token ??= options.token;
    this.#phase = "connecting";
    if (this.#parts.socket.connected) this.#sendJoin();
    this.#changed();
  }

  /** Leaves for good. */
  leave(): void {
    if (this.#phase === "joined") this.#emit("leave-room", {});
    this.#phase = "closed";
    this.#cancelPing();
    this.#paths.close();
    this.#parts.socket.disconnect();
  }

  /** Plays, pauses, seeks. */
  control(action: PlaybackAction): void {
    const now = this.serverNow();
    this.#playback = applyAction(this.#playback, action, now);
    const { action: type, ...rest } = action;
    this.#emit("video-event", { type, ...rest, at: now });
    this.#parts.events.playback?.(this.#playback, this.#userId);
  }

  /** Says something to everybody, sealed. */
  async chat(message: string): Promise<void> {
    const { sealed } = await this.#seal(message);
    this.#emit("chat-message", { message: `sealed:${sealed}` });
  }

  /** Sets what a host may set. */
  set(settings: Partial<RoomSettings>): void {
    this.#emit("room-settings", settings);
  }

  /** Lets somebody in, or not. */
  admit(knockId: string, admit: boolean): void {
    this.#knocks.delete(knockId);
    this.#emit("admit", { knockId, admit });
    this.#changed();
  }

  /** Tells how our player is doing. */
  report(status: PeerStatus): void {
    if (this.#phase !== "joined") return;
    this.#statuses.set(this.#userId, status);
    this.#emit("peer-status", { ...status });
  }

  /** Gives this film to the room. */
  async share(sender: FilmSender): Promise<void> {
    this.#sender = sender;
    this.#film = sender.manifest;
    this.#paths.serve(sender);
    await this.#announce();
  }

  /** Gives it no more. */
  unshare(): void {
    this.#sender?.close();
    this.#sender = undefined;
    this.#film = undefined;
    this.#paths.serve(undefined);
    this.#emit("streaming-stopped", {});
  }

  #emit(event: string, payload: Fields): void {
    this.#parts.socket.emit(event, {
      roomId: this.#options?.roomId,
      ...payload,
    });
  }

  #changed(): void {
    this.#parts.events.changed?.(this.state);
  }

  #seal(value: unknown): Promise<{ readonly sealed: string }> {
    const { keys, random } = this.#parts;
    return sealValue(keys.message, value, random(NONCE_BYTES));
  }

  async #announce(): Promise<void> {
    const sender = this.#sender;
    if (sender === undefined || this.#phase !== "joined") return;
    const metadata = await this.#seal(sender.manifest);
    this.#stream = {
      userId: this.#userId,
      metadata,
      totalChunks: sender.manifest.totalChunks,
      quality: "original",
    };
    const { totalChunks, quality } = this.#stream;
    this.#emit("streaming-started", { metadata, totalChunks, quality });
    this.#changed();
  }

  #sendJoin(): void {
    const options = this.#options;
    if (options === undefined) return;
    this.#phase = "joining";
    this.#emit("join-room", {
      userName: options.userName,
      resumable: true,
      password: options.password,
      hostKey: options.hostKey,
      token: this.#token,
      hostClaim: this.#hostClaim,
    });
  }

  #ping(): void {
    this.#cancelPing();
    const { clock, socket } = this.#parts;
    if (!socket.connected) return;
    socket.emit("clock-ping", { echo: clock.now() });
    const wait = this.#pings++ < FIRST_PINGS ? FIRST_PING_MS : PING_MS;
    this.#cancelPing = clock.after(wait, () => this.#ping());
  }

  #listen(): void {
    const { socket, clock, events } = this.#parts;
    const on = (event: string, listener: (fields: Fields) => void): void => {
      socket.on(event, (value) => {
        listener(
          typeof value === "object" && value !== null ? value as Fields : {},
        );
      });
    };
    on("connect", () => {
      this.#pings = 0;
      this.#ping();
      this.#sendJoin();
      this.#changed();
    });
    on("disconnect", () => {
      if (this.#phase !== "closed") this.#phase = "connecting";
      this.#cancelPing();
      this.#changed();
    });
    on("clock-pong", ({ echo, serverTime }) => {
      if (typeof echo !== "number" || typeof serverTime !== "number") return;
      this.#clock.add({
        sent: echo,
        remote: serverTime,
        received: clock.now(),
      });
    });
    on("welcome", ({ iceServers }) => {
      this.#paths.iceServers = (iceServers ?? []) as RtcServer[];
    });
    on("room-joined", (fields) => this.#joined(fields));
    on("knocking", () => {
      this.#phase = "at-door";
      this.#changed();
    });
    on(
      "knock-refused",
      () => this.#refuse("The host has not let you in", false),
    );
    on("password-required", ({ wrong }) =>
      this.#refuse(
        wrong === true ? "Wrong password" : "This room has a password",
        true,
      ));
    on("error", ({ message }) => {
      const text = String(message);
      if (this.#phase === "joining") this.#refuse(text, false);
      else if (this.#phase !== "refused") events.problem?.(text);
    });
    on("room-closed", () => {
      this.#phase = "closed";
      this.#changed();
    });
    on("user-joined", ({ user }) => this.#meet(user));
    on("user-reconnected", ({ user }) => {
      this.#meet(user);
      // What it had open is gone with its page.
      const { id } = user as UserView;
      if (id !== this.#stream?.userId) return;
      this.#paths.stopFetching();
      this.#fetch();
    });
    on("user-away", ({ userId }) => {
      const user = this.#users.get(String(userId));
      if (user !== undefined) this.#users.set(user.id, { ...user, away: true });
      this.#changed();
    });
    on("user-left", ({ userId }) => {
      this.#users.delete(String(userId));
      this.#statuses.delete(String(userId));
      this.#paths.forget(String(userId));
      this.#changed();
    });
    on("host-changed", ({ newHostId }) => {
      this.#hostId = String(newHostId);
      this.#changed();
      if (this.#hostId === this.#userId) void this.#announce();
    });
    on("room-settings", ({ settings }) => {
      this.#settings = settings as SettingsView;
      this.#changed();
    });
    on("knock", ({ knockId, userName }) => {
      this.#knocks.set(String(knockId), String(userName));
      this.#changed();
    });
    on("peer-status", ({ userId, status }) => {
      this.#statuses.set(String(userId), status as PeerStatus);
      this.#changed();
    });
    on("playback", ({ playback, userId }) => {
      this.#playback = playback as Playback;
      // Our own action comes back to us: it is done already.
      if (userId !== this.#userId) {
        events.playback?.(this.#playback, userId as string | null);
      }
      this.#changed();
    });
    on("chat-message-received", (fields) => void this.#hearChat(fields));
    on("streaming-started", (fields) =>
      this.#setStream({
        userId: String(fields.userId),
        metadata: fields.metadata,
        totalChunks: Number(fields.totalChunks),
        quality: String(fields.quality),
      }));
    on("streaming-stopped", () => this.#setStream(undefined));
    on(
      "join-stream-request",
      ({ participantId }) => this.#paths.wanted(String(participantId)),
    );
    for (
      const [event, field] of [
        ["webrtc-offer", "offer"],
        ["webrtc-answer", "answer"],
        ["ice-candidate", "candidate"],
      ] as const
    ) {
      on(
        event,
        (fields) =>
          this.#paths.signal(String(fields.fromUserId), fields[field]),
      );
    }
    on(
      "relay-ready",
      ({ participantId, ticket, asked }) =>
        void this.#paths.relayReady(
          String(participantId),
          typeof ticket === "string" ? ticket : null,
          asked === true,
        ),
    );
    on("range-request", (fields) => void this.#answerRange(fields));
  }

  #refuse(message: string, passwordRequired: boolean): void {
    if (this.#phase === "refused") return;
    this.#phase = "refused";
    this.#options = undefined;
    this.#parts.events.refused?.(message, passwordRequired);
    this.#changed();
  }

  #meet(value: unknown): void {
    const user = value as UserView;
    this.#users.set(user.id, user);
    this.#changed();
  }

  #joined(fields: Fields): void {
    const users = fields.users as readonly UserView[];
    this.#phase = "joined";
    this.#userId = String(fields.userId);
    this.#token = String(fields.token);
    this.#hostClaim = typeof fields.hostClaim === "string"
      ? fields.hostClaim
      : undefined;
    this.#settings = fields.settings as SettingsView;
    this.#users.clear();
    for (const user of users) this.#users.set(user.id, user);
    this.#hostId = users.find(({ isHost }) => isHost)?.id ?? "";
    this.#statuses.clear();
    for (const [id, status] of Object.entries(fields.statuses ?? {})) {
      this.#statuses.set(id, status as PeerStatus);
    }
    const known = this.#playback;
    const told = fields.playback as Playback;
    if (typeof fields.serverTime === "number" && !this.#clock.known) {
      const now = this.#parts.clock.now();
      this.#clock.add({ sent: now, remote: fields.serverTime, received: now });
    }
    const lost = told.position === 0 && !told.playing && known.at > 0 &&
      known.at < told.at;
    if (lost && this.state.isHost) {
      // A server that was restarted has forgotten where the film is.
      this.#playback = known;
      this.control({ action: "speed", speed: known.rate });
      this.control({
        action: known.playing ? "play" : "pause",
        time: positionAt(known, this.serverNow()),
      });
    } else if (!lost) {
      this.#playback = told;
      this.#parts.events.playback?.(told, null);
    }
    if (this.#sender !== undefined) void this.#announce();
    else if (fields.stream !== null || !lost) {
      this.#setStream((fields.stream ?? undefined) as RoomStream | undefined);
    }
    this.#changed();
  }

  async #hearChat(fields: Fields): Promise<void> {
    let message = String(fields.message);
    if (message.startsWith("sealed:")) {
      try {
        const sealed = message.slice("sealed:".length);
        message = String(await openValue(this.#parts.keys.message, { sealed }));
      } catch {
        message = "(sealed with another key)";
      }
    }
    this.#parts.events.chat?.({
      id: String(fields.id),
      userId: String(fields.userId),
      userName: String(fields.userName),
      message,
      timestamp: Number(fields.timestamp),
    });
  }

  /** One after another: opening takes a moment. */
  #setStream(stream: RoomStream | undefined): void {
    this.#hearing = this.#hearing.then(() => this.#takeStream(stream))
      .catch((error) => this.#parts.events.problem?.(String(error.message)));
  }

  async #takeStream(stream: RoomStream | undefined): Promise<void> {
    if (this.#sender !== undefined && stream?.userId !== this.#userId) {
      if (stream === undefined) return;
      this.#sender = undefined; // another host's film is on now
      this.#paths.serve(undefined);
    }
    if (stream === undefined) {
      this.#stream = undefined;
      this.#paths.stopFetching();
      this.#parts.events.filmEnded?.();
      this.#changed();
      return;
    }
    if (stream.userId === this.#userId) return;
    const { keys, secret, events } = this.#parts;
    const value = await openValue(keys.message, stream.metadata);
    const { manifest, key, isLinkHosts } = await verifyManifest(
      value,
      secret.fingerprint,
      this.#parts.anyHost ?? false,
    );
    this.#stream = stream;
    if (!isLinkHosts && manifest.filmId !== this.#film?.filmId) {
      const name = this.#users.get(stream.userId)?.name ?? "somebody";
      events.problem?.(`This film is ${name}'s, not that of your link's host`);
    }
    if (
      manifest.filmId !== this.#film?.filmId || this.#receiver === undefined
    ) {
      this.#film = manifest;
      this.#receiver = events.film?.(manifest, key);
    }
    this.#fetch();
    this.#changed();
  }

  #fetch(): void {
    const from = this.#stream?.userId;
    if (this.#receiver === undefined || from === undefined) return;
    this.#paths.fetch(this.#receiver, from);
  }

  async #answerRange(fields: Fields): Promise<void> {
    const { id, what, start, end } = fields;
    const { postAnswer } = this.#parts;
    if (typeof id !== "string" || postAnswer === undefined) return;
    try {
      postAnswer(id, await this.#rangeBytes(what, Number(start), Number(end)));
    } catch (error) {
      if (error instanceof SignalProtocolError) throw error;
      postAnswer(id, undefined);
    }
  }

  async #rangeBytes(
    what: unknown,
    start: number,
    end: number,
  ): Promise<Bytes | undefined> {
    const sender = this.#sender;
    if (sender === undefined) return undefined;
    if (what === "hashes") return await sender.hashPage(start);
    const { manifest } = sender;
    const parts: Bytes[] = [];
    let chunk = Math.floor(start / SEALED_CHUNK_BYTES);
    for (let at = start; at <= end; chunk++) {
      const range = sealedRange(manifest, chunk);
      // Whole chunks only: what else somebody asks for is no request of ours.
      if (
        range.start !== at || range.end > end || chunk >= manifest.totalChunks
      ) return undefined;
      parts.push(await sender.sealed(chunk, false));
      at = range.end + 1;
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}
