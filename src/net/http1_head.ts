/**
 * The head of an HTTP/1.1 request (RFC 9112, sections 3 to 6).
 *
 * ```text
 *  GET /stream?token=x HTTP/1.1 CRLF
 *  Host: 127.0.0.1:8080 CRLF
 *  … CRLF CRLF
 * ```
 *
 * @module
 */

/** Longest head; browsers with cookies send some 2 KB, nginx takes 8 KB a line. */
export const MAX_HEAD_BYTES = 16 * 1024;

/** Most header lines. */
export const MAX_HEADERS = 100;

/** Largest body length that is a number here. */
const MAX_CONTENT_LENGTH = Number.MAX_SAFE_INTEGER;

/** A request that is none; `status` is what to answer. */
export class Http1Error extends SyntaxError {
  override readonly name = "Http1Error";

  /** The connection is of no use afterwards. */
  constructor(readonly status: 400 | 413 | 431 | 501 | 505, message: string) {
    super(message);
  }
}

/** A request's head, taken apart. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Names in lower case; several of one name are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body; `chunked` where only its end tells. */
  readonly bodyLength: number | "chunked";
  /** Whether the connection stays for another request. */
  readonly keepAlive: boolean;
  /** HTTP/1.0 knows no chunks. */
  readonly isOldVersion: boolean;
}

// deno-lint-ignore no-control-regex -- control bytes are what is looked for
const FORBIDDEN = /[\0-\x08\x0a-\x1f\x7f]/;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads a head, without the empty line at its end.
 *
 * @throws {Http1Error} with the status to answer.
 */
export function parseRequestHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const match = /^(\S+) (\S+) HTTP\/(\d)\.(\d)$/.exec(first);
  const [, method = "", target = "", major, minor] = match ?? [];
  if (match === null || !TOKEN.test(method)) {
    throw new Http1Error(400, "Cannot read the request line");
  }
  if (major !== "1") {
    throw new Http1Error(505, `Cannot speak HTTP/${major}.${minor}`);
  }
  const headers = readHeaders(lines);
  const isOldVersion = minor === "0";
  if (!isOldVersion && !headers.has("host")) {
    throw new Http1Error(400, "Cannot answer: the request names no host");
  }
  const connection = (headers.get("connection") ?? "").toLowerCase();
  return {
    method,
    target: originForm(target),
    headers,
    bodyLength: bodyLengthOf(headers),
    keepAlive: isOldVersion
      ? /\bkeep-alive\b/.test(connection)
      : !/\bclose\b/.test(connection),
    isOldVersion,
  };
}

function readHeaders(lines: readonly string[]): Map<string, string> {
  if (lines.length > MAX_HEADERS) {
    throw new Http1Error(
      431,
      `Cannot read more than ${MAX_HEADERS} header lines`,
    );
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    // A folded line begins with a blank, so its name is no token.
    if (
      colon < 1 || !TOKEN.test(name) || FORBIDDEN.test(value)
    ) {
      throw new Http1Error(400, "Cannot read a header line");
    }
    const before = headers.get(name);
    if (
      before !== undefined && (name === "host" || name === "content-length")
    ) {
      throw new Http1Error(400, `Cannot answer: there are two "${name}"`);
    }
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** `/path?query`, also of a target with scheme and host. */
function originForm(target: string): string {
  if (target.startsWith("/") || target === "*") return target;
  const path = /^https?:\/\/[^/?#]*(\/[^#]*)?/i.exec(target);
  if (path === null) {
    throw new Http1Error(400, "Cannot read the request's target");
  }
  return path[1] ?? "/";
}

/** What both sides must agree on: a length, or chunks, never both. */
function bodyLengthOf(
  headers: ReadonlyMap<string, string>,
): number | "chunked" {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) {
      throw new Http1Error(400, "Cannot take a body with two lengths");
    }
    if (coding.toLowerCase() !== "chunked") {
      throw new Http1Error(501, "Cannot take a body that is not chunked");
    }
    return "chunked";
  }
  if (length === undefined) return 0;
  const bytes = Number(length);
  if (!/^\d{1,16}$/.test(length) || bytes > MAX_CONTENT_LENGTH) {
    throw new Http1Error(400, "Cannot read the body's length");
  }
  return bytes;
}
