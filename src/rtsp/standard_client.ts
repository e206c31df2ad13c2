/**
 * A player of the standard dialect.
 *
 *     OPTIONS → DESCRIBE → SETUP (UDP, then TCP) → PLAY ⇄ PAUSE → TEARDOWN
 *
 * @module
 */

import { SdpProtocolError } from "../sdp/mod.ts";
import { failed } from "./client_actions.ts";
import type {
  ClientAction,
  ClientDialect,
  ClientFailure,
  ClientOptions,
  ClientState,
  PlayWish,
} from "./client_actions.ts";
import { playHeaders, readPlaying } from "./client_media.ts";
import { ClientConversation, MAX_REDIRECTS } from "./client_conversation.ts";
import type { ClientRequest } from "./client_requests.ts";
import { RtspProtocolError } from "./errors.ts";
import { MEDIA_SILENCE, MediaSilence, UDP_SILENCE } from "./media_silence.ts";
import type {
  InterleavedFrame,
  RtspMessage,
  RtspRequest,
  RtspResponse,
} from "./message.ts";
import { TrackSetup } from "./track_setup.ts";
import type { Pair } from "./transport.ts";
import type { RtspUrl } from "./url.ts";

/** Milliseconds without an answer to the first request that make us try the teaching dialect. */
export const DIALECT_TIMEOUT = 2500;

/** A player of the standard dialect. */
export class StandardClient implements ClientDialect {
  readonly #options: ClientOptions;
  readonly #server: ClientConversation;
  #state: ClientState = "connecting";
  #answered = false;
  #public: string | undefined;
  readonly #setup: TrackSetup;
  readonly #silence = new MediaSilence();
  /** Begin playing as soon as the session is set up. */
  #wish: PlayWish | undefined;

  /** For a URL that is already taken apart. */
  constructor(url: RtspUrl, options: ClientOptions) {
    this.#options = options;
    this.#server = new ClientConversation(url, options);
    this.#setup = new TrackSetup(options);
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
    if (this.#server.tearingDown) return this.#end();
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
    if (!this.#setup.wantsPorts) return [];
    this.#setup.usePorts(ports);
    return this.#requestSetup(now);
  }

  /** UDP ports cannot be had. */
  portsFailed(reason: string, now: number): ClientAction[] {
    if (!this.#setup.wantsPorts) return [];
    return this.#turnToTcp(reason, now);
  }

  /** A packet came over UDP. */
  mediaReceived(now: number): void {
    this.#silence.packet(now);
  }

  /** The source said goodbye: no more packets are expected. */
  mediaEnded(): void {
    this.#silence.end();
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
    if (this.#state === "ended" || this.#server.tearingDown) return [];
    if (!this.#server.hasSession) return this.#end();
    this.#silence.end();
    return this.#server.teardown(this.#setup.aggregate, now);
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    if (this.#state === "ended" || this.#state === "connecting") {
      return undefined;
    }
    const { teardownDeadline, deadline, keepAliveAt } = this.#server;
    if (teardownDeadline !== undefined) return teardownDeadline;
    const times = [deadline, keepAliveAt, this.#silentAt()];
    if (!this.#answered && this.#options.dialect === "auto") {
      times.push(this.#server.lastRequestAt + DIALECT_TIMEOUT);
    }
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Keeps the session alive, turns to TCP, or gives up. */
  handleTimeout(now: number): ClientAction[] {
    const due = this.nextTimeoutAt();
    if (due === undefined || due > now) return [];
    if (this.#server.tearingDown) return this.#end();
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
    if (now >= (this.#silentAt() ?? Infinity)) {
      if (this.#setup.lower === "udp" && !this.#silence.heard) {
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

  #silentAt(): number | undefined {
    const mayBeBlocked = this.#setup.lower === "udp" && !this.#silence.heard;
    return this.#silence.dueAt(mayBeBlocked ? UDP_SILENCE : MEDIA_SILENCE);
  }

  #takeFrame(
    frame: InterleavedFrame,
    now: number,
    actions: ClientAction[],
  ): void {
    const type = this.#setup.kindOf(frame);
    if (type === undefined) return;
    if (type === "rtp") this.#silence.packet(now);
    actions.push({ type, bytes: frame.payload });
  }

  #take(message: RtspMessage, now: number): ClientAction[] {
    if (message.type === "request") return this.#obey(message, now);
    this.#answered = true;
    const answered = this.#server.receive(message, now);
    switch (answered.kind) {
      case "done":
        return answered.actions;
      case "unauthorized":
        if (this.#server.tearingDown) return this.#end();
        return this.#fail("unauthorized", answered.reason, 401);
      case "answered":
        return [
          ...this.#answer(answered.request, message, now),
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
      goodbye.push(
        ...this.#server.request("TEARDOWN", this.#setup.aggregate, now),
      );
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
        return this.#setup.described
          ? this.#lost(request, response)
          : this.#server.request("DESCRIBE", this.#server.url, now, [
            ["Accept", "application/sdp"],
          ]);
      case "GET_PARAMETER":
        if (status !== 200 && status !== 454) this.#public = "";
        return this.#lost(request, response);
      case "SETUP":
        if (status === 461 && this.#setup.lower === "udp") {
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
        this.#silence.end();
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
    const { url, secure } = this.#server;
    const described = this.#setup.describe(response, url, secure);
    if (typeof described === "string") return this.#fail("no-jpeg", described);
    return [
      described,
      ...(this.#setup.wantsPorts
        ? [{ type: "openPorts" } as const]
        : this.#requestSetup(now)),
    ];
  }

  #requestSetup(now: number): ClientAction[] {
    const { url, headers } = this.#setup.request();
    return this.#server.request("SETUP", url, now, headers);
  }

  #setUp(response: RtspResponse, now: number): ClientAction[] {
    this.#server.adoptSession(response);
    const settled = this.#setup.settle(response);
    this.#state = "ready";
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
    this.#silence.begin(now);
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
    this.#setup.turnToTcp();
    return [
      { type: "closePorts" },
      { type: "fallback", to: "tcp", reason },
      ...this.#requestSetup(now),
    ];
  }

  /** A new connection with TCP, the old session given up: what works with every server. */
  #startOverWithTcp(reason: string, now: number): ClientAction[] {
    this.#server.reset();
    const goodbye = this.#control("TEARDOWN", [], now);
    this.#setup.turnToTcp();
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
    this.#setup.reset();
    this.#silence.end();
    return [this.#server.connect()];
  }

  /** A request on the whole session. */
  #control(
    method: string,
    headers: readonly (readonly [string, string])[],
    now: number,
  ): ClientAction[] {
    return this.#server.request(method, this.#setup.aggregate, now, headers);
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
    const doing = `play ${this.#server.url}`;
    return [failed(doing, failure, reason, status)];
  }
}
