/**
 * Between `node:http`, which Socket.IO needs, and the `Response`s that the rest
 * of the program makes.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { finishResponse } from "../../net/mod.ts";

/** Sends a response; resolves when it is written or the client is gone. */
export async function sendResponse(
  request: IncomingMessage,
  answer: Response,
  to: ServerResponse,
): Promise<void> {
  const response = finishResponse(
    new Request("http://localhost/", {
      method: request.method === "HEAD" ? "HEAD" : "GET",
      headers: typeof request.headers["if-none-match"] === "string"
        ? { "if-none-match": request.headers["if-none-match"] }
        : {},
    }),
    answer,
  );
  to.writeHead(response.status, Object.fromEntries(response.headers));
  if (request.method === "HEAD" || response.body === null) {
    to.end();
    return;
  }
  const gone = Promise.withResolvers<void>();
  to.on("close", () => gone.resolve());
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (to.destroyed) {
        await reader.cancel();
        return;
      }
      if (!to.write(value)) {
        const drained = Promise.withResolvers<void>();
        to.once("drain", () => drained.resolve());
        await Promise.race([drained.promise, gone.promise]);
      }
    }
    to.end();
  } catch {
    to.destroy(); // the source failed in the middle: a cut tells it
  }
}
