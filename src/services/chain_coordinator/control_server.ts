/**
 * Where peers register: JSON over TCP, one object a connection, and for peers
 * of ours a session: the same connection, which then stays.
 *
 * @module
 */

import {
  ChainProtocolError,
  ControlHandshake,
  ControlReader,
  type ControlSeal,
  encodeErrorAnswer,
  encodeListAnswer,
  encodeLookupAnswer,
  encodeRegisterAnswer,
  forged,
  type JsonObject,
  type MacKey,
  nonceField,
  parseControlRequest,
  type PeerEntry,
  type PeerReport,
  type RegisterAnswer,
  type RegisterRequest,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import {
  closeQuietly,
  serveTcp,
  type TcpServer,
  writeAll,
} from "../../net/mod.ts";
import { plainAddress, type Viewpoint } from "../chain/addresses.ts";
import { nextObject } from "../chain/control_connection.ts";
import { randomNonce } from "../chain/nonce.ts";
import { OpenSession, type PeerSession } from "./peer_session.ts";

/** Connections at once: a session for each peer, questions, and what is closing. */
const MAX_CONNECTIONS = 1000;
/**
 * Connections that have not said what they want. A peer says it with its first
 * packet; who only holds connections open, or writes a byte now and then,
 * loses the oldest of them to whoever comes.
 */
const MAX_UNDECIDED = 256;
/** A client that says nothing for so long is closed. */
const REQUEST_TIMEOUT_MS = 10_000;

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
    from: Viewpoint,
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
  options: {
    hostname: string;
    port: number;
    log: Logger;
    /** Whoever has it not is refused. */
    key: MacKey | undefined;
  },
  handler: ControlHandler,
): TcpServer {
  const { hostname, port, log, key } = options;
  const undecided = new Set<Deno.TcpConn>();
  return serveTcp({
    hostname,
    port,
    flag: "--port",
    maxConnections: MAX_CONNECTIONS,
    handle: (connection) =>
      serveConnection(connection, undecided, handler, log, key),
    onError: (error) => log.warn(`Cannot serve a control connection: ${error}`),
  });
}

async function serveConnection(
  connection: Deno.TcpConn,
  undecided: Set<Deno.TcpConn>,
  handler: ControlHandler,
  log: Logger,
  key: MacKey | undefined,
): Promise<void> {
  connection.setNoDelay(true);
  const reader = new ControlReader();
  const from = viewpoint(connection);
  const idle = setTimeout(() => closeQuietly(connection), REQUEST_TIMEOUT_MS);
  undecided.add(connection);
  if (undecided.size > MAX_UNDECIDED) dropOldest(undecided);
  try {
    const first = await nextObject(connection, reader);
    undecided.delete(connection);
    if (first === undefined) return;
    const request = parseControlRequest(first);
    const seal = key && await challenge(connection, reader, key, first);
    if (request.type === "list") {
      await writeAll(connection, encodeListAnswer(handler.list()));
    } else if (request.type === "lookup") {
      const entry = handler.lookup(request.name);
      await writeAll(connection, encodeLookupAnswer(entry));
    } else if (request.session) {
      clearTimeout(idle);
      const session = new OpenSession(connection, reader, seal);
      const { answer, accepted } = handler.register(request, from, session);
      const reason = await session.serve(
        encodeRegisterAnswer(answer, true),
        accepted,
        (report) => handler.report(session, report),
        (reason) => handler.closed(session, reason),
      );
      log.debug(`a session ended: ${reason}`, { from: from.host });
    } else {
      const { answer, accepted } = handler.register(request, from, undefined);
      await writeAll(connection, encodeRegisterAnswer(answer, request.binary));
      accepted();
    }
  } catch (error) {
    const refused = error instanceof ChainProtocolError ||
      error instanceof RangeError;
    if (!refused) throw error;
    log.debug(`refused a control message: ${error.message}`, {
      from: from.host,
    });
    await writeAll(connection, encodeErrorAnswer(error));
  } finally {
    clearTimeout(idle);
    undecided.delete(connection);
  }
}

/** Lets a peer prove that it has the key; what follows is sealed with what this gives. */
async function challenge(
  connection: Deno.TcpConn,
  reader: ControlReader,
  key: MacKey,
  register: JsonObject,
): Promise<ControlSeal> {
  if (register["session"] !== true || register["nonce"] === undefined) {
    throw new ChainProtocolError(
      "forged",
      "Cannot answer: this chain has a key. Start the peer with --key-file",
    );
  }
  const nonce = randomNonce();
  const handshake = new ControlHandshake(
    key,
    nonceField(register, "nonce"),
    nonce,
  );
  const proof = handshake.coordinatorProof();
  await writeAll(
    connection,
    new TextEncoder().encode(JSON.stringify({ challenge: nonce, proof })),
  );
  const answer = await nextObject(connection, reader);
  if (answer === undefined) throw forged("peer");
  handshake.check(answer, handshake.peerProof(register));
  return handshake.session("coordinator");
}

function viewpoint(connection: Deno.TcpConn): Viewpoint {
  const remote = connection.remoteAddr as Deno.NetAddr;
  const local = connection.localAddr as Deno.NetAddr;
  return {
    host: plainAddress(remote.hostname),
    coordinatorHost: plainAddress(local.hostname),
  };
}

function dropOldest(connections: Set<Deno.TcpConn>): void {
  for (const oldest of connections) {
    connections.delete(oldest);
    closeQuietly(oldest);
    return;
  }
}
