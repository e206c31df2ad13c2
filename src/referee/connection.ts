/**
 * One connection of a client: text and bytes in, what is to be done out.
 *
 * A connection may carry one phrase after another, or several at once: a
 * frame names its session.
 *
 * @module
 */

import {
  type FrameMessage,
  parseClientMessage,
  type SessionEnd,
  type SessionResume,
  type SignalMessage,
} from "./client_message.ts";
import { type RefereeErrorCode, RefereeProtocolError } from "./error.ts";
import { errorMessage, type ServerMessage } from "./server_message.ts";
import type { RefereeSession } from "./session.ts";
import type { SessionTable } from "./session_table.ts";
import { MAX_SIGNAL_BYTES } from "./signal_file.ts";
import type { SpoolFrame } from "./spool_record.ts";

/** What is to be done, in this order. */
export type ConnectionAction =
  | { readonly type: "send"; readonly message: ServerMessage }
  | {
    /** Make a place for its frames, then say `session_started`. */
    readonly type: "open";
    readonly session: RefereeSession;
  }
  | {
    /** Store the frame, then send the reply. */
    readonly type: "store";
    readonly session: RefereeSession;
    readonly frame: SpoolFrame;
    readonly reply: ServerMessage;
  }
  | {
    /** Send the message when all frames before it are stored. */
    readonly type: "reply";
    readonly session: RefereeSession;
    readonly message: ServerMessage;
  }
  | {
    /** Keep the signal, acknowledge it, and process the recording. */
    readonly type: "process";
    readonly session: RefereeSession;
    readonly filename: string;
    readonly bytes: Uint8Array;
    readonly swapSides: boolean;
  }
  | {
    /** Throw away what is kept of it. */
    readonly type: "abort";
    readonly session: RefereeSession;
  }
  | { readonly type: "resume"; readonly message: SessionResume }
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** WebSocket close codes (RFC 6455 section 7.4.1) of errors that end the connection. */
const CLOSE_CODES: Readonly<Partial<Record<RefereeErrorCode, number>>> = {
  PROTOCOL_ERROR: 1002,
  INVALID_MESSAGE: 1008,
  NO_ACTIVE_SESSION: 1008,
  SESSION_START_FAILED: 1013,
};
const SERVER_ERROR = 1011;

/** A connection; `now` is milliseconds of the sessions' clock. */
export class IngestConnection {
  readonly #table: SessionTable;
  readonly #address: string;
  readonly #sessions = new Map<string, RefereeSession>();
  #announced: FrameMessage | SignalMessage | undefined;

  /** For a client at `address`. */
  constructor(table: SessionTable, address: string) {
    this.#table = table;
    this.#address = address;
  }

  /** The sessions that this connection feeds. */
  get sessions(): Iterable<RefereeSession> {
    return this.#sessions.values();
  }

  /** It feeds this session from now on. */
  attach(session: RefereeSession): void {
    this.#sessions.set(session.id, session);
  }

  /** It feeds this session no more. */
  release(session: RefereeSession): void {
    if (this.#sessions.get(session.id) === session) {
      this.#sessions.delete(session.id);
    }
  }

  /** A text message came. */
  receiveText(text: string, now: number): ConnectionAction[] {
    try {
      if (this.#announced !== undefined) {
        throw new RefereeProtocolError(
          "PROTOCOL_ERROR",
          `Cannot take a text message: the bytes of a ${this.#announced.type} are due`,
          { sessionId: this.#announced.session_id },
        );
      }
      return this.#obey(text, now);
    } catch (error) {
      return failure(error);
    }
  }

  /** A binary message came; the bytes of a frame's action are these. */
  receiveBytes(bytes: Uint8Array, now: number): ConnectionAction[] {
    const announced = this.#announced;
    this.#announced = undefined;
    try {
      if (announced === undefined) {
        throw new RefereeProtocolError(
          "PROTOCOL_ERROR",
          "Cannot take a binary message: no frame and no signal was announced",
        );
      }
      const session = this.#active(announced);
      return announced.type === "frame"
        ? [this.#takeFrame(session, announced, bytes, now)]
        : [takeSignal(session, announced, bytes, now)];
    } catch (error) {
      return failure(error);
    }
  }

  #obey(text: string, now: number): ConnectionAction[] {
    const message = parseClientMessage(text);
    switch (message.type) {
      case "frame":
      case "signal":
        this.#active(message);
        this.#announced = message;
        return [];
      case "ping":
        for (const session of this.#sessions.values()) session.touch(now);
        return [{ type: "send", message: { type: "pong" } }];
      case "session_start": {
        const session = this.#table.start(message, this.#address, now);
        this.attach(session);
        return [{ type: "open", session }];
      }
      case "session_end": {
        const session = this.#active(message);
        const ended = session.end(message.total_frames, now);
        return [{ type: "reply", session, message: ended }];
      }
      case "session_abort": {
        const session = this.#sessions.get(message.session_id);
        if (session === undefined) return [];
        session.step("abort", now);
        this.release(session);
        return [{ type: "abort", session }];
      }
      case "session_resume":
        return [{ type: "resume", message }];
    }
  }

  #active(
    { type, session_id }: FrameMessage | SignalMessage | SessionEnd,
  ): RefereeSession {
    const session = this.#sessions.get(session_id);
    if (session === undefined) {
      throw new RefereeProtocolError(
        "NO_ACTIVE_SESSION",
        `Cannot take a ${type}: this connection has no session ${session_id}`,
        { sessionId: session_id },
      );
    }
    return session;
  }

  #takeFrame(
    session: RefereeSession,
    message: FrameMessage,
    bytes: Uint8Array,
    now: number,
  ): ConnectionAction {
    const { store, reply } = session.frame(
      message,
      bytes,
      now,
      this.#table.room,
    );
    return store === undefined
      ? { type: "reply", session, message: reply }
      : { type: "store", session, frame: store, reply };
  }
}

function takeSignal(
  session: RefereeSession,
  { filename, size, swap_sides, session_id }: SignalMessage,
  bytes: Uint8Array,
  now: number,
): ConnectionAction {
  if (bytes.length > MAX_SIGNAL_BYTES) {
    throw new RefereeProtocolError(
      "PROCESSING_FAILED",
      `Cannot use a signal of ${bytes.length} bytes: the limit is ${MAX_SIGNAL_BYTES}`,
      { sessionId: session_id },
    );
  }
  if (size !== bytes.length) {
    session.warn(
      "signal size",
      `The signal was announced with ${size} bytes and has ${bytes.length}`,
    );
  }
  session.step("signal", now);
  return {
    type: "process",
    session,
    filename,
    bytes: new Uint8Array(bytes), // whoever received them uses their place again
    swapSides: swap_sides === true,
  };
}

/** What is to be done about an error: tell it, and close unless it is a small one. */
export function failure(error: unknown): ConnectionAction[] {
  if (!(error instanceof RefereeProtocolError)) throw error;
  const send: ConnectionAction = { type: "send", message: errorMessage(error) };
  if (error.recoverable) return [send];
  return [send, {
    type: "close",
    code: CLOSE_CODES[error.code] ?? SERVER_ERROR,
    reason: error.code,
  }];
}
