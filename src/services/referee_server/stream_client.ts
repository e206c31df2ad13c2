/**
 * One WebSocket of a client: messages in, through the connection's core, and
 * what it says to do done in order.
 *
 * @module
 */

import type { WebSocketEvents, WebSocketPeer } from "../../net/mod.ts";
import {
  coalesceAcks,
  type ConnectionAction,
  failure,
  IngestConnection,
  RefereeProtocolError,
  type ServerMessage,
  type SessionTable,
} from "../../referee/mod.ts";
import type { SessionClient, SessionRun } from "./session_run.ts";

/** Bytes of answers that wait for a client; beyond it nothing more is read from it. */
export const MAX_OUTBOUND_BYTES = 256 * 1024;

/** How long a client may leave its answers unread, in milliseconds. */
const UNREAD_TIMEOUT_MS = 30_000;

/** The message rate is looked at over so many milliseconds. */
const RATE_WINDOW_MS = 100;

/** Why nothing is read from a client now. */
type PauseReason = "busy" | "store" | "memory" | "outbound" | "rate";

/** What a client needs of the server. */
export interface StreamHost {
  readonly table: SessionTable;
  /** Messages a second. */
  readonly maxMessageRate: number;
  /** Memory is above its limit: wait for `memoryFreed`. */
  readonly isMemoryFull: boolean;
  /** Milliseconds of the sessions' clock. */
  now(): number;
  /** What a client may hear of an error. */
  publicMessage(error: unknown): string;
  /** The session that is alive. */
  runOf(session: SessionRun["session"]): SessionRun | undefined;
  /** Does what takes time; resolves when the next message may be looked at. */
  perform(
    action: Extract<
      ConnectionAction,
      { type: "open" | "process" | "abort" | "resume" }
    >,
    client: StreamClient,
  ): Promise<void>;
  /** A frame was kept. */
  stored(): void;
  /** The connection is over. */
  closed(client: StreamClient): void;
  /** An error was told. */
  told(error: RefereeProtocolError): void;
}

/** A connection. */
export class StreamClient implements WebSocketEvents, SessionClient {
  /** Its core. */
  readonly core: IngestConnection;
  /** Where it comes from. */
  readonly address: string;
  readonly #peer: WebSocketPeer;
  readonly #host: StreamHost;
  readonly #pauses = new Set<PauseReason>();
  #unreadTimer: ReturnType<typeof setTimeout> | undefined;
  #rateTimer: ReturnType<typeof setTimeout> | undefined;
  #windowStart = 0;
  #windowMessages = 0;
  #ended = false;

  /** Begins to listen. */
  constructor(peer: WebSocketPeer, host: StreamHost) {
    this.#peer = peer;
    this.#host = host;
    this.address = peer.remoteAddress;
    this.core = new IngestConnection(host.table, peer.remoteAddress);
    peer.listen(this);
  }

  /** A text message came. */
  text(text: string): void {
    this.#take(text);
  }

  /** A binary message came. */
  bytes(bytes: Uint8Array): void {
    this.#take(bytes);
  }

