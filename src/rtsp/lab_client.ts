/**
 * A player of the teaching dialect.
 *
 * Requests are LF lines without a blank one, under 256 bytes (its servers read
 * no more at once), Transport or Session as the third line, `client_port= `
 * with its space.
 *
 * @module
 */

import { failed } from "./client_actions.ts";
import type {
  ClientAction,
  ClientDialect,
  ClientFailure,
  ClientOptions,
  ClientState,
} from "./client_actions.ts";
import { RESPONSE_TIMEOUT } from "./client_requests.ts";
import { RtspProtocolError } from "./errors.ts";
import type { RtspResponse } from "./message.ts";
import { MEDIA_SILENCE, MediaSilence } from "./media_silence.ts";
import { RtspReader } from "./reader.ts";
import type { Pair } from "./transport.ts";
import type { RtspUrl } from "./url.ts";

/** Bytes a server of the dialect reads of a request. */
export const MAX_LAB_REQUEST = 255;

type LabMethod = "SETUP" | "PLAY" | "PAUSE" | "TEARDOWN";

/** A player of the teaching dialect. */
export class LabClient implements ClientDialect {
  readonly #url: RtspUrl;
  readonly #file: string;
  readonly #reader = new RtspReader({ teachingResponses: true });
  #state: ClientState = "connecting";
  #cseq = 0;
  #session = "0";
  #port = 0;
  #waiting: { method: LabMethod; sentAt: number } | undefined;
  readonly #queue: LabMethod[] = [];
  #wantsPlay: boolean;
  readonly #silence = new MediaSilence();

  /** For a URL that is already taken apart; its path names the file. */
  constructor(url: RtspUrl, options: ClientOptions) {
    this.#url = url;
    this.#file = url.path.replace(/^\/+|\/+$/g, "");
    this.#wantsPlay = options.paused !== true;
  }

  /** Where it stands. */
  get state(): ClientState {
    return this.#state;
  }

  /** Opens the connection. */
  start(_now: number): ClientAction[] {
    const { host, port } = this.#url;
    return [{ type: "connect", host, port, secure: false }];
  }

