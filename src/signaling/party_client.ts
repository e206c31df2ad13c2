/**
 * A member's side of a room: joins, comes back by itself, knows who is there
 * and where the film is, and moves the film. The page, the headless host and
 * viewer, and the tests all are this and differ in what they give it.
 *
 * @module
 */

import type { PeerStatus, RoomSettings } from "./client_event.ts";
import type { Bytes } from "./chunk.ts";
import type { Fields } from "./event_fields.ts";
import { listenForFilm } from "./film_events.ts";
import { FilmPaths, type FilmPathsParts } from "./film_paths.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import { openChat, sealChat } from "./party_chat.ts";
import { PartyFilm } from "./party_film.ts";
import type { LinkSecret } from "./party_link.ts";
import type {
  JoinOptions,
  PartyEvents,
  PartySocket,
  PartyState,
} from "./party_state.ts";
import {
  applyAction,
  initialPlayback,
  type Playback,
  type PlaybackAction,
  positionAt,
} from "./playback.ts";
import type { RoomStream, UserView } from "./room.ts";
import { MIRRORED_EVENTS, RoomMirror } from "./room_mirror.ts";
import type { RtcServer } from "./rtc.ts";
import { NONCE_BYTES, type PartyKeys, sealValue } from "./seal.ts";
import { ServerClock } from "./server_clock.ts";
import type { FilmTransport } from "./transport.ts";

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

/** A member of a room. */
export class PartyClient {
  readonly #parts: PartyClientParts;
  readonly #paths: FilmPaths;
  readonly #clock: ServerClock;
  readonly #room = new RoomMirror();
  readonly #film: PartyFilm;
  #options: JoinOptions | undefined;
  #token: string | undefined;
  #hostClaim: string | undefined;
  #phase: PartyState["phase"] = "connecting";
  #playback: Playback = initialPlayback(0);

