/**
 * One session of the standard dialect on the server: its state, its tracks and
 * the requests that belong to it.
 *
 * @module
 */

import { formatMediaRange } from "../sdp/mod.ts";
import type { RtspRequest } from "./message.ts";
import { parameterNames, readPlay } from "./play_request.ts";
import type {
  Dialect,
  Purpose,
  RequestedTransport,
  RtspMedia,
  ServerAction,
  ServerAnswer,
  TeardownReason,
} from "./server_actions.ts";
import { respond } from "./server_responses.ts";
import type { ResponseDetails } from "./server_responses.ts";
import {
  allowedMethods,
  isStateMethod,
  STANDARD_STATES,
} from "./server_state.ts";
import type { ServerState, StateMethod } from "./server_state.ts";
import {
  formatKeyManagement,
  formatRtpInfo,
  formatSession,
} from "./session_header.ts";
import { formatTransport } from "./transport.ts";
import type { TransportSpec } from "./transport.ts";
import { withoutUser } from "./url.ts";

/**
 * Milliseconds a UDP session lives on without a sign of life once its
 * connection is gone without TEARDOWN: receivers report every five seconds.
 */
export const ORPHAN_TIMEOUT = 20_000;

/** A wish for a track: which one and how. */
export interface TrackSetup {
  readonly request: RtspRequest;
  readonly track: number;
  /** The alternative that was chosen. */
  readonly spec: TransportSpec;
  readonly transport: RequestedTransport;
  readonly username?: string;
  readonly keyManagement?: string;
}

/** A session of either dialect, as registry and connection see it. */
export interface ControlledSession {
  /** What Session headers say. */
  readonly id: string;
  /** Which dialect it is set up in. */
  readonly dialect: Dialect;
  /** What it plays or takes. */
  readonly media: RtspMedia;
  /** Whether it plays or takes. */
  readonly purpose: Purpose;
  /** Where it stands. */
  readonly state: ServerState;
  /** Whether an action waits for its answer. */
  readonly pending: boolean;
  /** Takes a request that names it. */
  receive(request: RtspRequest, now: number): ServerAction[];
  /** Takes the shell's answer to the action that waits for one. */
  answer(answer: ServerAnswer, now: number): ServerAction[];
  /** A sign of life. */
  touch(now: number): void;
  /** When it ends for want of a sign of life, `undefined` for never. */
  nextTimeoutAt(): number | undefined;
  /** Ends the session; nothing when it was never set up. */
  end(reason: TeardownReason): ServerAction[];
}

type Pending =
  | { kind: "setup"; setup: TrackSetup }
  | { kind: "play" | "record"; request: RtspRequest };

/** A session of the standard dialect. */
export class ServerSession implements ControlledSession {
  readonly id: string;
  readonly dialect = "standard";
  readonly media: RtspMedia;
  readonly purpose: Purpose;
  readonly #timeout: number;
  #state: ServerState = "init";
  readonly #transports = new Map<number, RequestedTransport>();
  /** URL of each track, as RTP-Info names it. */
  readonly #urls = new Map<number, string>();
  #pending: Pending | undefined;
  #touchedAt: number;
  #orphan = false;
  #ended = false;

  /** `timeout` is in seconds; `now` in milliseconds. */
  constructor(
    options: {
      id: string;
      media: RtspMedia;
      purpose: Purpose;
      timeout: number;
      now: number;
    },
  ) {
    this.id = options.id;
    this.media = options.media;
    this.purpose = options.purpose;
    this.#timeout = options.timeout;
    this.#touchedAt = options.now;
  }

  /** Where it stands. */
  get state(): ServerState {
    return this.#state;
  }

  /** Whether an action waits for its answer. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** How each track that is set up travels. */
  get tracks(): ReadonlyMap<number, RequestedTransport> {
    return this.#transports;
  }

  /** A sign of life: a request, a report, a publisher's packet. */
  touch(now: number): void {
    this.#touchedAt = now;
  }

