/**
 * A player of the standard dialect.
 *
 *     OPTIONS → DESCRIBE → SETUP (UDP, then TCP) → PLAY ⇄ PAUSE → TEARDOWN
 *
 * @module
 */

import { SdpProtocolError } from "../sdp/mod.ts";
import type {
  ClientAction,
  ClientDialect,
  ClientFailure,
  ClientOptions,
  ClientState,
  ClientTrack,
  PlayWish,
} from "./client_actions.ts";
import {
  playHeaders,
  readDescribed,
  readPlaying,
  readSetUp,
  setupHeaders,
} from "./client_media.ts";
import { ClientConversation, MAX_REDIRECTS } from "./client_conversation.ts";
import type { ClientRequest } from "./client_requests.ts";
import { RtspProtocolError } from "./errors.ts";
import type {
  InterleavedFrame,
  RtspMessage,
  RtspRequest,
  RtspResponse,
} from "./message.ts";
import type { Pair } from "./transport.ts";
import type { RtspUrl } from "./url.ts";

/** Milliseconds without a UDP packet after PLAY that make us turn to TCP. */
export const UDP_SILENCE = 3000;
/** Milliseconds without any packet while playing that mean the server is gone. */
export const MEDIA_SILENCE = 10_000;
/** Milliseconds without an answer to the first request that make us try the teaching dialect. */
export const DIALECT_TIMEOUT = 2500;
/** Milliseconds to wait for the answer to TEARDOWN. */
const TEARDOWN_TIMEOUT = 1000;
/** A player of the standard dialect. */
export class StandardClient implements ClientDialect {
  readonly #options: ClientOptions;
  readonly #server: ClientConversation;
  #state: ClientState = "connecting";
  #answered = false;
  #lower: "udp" | "tcp";
  #public: string | undefined;
  #described = false;
  #track: ClientTrack | undefined;
  #aggregate = "";
  #ports: Pair | undefined;
  #channels: Pair | undefined;
  /** When the player began to wait for packets: at PLAY or the last packet. */
  #mediaAt: number | undefined;
  #mediaSeen = false;
  /** Begin playing as soon as the session is set up. */
  #wish: PlayWish | undefined;
  #tearingDownAt: number | undefined;

  /** For a URL that is already taken apart. */
  constructor(url: RtspUrl, options: ClientOptions) {
    this.#options = options;
    this.#server = new ClientConversation(url, options);
    this.#lower = options.transport === "tcp" ? "tcp" : "udp";
    if (options.paused !== true) this.#wish = { from: options.start ?? 0 };
  }

  /** Where it stands. */
  get state(): ClientState {
    return this.#state;
  }

  /** Opens the connection. */
  start(_now: number): ClientAction[] {
    return this.#connect();
  }