  /** Not in a room yet; call {@linkcode join}. */
  constructor(parts: PartyClientParts) {
    this.#parts = parts;
    const { openHttp, keys, secret, events } = parts;
    const emit = this.#emit.bind(this);
    const onChange = this.#changed.bind(this);
    this.#clock = new ServerClock(parts.socket, parts.clock);
    this.#paths = new FilmPaths({
      emit,
      key: keys.message,
      rtc: parts.rtc,
      openRelay: parts.openRelay,
      openHttp: openHttp &&
        ((receiver) =>
          openHttp(receiver, this.#options?.roomId ?? "", this.#token ?? "")),
      clock: parts.clock,
      random: parts.random,
      onChange,
    });
    this.#film = new PartyFilm({
      room: this.#room,
      paths: this.#paths,
      emit,
      seal: (value) =>
        sealValue(keys.message, value, parts.random(NONCE_BYTES)),
      keys,
      secret,
      anyHost: parts.anyHost ?? false,
      events,
      onChange,
    });
    this.#listen();
    listenForFilm((event, listener) => this.#on(event, listener), {
      film: this.#film,
      paths: this.#paths,
      postAnswer: parts.postAnswer,
    });
  }

  /** How the room is. */
  get state(): PartyState {
    return {
      ...this.#room.state,
      phase: this.#phase,
      connected: this.#parts.socket.connected,
      playback: this.#playback,
      film: this.#film.manifest,
      filmFrom: this.#film.from,
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
    return this.#clock.now();
  }

  /** The server's clock at a moment of ours, ms. */
  toServer(local: number): number {
    return this.#clock.at(local);
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
    this.#emit("leave-room", {});
    this.#phase = "closed";
    this.#clock.stop();
    this.#paths.close();
    this.#parts.socket.disconnect();
  }

  /** Plays, pauses, seeks. */
  control(action: PlaybackAction): void {
    const now = this.serverNow();
    this.#playback = applyAction(this.#playback, action, now);
    const { action: type, ...rest } = action;
    this.#emit("video-event", { type, ...rest, at: now });
    this.#parts.events.playback?.(this.#playback, this.#room.userId);
  }

  /** Says something to everybody, sealed. */
  async chat(message: string): Promise<void> {
    const { keys, random } = this.#parts;
    this.#emit("chat-message", {
      message: await sealChat(keys.message, message, random),
    });
  }

  /** Sets what a host may set. */
  set(settings: Partial<RoomSettings>): void {
    this.#emit("room-settings", settings);
  }

  /** Lets somebody in, or not. */
  admit(knockId: string, admit: boolean): void {
    this.#room.answered(knockId);
    this.#emit("admit", { knockId, admit });
    this.#changed();
  }

  /** Tells how our player is doing. */
  report(status: PeerStatus): void {
    if (this.#phase !== "joined") return;
    this.#room.report(status);
    this.#emit("peer-status", { ...status });
  }

  /** Gives this film to the room; `extras` are told with it, such as its subtitles. */
  async share(
    sender: FilmSender,
    extras?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.#film.share(sender, extras);
  }

  /** Gives it no more. */
  unshare(): void {
    this.#film.unshare();
  }

  /** Whoever is not in the room has nothing to say there; a socket would keep it for later. */
  #emit(event: string, payload: Fields): void {
    if (this.#phase === "joined") this.#send(event, payload);
  }

  #send(event: string, payload: Fields): void {
    this.#parts.socket.emit(event, {
      roomId: this.#options?.roomId,
      ...payload,
    });
  }

  #changed(): void {
    this.#parts.events.changed?.(this.state);
  }

  #sendJoin(): void {
    const options = this.#options;
    if (options === undefined) return;
    this.#phase = "joining";
    this.#send("join-room", {
      userName: options.userName,
      resumable: true,
      password: options.password,
      hostKey: options.hostKey,
      token: this.#token,
      hostClaim: this.#hostClaim,
    });
  }

  #on(event: string, listener: (fields: Fields) => void): void {
    this.#parts.socket.on(event, (value) => {
      listener(
        typeof value === "object" && value !== null ? value as Fields : {},
      );
    });
  }

  #listen(): void {
    const { events, keys } = this.#parts;
    this.#on("connect", () => {
      this.#clock.start();
      this.#sendJoin();
      this.#changed();
    });
    this.#on("disconnect", () => {
      if (this.#phase !== "closed") this.#phase = "connecting";
      this.#clock.stop();
      this.#changed();
    });
    this.#on("welcome", ({ iceServers }) => {
      this.#paths.iceServers = (iceServers ?? []) as RtcServer[];
    });
    this.#on("room-joined", (fields) => this.#joined(fields));
    this.#on("knocking", () => this.#setPhase("at-door"));
    this.#on("room-closed", () => this.#setPhase("closed"));
    this.#on(
      "knock-refused",
      () => this.#refuse("The host has not let you in", false),
    );
    this.#on("password-required", ({ wrong }) =>
      this.#refuse(
        wrong === true ? "Wrong password" : "This room has a password",
        true,
      ));
    this.#on("error", ({ message }) => {
      const text = String(message);
      if (this.#phase === "joining") this.#refuse(text, false);
      else if (this.#phase !== "refused") events.problem?.(text);
    });
    for (const event of MIRRORED_EVENTS) {
      this.#on(event, (fields) => {
        this.#room.tell(event, fields);
        if (event === "user-left") this.#paths.forget(String(fields.userId));
        this.#changed();
        if (event === "host-changed" && this.#room.isHost) {
          void this.#film.announce();
        } else if (event === "user-reconnected") {
          this.#film.reconnected((fields.user as UserView).id);
        }
      });
    }
    this.#on("playback", ({ playback, userId }) => {
      this.#playback = playback as Playback;
      // Our own action comes back to us: it is done already.
      if (userId !== this.#room.userId) {
        events.playback?.(this.#playback, userId as string | null);
      }
      this.#changed();
    });
    this.#on("chat-message-received", async (fields) => {
      events.chat?.(await openChat(keys.message, fields));
    });
  }

  #setPhase(phase: PartyState["phase"]): void {
    this.#phase = phase;
    this.#changed();
  }

  #refuse(message: string, passwordRequired: boolean): void {
    if (this.#phase === "refused") return;
    this.#options = undefined;
    this.#phase = "refused";
    this.#parts.events.refused?.(message, passwordRequired);
    this.#changed();
  }

  #joined(fields: Fields): void {
    this.#phase = "joined";
    this.#token = String(fields.token);
    this.#hostClaim = typeof fields.hostClaim === "string"
      ? fields.hostClaim
      : undefined;
    this.#room.joined(fields);
    if (typeof fields.serverTime === "number") {
      this.#clock.hint(fields.serverTime);
    }
    const known = this.#playback;
    const told = fields.playback as Playback;
    const lost = told.position === 0 && !told.playing && known.at > 0 &&
      known.at < told.at;
    if (lost && this.#room.isHost) {
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
    if (this.#film.sender !== undefined) void this.#film.announce();
    else if (fields.stream !== null || !lost) {
      this.#film.tell((fields.stream ?? undefined) as RoomStream | undefined);
    }
    this.#changed();
  }
}