  /** The connection is open. */
  connected(_now: number): ClientAction[] {
    if (this.#state !== "connecting") return [];
    this.#state = "starting";
    return [{ type: "openPorts" }];
  }

  /** The connection could not be opened, or was closed. */
  disconnected(reason: string, _now: number): ClientAction[] {
    if (this.#state === "ended") return [];
    if (this.#waiting?.method === "TEARDOWN") return this.#end();
    return this.#fail(
      this.#state === "connecting" ? "connect" : "disconnected",
      reason,
    );
  }

  /** Bytes came. */
  receive(bytes: Uint8Array, now: number): ClientAction[] {
    try {
      this.#reader.push(bytes, now);
    } catch (error) {
      return this.#failReading(error);
    }
    return this.#drain(now);
  }

  /** UDP ports are open; the dialect needs the first only. */
  portsOpened(ports: Pair, now: number): ClientAction[] {
    if (this.#state !== "starting") return [];
    this.#port = ports[0];
    return this.#send("SETUP", now);
  }

  /** UDP ports cannot be had, and the dialect has nothing else. */
  portsFailed(reason: string, _now: number): ClientAction[] {
    return this.#fail("no-transport", reason);
  }

  /** A packet came. */
  mediaReceived(now: number): void {
    this.#silence.packet(now);
  }

  /** Nothing: the dialect has no goodbye. */
  mediaEnded(): void {}

  /** Plays on; the dialect knows neither seeking nor speed. */
  play(_wish: unknown, now: number): ClientAction[] {
    if (this.#state === "ready") return this.#send("PLAY", now);
    this.#wantsPlay = true;
    return [];
  }

  /** Pauses. */
  pause(now: number): ClientAction[] {
    this.#wantsPlay = false;
    return this.#state === "playing" ? this.#send("PAUSE", now) : [];
  }

  /** Ends the session, then everything. */
  teardown(now: number): ClientAction[] {
    if (this.#state === "ended") return [];
    if (this.#state !== "ready" && this.#state !== "playing") {
      return this.#end();
    }
    this.#waiting = undefined;
    this.#queue.length = 0;
    this.#silence.end();
    return this.#send("TEARDOWN", now);
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    if (this.#state === "ended") return undefined;
    const times = [
      this.#reader.nextTimeoutAt(),
      this.#silence.dueAt(MEDIA_SILENCE),
    ];
    if (this.#waiting !== undefined) {
      times.push(this.#waiting.sentAt + RESPONSE_TIMEOUT);
    }
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Ends answers that have no blank line, or gives up. */
  handleTimeout(now: number): ClientAction[] {
    const due = this.nextTimeoutAt();
    if (due === undefined || due > now) return [];
    this.#reader.handleTimeout(now);
    const actions = this.#drain(now);
    if (actions.length > 0 || this.#state === "ended") return actions;
    const waiting = this.#waiting;
    if (waiting !== undefined && now >= waiting.sentAt + RESPONSE_TIMEOUT) {
      return waiting.method === "TEARDOWN"
        ? this.#end()
        : this.#fail("no-answer", "the server does not answer");
    }
    if (now >= (this.#silence.dueAt(MEDIA_SILENCE) ?? Infinity)) {
      return this.#fail("silent", "no packets come over UDP");
    }
    return [];
  }

  #drain(now: number): ClientAction[] {
    const actions: ClientAction[] = [];
    try {
      for (;;) {
        const message = this.#reader.next();
        if (message === undefined) return actions;
        if (message.type === "response") {
          actions.push(...this.#take(message, now));
        }
      }
    } catch (error) {
      return [...actions, ...this.#failReading(error)];
    }
  }

  #failReading(error: unknown): ClientAction[] {
    if (!(error instanceof RtspProtocolError)) throw error;
    return this.#fail("protocol", error.message);
  }

  #take(response: RtspResponse, now: number): ClientAction[] {
    const waiting = this.#waiting;
    const cseq = response.headers.get("cseq");
    if (
      waiting === undefined ||
      (cseq !== undefined && Number(cseq) !== this.#cseq)
    ) {
      return [];
    }
    this.#waiting = undefined;
    // Some servers leave Session out: then whatever is sent as one must do.
    this.#session = response.headers.get("session")?.split(";")[0] ??
      this.#session;
    if (waiting.method === "TEARDOWN") return this.#end();
    if (response.status !== 200) {
      return this.#fail(
        "status",
        `the server answers ${waiting.method} with ${response.status} ${response.reason}`,
        response.status,
      );
    }
    const next = this.#queue.shift();
    return [
      ...this.#done(waiting.method, now),
      ...(next === undefined ? [] : this.#send(next, now)),
    ];
  }

  #done(method: LabMethod, now: number): ClientAction[] {
    switch (method) {
      case "SETUP":
        this.#state = "ready";
        return [
          { type: "transport", transport: { kind: "lab" }, ssrc: undefined },
          ...(this.#wantsPlay ? this.#send("PLAY", now) : []),
        ];
      case "PLAY":
        this.#state = "playing";
        this.#silence.begin(now);
        return [{
          type: "playing",
          from: undefined,
          to: undefined,
          scale: 1,
          sequence: undefined,
          timestamp: undefined,
        }];
      default:
        this.#state = "ready";
        this.#silence.end();
        return [{ type: "paused" }];
    }
  }

  #send(method: LabMethod, now: number): ClientAction[] {
    if (this.#waiting !== undefined) {
      this.#queue.push(method);
      return [];
    }
    this.#cseq++;
    const third = method === "SETUP"
      ? `Transport: RTP/UDP; client_port= ${this.#port}`
      : `Session: ${this.#session}`;
    const bytes = new TextEncoder().encode(
      `${method} ${this.#file} RTSP/1.0\nCSeq: ${this.#cseq}\n${third}\n`,
    );
    if (bytes.length > MAX_LAB_REQUEST) {
      return this.#fail(
        "protocol",
        `a request of ${bytes.length} bytes is longer than the ${MAX_LAB_REQUEST} such servers read`,
      );
    }
    this.#waiting = { method, sentAt: now };
    return [{ type: "send", bytes }];
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
    const doing = `play ${this.#file} from ${this.#url.host}`;
    return [failed(doing, failure, reason, status)];
  }
}