  /** The connection is open. */
  connected(now: number): ClientAction[] {
    if (this.#state !== "connecting") return [];
    this.#state = "starting";
    return this.#server.request("OPTIONS", this.#server.url, now);
  }

  /** The connection could not be opened, or was closed. */
  disconnected(reason: string, _now: number): ClientAction[] {
    if (this.#state === "ended") return [];
    if (this.#tearingDownAt !== undefined) return this.#end();
    if (this.#state === "connecting") return this.#fail("connect", reason);
    return this.#mayBeLab("the server closed the connection") ??
      this.#fail("disconnected", reason);
  }

  /** Bytes came. */
  receive(bytes: Uint8Array, now: number): ClientAction[] {
    const actions: ClientAction[] = [];
    try {
      this.#server.push(bytes, now);
      while (this.#state !== "ended" && this.#state !== "connecting") {
        const message = this.#server.next();
        if (message === undefined) break;
        // Most of what comes over TCP: no list is made for each packet.
        if (message.type === "interleaved") {
          this.#takeFrame(message, now, actions);
        } else actions.push(...this.#take(message, now));
      }
    } catch (error) {
      if (
        !(error instanceof RtspProtocolError ||
          error instanceof SdpProtocolError)
      ) {
        throw error;
      }
      actions.push(
        ...this.#mayBeLab(error.message) ??
          this.#fail("protocol", error.message),
      );
    }
    return actions;
  }

  /** UDP ports are open. */
  portsOpened(ports: Pair, now: number): ClientAction[] {
    if (this.#track === undefined || this.#lower !== "udp") return [];
    this.#ports = ports;
    return this.#setup(now);
  }

  /** UDP ports cannot be had. */
  portsFailed(reason: string, now: number): ClientAction[] {
    if (this.#track === undefined || this.#lower !== "udp") return [];
    return this.#turnToTcp(reason, now);
  }

  /** A packet came over UDP. */
  mediaReceived(now: number): void {
    this.#mediaSeen = true;
    if (this.#mediaAt !== undefined) this.#mediaAt = now;
  }

  /** The source said goodbye: no more packets are expected. */
  mediaEnded(): void {
    this.#mediaAt = undefined;
  }

  /** Plays on, from elsewhere or at another speed. */
  play(wish: PlayWish, now: number): ClientAction[] {
    if (this.#state === "ended") return [];
    if (!this.#server.hasSession || this.#state === "starting") {
      this.#wish = wish;
      return [];
    }
    // Servers differ in what a PLAY with a Range does while playing: to queue
    // it is what the RFC says, so a seek pauses first.
    const pause = this.#state === "playing" && wish.from !== undefined
      ? this.#control("PAUSE", [], now)
      : [];
    return [...pause, ...this.#control("PLAY", playHeaders(wish), now)];
  }

  /** Pauses. */
  pause(now: number): ClientAction[] {
    this.#wish = undefined;
    return this.#state === "playing" ? this.#control("PAUSE", [], now) : [];
  }

  /** Ends the session, then everything. */
  teardown(now: number): ClientAction[] {
    if (this.#state === "ended" || this.#tearingDownAt !== undefined) return [];
    if (!this.#server.hasSession) return this.#end();
    this.#tearingDownAt = now;
    this.#mediaAt = undefined;
    this.#server.reset();
    return this.#control("TEARDOWN", [], now);
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    if (this.#state === "ended" || this.#state === "connecting") {
      return undefined;
    }
    if (this.#tearingDownAt !== undefined) {
      return this.#tearingDownAt + TEARDOWN_TIMEOUT;
    }
    const times = [this.#server.deadline, this.#server.keepAliveAt];
    if (!this.#answered && this.#options.dialect === "auto") {
      times.push(this.#server.lastRequestAt + DIALECT_TIMEOUT);
    }
    if (this.#mediaAt !== undefined) times.push(this.#silentAt());
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Keeps the session alive, turns to TCP, or gives up. */
  handleTimeout(now: number): ClientAction[] {
    const due = this.nextTimeoutAt();
    if (due === undefined || due > now) return [];
    if (this.#tearingDownAt !== undefined) return this.#end();
    if (
      !this.#answered && now >= this.#server.lastRequestAt + DIALECT_TIMEOUT
    ) {
      const lab = this.#mayBeLab("the server does not answer OPTIONS");
      if (lab !== undefined) return lab;
    }
    const deadline = this.#server.deadline;
    if (deadline !== undefined && now >= deadline) {
      return this.#fail("no-answer", "the server does not answer");
    }
    if (this.#mediaAt !== undefined && now >= this.#silentAt()) {
      if (this.#lower === "udp" && !this.#mediaSeen) {
        const reason = `no packet came over UDP for ${UDP_SILENCE / 1000} s`;
        if (this.#options.transport === "auto") {
          return this.#startOverWithTcp(reason, now);
        }
        return this.#fail("silent", reason);
      }
      return this.#fail("silent", "the server sends no more packets");
    }
    const method = this.#public?.includes("GET_PARAMETER") === true
      ? "GET_PARAMETER"
      : "OPTIONS";
    return this.#control(method, [], now);
  }

  #silentAt(): number {
    const wait = this.#lower === "udp" && !this.#mediaSeen
      ? UDP_SILENCE
      : MEDIA_SILENCE;
    return this.#mediaAt! + wait;
  }

  #takeFrame(
    { channel, payload }: InterleavedFrame,
    now: number,
    actions: ClientAction[],
  ): void {
    if (channel === this.#channels?.[0]) {
      this.mediaReceived(now);
      actions.push({ type: "rtp", bytes: payload });
    } else if (channel === this.#channels?.[1]) {
      actions.push({ type: "rtcp", bytes: payload });
    }
  }

  #take(message: RtspMessage, now: number): ClientAction[] {
    if (message.type === "request") return this.#obey(message, now);
    this.#answered = true;
    const outcome = this.#server.receive(message, now);
    switch (outcome.kind) {
      case "ignored":
        return [];
      case "again":
        return [{ type: "send", bytes: outcome.bytes }];
      case "unauthorized":
        if (this.#tearingDownAt !== undefined) return this.#end();
        return this.#fail(
          "unauthorized",
          `the server refuses ${outcome.request.method} without the right name and password`,
          401,
        );
      case "answered":
        return [
          ...this.#answer(outcome.request, message, now),
          ...this.#sendNext(now),
        ];
    }
  }

  /** The server asks: it may send us elsewhere (RFC 2326 section 10.10). */
  #obey(request: RtspRequest, now: number): ClientAction[] {
    const location = request.headers.get("location");
    if (request.method !== "REDIRECT" || location === undefined) {
      return [this.#server.answer(request, 501)];
    }
    const goodbye = [this.#server.answer(request, 200)];
    if (this.#server.hasSession) {
      this.#server.reset();
      goodbye.push(...this.#server.request("TEARDOWN", this.#aggregate, now));
    }
    if (this.#state === "playing") this.#wish = {};
    const elsewhere = this.#redirect(location);
    return [
      ...goodbye,
      { type: "closePorts" },
      { type: "redirected" },
      ...elsewhere,
    ];
  }

  #answer(
    request: ClientRequest,
    response: RtspResponse,
    now: number,
  ): ClientAction[] {
    const { status, headers } = response;
    if (request.method === "TEARDOWN") return this.#end();
    if (status >= 300 && status < 400) {
      return this.#redirect(headers.get("location"));
    }
    switch (request.method) {
      case "OPTIONS":
        // A server without OPTIONS may still have the rest.
        this.#public ??= headers.get("public") ?? "";
        return this.#described
          ? this.#lost(request, response)
          : this.#server.request("DESCRIBE", this.#server.url, now, [
            ["Accept", "application/sdp"],
          ]);
      case "GET_PARAMETER":
        if (status !== 200 && status !== 454) this.#public = "";
        return this.#lost(request, response);
      case "SETUP":
        if (status === 461 && this.#lower === "udp") {
          return this.#turnToTcp("the server takes no UDP", now);
        }
        break;
      case "PAUSE":
        // What cannot be paused plays on, which a seek need not mind.
        if (status !== 200) return this.#lost(request, response);
        break;
    }
    if (status !== 200) {
      return this.#fail(
        "status",
        `the server answers ${request.method} with ${status} ${response.reason}`,
        status,
      );
    }
    switch (request.method) {
      case "DESCRIBE":
        return this.#describe(response, now);
      case "SETUP":
        return this.#setUp(response, now);
      case "PLAY":
        return this.#playing(response, now);
      case "PAUSE":
        this.#state = "ready";
        this.#mediaAt = undefined;
        return [{ type: "paused" }];
      default:
        return [];
    }
  }

  /** A 454 to a keep-alive or PAUSE: the server has forgotten us. */
  #lost(request: ClientRequest, response: RtspResponse): ClientAction[] {
    if (response.status !== 454) return [];
    return this.#fail(
      "status",
      `the server answers ${request.method} with 454 ${response.reason}`,
      454,
    );
  }

  #describe(response: RtspResponse, now: number): ClientAction[] {
    const described = readDescribed(response, this.#server.url);
    if (described.track === undefined) {
      const { codecs } = described;
      return this.#fail(
        "no-jpeg",
        `the server offers no JPEG video${
          codecs.length === 0 ? "" : ` but ${codecs.join(", ")}`
        }`,
      );
    }
    const { description, track, duration } = described;
    this.#described = true;
    this.#aggregate = described.aggregate;
    this.#track = track;
    // Under TLS a stream that is not encrypted itself belongs into the connection.
    if (
      this.#server.secure && track.protocol === "RTP/AVP" &&
      this.#options.transport === "auto"
    ) {
      this.#lower = "tcp";
    }
    return [
      {
        type: "described",
        description,
        track,
        ...(duration === undefined ? {} : { duration }),
      },
      ...(this.#lower === "udp"
        ? [{ type: "openPorts" } as const]
        : this.#setup(now)),
    ];
  }

  #setup(now: number): ClientAction[] {
    const track = this.#track!;
    const headers = setupHeaders(
      track,
      this.#lower === "udp" ? this.#ports! : undefined,
      track.protocol === "RTP/SAVP"
        ? this.#options.keyManagement?.(track.url)
        : undefined,
    );
    return this.#server.request("SETUP", track.url, now, headers);
  }

  #setUp(response: RtspResponse, now: number): ClientAction[] {
    this.#server.adoptSession(response);
    const settled = readSetUp(response);
    this.#state = "ready";
    this.#lower = settled.transport.kind;
    if (settled.transport.kind === "tcp") {
      this.#channels = settled.transport.channels;
    }
    return [
      settled,
      ...(this.#wish === undefined
        ? []
        : this.#control("PLAY", playHeaders(this.#wish), now)),
    ];
  }

  #playing(response: RtspResponse, now: number): ClientAction[] {
    this.#state = "playing";
    this.#wish = undefined;
    this.#mediaAt = now;
    return [readPlaying(response)];
  }

  #redirect(location: string | undefined): ClientAction[] {
    if (!this.#server.redirect(location)) {
      return this.#fail("redirects", `more than ${MAX_REDIRECTS} redirects`);
    }
    return this.#connect();
  }

  /** The same connection goes on with TCP. */
  #turnToTcp(reason: string, now: number): ClientAction[] {
    if (this.#options.transport === "udp") {
      return this.#fail("no-transport", reason);
    }
    this.#lower = "tcp";
    return [
      { type: "closePorts" },
      { type: "fallback", to: "tcp", reason },
      ...this.#setup(now),
    ];
  }

  /** A new connection with TCP, the old session given up: what works with every server. */
  #startOverWithTcp(reason: string, now: number): ClientAction[] {
    this.#server.reset();
    const goodbye = this.#control("TEARDOWN", [], now);
    this.#lower = "tcp";
    this.#wish = { from: this.#options.start ?? 0 };
    return [
      ...goodbye,
      { type: "closePorts" },
      { type: "fallback", to: "tcp", reason },
      ...this.#connect(),
    ];
  }

  #connect(): ClientAction[] {
    this.#state = "connecting";
    this.#described = false;
    this.#track = undefined;
    this.#mediaAt = undefined;
    return [this.#server.connect()];
  }

  /** A request on the whole session. */
  #control(
    method: string,
    headers: readonly (readonly [string, string])[],
    now: number,
  ): ClientAction[] {
    return this.#server.request(method, this.#aggregate, now, headers);
  }

  #sendNext(now: number): ClientAction[] {
    if (this.#state === "ended" || this.#state === "connecting") return [];
    return this.#server.sendNext(now);
  }

  /** Turns to the teaching dialect where that is allowed and nothing was understood yet. */
  #mayBeLab(reason: string): ClientAction[] | undefined {
    if (this.#answered || this.#options.dialect !== "auto") return undefined;
    this.#state = "ended";
    return [{ type: "fallback", to: "lab", reason }];
  }

  #end(): ClientAction[] {
    this.#state = "ended";
    return [{ type: "ended" }];
  }

  #fail(
    failure: ClientFailure,
    reason: string,
    status?: number,
  ): ClientAction[] {
    this.#state = "ended";
    return [{
      type: "failed",
      failure,
      message: `Cannot play ${this.#server.url}: ${reason}`,
      ...(status === undefined ? {} : { status }),
    }];
  }
}
