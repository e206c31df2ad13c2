/**
 * What every client of a server has: a URL that redirects may change, requests
 * with their session, and what the server says.
 *
 * @module
 */

import type { ClientAction } from "./client_actions.ts";
import { ClientRequests } from "./client_requests.ts";
import type { ClientRequest } from "./client_requests.ts";
import { encodeResponse } from "./encode.ts";
import type {
  InterleavedFrame,
  RtspMessage,
  RtspRequest,
  RtspResponse,
} from "./message.ts";
import { RtspReader } from "./reader.ts";
import { DEFAULT_SESSION_TIMEOUT, parseSession } from "./session_header.ts";
import { formatRtspUrl, parseRtspUrl, resolveControl } from "./url.ts";
import type { RtspUrl } from "./url.ts";

/** Redirects followed; curl follows 30, ffmpeg 8. */
export const MAX_REDIRECTS = 5;
/** Milliseconds to wait for the answer to TEARDOWN. */
const TEARDOWN_TIMEOUT = 1000;
/** Shortest keep-alive interval in milliseconds, whatever the server's timeout. */
const MIN_KEEP_ALIVE = 1000;

/** Who speaks. */
export interface ConversationOptions {
  /** In place of the name in the URL. */
  readonly username?: string;
  /** In place of the password in the URL. */
  readonly password?: string;
  /** Value of the User-Agent header. */
  readonly userAgent: string;
  /** Gives `length` random bytes. */
  readonly random: (length: number) => Uint8Array;
}

/** What a response means for who asked. */
export type Answered =
  | {
    /** Nothing is to be done but these. */
    readonly kind: "done";
    readonly actions: Send[];
  }
  | {
    /** Name and password are wrong. */
    readonly kind: "unauthorized";
    readonly reason: string;
  }
  | { readonly kind: "answered"; readonly request: ClientRequest };

type Headers = readonly (readonly [string, string])[];
type Send = Extract<ClientAction, { type: "send" }>;
type Connect = Extract<ClientAction, { type: "connect" }>;

/** Requests and answers of one client. */
export class ClientConversation {
  readonly #options: ConversationOptions;
  #url: RtspUrl;
  #requests: ClientRequests;
  #reader = new RtspReader();
  #session: string | undefined;
  #keepAlive = DEFAULT_SESSION_TIMEOUT * 500;
  #lastRequestAt = 0;
  #redirects = 0;
  #tearingDownAt: number | undefined;

  /** With the server of `url`. */
  constructor(url: RtspUrl, options: ConversationOptions) {
    this.#url = url;
    this.#options = options;
    this.#requests = this.#newRequests();
  }

