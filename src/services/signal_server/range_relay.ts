/**
 * The film over plain HTTP, for a client that can open neither WebRTC nor a
 * WebSocket: its range request waits here until the member with the film has
 * posted the sealed bytes, which go straight through.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { errorResponse } from "../../net/mod.ts";
import { sendResponse } from "./node_http.ts";

/** Requests that wait at once, all rooms together. */
const MAX_WAITING = 256;
/** The member with the film answers within this. */
const ANSWER_MS = 15_000;
/** Bytes of one range: sixteen sealed chunks. */
export const MAX_RANGE_BYTES = 16 * (64 * 1024 + 64);

/** What a client asks for. */
export interface RangeRequest {
  /** The bytes of the sealed film, or a page of its hashes. */
  readonly what: "film" | "hashes";
  /** First byte, or the page. */
  readonly start: number;
  /** Last byte; the page again. */
  readonly end: number;
}

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly what: RangeRequest;
  readonly total: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Reads `Range: bytes=a-b`, both ends given; `undefined` for anything else. */
export function parseRange(
  header: string | undefined,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header ?? "");
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]);
  return end >= start && end - start < MAX_RANGE_BYTES
    ? { start, end }
    : undefined;
}

/** Requests that wait for their answers. */
export class RangeRelay {
  readonly #waiting = new Map<string, Waiting>();
  /** Bytes that went through since the start. */
  bytes = 0;

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Lets a client wait; gives the id under which the answer must come, or
   * `undefined` when there are too many and the client was told.
   */
  ask(
    request: IncomingMessage,
    response: ServerResponse,
    what: RangeRequest,
    total: number,
    id: string,
  ): boolean {
    if (this.#waiting.size >= MAX_WAITING) {
      void sendResponse(
        request,
        errorResponse(503, "Cannot relay: too many requests wait", {
          "retry-after": "1",
        }),
        response,
      );
      return false;
    }
    const timer = setTimeout(
      () => this.#fail(id, 504, "the member with the film does not answer"),
      ANSWER_MS,
    );
    this.#waiting.set(id, { request, response, what, total, timer });
    response.on("close", () => this.#forget(id));
    return true;
  }

  /** The answer to a request that waits: its body goes through. */
  answer(
    id: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const waiting = this.#forget(id);
    if (waiting === undefined) {
      request.resume();
      void sendResponse(
        request,
        errorResponse(410, "Cannot relay: nobody waits for this any more"),
        response,
      );
      return;
    }
    const { what, total } = waiting;
    const length = Number(request.headers["content-length"] ?? -1);
    const fits = what.what === "hashes"
      ? length >= 0 && length <= MAX_RANGE_BYTES
      : length === what.end - what.start + 1;
    if (!fits) {
      request.resume();
      this.#refuse(waiting, 502, "the member with the film cannot answer");
      void sendResponse(
        request,
        errorResponse(400, "Cannot relay: this is not the range"),
        response,
      );
      return;
    }
    waiting.response.writeHead(what.what === "film" ? 206 : 200, {
      "content-type": "application/octet-stream",
      "content-length": length,
      "cache-control": "no-store",
      ...(what.what === "film"
        ? {
          "content-range": `bytes ${what.start}-${what.end}/${total}`,
          "accept-ranges": "bytes",
        }
        : {}),
    });
    this.bytes += length;
    waiting.response.on("close", () => request.resume());
    request.on("error", () => waiting.response.destroy());
    request.on("end", () => {
      void sendResponse(request, new Response(null, { status: 204 }), response);
    });
    request.pipe(waiting.response);
  }

  /** Refuses all that wait. */
  close(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#fail(id, 503, "the server stops");
    }
  }

  #fail(id: string, status: number, reason: string): void {
    const waiting = this.#forget(id);
    if (waiting !== undefined) this.#refuse(waiting, status, reason);
  }

  #refuse(
    { request, response }: Waiting,
    status: number,
    reason: string,
  ): void {
    void sendResponse(
      request,
      errorResponse(status, `Cannot relay: ${reason}`),
      response,
    );
  }

  #forget(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }
}
