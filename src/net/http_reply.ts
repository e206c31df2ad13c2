/**
 * Small makers of HTTP responses, and the headers every response of ours
 * carries.
 *
 * @module
 */

/**
 * What the browser may do with our answers: run and show only what we serve
 * ourselves, guess no types, tell nobody where it came from, put us in no frame.
 * Pictures may also come from memory (`blob:`, `data:`).
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** `value` as JSON that nobody may keep: figures are true for a moment only. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

/** An error for programs and people: `{"error": message}`. */
export function errorResponse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const response = jsonResponse({ error: message }, status);
  for (const [name, value] of Object.entries(headers)) {
    response.headers.set(name, value);
  }
  return response;
}

/**
 * The response as the client shall get it: with {@linkcode securityHeaders}
 * where it has no such header yet, and `304 Not Modified` without a body when
 * the request already holds this `ETag` (RFC 9110, section 13.1.2).
 */
export function finishResponse(
  request: Request,
  response: Response,
): Response {
  if (response.status === 101) return response; // an upgraded connection
  const answer = withHeaders(response, securityHeaders);
  const etag = answer.headers.get("etag");
  if (etag === null || answer.status !== 200) return answer;
  const known = request.headers.get("if-none-match");
  if (
    known !== null && (request.method === "GET" || request.method === "HEAD") &&
    known.split(",").some((one) => weak(one) === weak(etag))
  ) {
    answer.body?.cancel().catch(() => {});
    const headers = new Headers(answer.headers);
    for (const name of ["content-type", "content-length"]) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  return answer;
}

/**
 * The response with those of `headers` that it does not have. In place where
 * that is allowed: a new Response around the body of another one turns bytes
 * that are there already into a stream.
 */
function withHeaders(
  response: Response,
  headers: Readonly<Record<string, string>>,
): Response {
  let answer = response;
  for (const [name, value] of Object.entries(headers)) {
    if (answer.headers.has(name)) continue;
    try {
      answer.headers.set(name, value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { status, statusText, body } = answer; // headers of `fetch` are fixed
      answer = new Response(body, {
        status,
        statusText,
        headers: new Headers(answer.headers),
      });
      answer.headers.set(name, value);
    }
  }
  return answer;
}

/** `If-None-Match` compares weakly: `W/"x"` is as good as `"x"`. */
function weak(etag: string): string {
  return etag.trim().replace(/^W\//, "");
}