  /** The URL as requests have it, without name and password. */
  get url(): string {
    return formatRtspUrl(this.#url);
  }

  /** Whether it goes over TLS. */
  get secure(): boolean {
    return this.#url.scheme === "rtsps";
  }

  /** Whether the server has given us a session. */
  get hasSession(): boolean {
    return this.#session !== undefined;
  }

  /** Whether a response is awaited. */
  get waiting(): boolean {
    return this.#requests.waiting;
  }

  /** When the response awaited is too late. */
  get deadline(): number | undefined {
    return this.#requests.deadline;
  }

  /** When the last request was sent. */
  get lastRequestAt(): number {
    return this.#lastRequestAt;
  }

  /** Whether the session is being ended. */
  get tearingDown(): boolean {
    return this.#tearingDownAt !== undefined;
  }

  /** When the answer to TEARDOWN is too late; `undefined` when there is none to wait for. */
  get teardownDeadline(): number | undefined {
    return this.#tearingDownAt === undefined
      ? undefined
      : this.#tearingDownAt + TEARDOWN_TIMEOUT;
  }

  /** When the session needs a sign of life; `undefined` without one, or while a response is awaited. */
  get keepAliveAt(): number | undefined {
    return this.hasSession && !this.waiting
      ? this.#lastRequestAt + this.#keepAlive
      : undefined;
  }

  /** A new connection, and nothing of the old one. */
  connect(): Connect {
    this.#reader = new RtspReader();
    this.#requests.reset();
    this.#session = undefined;
    const { host, port } = this.#url;
    return { type: "connect", host, port, secure: this.secure };
  }

  /**
   * Bytes came.
   *
   * @throws {RtspProtocolError} when they are more than any message.
   */
  push(bytes: Uint8Array, now: number): void {
    this.#reader.push(bytes, now);
  }

  /**
   * What the server says next.
   *
   * @throws {RtspProtocolError} when it makes no sense.
   */
  next(): RtspMessage | InterleavedFrame | undefined {
    return this.#reader.next();
  }

  /** A request, now or when those before it are answered. */
  request(
    method: string,
    uri: string,
    now: number,
    headers?: Headers,
    body?: Uint8Array,
  ): Send[] {
    this.#lastRequestAt = now;
    const session = this.#session === undefined
      ? []
      : [["Session", this.#session] as const];
    return this.#requests.send({
      method,
      uri,
      headers: [...session, ...headers ?? []],
      ...(body === undefined ? {} : { body }),
    }, now).map(send);
  }

  /** The next of the requests that wait. */
  sendNext(now: number): Send[] {
    return this.#requests.sendNext(now).map(send);
  }

  /** Forgets the requests under way. */
  reset(): void {
    this.#requests.reset();
  }

  /** Ends the session at `uri`: no other request is waited for any more. */
  teardown(uri: string, now: number): Send[] {
    this.#tearingDownAt = now;
    this.reset();
    return this.request("TEARDOWN", uri, now);
  }

  /** Takes a response. */
  receive(response: RtspResponse, now: number): Answered {
    const outcome = this.#requests.receive(response, now);
    switch (outcome.kind) {
      case "ignored":
        return { kind: "done", actions: [] };
      case "again":
        this.#lastRequestAt = now;
        return { kind: "done", actions: [send(outcome.bytes)] };
      case "unauthorized":
        return {
          kind: "unauthorized",
          reason:
            `the server refuses ${outcome.request.method} without the right name and password`,
        };
      case "answered":
        return outcome;
    }
  }

  /** Answers a request of the server's: RFC 2326 lets it ask. */
  answer({ headers }: RtspRequest, status: number): Send {
    const cseq = headers.get("cseq");
    const session = headers.get("session");
    return send(encodeResponse({
      status,
      headers: [
        ...(cseq === undefined ? [] : [["CSeq", cseq] as const]),
        ...(session === undefined ? [] : [["Session", session] as const]),
      ],
    }));
  }

  /**
   * The session that an answer to SETUP gives.
   *
   * @throws {RtspProtocolError} when it has none.
   */
  adoptSession({ headers }: RtspResponse): void {
    const { id, timeout } = parseSession(headers.get("session") ?? "");
    this.#session = id;
    this.#keepAlive = Math.max(
      MIN_KEEP_ALIVE,
      (timeout ?? DEFAULT_SESSION_TIMEOUT) * 500,
    );
  }

  /**
   * Goes on elsewhere; `false` when that was too often.
   *
   * @throws {RtspProtocolError} when `location` is no RTSP URL.
   */
  redirect(location: string | undefined): boolean {
    if (++this.#redirects > MAX_REDIRECTS) return false;
    this.#url = parseRtspUrl(
      resolveControl(this.url, location?.trim() ?? ""),
    );
    this.#requests = this.#newRequests();
    return true;
  }

  #newRequests(): ClientRequests {
    const username = this.#options.username ?? this.#url.username;
    const password = this.#options.password ?? this.#url.password ?? "";
    return new ClientRequests({
      userAgent: this.#options.userAgent,
      random: this.#options.random,
      credentials: username === undefined ? undefined : { username, password },
    });
  }
}

function send(bytes: Uint8Array): Send {
  return { type: "send", bytes };
}