  /** Answers that waited have gone. */
  drained(): void {
    if (this.#peer.bufferedBytes > MAX_OUTBOUND_BYTES / 2) return;
    clearTimeout(this.#unreadTimer);
    this.#unreadTimer = undefined;
    this.#unpause("outbound");
  }

  /** The connection is over. */
  closed(): void {
    this.#leave();
  }

  /** Nothing more is taken from it; its sessions do not wait for its goodbye. */
  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#unreadTimer);
    clearTimeout(this.#rateTimer);
    this.#host.closed(this);
  }

  /** Sends messages as one piece. */
  deliver(messages: readonly ServerMessage[]): void {
    if (this.#ended) return;
    const [only] = messages;
    if (messages.length === 1 && only !== undefined) this.#send(only);
    else for (const message of coalesceAcks(messages)) this.#send(message);
    if (
      this.#peer.bufferedBytes > MAX_OUTBOUND_BYTES &&
      this.#unreadTimer === undefined
    ) {
      this.#pause("outbound");
      this.#unreadTimer = setTimeout(
        () => this.#peer.terminate(),
        UNREAD_TIMEOUT_MS,
      );
    }
  }

  /** There is room for frames again. */
  room(): void {
    this.#unpause("store");
  }

  /** Memory is below its limit again. */
  memoryFreed(): void {
    this.#unpause("memory");
  }

  /** The session is no more fed by this connection. */
  release({ session }: SessionRun): void {
    this.core.release(session);
  }

  /** Tells of an error; ends the connection unless it is a small one. */
  fail(error: unknown): void {
    const told = error instanceof RefereeProtocolError
      ? error
      : new RefereeProtocolError(
        "INTERNAL_ERROR",
        this.#host.publicMessage(error),
      );
    this.#perform(failure(told));
  }

  /** Says goodbye because the server goes. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#peer.close(code, reason);
    this.#leave();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#peer.terminate();
  }

  #send(message: ServerMessage): void {
    this.#peer.send(JSON.stringify(message));
  }

  #take(message: string | Uint8Array): void {
    if (this.#ended) return;
    this.#countMessage();
    const now = this.#host.now();
    try {
      this.#perform(
        typeof message === "string"
          ? this.core.receiveText(message, now)
          : this.core.receiveBytes(message, now),
      );
    } catch (error) {
      this.fail(error); // a fault of ours: this client hears of it, the others do not
    }
  }

  /** A client that sends too many messages is not read until its time is over. */
  #countMessage(): void {
    const now = this.#host.now();
    if (now - this.#windowStart >= RATE_WINDOW_MS) {
      this.#windowStart = now;
      this.#windowMessages = 0;
    }
    this.#windowMessages++;
    const most = this.#host.maxMessageRate * RATE_WINDOW_MS / 1000;
    if (this.#windowMessages < most || this.#rateTimer !== undefined) return;
    this.#pause("rate");
    this.#rateTimer = setTimeout(() => {
      this.#rateTimer = undefined;
      this.#unpause("rate");
    }, RATE_WINDOW_MS);
  }

  #perform(actions: readonly ConnectionAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "send":
          if (action.message.type === "error") this.#told(action.message);
          this.deliver([action.message]);
          break;
        case "store":
        case "reply":
          this.#performFrame(action);
          break;
        case "close":
          this.close(action.code, action.reason);
          return;
        default:
          this.#performSlow(action);
      }
    }
  }

  #performFrame(
    action: Extract<ConnectionAction, { type: "store" | "reply" }>,
  ): void {
    const run = this.#host.runOf(action.session);
    if (run === undefined) return; // its place for frames could not be made
    if (action.type === "store") {
      run.append(action.frame, action.reply);
      if (run.store.isFull) this.#pause("store");
      this.#host.stored();
      if (this.#host.isMemoryFull) this.#pause("memory");
    } else {
      const { message } = action;
      if (message.type === "error") this.#told(message);
      run.store.follow(message);
    }
  }

  #told(message: Extract<ServerMessage, { type: "error" }>): void {
    this.#host.told(
      new RefereeProtocolError(message.error_code, message.error_message, {
        sessionId: message.session_id,
        detail: message.detail,
      }),
    );
  }

  /** What takes time holds the messages behind it back. */
  #performSlow(
    action: Extract<
      ConnectionAction,
      { type: "open" | "process" | "abort" | "resume" }
    >,
  ): void {
    this.#pause("busy");
    this.#host.perform(action, this).catch((error) => this.fail(error))
      .finally(() => {
        this.#unpause("busy");
      });
  }

  #pause(reason: PauseReason): void {
    if (this.#pauses.size === 0) this.#peer.pause();
    this.#pauses.add(reason);
  }

  #unpause(reason: PauseReason): void {
    if (!this.#pauses.delete(reason)) return;
    if (this.#pauses.size === 0 && !this.#ended) this.#peer.resume();
  }
}
