/**
 * Where peers register: JSON over TCP, one object a connection, and for peers
 * of ours a session that stays open.
 *
 * A session is how a death is noticed: the kernel closes a killed process's
 * connection at once, and a machine that went silent stops reporting.
 *
 * @module
 */

import {
  ChainProtocolError,
  ControlReader,
  encodeErrorAnswer,
  encodeListAnswer,
  encodeLookupAnswer,
  encodeRegisterAnswer,
  encodeSessionMessage,
  type JsonObject,
  parseControlRequest,
  parseSessionMessage,
  type PeerEntry,
  type PeerReport,
  type RegisterAnswer,
  type RegisterRequest,
  type SessionMessage,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { serveTcp, type TcpServer, writeAll } from "../../net/mod.ts";

/** Connections at once: a session for each peer and room for questions. */
const MAX_CONNECTIONS = 600;
/** A client that says nothing for so long is closed. */
const REQUEST_TIMEOUT_MS = 10_000;
/**
 * A session without a word for so long is dead. Peers report every 250 ms, so
 * three in a row went missing; and a dead peer has to be bridged within 1 s.
 */
export const SESSION_SILENCE_MS = 900;
/** A peer that does not read is not waited for longer. */
const WRITE_TIMEOUT_MS = 2000;

/** An open session with a peer of ours. */
export interface PeerSession {
  /** Tells the peer something; never waits and never throws. */
  send(message: SessionMessage): void;
  /** Ends the session. */
  close(): void;
}

/** What the control server asks of the coordinator. */
export interface ControlHandler {
  /**
   * Takes a peer in and gives the answer for it; `accepted` is called when the
   * answer was sent, so that no UPDATE_NEXT overtakes it.
   *
   * @throws {ChainProtocolError} or {RangeError} when it cannot be taken in.
   */
  register(
    request: RegisterRequest,
    host: string,
    session: PeerSession | undefined,
  ): { answer: RegisterAnswer; accepted: () => void };
  /** All entries in chain order. */
  list(): readonly PeerEntry[];
  /** One entry. */
  lookup(name: string): PeerEntry | undefined;
  /** A report came over a session. */
  report(session: PeerSession, report: PeerReport): void;
  /** A session ended. */
  closed(session: PeerSession, reason: string): void;
}

/**
 * Listens for peers.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveControl(
  options: { hostname: string; port: number; log: Logger },
  handler: ControlHandler,
): TcpServer {
  const { hostname, port, log } = options;
  return serveTcp({
    hostname,
    port,
    flag: "--port",
    maxConnections: MAX_CONNECTIONS,
    handle: (connection) => serveConnection(connection, handler, log),
    onError: (error) => log.warn(`Cannot serve a control connection: ${error}`),
  });
}

async function serveConnection(
  connection: Deno.TcpConn,
  handler: ControlHandler,
  log: Logger,
): Promise<void> {
  connection.setNoDelay(true);
  const reader = new ControlReader();
  const remote = connection.remoteAddr as Deno.NetAddr;
  const idle = setTimeout(() => connection.close(), REQUEST_TIMEOUT_MS);
  try {
    const first = await nextObject(connection, reader);
    if (first === undefined) return;
    const request = parseControlRequest(first);
    if (request.type === "list") {
      await writeAll(connection, encodeListAnswer(handler.list()));
    } else if (request.type === "lookup") {
      const entry = handler.lookup(request.name);
      await writeAll(connection, encodeLookupAnswer(entry));
    } else if (request.type === "attach") {
      throw new ChainProtocolError("unknown-type", "attach");
    } else if (!request.session) {
      const { answer, accepted } = handler.register(
        request,
        remote.hostname,
        undefined,
      );
      await writeAll(connection, encodeRegisterAnswer(answer, request.binary));
      accepted();
    } else {
      clearTimeout(idle);
      await serveSession(connection, reader, request, handler);
    }
  } catch (error) {
    const refused = error instanceof ChainProtocolError ||
      error instanceof RangeError;
    if (!refused) throw error;
    log.debug(`refused a control message: ${error.message}`, {
      from: remote.hostname,
    });
    await writeAll(connection, encodeErrorAnswer(error));
  } finally {
    clearTimeout(idle);
  }
}

async function serveSession(
  connection: Deno.TcpConn,
  reader: ControlReader,
  request: RegisterRequest,
  handler: ControlHandler,
): Promise<void> {
  const remote = connection.remoteAddr as Deno.NetAddr;
  let reason = "connection lost";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writes: Promise<void> = Promise.resolve();

  function end(why: string): void {
    reason = why;
    try {
      connection.close();
    } catch {
      // It was closed by the other side in this moment.
    }
  }
  function alive(): void {
    clearTimeout(timer);
    timer = setTimeout(() => end("silent"), SESSION_SILENCE_MS);
  }

  const session: PeerSession = {
    send(message): void {
      const stuck = setTimeout(() => end("does not read"), WRITE_TIMEOUT_MS);
      writes = writes
        .then(() => writeAll(connection, encodeSessionMessage(message)))
        .catch(() => {})
        .finally(() => clearTimeout(stuck));
    },
    close: () => end("replaced"),
  };
  const { answer, accepted } = handler.register(
    request,
    remote.hostname,
    session,
  );
  alive();
  try {
    await writeAll(connection, encodeRegisterAnswer(answer, true));
    accepted();
    while (true) {
      const object = await nextObject(connection, reader);
      if (object === undefined) break;
      alive();
      const message = parseSessionMessage(object);
      if (message.type === "report") handler.report(session, message.report);
      else if (message.type === "leave") {
        reason = "left";
        break;
      }
    }
  } catch (error) {
    if (error instanceof ChainProtocolError) reason = error.message;
    else throw error;
  } finally {
    clearTimeout(timer);
    handler.closed(session, reason);
    await writes;
  }
}

/** The next whole object; `undefined` at the connection's end. */
async function nextObject(
  connection: Deno.TcpConn,
  reader: ControlReader,
): Promise<JsonObject | undefined> {
  const buffer = new Uint8Array(4096);
  while (true) {
    const object = reader.next();
    if (object !== undefined) return object;
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    reader.push(buffer.subarray(0, count));
  }
}