  /** Its connection has gone without ending it. */
  orphan(): void {
    this.#orphan = true;
  }

  /** When it ends for want of a sign of life. */
  nextTimeoutAt(): number {
    const timeout = this.#timeout * 1000;
    return this.#touchedAt +
      (this.#orphan ? Math.min(timeout, ORPHAN_TIMEOUT) : timeout);
  }

  /** Ends it. */
  end(reason: TeardownReason): ServerAction[] {
    const known = !this.#ended &&
      (this.#transports.size > 0 || this.#pending !== undefined);
    this.#ended = true;
    this.#state = "init";
    this.#transports.clear();
    this.#pending = undefined;
    return known ? [{ type: "teardown", sessionId: this.id, reason }] : [];
  }

  /** Takes a SETUP whose track and transport are already chosen. */
  setup(setup: TrackSetup, now: number): ServerAction[] {
    this.touch(now);
    const refusal = this.#refuseState(setup.request, "SETUP");
    if (refusal !== undefined) return [refusal];
    this.#pending = { kind: "setup", setup };
    return [{
      type: "setupTransport",
      sessionId: this.id,
      path: this.media.path,
      track: setup.track,
      purpose: this.purpose,
      dialect: this.dialect,
      transport: setup.transport,
      ...(setup.username === undefined ? {} : { username: setup.username }),
      ...(setup.keyManagement === undefined
        ? {}
        : { keyManagement: setup.keyManagement }),
    }];
  }

  /** Takes any other request with this session's id. */
  receive(request: RtspRequest, now: number): ServerAction[] {
    this.touch(now);
    this.#orphan = false;
    const { method } = request;
    if (isStateMethod(method)) {
      const refusal = this.#refuseState(request, method);
      if (refusal !== undefined) return [refusal];
    }
    switch (method) {
      case "PLAY":
        return this.#play(request);
      case "PAUSE":
        this.#state = STANDARD_STATES[this.#state].PAUSE!;
        return [
          { type: "pause", sessionId: this.id },
          this.#respond(request, 200),
        ];
      case "RECORD":
        if (this.purpose !== "publish") {
          return [this.#respond(request, 455, {
            headers: [["Allow", allowedMethods(STANDARD_STATES, "playing")]],
          })];
        }
        this.#pending = { kind: "record", request };
        return [{ type: "record", sessionId: this.id }];
      case "TEARDOWN":
        return [...this.end("request"), respond(request, 200)];
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        return [this.#parameters(request)];
      default:
        return [this.#respond(request, 501)];
    }
  }

  /** Takes the shell's answer to the last action that waits for one. */
  answer(answer: ServerAnswer, now: number): ServerAction[] {
    const pending = this.#pending;
    if (pending === undefined) return [];
    this.touch(now);
    this.#pending = undefined;
    const request = pending.kind === "setup"
      ? pending.setup.request
      : pending.request;
    if (answer.type === "refused") {
      const details = answer.reason === undefined
        ? {}
        : { reason: answer.reason };
      return [this.#respond(request, answer.status, details)];
    }
    if (pending.kind === "setup" && answer.type === "transportReady") {
      return [this.#setUp(pending.setup, answer)];
    }
    if (pending.kind === "play" && answer.type === "playing") {
      this.#state = STANDARD_STATES[this.#state].PLAY!;
      return [
        this.#respond(request, 200, { headers: this.#playHeaders(answer) }),
        { type: "start", sessionId: this.id },
      ];
    }
    if (pending.kind === "record" && answer.type === "recording") {
      this.#state = STANDARD_STATES[this.#state].RECORD!;
      return [this.#respond(request, 200)];
    }
    throw new TypeError(
      `Cannot answer ${request.method}: "${answer.type}" is not what it waits for`,
    );
  }

  #respond(
    request: RtspRequest,
    status: number,
    details: ResponseDetails = {},
  ): ServerAction {
    const session = formatSession({
      id: this.id,
      ...(request.method === "SETUP" ? { timeout: this.#timeout } : {}),
    });
    // A session that a refused SETUP leaves without a track is gone.
    const alive = this.#transports.size > 0;
    return respond(request, status, {
      ...details,
      headers: [
        ...(alive ? [["Session", session] as const] : []),
        ...details.headers ?? [],
      ],
    });
  }

  #refuseState(
    request: RtspRequest,
    method: StateMethod,
  ): ServerAction | undefined {
    const publishing = this.purpose === "publish" && method === "PLAY";
    if (STANDARD_STATES[this.#state][method] !== undefined && !publishing) {
      return undefined;
    }
    return this.#respond(request, 455, {
      headers: [["Allow", allowedMethods(STANDARD_STATES, this.#state)]],
    });
  }

  #setUp(
    setup: TrackSetup,
    answer: ServerAnswer & { type: "transportReady" },
  ): ServerAction {
    const { request, spec, transport, track } = setup;
    const url = withoutUser(request.uri);
    this.#transports.set(track, transport);
    this.#urls.set(track, url);
    this.#state = STANDARD_STATES[this.#state].SETUP!;
    const optional = <Key extends string, Value>(
      key: Key,
      value: Value | undefined,
    ) => (value === undefined ? {} : { [key]: value });
    const reply: TransportSpec = {
      protocol: spec.protocol,
      lower: spec.lower,
      delivery: spec.delivery,
      ...(transport.kind === "udp"
        ? { clientPorts: transport.clientPorts }
        : {}),
      ...(transport.kind === "tcp" ? { interleaved: transport.channels } : {}),
      ...optional("serverPorts", answer.serverPorts),
      ...optional("source", answer.source),
      ...optional("destination", answer.group?.address),
      ...optional("ports", answer.group?.ports),
      ...optional("ttl", answer.group?.ttl),
      ...optional("ssrc", answer.ssrc),
      ...(this.purpose === "publish" ? { mode: "record" as const } : {}),
    };
    const headers: [string, string][] = [["Transport", formatTransport(reply)]];
    if (answer.keyManagement !== undefined) {
      headers.push([
        "KeyMgmt",
        formatKeyManagement({ uri: url, data: answer.keyManagement }),
      ]);
    }
    return this.#respond(request, 200, { headers });
  }

  #play(request: RtspRequest): ServerAction[] {
    const wish = readPlay(request, this.media);
    if ("status" in wish) return [this.#respond(request, wish.status)];
    this.#pending = { kind: "play", request };
    return [{ type: "play", sessionId: this.id, ...wish }];
  }

  #playHeaders(
    answer: ServerAnswer & { type: "playing" },
  ): [string, string][] {
    const headers: [string, string][] = [];
    if (answer.from !== undefined) {
      headers.push([
        "Range",
        formatMediaRange({ unit: "npt", from: answer.from, to: answer.to }),
      ]);
    }
    if (answer.scale !== undefined && answer.scale !== 1) {
      headers.push(["Scale", answer.scale.toFixed(3)]);
    }
    if (answer.speed !== undefined && answer.speed !== 1) {
      headers.push(["Speed", answer.speed.toFixed(3)]);
    }
    const entries = answer.tracks.flatMap(({ track, sequence, timestamp }) => {
      const url = this.#urls.get(track);
      return url === undefined ? [] : [{ url, sequence, timestamp }];
    });
    if (entries.length > 0) headers.push(["RTP-Info", formatRtpInfo(entries)]);
    return headers;
  }

  /** An empty one keeps the session alive; we have no parameters to tell or set. */
  #parameters(request: RtspRequest): ServerAction {
    const names = parameterNames(request.body);
    if (names.length === 0) return this.#respond(request, 200);
    return this.#respond(request, 451, {
      headers: [["Content-Type", "text/parameters"]],
      body: new TextEncoder().encode(
        names.map((name) => `${name}\r\n`).join(""),
      ),
    });
  }
}
