/**
 * One RTSP connection on the server: bytes in, actions out.
 *
 * Requests are answered one after the other. While the shell is busy with an
 * action that waits for an answer, what follows stays unread.
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import type { InterleavedFrame, RtspMessage, RtspRequest } from "./message.ts";
import { RtspReader } from "./reader.ts";
import { RequestHandler } from "./request_handler.ts";
import { respondToError } from "./server_responses.ts";
import type {
  RtspMediaCatalog,
  ServerAction,
  ServerAnswer,
} from "./server_actions.ts";
import { ServerAuthenticator } from "./server_authentication.ts";
import type { RandomSource, RtspUsers } from "./server_authentication.ts";

import type { SessionRegistry } from "./session_registry.ts";
import type { OfferedTransports } from "./transport_choice.ts";
import { tunnelHalf, tunnelResponse } from "./tunnel.ts";

/**
 * Milliseconds from a request's first byte to its last: whoever needs more
 * wants to keep the connection busy (slow-loris).
 */
export const REQUEST_TIMEOUT = 10_000;
/** Milliseconds a connection without sessions may be silent. */
export const IDLE_TIMEOUT = 60_000;

/** What all connections of a server share. */
export interface RtspServerOptions {
  /** Where media is found. */
  readonly catalog: RtspMediaCatalog;
  /** The sessions of all connections. */
  readonly sessions: SessionRegistry;
  /** For nonces. */
  readonly random: RandomSource;
  /** Absent: everybody may do everything. */
  readonly users?: RtspUsers;
  /** UDP and TCP, no multicast, when left out. */
  readonly transports?: OfferedTransports;
  /** Whether ANNOUNCE and RECORD are taken; `false` when left out. */
  readonly publishing?: boolean;
}

/** What is known of one connection. */
export interface ConnectionInfo {
  /** The player's address. */
  readonly address: string;
  /** Over TLS. */
  readonly secure: boolean;
}

/** One connection. */
export class ServerConnection {
  readonly #reader = new RtspReader();
  readonly #handler: RequestHandler;
  #closed = false;
  #activeAt: number;
  /** When the message that is coming in began. */
  #messageAt: number | undefined;

  /** A connection accepted at `now` (milliseconds). */
  constructor(options: RtspServerOptions, info: ConnectionInfo, now: number) {
    const { users, random } = options;
    this.#handler = new RequestHandler({
      catalog: options.catalog,
      sessions: options.sessions,
      transports: options.transports ??
        { udp: true, tcp: true, multicast: false },
      publishing: options.publishing ?? false,
      address: info.address,
      authenticator: users === undefined
        ? undefined
        : new ServerAuthenticator({ users, secure: info.secure, random }),
    });
    this.#activeAt = now;
  }

  /** Whether an action waits for its answer. */
  get waiting(): boolean {
    return this.#handler.waiting;
  }

  /** Takes bytes that arrived at `now`. */
  receive(bytes: Uint8Array, now: number): ServerAction[] {
    if (this.#closed) return [];
    this.#activeAt = now;
    try {
      this.#reader.push(bytes, now);
    } catch (error) {
      return this.#fail(error);
    }
    return this.#drain(now);
  }

  /** Takes the shell's answer to the action that waits for one, then goes on with what came meanwhile. */
  answer(answer: ServerAnswer, now: number): ServerAction[] {
    if (this.#closed) return [];
    const actions = this.#handler.answer(answer, now);
    return [...actions, ...this.#drain(now)];
  }

  /** The socket is closed: sessions that lived on it end. */
  end(): ServerAction[] {
    this.#closed = true;
    return this.#handler.end();
  }

  /** When {@linkcode handleTimeout} has something to do. */
  nextTimeoutAt(): number | undefined {
    if (this.#closed || this.#handler.waiting) return undefined;
    const times = [this.#reader.nextTimeoutAt()];
    if (this.#messageAt !== undefined) {
      times.push(this.#messageAt + REQUEST_TIMEOUT);
    } else if (!this.#handler.hasSessions) {
      times.push(this.#activeAt + IDLE_TIMEOUT);
    }
    return times.reduce((earliest, time) =>
      time === undefined || (earliest !== undefined && earliest <= time)
        ? earliest
        : time
    );
  }

  /** Ends requests of the teaching dialect, and connections that keep us waiting. */
  handleTimeout(now: number): ServerAction[] {
    const due = this.nextTimeoutAt();
    if (due === undefined || due > now) return [];
    this.#reader.handleTimeout(now);
    const actions = this.#drain(now);
    if (actions.length > 0) return actions;
    const messageAt = this.#messageAt;
    if (messageAt !== undefined && now - messageAt >= REQUEST_TIMEOUT) {
      return this.#close("a request took too long", [
        respondToError(
          new RtspProtocolError("RTSP_OVERFLOW", "Cannot wait longer", 408),
        ),
      ]);
    }
    if (
      messageAt === undefined && !this.#handler.hasSessions &&
      now - this.#activeAt >= IDLE_TIMEOUT
    ) {
      return this.#close("it was silent", []);
    }
    return [];
  }

  #drain(now: number): ServerAction[] {
    const actions: ServerAction[] = [];
    while (!this.#closed && !this.#handler.waiting) {
      let message: RtspMessage | InterleavedFrame | undefined;
      try {
        message = this.#reader.next();
      } catch (error) {
        actions.push(...this.#fail(error));
        continue;
      }
      if (message === undefined) {
        this.#messageAt = this.#reader.inMessage
          ? this.#messageAt ?? now
          : undefined;
        return actions;
      }
      this.#messageAt = undefined;
      if (message.type === "interleaved") {
        actions.push(...this.#handler.handleFrame(message, now));
      } else if (message.type === "request") {
        actions.push(...this.#request(message, now));
      }
      // Responses answer nothing: we send no requests.
      if (actions.at(-1)?.type === "close") this.#closed = true;
    }
    return actions;
  }

  #request(request: RtspRequest, now: number): ServerAction[] {
    if (!request.version.startsWith("HTTP/")) {
      return this.#handler.handle(request, now);
    }
    const tunnel = tunnelHalf(request);
    if (tunnel === undefined) {
      return this.#close("it speaks HTTP", [httpRefusal(request)]);
    }
    const rest = this.#reader.takeRest();
    const open = { type: "tunnel" as const, ...tunnel, rest };
    if (tunnel.half === "get") {
      return [{ type: "send", bytes: tunnelResponse(request) }, open];
    }
    // From here on this connection is only a pipe into its GET's.
    this.#closed = true;
    return [open];
  }

  #fail(error: unknown): ServerAction[] {
    if (!(error instanceof RtspProtocolError)) throw error;
    const response = respondToError(error);
    return error.context.recoverable
      ? [response]
      : this.#close(error.message, [response]);
  }

  #close(reason: string, before: ServerAction[]): ServerAction[] {
    this.#closed = true;
    return [...before, { type: "close", reason }];
  }
}

/** Browsers and scanners find the port too; they get an answer they understand. */
function httpRefusal(request: RtspRequest): ServerAction {
  const body = "This port speaks RTSP.\n";
  return {
    type: "send",
    bytes: new TextEncoder().encode(
      `${request.version} 400 Bad Request\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    ),
  };
}
