/**
 * The demo's page: all systems at a glance, each live, each with its commands.
 *
 * @module
 */

import {
  errorResponse,
  type HttpServer,
  jsonResponse,
  proxyPicture,
} from "../../net/mod.ts";
import { startPageServer } from "../page/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { DemoPart, PartReport } from "./part.ts";

/** Larger pictures are not shown. */
const MAX_PICTURE_BYTES = 4 * 1024 * 1024;

/** What the page shows. */
export interface DemoReport {
  /** The parts, in the order of the page. */
  readonly parts: readonly PartReport[];
}

/**
 * Serves the demo's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveDemoPage(
  parts: readonly DemoPart[],
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  const report = (): DemoReport => ({
    parts: parts.map((part) => part.report),
  });
  return startPageServer({
    ...options,
    page: "demo",
    name: "demo",
    report: () => report(),
    metrics: () => [{
      name: "streamtool_demo_part_works",
      type: "gauge",
      help: "Whether a part has shown that it works",
      value: parts.map(({ report: { id, state } }) =>
        [{ part: id }, state === "proven" ? 1 : 0] as const
      ),
    }],
    routes: {
      "GET /parts/:id/timeline": (_request, { params }) => {
        const tracks = parts.find(({ report }) => report.id === params.id)
          ?.timeline;
        return tracks === undefined
          ? errorResponse(404, "No phrase has been decided")
          : jsonResponse(JSON.parse(tracks));
      },
      "GET /parts/:id/:name/frame": (_request, { params, url, closing }) =>
        proxyPicture({
          target: parts.find(({ report }) => report.id === params.id)
            ?.frameUrl(params.name ?? ""),
          url,
          closing,
          maxBytes: MAX_PICTURE_BYTES,
        }),
    },
  });
}
