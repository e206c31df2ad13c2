/**
 * Where a referee server is, from what a user typed.
 *
 * @module
 */

/** The port of the documents. */
const DEFAULT_PORT = 8080;

/** A server's addresses. */
export interface RefereeAddress {
  /** `ws://host:port/stream` */
  readonly stream: URL;
  /** `http://host:port/analyze` */
  readonly analyze: URL;
}

/** A server that cannot be meant. */
export class RefereeAddressError extends SyntaxError {
  override readonly name = "RefereeAddressError";
}

/**
 * Reads `host`, `host:port`, or a URL with `ws`, `wss`, `http` or `https`; a path
 * that ends in `/stream` or `/analyze` is left out.
 *
 * @throws {RefereeAddressError} when it is none.
 */
export function parseRefereeAddress(text: string): RefereeAddress {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = URL.canParse(hasScheme ? text : `ws://${text}`)
    ? new URL(hasScheme ? text : `ws://${text}`)
    : undefined;
  const secure = url !== undefined && ["wss:", "https:"].includes(url.protocol);
  if (
    url === undefined || url.hostname === "" ||
    !["ws:", "wss:", "http:", "https:"].includes(url.protocol)
  ) {
    throw new RefereeAddressError(
      `Cannot use "${text}" as a server: it is written HOST:PORT or as a URL, as in ws://127.0.0.1:8080`,
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new RefereeAddressError(
      "Cannot use a server with a user or a query: the token comes from --token-file or REFEREE_TOKEN",
    );
  }
  // A port that is the scheme's own is not in the URL any more.
  const written = /:(\d+)(?:\/|$)/.exec(text.replace(/^[a-z]+:\/\//i, ""));
  const port = written?.[1] ?? (hasScheme ? "" : String(DEFAULT_PORT));
  const base = url.pathname.replace(/\/+(?:stream|analyze)?\/*$/, "");
  const host = url.hostname + (port === "" ? "" : `:${port}`);
  const s = secure ? "s" : "";
  return {
    stream: new URL(`ws${s}://${host}${base}/stream`),
    analyze: new URL(`http${s}://${host}${base}/analyze`),
  };
}
