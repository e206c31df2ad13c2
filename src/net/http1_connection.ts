/**
 * One connection of an HTTP/1.1 server: requests one after another, until it
 * ends or becomes a WebSocket.
 *
 * @module
 */

import { errorResponse } from "./http_reply.ts";
import { Http1Error, type RequestHead } from "./http1_head.ts";
import { type Http1Event, Http1Reader } from "./http1_reader.ts";
import { closeQuietly, writeAll } from "./tcp.ts";

/** Milliseconds from the connection, or the answer before, to the end of a request's head. */
const HEAD_TIMEOUT_MS = 10_000;

/** How long a client that was refused may go on sending its body, so that it reads the answer. */
const LINGER_MS = 1000;

/** Bytes read at a time. */
const READ_BYTES = 64 * 1024;

/** After so many bytes of one answer the others have their turn. */
const TURN_BYTES = 1024 * 1024;

/** Who answers. */
export interface Http1Handler {
  /** Answers one request; does not throw. */
  answer(head: RequestHead, body: ReadableStream | null): Promise<Response>;
  /** Takes a request for a WebSocket: a refusal, or `undefined` when the connection is taken over. */
  upgrade(
    head: RequestHead,
    rest: Uint8Array<ArrayBuffer>,
  ): Promise<Response | undefined>;
}

/** A connection; `run` serves it. */
export class Http1Connection {
  readonly #conn: Deno.Conn;
  readonly #handler: Http1Handler;
  readonly #reader = new Http1Reader();
  readonly #buffer = new Uint8Array(READ_BYTES);
  #filling: Promise<boolean> | undefined;
  #answering = false;

  /** Does nothing before `run`. */
  constructor(conn: Deno.Conn, handler: Http1Handler) {
    this.#conn = conn;
    this.#handler = handler;
  }

  /** Whether an answer is under way. */
  get answering(): boolean {
    return this.#answering;
  }

