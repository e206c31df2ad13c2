/**
 * The relay for two members that cannot reach each other: WebSocket frames go
 * from one to the other. They are sealed, nothing is kept, and no more is under
 * way than the receiver has granted.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import * as untypedWs from "ws";
import {
  MAX_RELAY_FRAME_BYTES,
  readRelayFrame,
  RelayCredit,
  SignalProtocolError,
} from "../../signaling/mod.ts";

/** Path of the WebSocket. */
export const RELAY_PATH = "/relay";

/** Relays at once: each holds at most 2 MiB, so 400 MiB in all. */
const MAX_RELAYS = 200;
/** Both ends must have come after this long. */
const TICKET_MS = 15_000;
/** Protocol violation (RFC 6455, section 7.4.1). */
const CODE_PROTOCOL = 1002;
/** Policy violation (RFC 6455, section 7.4.1). */
const CODE_POLICY = 1008;
/** The other end has gone. */
const CODE_GONE = 1000;
/** Going away. */
const CODE_SHUTDOWN = 1001;

/** The part of `ws` that is used here; it brings no types. */
interface Socket {
  on(event: "message", listener: (data: Buffer, binary: boolean) => void): void;
  on(event: "close" | "error", listener: () => void): void;
  send(data: Uint8Array): void;
  close(code: number, reason?: string): void;
  terminate(): void;
}

interface SocketServer {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    done: (socket: Socket) => void,
  ): void;
}

const { WebSocketServer } = untypedWs as unknown as {
  WebSocketServer: new (options: Record<string, unknown>) => SocketServer;
};

interface End {
  readonly ticket: string;
  /** What may be sent to this end. */
  readonly credit: RelayCredit;
  socket: Socket | undefined;
  /** Frames of credit for this end that came before it did. */
  early: Uint8Array[];
}

interface Relay {
  readonly ends: readonly [End, End];
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** All relays of a server. */
export class BlindRelays {
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false, // sealed bytes do not shrink
    maxPayload: MAX_RELAY_FRAME_BYTES,
  });
  readonly #byTicket = new Map<string, Relay>();
  readonly #relays = new Set<Relay>();
  /** Open, or not closed by their other ends yet. */
  readonly #sockets = new Set<Socket>();
  /** Bytes that went through since the start. */
  bytes = 0;

  /** Relays that are open or wait for an end. */
  get open(): number {
    return this.#relays.size;
  }

  /** A new relay with a ticket for each end; `undefined` when there are too many. */
  create(secret: () => string): readonly [string, string] | undefined {
    if (this.#relays.size >= MAX_RELAYS) return undefined;
    const end = (): End => ({
      ticket: secret(),
      credit: new RelayCredit(),
      socket: undefined,
      early: [],
    });
    const relay: Relay = { ends: [end(), end()], timer: undefined };
    relay.timer = setTimeout(() => this.#close(relay, CODE_GONE), TICKET_MS);
    this.#relays.add(relay);
    for (const { ticket } of relay.ends) this.#byTicket.set(ticket, relay);
    return [relay.ends[0].ticket, relay.ends[1].ticket];
  }

  /** Takes a connection that shows a ticket; each is good for one. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    const ticket = new URL(request.url ?? "/", "http://localhost").searchParams
      .get("ticket") ?? "";
    const relay = this.#byTicket.get(ticket);
    const mine = relay?.ends.find((end) => end.ticket === ticket);
    if (relay === undefined || mine === undefined) {
      this.refuse(request, stream, head);
      return;
    }
    this.#byTicket.delete(ticket);
    this.#server.handleUpgrade(request, stream, head, (socket) => {
      const other = relay.ends.find((end) => end !== mine) ?? mine;
      mine.socket = socket;
      this.#sockets.add(socket);
      socket.on("message", (data) => this.#pass(relay, mine, other, data));
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#close(relay, CODE_GONE);
      });
      socket.on("error", () => this.#close(relay, CODE_PROTOCOL));
      if (other.socket !== undefined) clearTimeout(relay.timer);
      for (const frame of mine.early) socket.send(frame);
      mine.early = [];
    });
  }

  /**
   * Opens a WebSocket and closes it at once, which says why: Deno 2.7 writes no
   * other answer to a request to upgrade.
   */
  refuse(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => {
      socket.on("error", () => {}); // what it says is not heard
      socket.close(CODE_POLICY, "not allowed");
    });
  }

  #pass(relay: Relay, from: End, to: End, bytes: Uint8Array): void {
    if (!this.#relays.has(relay)) return;
    try {
      const frame = readRelayFrame(bytes);
      // A credit says what may come to `from`; data uses what may go to `to`.
      const allowed = frame.type === "credit"
        ? from.credit.grant(frame.bytes) && (to.socket !== undefined ||
          to.early.length < 4)
        : to.credit.take(bytes.length);
      if (!allowed) {
        this.#close(relay, CODE_PROTOCOL, "more than was granted");
        return;
      }
      this.bytes += bytes.length;
      if (to.socket === undefined) to.early.push(bytes.slice());
      else to.socket.send(bytes);
    } catch (error) {
      if (!(error instanceof SignalProtocolError)) throw error;
      this.#close(relay, CODE_PROTOCOL, "bad frame");
    }
  }

  #close(relay: Relay, code: number, reason = ""): void {
    if (!this.#relays.delete(relay)) return;
    clearTimeout(relay.timer);
    for (const { ticket, socket } of relay.ends) {
      this.#byTicket.delete(ticket);
      socket?.close(code, reason);
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const relay of [...this.#relays]) this.#close(relay, CODE_SHUTDOWN);
  }

  /** Waits for no other end any more. */
  terminate(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}
