/**
 * Digest and Basic authentication as RTSP uses HTTP's (RFC 2326 section 14,
 * RFC 7616, RFC 7617; without qop as RFC 2069 has it, because most players
 * know nothing else).
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { RtspProtocolError } from "./errors.ts";
import { quote, splitParameter, splitValue } from "./header_values.ts";

/** Hashes that are spoken; `-sess` binds the session key to the nonces. */
export type DigestAlgorithm = "MD5" | "SHA-256" | "MD5-sess" | "SHA-256-sess";

/** One challenge of a 401 response. */
export interface Challenge {
  readonly scheme: "digest" | "basic";
  readonly realm: string;
  /** Digest only. */
  readonly nonce?: string;
  /** Digest only; MD5 where the header says nothing. */
  readonly algorithm?: DigestAlgorithm;
  /** Whether the credentials were right and only the nonce too old. */
  readonly stale?: boolean;
  readonly opaque?: string;
  /** Qualities of protection offered; empty for RFC 2069. */
  readonly qop?: readonly string[];
}

/** Credentials of a request, read. */
export type Authorization = DigestAuthorization | BasicAuthorization;

/** `Authorization: Digest …` */
export interface DigestAuthorization {
  readonly scheme: "digest";
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** As sent; it is hashed as sent. */
  readonly uri: string;
  /** Hexadecimal, lower case. */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly qop?: string;
  readonly nc?: string;
  readonly cnonce?: string;
  readonly opaque?: string;
}

/** `Authorization: Basic …` */
export interface BasicAuthorization {
  readonly scheme: "basic";
  readonly username: string;
  readonly password: string;
}