  /** Serves until the end; `true` when somebody has taken the connection over. */
  async run(): Promise<boolean> {
    try {
      for (;;) {
        const event = await this.#within(HEAD_TIMEOUT_MS, () => this.#next());
        if (event?.type !== "head") return false;
        const { head } = event;
        if (isUpgrade(head)) {
          const refusal = await this.#handler.upgrade(
            head,
            this.#reader.takeRest(),
          );
          if (refusal === undefined) return true;
          await this.#send(head, refusal, false);
          return false;
        }
        this.#answering = true;
        const goesOn = await this.#serve(head);
        this.#answering = false;
        if (!goesOn) return false;
      }
    } catch (error) {
      if (error instanceof Http1Error) await this.#refuse(error);
      return false; // else the connection broke
    } finally {
      this.#answering = false;
    }
  }

  async #serve(head: RequestHead): Promise<boolean> {
    let bodyEnded = false;
    const body = head.bodyLength === 0
      ? null
      : this.#bodyOf(head, () => bodyEnded = true);
    if (body === null) {
      await this.#next(); // the end that belongs to the head
      bodyEnded = true;
    }
    const response = await this.#handler.answer(head, body);
    const keepAlive = head.keepAlive && bodyEnded;
    await this.#send(head, response, keepAlive);
    if (!bodyEnded) await this.#linger();
    return keepAlive;
  }

  /** The body as it arrives: the client waits while nobody reads. */
  #bodyOf(head: RequestHead, ended: () => void): ReadableStream<Uint8Array> {
    let mayWait = head.headers.get("expect")?.toLowerCase() === "100-continue";
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (mayWait && !head.isOldVersion) {
          mayWait = false;
          await this.#write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const event = await this.#next();
        if (event?.type === "data") controller.enqueue(event.bytes);
        else if (event?.type === "end") {
          ended();
          controller.close();
        } else {
          controller.error(
            new Error("Cannot read the request: the client has gone"),
          );
        }
      },
    }, { highWaterMark: 0 });
  }

  async #send(
    head: RequestHead,
    response: Response,
    keepAlive: boolean,
  ): Promise<void> {
    const { headers, body, status } = response;
    const bodyless = head.method === "HEAD" || status === 204 ||
      status === 304 || body === null;
    const chunked = !bodyless && !headers.has("content-length") &&
      !head.isOldVersion;
    const lines = [`HTTP/1.1 ${status} ${reasonOf(status)}`];
    headers.forEach((value, name) => lines.push(`${name}: ${value}`));
    lines.push(`date: ${new Date().toUTCString()}`);
    if (chunked) lines.push("transfer-encoding: chunked");
    else if (body === null && status !== 204 && status !== 304) {
      lines.push("content-length: 0");
    }
    const stays = keepAlive && (bodyless || chunked || !head.isOldVersion);
    lines.push(`connection: ${stays ? "keep-alive" : "close"}`);
    await this.#write(`${lines.join("\r\n")}\r\n\r\n`);
    if (bodyless) await body?.cancel();
    else await this.#sendBody(body, chunked);
  }

  /** Writes a body; ends early when the client goes. */
  async #sendBody(
    body: ReadableStream<Uint8Array>,
    chunked: boolean,
  ): Promise<void> {
    const reader = body.getReader();
    const cancel = (): void => void reader.cancel().catch(() => {});
    // Who closes its end is gone; what else it sends is its next request.
    this.#fill().then((alive) => alive || cancel(), cancel);
    let sinceTurn = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (value.length === 0) continue;
        if (chunked) await this.#write(`${value.length.toString(16)}\r\n`);
        await writeAll(this.#conn, value);
        if (chunked) await this.#write("\r\n");
        sinceTurn += value.length;
        if (sinceTurn >= TURN_BYTES) {
          sinceTurn = 0;
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
      if (chunked) await this.#write("0\r\n\r\n");
    } catch (error) {
      cancel();
      throw error;
    }
  }

  async #refuse({ status, message }: Http1Error): Promise<void> {
    const body = await errorResponse(status, message).text();
    const length = new TextEncoder().encode(body).length;
    await this.#write(
      `HTTP/1.1 ${status} ${
        reasonOf(status)
      }\r\ncontent-type: application/json; charset=utf-8\r\n` +
        `content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
    ).catch(() => {});
    await this.#linger();
  }

  /** Reads and forgets for a moment: closing at once would take the answer from the client. */
  async #linger(): Promise<void> {
    await this.#within(LINGER_MS, async () => {
      while (await this.#fill()) this.#reader.takeRest();
    });
  }

  /** The next event; `undefined` when the client has gone. */
  async #next(): Promise<Http1Event | undefined> {
    for (;;) {
      const event = this.#reader.next();
      if (event !== undefined) return event;
      if (!await this.#fill()) return undefined;
    }
  }

  /** Reads once; one reading at a time, whoever waits for it. `false` at the end. */
  #fill(): Promise<boolean> {
    this.#filling ??= this.#conn.read(this.#buffer).then((count) => {
      if (count !== null) this.#reader.push(this.#buffer.subarray(0, count));
      return count !== null;
    }, () => false).finally(() => this.#filling = undefined);
    return this.#filling;
  }

  /** Closes the connection when `work` takes too long, which ends the work. */
  async #within<T>(
    milliseconds: number,
    work: () => Promise<T>,
  ): Promise<T> {
    const timer = setTimeout(() => closeQuietly(this.#conn), milliseconds);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  async #write(text: string): Promise<void> {
    await writeAll(this.#conn, new TextEncoder().encode(text));
  }
}

function isUpgrade({ headers, method }: RequestHead): boolean {
  return method === "GET" &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    /\bupgrade\b/i.test(headers.get("connection") ?? "");
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  206: "Partial Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

function reasonOf(status: number): string {
  return REASONS[status] ?? "Status";
}
