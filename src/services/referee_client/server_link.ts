/**
 * One connection to a server: messages out, messages in, and the news when it
 * ends.
 *
 * @module
 */

import { connectWebSocket, type WebSocketPeer } from "../../net/mod.ts";
import {
  type ClientMessage,
  MAX_SERVER_MESSAGE_BYTES,
  parseServerMessage,
  RefereeProtocolError,
  type ServerMessage,
} from "../../referee/mod.ts";
import type { RefereeSendOptions } from "./options.ts";

/** How long a handshake may take. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Bytes that may wait for the network before the next frame is sent. */
const MAX_OUTBOUND_BYTES = 8 * 1024 * 1024;

/** What a link tells. */
export interface LinkEvents {
  /** A message came. */
  message(message: ServerMessage): void;
  /** It is over. */
  closed(reason: string): void;
}

/** A connection. */
export class ServerLink {
  readonly #peer: WebSocketPeer;
  #drained: (() => void) | undefined;

  private constructor(peer: WebSocketPeer, events: LinkEvents) {
    this.#peer = peer;
    peer.listen({
      text: (text) => {
        try {
          const message = parseServerMessage(text);
          if (message !== undefined) events.message(message);
        } catch (error) {
          if (!(error instanceof RefereeProtocolError)) throw error;
          events.closed(
            `the server's message makes no sense: ${error.message}`,
          );
          peer.terminate();
        }
      },
      bytes: () => {}, // no server sends any
      closed: (code, reason) => {
        events.closed(reason === "" ? `closed with ${code}` : reason);
        this.#drained?.();
      },
      drained: () => this.#drained?.(),
    });
  }

  /**
   * Connects.
   *
   * @throws {WebSocketRefusedError} when the server does not want to.
   */
  static async open(
    { server, token, ca }: Pick<RefereeSendOptions, "server" | "token" | "ca">,
    events: LinkEvents,
    signal: AbortSignal,
  ): Promise<ServerLink> {
    const peer = await connectWebSocket(server.stream.href, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ca,
      // What is ours may be longer than what the documents allow.
      maxMessageBytes: 4 * MAX_SERVER_MESSAGE_BYTES,
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
    });
    return new ServerLink(peer, events);
  }

  /** Says something. */
  say(message: ClientMessage): void {
    this.#peer.send(JSON.stringify(message));
  }

  /** Says what `message` announces, with its bytes. */
  sayWithBytes(message: ClientMessage, bytes: Uint8Array): void {
    this.say(message);
    this.#peer.send(bytes);
  }

  /** Resolves when the network has taken enough of what was sent. */
  async room(): Promise<void> {
    while (this.#peer.isOpen && this.#peer.bufferedBytes > MAX_OUTBOUND_BYTES) {
      await new Promise<void>((resolve) => this.#drained = resolve);
    }
  }

  /** Says goodbye. */
  close(): void {
    this.#peer.close(1000, "");
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#peer.terminate();
  }
}