/** What a digest is computed from. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly qop?: string;
  readonly nc?: string;
  readonly cnonce?: string;
}

const ALGORITHMS: ReadonlyMap<string, DigestAlgorithm> = new Map([
  ["md5", "MD5"],
  ["sha-256", "SHA-256"],
  ["sha256", "SHA-256"],
  ["md5-sess", "MD5-sess"],
  ["sha-256-sess", "SHA-256-sess"],
]);

/** The `response` of a digest (RFC 7616 section 3.4.1), hexadecimal. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, nonce, qop, nc = "", cnonce = "" } = input;
  const name = algorithm.startsWith("MD5") ? "md5" : "sha256";
  const hash = (text: string) => createHash(name).update(text).digest("hex");
  let ha1 = hash(`${input.username}:${input.realm}:${input.password}`);
  if (algorithm.endsWith("-sess")) ha1 = hash(`${ha1}:${nonce}:${cnonce}`);
  const ha2 = hash(`${input.method}:${input.uri}`);
  return qop === undefined
    ? hash(`${ha1}:${nonce}:${ha2}`)
    : hash(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`);
}

/** Compares two texts in a time that does not depend on where they differ. */
export function equalSecrets(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** Reads the challenges of one WWW-Authenticate header; unknown schemes and algorithms are left out. */
export function parseChallenges(text: string): Challenge[] {
  const challenges: Challenge[] = [];
  for (const { scheme, parameters } of splitChallenges(text)) {
    const realm = parameters.get("realm") ?? "";
    if (scheme === "basic") {
      challenges.push({ scheme, realm });
    } else if (scheme === "digest") {
      const nonce = parameters.get("nonce");
      const algorithm = ALGORITHMS.get(
        (parameters.get("algorithm") ?? "md5").toLowerCase(),
      );
      if (nonce === undefined || algorithm === undefined) continue;
      const opaque = parameters.get("opaque");
      challenges.push({
        scheme,
        realm,
        nonce,
        algorithm,
        stale: parameters.get("stale")?.toLowerCase() === "true",
        qop: splitValue(parameters.get("qop") ?? "", ","),
        ...(opaque === undefined ? {} : { opaque }),
      });
    }
  }
  return challenges;
}

/** Writes a challenge. */
export function formatChallenge(challenge: Challenge): string {
  if (challenge.scheme === "basic") {
    return `Basic realm=${quote(challenge.realm)}`;
  }
  const parts = [
    `realm=${quote(challenge.realm)}`,
    `nonce=${quote(challenge.nonce ?? "")}`,
  ];
  if (challenge.qop !== undefined && challenge.qop.length > 0) {
    parts.push(`qop=${quote(challenge.qop.join(","))}`);
  }
  if (challenge.opaque !== undefined) {
    parts.push(`opaque=${quote(challenge.opaque)}`);
  }
  // MD5 is what players assume: old ones stumble over the parameter itself.
  if (challenge.algorithm !== undefined && challenge.algorithm !== "MD5") {
    parts.push(`algorithm=${challenge.algorithm}`);
  }
  if (challenge.stale === true) parts.push("stale=TRUE");
  return `Digest ${parts.join(", ")}`;
}

/**
 * Reads an Authorization header.
 *
 * @throws {RtspProtocolError} with status 400 when it is of no known scheme or
 * lacks a part.
 */
export function parseAuthorization(text: string): Authorization {
  const basic = /^Basic\s+([A-Za-z0-9+/]+={0,2})\s*$/i.exec(text);
  if (basic !== null) {
    const plain = fromBase64(basic[1]!);
    const colon = plain.indexOf(":");
    if (colon < 0) throw badAuthorization();
    return {
      scheme: "basic",
      username: plain.slice(0, colon),
      password: plain.slice(colon + 1),
    };
  }
  const [first] = splitChallenges(text);
  if (first?.scheme !== "digest") throw badAuthorization();
  const { parameters } = first;
  const required = (name: string): string => {
    const value = parameters.get(name);
    if (value === undefined) throw badAuthorization();
    return value;
  };
  const algorithm = ALGORITHMS.get(
    (parameters.get("algorithm") ?? "md5").toLowerCase(),
  );
  const response = required("response").toLowerCase();
  if (algorithm === undefined || !/^[0-9a-f]{32,64}$/.test(response)) {
    throw badAuthorization();
  }
  const optional: { [Key in "qop" | "nc" | "cnonce" | "opaque"]?: string } = {};
  for (const name of ["qop", "nc", "cnonce", "opaque"] as const) {
    const value = parameters.get(name);
    if (value !== undefined) optional[name] = value;
  }
  return {
    scheme: "digest",
    username: required("username"),
    realm: required("realm"),
    nonce: required("nonce"),
    uri: required("uri"),
    response,
    algorithm,
    ...optional,
  };
}

/** Writes an Authorization header. */
export function formatAuthorization(authorization: Authorization): string {
  if (authorization.scheme === "basic") {
    return `Basic ${
      toBase64(`${authorization.username}:${authorization.password}`)
    }`;
  }
  const parts = [
    `username=${quote(authorization.username)}`,
    `realm=${quote(authorization.realm)}`,
    `nonce=${quote(authorization.nonce)}`,
    `uri=${quote(authorization.uri)}`,
    `response=${quote(authorization.response)}`,
  ];
  if (authorization.algorithm !== "MD5") {
    parts.push(`algorithm=${authorization.algorithm}`);
  }
  if (authorization.opaque !== undefined) {
    parts.push(`opaque=${quote(authorization.opaque)}`);
  }
  if (authorization.qop !== undefined) {
    parts.push(
      `qop=${authorization.qop}`,
      `nc=${authorization.nc}`,
      `cnonce=${quote(authorization.cnonce ?? "")}`,
    );
  }
  return `Digest ${parts.join(", ")}`;
}

/** Schemes with their parameters: a part without "=" before its first space begins a new one. */
function splitChallenges(
  text: string,
): { scheme: string; parameters: Map<string, string> }[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const part of splitValue(text, ",")) {
    const scheme = /^([A-Za-z][\w-]*)(?:\s+|$)(?!=)/.exec(part);
    let parameter = part;
    if (scheme !== null) {
      challenges.push({
        scheme: scheme[1]!.toLowerCase(),
        parameters: new Map(),
      });
      parameter = part.slice(scheme[0].length);
    }
    const { name, value } = splitParameter(parameter);
    const current = challenges.at(-1);
    if (name !== "" && value !== undefined && current !== undefined) {
      current.parameters.set(name, value);
    }
  }
  return challenges;
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function fromBase64(text: string): string {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw badAuthorization();
  }
  return new TextDecoder().decode(
    Uint8Array.from(binary, (character) => character.charCodeAt(0)),
  );
}

function badAuthorization(): RtspProtocolError {
  return new RtspProtocolError(
    "RTSP_BAD_AUTHORIZATION",
    "Cannot read Authorization: neither Basic nor a whole Digest",
  );
}
