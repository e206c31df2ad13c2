/**
 * Who may do what: challenges and the check of their answers.
 *
 * Players answer the last Digest challenge of a 401, and many know only MD5:
 * SHA-256 stands first, MD5 last, each with a nonce of its own. No `qop` is
 * offered (live555 and GStreamer know none) but one that is used is checked.
 *
 * @module
 */

import {
  digestResponse,
  equalSecrets,
  formatChallenge,
  parseAuthorization,
} from "./authentication.ts";
import type { DigestAuthorization } from "./authentication.ts";
import { RtspProtocolError } from "./errors.ts";
import type { RtspRequest } from "./message.ts";
import { requestPath } from "./url.ts";

/** Wrong credentials a connection may send; each costs the guesser a round trip. */
export const MAX_AUTHENTICATION_FAILURES = 10;
/** Bytes of randomness in a nonce. */
const NONCE_LENGTH = 16;
/** Nonces of a connection that are still taken: the last two challenges. */
const MAX_NONCES = 4;

/** What somebody may do. */
export interface RtspRights {
  /** Whether to watch what is at `path`. */
  mayRead(path: string): boolean;
  /** Whether to send something to `path`. */
  mayPublish(path: string): boolean;
}

/** A user as the server knows it. */
export interface RtspUser extends RtspRights {
  /** In clear: both digests are made from it. */
  readonly password: string;
}

/** The users of a server. */
export interface RtspUsers {
  /** Name shown when asking for a password. */
  readonly realm: string;
  /** The user called `name`, `undefined` when there is none. */
  find(name: string): RtspUser | undefined;
  /** What everybody may do without a name; nothing when left out. */
  readonly anonymous?: RtspRights;
}

/** Gives `length` random bytes. */
export type RandomSource = (length: number) => Uint8Array;

/** The outcome of a check. */
export type AuthenticationResult =
  | { readonly allowed: true; readonly username?: string }
  | {
    readonly allowed: false;
    readonly status: 401 | 403;
    /** Values of the WWW-Authenticate headers, in order. */
    readonly challenges: readonly string[];
    /** Whether wrong credentials were sent. */
    readonly failed: boolean;
  };

/** Checks the requests of one connection. */
export class ServerAuthenticator {
  readonly #users: RtspUsers;
  readonly #secure: boolean;
  readonly #random: RandomSource;
  /** Nonces given out, and the highest count each was used with. */
  readonly #nonces = new Map<string, number>();

  /** Basic is offered and taken only where `secure`: over TLS. */
  constructor(
    options: { users: RtspUsers; secure: boolean; random: RandomSource },
  ) {
    this.#users = options.users;
    this.#secure = options.secure;
    this.#random = options.random;
  }

  /** Whether `request` may `right` the media at `path`. */
  check(
    request: RtspRequest,
    path: string,
    right: "read" | "publish",
  ): AuthenticationResult {
    const header = request.headers.get("authorization");
    if (header === undefined) {
      const anonymous = this.#users.anonymous;
      return anonymous !== undefined && has(anonymous, path, right)
        ? { allowed: true }
        : this.#challenge(false, false);
    }
    let verdict: { username: string; user: RtspUser } | "wrong" | "stale";
    try {
      verdict = this.#verify(header, request);
    } catch (error) {
      if (!(error instanceof RtspProtocolError)) throw error;
      verdict = "wrong";
    }
    if (verdict === "wrong") return this.#challenge(false, true);
    if (verdict === "stale") return this.#challenge(true, false);
    return has(verdict.user, path, right)
      ? { allowed: true, username: verdict.username }
      : { allowed: false, status: 403, challenges: [], failed: false };
  }

  #verify(
    header: string,
    request: RtspRequest,
  ): { username: string; user: RtspUser } | "wrong" | "stale" {
    const authorization = parseAuthorization(header);
    const { username } = authorization;
    const user = this.#users.find(username);
    if (authorization.scheme === "basic") {
      const right = this.#secure && user !== undefined &&
        equalSecrets(authorization.password, user.password);
      return right ? { username, user } : "wrong";
    }
    if (
      user === undefined || authorization.realm !== this.#users.realm ||
      authorization.algorithm.endsWith("-sess") ||
      !sameTarget(authorization.uri, request.uri)
    ) {
      return "wrong";
    }
    const expected = digestResponse({
      ...authorization,
      method: request.method,
      password: user.password,
    });
    if (!equalSecrets(expected, authorization.response)) return "wrong";
    return this.#isFresh(authorization) ? { username, user } : "stale";
  }

  /** Whether the nonce is ours, and its count higher than before (RFC 7616 section 3.4). */
  #isFresh(authorization: DigestAuthorization): boolean {
    const { nonce, qop, nc } = authorization;
    const used = this.#nonces.get(nonce);
    if (used === undefined) return false;
    if (qop === undefined) return true;
    const count = parseInt(nc ?? "", 16);
    if (!(count > used)) return false;
    this.#nonces.set(nonce, count);
    return true;
  }

  #challenge(stale: boolean, failed: boolean): AuthenticationResult {
    const { realm } = this.#users;
    const digest = (algorithm: "SHA-256" | "MD5") =>
      formatChallenge({
        scheme: "digest",
        realm,
        nonce: this.#newNonce(),
        algorithm,
        stale,
      });
    const challenges = [digest("SHA-256"), digest("MD5")];
    if (this.#secure) {
      challenges.unshift(formatChallenge({ scheme: "basic", realm }));
    }
    return { allowed: false, status: 401, challenges, failed };
  }

  #newNonce(): string {
    const nonce = Array.from(
      this.#random(NONCE_LENGTH),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
    this.#nonces.set(nonce, 0);
    for (const old of this.#nonces.keys()) {
      if (this.#nonces.size <= MAX_NONCES) break;
      this.#nonces.delete(old);
    }
    return nonce;
  }
}

function has(
  rights: RtspRights,
  path: string,
  right: "read" | "publish",
): boolean {
  return right === "read" ? rights.mayRead(path) : rights.mayPublish(path);
}

/**
 * Whether a digest's `uri` may stand for the request's: players hash the base
 * URL for a track, the URL without its port, or a path alone.
 */
function sameTarget(digestUri: string, requestUri: string): boolean {
  if (digestUri === requestUri) return true;
  const hashed = requestPath(digestUri);
  const requested = requestPath(requestUri);
  return requested === hashed || hashed === "/" ||
    requested.startsWith(`${hashed}/`) || hashed.startsWith(`${requested}/`);
}
