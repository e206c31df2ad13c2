/**
 * RTSP URLs and how the URLs of tracks come from them (RFC 2326 sections 3.2
 * and C.1.1).
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";

/** Port of `rtsp://`. */
export const RTSP_PORT = 554;
/** Port of `rtsps://`. */
export const RTSPS_PORT = 322;

/** An absolute URL taken apart. */
export interface RtspUrl {
  /** Lower case. */
  readonly scheme: "rtsp" | "rtsps" | "rtspu";
  /** Percent-decoded. */
  readonly username?: string;
  /** Percent-decoded. */
  readonly password?: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** The scheme's own when none is written. */
  readonly port: number;
  /** As written, with its leading slash; `/` when there is none. */
  readonly path: string;
  /** As written, without `?`. */
  readonly query?: string;
}

const URL_PATTERN =
  /^(rtsps?|rtspu):\/\/(?:([^@/?#]*)@)?(\[[0-9a-f:.%]+\]|[^:/?#@[\]]+)(?::(\d{0,5}))?(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/i;

/**
 * Takes an absolute URL apart.
 *
 * @throws {RtspProtocolError} when it is none.
 */
export function parseRtspUrl(text: string): RtspUrl {
  const match = URL_PATTERN.exec(text);
  if (match === null) throw badUrl(text);
  const [, scheme, userinfo, host, portText, path, query] = match;
  const lower = scheme!.toLowerCase() as RtspUrl["scheme"];
  const port = portText === undefined || portText === ""
    ? (lower === "rtsps" ? RTSPS_PORT : RTSP_PORT)
    : Number(portText);
  if (port < 1 || port > 65535) throw badUrl(text);
  const url = {
    scheme: lower,
    host: host!.replace(/^\[|\]$/g, ""),
    port,
    path: path ?? "/",
  };
  const withQuery = query === undefined ? url : { ...url, query };
  if (userinfo === undefined) return withQuery;
  const colon = userinfo.indexOf(":");
  const username = decode(
    colon < 0 ? userinfo : userinfo.slice(0, colon),
    text,
  );
  return colon < 0 ? { ...withQuery, username } : {
    ...withQuery,
    username,
    password: decode(userinfo.slice(colon + 1), text),
  };
}

/** Writes a URL for a request line: without user and password, the port only where it is not the scheme's. */
export function formatRtspUrl(url: RtspUrl): string {
  const host = url.host.includes(":") ? `[${url.host}]` : url.host;
  const usual = url.scheme === "rtsps" ? RTSPS_PORT : RTSP_PORT;
  const port = url.port === usual ? "" : `:${url.port}`;
  const query = url.query === undefined ? "" : `?${url.query}`;
  return `${url.scheme}://${host}${port}${url.path}${query}`;
}

/**
 * Path and query of a request's URI, percent-decoded, without the trailing
 * slash of aggregate URLs: what a server looks up. Takes absolute URLs,
 * absolute paths and the bare file names of the teaching dialect.
 *
 * @throws {RtspProtocolError} when it is no URI.
 */
export function requestPath(uri: string): string {
  let path: string;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) {
    const url = parseRtspUrl(uri);
    path = url.query === undefined ? url.path : `${url.path}?${url.query}`;
  } else {
    path = uri.startsWith("/") ? uri : `/${uri}`;
  }
  const decoded = decode(path, uri);
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  if (/[\x00-\x1f\x7f]/.test(decoded)) throw badUrl(uri);
  return decoded.replace(/\/+$/, "") || "/";
}

/**
 * The URL of a track by its control attribute (RFC 2326 section C.1.1):
 * absolute as it is, `*` or nothing is the base itself, a relative one is
 * appended to the base, behind a query if there is one, as every player does.
 * One with a leading slash replaces the path.
 */
export function resolveControl(base: string, control: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(control)) return control;
  if (control === "" || control === "*") return base;
  if (control.startsWith("/")) {
    const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(base)?.[0] ?? "";
    return origin + control;
  }
  return base.endsWith("/") ? base + control : `${base}/${control}`;
}

/** The base URL of a description: Content-Base, else Content-Location, else the request's (RFC 2326 section C.1.1). */
export function descriptionBase(
  requestUrl: string,
  contentBase: string | undefined,
  contentLocation: string | undefined,
): string {
  for (const candidate of [contentBase, contentLocation]) {
    const trimmed = candidate?.trim();
    if (trimmed === undefined || trimmed === "") continue;
    // Cameras behind a router give relative bases, or none at all.
    if (/^rtsps?:\/\//i.test(trimmed)) return trimmed;
    return resolveControl(requestUrl, trimmed);
  }
  return requestUrl;
}

/** A URI as RTP-Info may repeat it: without user and password. */
export function withoutUser(uri: string): string {
  if (!uri.includes("@")) return uri;
  return formatRtspUrl(parseRtspUrl(uri));
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw badUrl(whole);
  }
}

function badUrl(text: string): RtspProtocolError {
  return new RtspProtocolError(
    "RTSP_BAD_URL",
    `Cannot read URL: "${text.slice(0, 80)}" is no RTSP URL`,
  );
}
