/**
 * From method and path to a handler.
 *
 * @module
 */

import type { HttpHandler, HttpRequestInfo } from "./http.ts";
import { errorResponse } from "./http_reply.ts";

/** What a route's handler learns beside the request. */
export interface RouteInfo extends HttpRequestInfo {
  /** The request's URL, parsed. */
  readonly url: URL;
  /** What stood at `:name` in the pattern, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** Answers one request of a route. */
export type RouteHandler = (
  request: Request,
  info: RouteInfo,
) => Response | Promise<Response>;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly handler: RouteHandler;
}

/**
 * A handler made of a table such as
 * `{"GET /api/chain": …, "DELETE /api/sessions/:id": …}`; `:name` stands for one whole segment.
 *
 * Literal paths come before patterns, else the first that fits answers; GET answers HEAD. What
 * fits no path goes to `fallback` or gets 404, a known path with another method 405 with `Allow`
 * (RFC 9110, section 15.5.6), both as JSON.
 *
 * @throws {TypeError} at once when a key is not `METHOD /path`.
 */
export function route(
  table: Readonly<Record<string, RouteHandler>>,
  fallback?: RouteHandler,
): HttpHandler {
  const routes = Object.entries(table).map(([key, handler]): Route => {
    const [, method, path] = /^([A-Z]+) (\/\S*)$/.exec(key) ?? [];
    if (method === undefined || path === undefined) {
      throw new TypeError(`Cannot route "${key}": it is not "METHOD /path"`);
    }
    return { method, segments: path.split("/"), handler };
  }).sort((a, b) => parameters(a) - parameters(b));

  const literal = new Map(
    routes.filter((one) => parameters(one) === 0).map((one) =>
      [`${one.method} ${one.segments.join("/")}`, one.handler] as const
    ),
  );

  return (request, info) => {
    const url = new URL(request.url);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const known = literal.get(`${method} ${url.pathname}`);
    if (known !== undefined) {
      return known(request, { ...info, url, params: {} });
    }
    const segments = url.pathname.split("/");
    const fitting = routes.flatMap((one) => {
      const params = match(one.segments, segments);
      return params === undefined ? [] : [{ ...one, params }];
    });
    const chosen = fitting.find((one) => one.method === method);
    if (chosen !== undefined) {
      return chosen.handler(request, { ...info, url, params: chosen.params });
    }
    if (fitting.length > 0) {
      const allow = [...new Set(fitting.map(({ method }) => method))];
      return errorResponse(
        405,
        `Cannot ${request.method} "${url.pathname}": it takes ${
          allow.join(" and ")
        }`,
        { allow: allow.join(", ") },
      );
    }
    if (fallback !== undefined) {
      return fallback(request, { ...info, url, params: {} });
    }
    return errorResponse(
      404,
      `Cannot find "${url.pathname}": there is no such page`,
    );
  };
}

function parameters({ segments }: Route): number {
  return segments.filter((one) => one.startsWith(":")).length;
}

/** The parameters when the path fits; `undefined` when not, or when it is not well encoded. */
function match(
  pattern: readonly string[],
  path: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const actual = path[index] ?? "";
    if (!wanted.startsWith(":")) {
      if (wanted !== actual) return undefined;
      continue;
    }
    if (actual === "") return undefined;
    try {
      params[wanted.slice(1)] = decodeURIComponent(actual);
    } catch {
      return undefined;
    }
  }
  return params;
}
