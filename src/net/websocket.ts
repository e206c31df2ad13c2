/**
 * WebSockets with back-pressure (`npm:ws`): whoever takes messages can pause
 * the connection, and the kernel then holds the sender back.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import * as untypedWs from "ws";
import { Unmasker } from "./websocket_unmask.ts";

/** How often a quiet peer is pinged, in milliseconds; Python's websockets does so too. */
export const PING_INTERVAL_MS = 20_000;

/** How long the closing handshake may take, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2000;

/** Fragments of one message: more than any client makes of one, few enough to be held. */
export const MAX_FRAGMENTS = 4096;

/** Policy violation: what `ws` answers to too many fragments. */
const CODE_POLICY = 1008;

/** Message too big (RFC 6455 section 7.4.1). */
const CODE_TOO_BIG = 1009;

/** The part of `ws` that is used here; it brings no types. */
interface WsSocket {
  readonly bufferedAmount: number;
  readonly readyState: number;
  on(event: string, listener: (...values: never[]) => void): void;
  send(data: string | Uint8Array): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** What the handshake looks at. */
export interface HandshakeRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

interface WsServer {
  handleUpgrade(
    request: HandshakeRequest,
    socket: Duplex,
    head: Uint8Array,
    done: (socket: WsSocket) => void,
  ): void;
}

interface WsModule {
  readonly WebSocket:
    & (new (url: string, options: Record<string, unknown>) => WsSocket)
    & { readonly OPEN: number };
  readonly WebSocketServer: new (options: Record<string, unknown>) => WsServer;
}

const ws = untypedWs as unknown as WsModule;

/** What a connection tells; each is called in the order of the wire. */
export interface WebSocketEvents {
  /** A text message. */
  text(text: string): void;
  /** A binary message; the bytes are the receiver's. */
  bytes(bytes: Uint8Array): void;
  /** It is over, by whoever's will; called once, last. */
  closed(code: number, reason: string): void;
  /** Bytes that waited to be sent have gone. */
  drained?(): void;
}

/** A connection; messages come once `listen` was called. */
export class WebSocketPeer {
  /** The other end's address. */
  readonly remoteAddress: string;
  readonly #socket: WsSocket;
  readonly #stream: Duplex | undefined;
  #events: WebSocketEvents | undefined;
  #paused = false;
  #heard = true;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Wraps an open socket; `stream` is what lies under it. */
  constructor(
    socket: WsSocket,
    remoteAddress: string,
    stream: Duplex | undefined,
  ) {
    this.#socket = socket;
    this.#stream = stream;
    this.remoteAddress = remoteAddress;
    // Nothing is lost before somebody listens.
    this.pause();
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.#heard = true;
      if (isBinary) this.#events?.bytes(data);
      else this.#events?.text(data.toString());
    });
    socket.on("pong", () => this.#heard = true);
    socket.on("ping", () => this.#heard = true);
    // What is wrong follows as the close code.
    socket.on("error", () => {});
    socket.on("close", (code: number, reason: Buffer) => {
      clearInterval(this.#timer);
      this.#events?.closed(code, reason.toString());
    });
    stream?.on("drain", () => this.#events?.drained?.());
  }

  /** Starts to hand on messages, and to ping: who is silent for two pings is gone. */
  listen(events: WebSocketEvents): void {
    this.#events = events;
    this.#timer = setInterval(() => this.#check(), PING_INTERVAL_MS);
    this.resume();
  }

  /** Whether it can be sent to. */
  get isOpen(): boolean {
    return this.#socket.readyState === ws.WebSocket.OPEN;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a message; nothing when the connection is over. */
  send(message: string | Uint8Array): void {
    if (this.isOpen) this.#socket.send(message);
  }

  /** What `run` sends goes to the kernel as one piece. */
  batch(run: () => void): void {
    this.#stream?.cork();
    try {
      run();
    } finally {
      this.#stream?.uncork();
    }
  }

  /** Reads no more; messages that were read already, at most one read's, still come. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#paused = false;
    this.#heard = true;
    this.#socket.resume();
  }

  /** Says goodbye; what was sent before still goes out. */
  close(code: number, reason: string): void {
    // The other end's goodbye must be read.
    this.resume();
    this.#socket.close(code, reason);
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  #check(): void {
    if (this.#paused) return; // its pong would not be read
    if (!this.#heard) this.terminate();
    else {
      this.#heard = false;
      if (this.isOpen) this.#socket.ping();
    }
  }
}

/** Takes WebSockets in, on the stream of a request that asked for one. */
export class WebSocketAcceptor {
  readonly #server: WsServer;

  /** Messages of more than `maxMessageBytes`, or of too many fragments, close with 1009. */
  constructor(maxMessageBytes: number) {
    this.#server = new ws.WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
      WebSocket: ServerSocket,
    });
  }

  /** Answers the handshake; a wrong one is refused with 400 and `accepted` not called. */
  accept(
    request: HandshakeRequest,
    stream: Duplex,
    head: Uint8Array,
    remoteAddress: string,
    accepted: (peer: WebSocketPeer) => void,
  ): void {
    const unmasker = new Unmasker();
    // `ws` puts the head back into the stream, so it passes here too.
    stream.prependListener("data", (bytes: Buffer) => unmasker.push(bytes));
    this.#server.handleUpgrade(
      request,
      stream,
      head,
      (socket) => accepted(new WebSocketPeer(socket, remoteAddress, stream)),
    );
  }
}

/** `ws` calls too many fragments a policy violation; to us they are a message that is too big. */
class ServerSocket extends ws.WebSocket {
  override close(code?: number, reason?: string): void {
    super.close(
      code === CODE_POLICY && reason === undefined ? CODE_TOO_BIG : code,
      reason,
    );
  }
}

/** A server that did not take the WebSocket. */
export class WebSocketRefusedError extends Error {
  /** The class, in messages and for who cannot import it. */
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
 * Connects to a server.
 *
 * @throws {WebSocketRefusedError} when there is none or it does not want to.
 * @throws the signal's reason when it aborts.
 */
export async function connectWebSocket(
  url: string,
  options: WebSocketConnectOptions,
): Promise<WebSocketPeer> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketPeer>();
  const socket = new ws.WebSocket(url, {
    headers: options.headers ?? {},
    maxPayload: options.maxMessageBytes,
    handshakeTimeout: options.timeoutMs,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const onAbort = (): void => {
    reject(signal?.reason);
    socket.terminate();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.on("open", () => {
    resolve(new WebSocketPeer(socket, new URL(url).hostname, undefined));
  });
  socket.on(
    "unexpected-response",
    (_request: unknown, { statusCode }: { statusCode: number }) => {
      reject(
        new WebSocketRefusedError(url, statusCode, `it answers ${statusCode}`),
      );
      socket.terminate();
    },
  );
  socket.on("error", (error: Error) => {
    reject(
      new WebSocketRefusedError(url, undefined, error.message, {
        cause: error,
      }),
    );
  });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
