/**
 * Connecting to a WebSocket server (RFC 6455, section 4.1).
 *
 * Not over `node:http`, which under Deno 2.7 reaches no TLS server and dies of a
 * server that does not answer.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { closeQuietly, writeAll } from "./tcp.ts";
import { WebSocketPeer } from "./websocket.ts";
import { acceptKey } from "./websocket_handshake.ts";

/** Longest answer that is read. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Reasons of a refusal, behind "Cannot connect to …:". */
const WRONG_HANDSHAKE = "its handshake is wrong";
const NO_ANSWER = "it gives no answer";

/** A server that did not take the WebSocket. */
export class WebSocketRefusedError extends Error {
  /** Its name. */
  override readonly name = "WebSocketRefusedError";

  /** `status` is the HTTP answer's; `undefined` when there was none. */
  constructor(
    url: string,
    readonly status: number | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot connect to ${url}: ${reason}`, options);
  }
}

/** How to connect. */
export interface WebSocketConnectOptions {
  /** Headers of the handshake. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string | undefined;
  /** Longest message that is taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Milliseconds that the handshake may take. */
  readonly timeoutMs: number;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to a `ws:` or `wss:` URL.
 *
 * @throws {WebSocketRefusedError} when there is no server or it does not want to.
 * @throws the signal's reason when it aborts.
 */
export async function connectWebSocket(
  url: string,
  options: WebSocketConnectOptions,
): Promise<WebSocketPeer> {
  const { signal, timeoutMs, maxMessageBytes } = options;
  signal?.throwIfAborted();
  const target = new URL(url);
  let conn: Deno.Conn | undefined;
  let late = false;
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => {}); // it is raced below
  const giveUp = (reason: unknown): void => {
    late = true;
    if (conn !== undefined) closeQuietly(conn);
    stop.reject(reason);
  };
  const timer = setTimeout(
    () =>
      giveUp(
        new WebSocketRefusedError(
          url,
          undefined,
          `no answer in ${timeoutMs} ms`,
        ),
      ),
    timeoutMs,
  );
  const onAbort = (): void => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const opening = open(target, options.ca);
    opening.then((opened) => late && closeQuietly(opened), () => {});
    conn = await Promise.race([opening, stop.promise]);
    const head = await Promise.race([
      shakeHands(conn, target, options.headers ?? {}),
      stop.promise,
    ]);
    return new WebSocketPeer({
      conn,
      head,
      remoteAddress: target.hostname,
      role: "client",
      maxMessageBytes,
    });
  } catch (error) {
    if (conn !== undefined) closeQuietly(conn);
    if (signal?.aborted) throw signal.reason;
    if (error instanceof WebSocketRefusedError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new WebSocketRefusedError(url, undefined, reason, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function open(
  { protocol, hostname, port }: URL,
  ca: string | undefined,
): Promise<Deno.Conn> {
  const secure = protocol === "wss:";
  const address = {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
  };
  const conn = secure
    ? await Deno.connectTls({
      ...address,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
    })
    : await Deno.connect(address);
  (conn as Deno.TcpConn).setNoDelay?.(true);
  return conn;
}

/** Asks for the WebSocket; gives what the server sent behind its answer. */
async function shakeHands(
  conn: Deno.Conn,
  { host, pathname, search, href }: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const key = randomBytes(16).toString("base64");
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    ...Object.entries(headers).map(([name, value]) =>
      `${name}: ${value.replace(/[\r\n]/g, "")}`
    ),
  ];
  await writeAll(
    conn,
    new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`),
  );
  const answer = await readAnswer(conn, href);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer.head)?.[1]);
  if (status !== 101) {
    throw new WebSocketRefusedError(
      href,
      Number.isNaN(status) ? undefined : status,
      Number.isNaN(status) ? "it speaks no HTTP" : `it answers ${status}`,
    );
  }
  const accept = /^sec-websocket-accept:\s*(\S+)\s*$/im.exec(answer.head)?.[1];
  if (accept !== acceptKey(key)) {
    throw new WebSocketRefusedError(href, status, WRONG_HANDSHAKE);
  }
  return answer.rest;
}

async function readAnswer(
  conn: Deno.Conn,
  url: string,
): Promise<{ head: string; rest: Uint8Array }> {
  let bytes = Buffer.alloc(0);
  const buffer = new Uint8Array(4096);
  while (bytes.length < MAX_ANSWER_BYTES) {
    const count = await conn.read(buffer);
    if (count === null) break;
    bytes = Buffer.concat([bytes, buffer.subarray(0, count)]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) continue;
    return {
      head: bytes.toString("latin1", 0, end),
      rest: bytes.subarray(end + 4),
    };
  }
  throw new WebSocketRefusedError(url, undefined, NO_ANSWER);
}
