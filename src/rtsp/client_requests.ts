/**
 * The requests of a player: numbered, one at a time, with credentials once
 * they are asked for.
 *
 * @module
 */

import {
  digestResponse,
  formatAuthorization,
  parseChallenges,
} from "./authentication.ts";
import type { Authorization, Challenge } from "./authentication.ts";
import { encodeRequest } from "./encode.ts";
import type { RtspResponse } from "./message.ts";

/** Milliseconds a server may take to answer. */
export const RESPONSE_TIMEOUT = 10_000;

/** A request to send. */
export interface ClientRequest {
  /** `DESCRIBE`, … */
  readonly method: string;
  /** What it is about. */
  readonly uri: string;
  /** Those of the request itself: CSeq, User-Agent and Authorization are added. */
  readonly headers: readonly (readonly [string, string])[];
  /** What ANNOUNCE describes. */
  readonly body?: Uint8Array;
}

/** Name and password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a response means for the request it answers. */
export type ResponseOutcome =
  | { kind: "ignored" }
  | { kind: "again"; bytes: Uint8Array }
  | { kind: "answered"; request: ClientRequest }
  | { kind: "unauthorized"; request: ClientRequest };

/** Numbers requests, waits for their responses and answers challenges. */
export class ClientRequests {
  readonly #userAgent: string;
  readonly #credentials: Credentials | undefined;
  readonly #random: (length: number) => Uint8Array;
  #cseq = 0;
  #nonceCount = 0;
  #challenge: Challenge | undefined;
  /** Whether the request under way already bears an answer to its challenge. */
  #answeredNonce: string | undefined;
  #outstanding: { request: ClientRequest; sentAt: number } | undefined;
  readonly #queue: ClientRequest[] = [];

  /** Without credentials a 401 is final. */
  constructor(
    options: {
      userAgent: string;
      credentials: Credentials | undefined;
      random: (length: number) => Uint8Array;
    },
  ) {
    this.#userAgent = options.userAgent;
    this.#credentials = options.credentials;
    this.#random = options.random;
  }

  /** Whether a response is awaited. */
  get waiting(): boolean {
    return this.#outstanding !== undefined;
  }

  /** When the response awaited is too late. */
  get deadline(): number | undefined {
    const sentAt = this.#outstanding?.sentAt;
    return sentAt === undefined ? undefined : sentAt + RESPONSE_TIMEOUT;
  }

  /** Bytes of the request, or none when it must wait for the one before. */
  send(request: ClientRequest, now: number): Uint8Array[] {
    if (this.#outstanding !== undefined) {
      this.#queue.push(request);
      return [];
    }
    return [this.#write(request, now)];
  }

  /** Bytes of the next request that waited. */
  sendNext(now: number): Uint8Array[] {
    const next = this.#outstanding === undefined
      ? this.#queue.shift()
      : undefined;
    return next === undefined ? [] : [this.#write(next, now)];
  }

  /** Forgets what is under way: a new connection. */
  reset(): void {
    this.#outstanding = undefined;
    this.#queue.length = 0;
    this.#answeredNonce = undefined;
  }

  /** Takes a response. */
  receive(response: RtspResponse, now: number): ResponseOutcome {
    const outstanding = this.#outstanding;
    const cseq = response.headers.get("cseq");
    // A response without CSeq is taken for the one awaited: some servers
    // forget it in errors.
    if (
      outstanding === undefined || response.status < 200 ||
      (cseq !== undefined && Number(cseq) !== this.#cseq)
    ) {
      return { kind: "ignored" };
    }
    const { request } = outstanding;
    this.#outstanding = undefined;
    if (response.status !== 401) {
      this.#answeredNonce = undefined;
      return { kind: "answered", request };
    }
    const challenge = chooseChallenge(
      response.headers.getAll("www-authenticate").flatMap(parseChallenges),
    );
    const tried = this.#answeredNonce !== undefined &&
      challenge?.stale !== true;
    if (
      challenge === undefined || this.#credentials === undefined || tried ||
      (challenge.nonce !== undefined &&
        challenge.nonce === this.#answeredNonce)
    ) {
      return { kind: "unauthorized", request };
    }
    this.#challenge = challenge;
    this.#answeredNonce = challenge.nonce ?? "";
    this.#nonceCount = 0;
    return { kind: "again", bytes: this.#write(request, now) };
  }

  #write(request: ClientRequest, now: number): Uint8Array {
    this.#cseq++;
    this.#outstanding = { request, sentAt: now };
    const headers: (readonly [string, string])[] = [
      ["CSeq", String(this.#cseq)],
      ["User-Agent", this.#userAgent],
      ...request.headers,
    ];
    const authorization = this.#authorize(request);
    if (authorization !== undefined) {
      headers.push(["Authorization", formatAuthorization(authorization)]);
    }
    return encodeRequest({ ...request, headers });
  }

  #authorize(request: ClientRequest): Authorization | undefined {
    const challenge = this.#challenge;
    const credentials = this.#credentials;
    if (challenge === undefined || credentials === undefined) return undefined;
    if (challenge.scheme === "basic") {
      return { scheme: "basic", ...credentials };
    }
    const { realm, nonce = "", algorithm = "MD5" } = challenge;
    const protection = challenge.qop?.includes("auth") === true ||
        algorithm.endsWith("-sess")
      ? {
        ...(challenge.qop?.includes("auth") === true ? { qop: "auth" } : {}),
        nc: (++this.#nonceCount).toString(16).padStart(8, "0"),
        cnonce: Array.from(
          this.#random(8),
          (byte) => byte.toString(16).padStart(2, "0"),
        ).join(""),
      }
      : {};
    const { username, password } = credentials;
    const input = { algorithm, username, realm, nonce, ...protection };
    return {
      scheme: "digest",
      ...input,
      uri: request.uri,
      response: digestResponse({
        ...input,
        password,
        method: request.method,
        uri: request.uri,
      }),
      ...(challenge.opaque === undefined ? {} : { opaque: challenge.opaque }),
    };
  }
}

/** The strongest: SHA-256, then MD5, then Basic. */
function chooseChallenge(
  challenges: readonly Challenge[],
): Challenge | undefined {
  return challenges.find(({ algorithm }) =>
    algorithm?.startsWith("SHA-256") === true
  ) ?? challenges.find(({ scheme }) => scheme === "digest") ?? challenges[0];
}
