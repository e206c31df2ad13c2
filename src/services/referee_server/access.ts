/**
 * Who may talk to the server.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether a request brings `token`: as `Authorization: Bearer …`, as
 * `X-Referee-Token`, or as `?token=…`. Takes the same time for every wrong one.
 */
export function bringsToken(
  headers: Headers,
  url: URL,
  token: string,
): boolean {
  const bearer = /^bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "");
  return [
    bearer?.[1],
    headers.get("x-referee-token"),
    url.searchParams.get("token"),
  ].some((given) =>
    given !== undefined && given !== null && same(given, token)
  );
}

function same(given: string, token: string): boolean {
  const digest = (text: string): Uint8Array =>
    createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
