/**
 * The peer's session with its coordinator: registers, reports, and registers
 * again when the coordinator comes back.
 *
 * @module
 */

import {
  ChainProtocolError,
  ControlHandshake,
  ControlReader,
  type ControlSeal,
  encodeControlRequest,
  encodeSessionMessage,
  forged,
  type JsonObject,
  type MacKey,
  nonceField,
  parseJsonObject,
  parseRegisterAnswer,
  parseSessionMessage,
  type PeerReport,
  type RegisterAnswer,
  type RegisterRequest,
  type SessionMessage,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { nextObject } from "../chain/control_connection.ts";
import { randomNonce } from "../chain/nonce.ts";
import {
  closeQuietly,
  connectTcp,
  formatHostPort,
  nowMicros,
  sleepUntil,
  whenAborted,
  writeAll,
} from "../../net/mod.ts";

const CONNECT_TIMEOUT_MS = 2000;
/** First wait before the next attempt; doubles up to the longest. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;
/**
 * A taken name may be our own of a moment ago, whose end the coordinator has
 * not noticed yet: its sessions die within 1 s.
 */
const REFUSED_PATIENCE_MS = 3000;
/** How long the word that we leave may take: a coordinator that stands still is not waited for. */
const LEAVE_TIMEOUT_MS = 250;
/** Attempts in vain are told again after so many milliseconds. */
const REMIND_MS = 10_000;

/** The coordinator took the peer in, but not on terms that the user accepts. */
export class ChainTermsError extends Error {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "ChainTermsError";
}

/** What the link is told, and whom it tells. */
export interface CoordinatorLinkOptions {
  readonly coordinator: { readonly hostname: string; readonly port: number };
  /** The chain's key, when it has one. */
  readonly key: MacKey | undefined;
  /** What to register as. */
  readonly registration: RegisterRequest;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** We are about to ask for a place at the end of the chain. */
  onRegister(): void;
  /**
   * The coordinator took us in; `answer` names the peer before us. May throw a
   * {@linkcode ChainTermsError}, which ends the link.
   */
  onRegistered(answer: RegisterAnswer): void;
  /** The coordinator said something. */
  onMessage(message: SessionMessage): void;
  /** The session ended; the link goes on trying. */
  onLost(): void;
}

/** Keeps a peer registered until its signal aborts. */
export class CoordinatorLink {
  readonly #options: CoordinatorLinkOptions;
  #connection: Deno.TcpConn | undefined;
  #writing: Promise<void> | undefined;
  #seal: ControlSeal | undefined;

  /** Does nothing before `run`. */
  constructor(options: CoordinatorLinkOptions) {
    this.#options = options;
  }

  /**
   * Registers and stays registered; resolves when the signal aborted.
   *
   * @throws {ChainProtocolError} when the coordinator refuses the peer for good.
   * @throws {ChainTermsError} from `onRegistered`.
   */
  async run(): Promise<void> {
    const { signal, log, coordinator } = this.#options;
    const where = formatHostPort(coordinator.hostname, coordinator.port);
    let wait = FIRST_RETRY_MS;
    let remindUs = 0;
    let refusedSinceUs: number | undefined;
    while (!signal.aborted) {
      try {
        await this.#session();
        wait = FIRST_RETRY_MS;
        refusedSinceUs = undefined;
      } catch (error) {
        if (error instanceof ChainTermsError) throw error;
        if (error instanceof ChainProtocolError) {
          refusedSinceUs ??= nowMicros();
          const waited = (nowMicros() - refusedSinceUs) / 1000;
          if (waited > REFUSED_PATIENCE_MS) throw error;
        } else if (nowMicros() >= remindUs && !signal.aborted) {
          remindUs = nowMicros() + REMIND_MS * 1000;
          log.warn(
            `Cannot reach the coordinator at ${where}: ${
              reason(error)
            }. Trying again until it is there`,
          );
        }
      }
      await sleepUntil(nowMicros() + wait * 1000, signal);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  }

  /** Sends a report; skipped while the one before is still on its way. */
  report(report: PeerReport): void {
    const connection = this.#connection;
    if (connection === undefined || this.#writing !== undefined) return;
    this.#writing = writeAll(connection, this.#line({ type: "report", report }))
      .catch(() => closeQuietly(connection))
      .finally(() => this.#writing = undefined);
  }

  async #session(): Promise<void> {
    const { coordinator, registration, signal } = this.#options;
    const connection = await connectTcp(
      coordinator.hostname,
      coordinator.port,
      CONNECT_TIMEOUT_MS,
    );
    const leave = (): void => void this.#leave(connection);
    signal.addEventListener("abort", leave, { once: true });
    try {
      connection.setNoDelay(true);
      if (signal.aborted) return;
      this.#options.onRegister();
      const { key } = this.#options;
      const nonce = key && randomNonce();
      const register = encodeControlRequest({ ...registration, nonce });
      await writeAll(connection, register);
      const reader = new ControlReader();
      this.#seal = key && nonce
        ? await this.#prove(connection, reader, key, nonce, register)
        : undefined;
      await this.#converse(connection, reader);
    } finally {
      if (this.#connection === connection) {
        this.#connection = undefined;
        this.#options.onLost();
      }
      signal.removeEventListener("abort", leave);
      closeQuietly(connection);
      await this.#writing;
    }
  }

  /** Says that we go on purpose, where there is a session to say it over, and goes. */
  async #leave(connection: Deno.TcpConn): Promise<void> {
    const timer = setTimeout(() => closeQuietly(connection), LEAVE_TIMEOUT_MS);
    try {
      await this.#writing;
      if (this.#connection === connection) {
        await writeAll(
          connection,
          this.#line({ type: "leave", reason: "stopped" }),
        );
      }
    } catch {
      // Then the coordinator sees the connection end.
    } finally {
      clearTimeout(timer);
      closeQuietly(connection);
    }
  }

  #line(message: SessionMessage): Uint8Array {
    const line = encodeSessionMessage(message);
    return this.#seal?.seal(line) ?? line;
  }

  /**
   * An UPDATE_NEXT, whose seal was right, without it; as it is on a chain
   * without a key.
   *
   * @throws {ChainProtocolError} `forged` when it was not.
   */
  openUpdate(message: JsonObject): JsonObject {
    if (this.#options.key === undefined) return message;
    if (this.#seal === undefined) throw forged("UPDATE_NEXT");
    return this.#seal.openUpdate(message);
  }

  /** Both ends prove that they have the key. */
  async #prove(
    connection: Deno.TcpConn,
    reader: ControlReader,
    key: MacKey,
    nonce: string,
    register: Uint8Array,
  ): Promise<ControlSeal> {
    const object = await nextObject(connection, reader);
    if (object === undefined) throw new Deno.errors.UnexpectedEof();
    if (object["error"] !== undefined) parseRegisterAnswer(object);
    if (object["challenge"] === undefined) {
      throw new ChainTermsError(
        "Cannot join the chain: its coordinator has no key, and --key-file asks for one",
      );
    }
    const handshake = new ControlHandshake(
      key,
      nonce,
      nonceField(object, "challenge"),
    );
    try {
      handshake.check(object, handshake.coordinatorProof());
    } catch (cause) {
      throw new ChainTermsError(
        "Cannot join the chain: its coordinator has another key. Give both the same --key-file",
        { cause },
      );
    }
    const text = new TextDecoder().decode(register);
    const proof = handshake.peerProof(parseJsonObject(text));
    await writeAll(
      connection,
      new TextEncoder().encode(JSON.stringify({ proof })),
    );
    return handshake.session("peer");
  }

  async #converse(
    connection: Deno.TcpConn,
    reader: ControlReader,
  ): Promise<void> {
    let answer: RegisterAnswer | undefined;
    while (true) {
      const received = await nextObject(connection, reader);
      if (received === undefined) break;
      const refused = answer === undefined && received["error"] !== undefined;
      const object = refused
        ? received
        : this.#seal?.open(received) ?? received;
      if (answer === undefined) {
        answer = parseRegisterAnswer(object);
        // A coordinator of StrandCast answers and closes: no session, and no
        // reason to register again.
        if (answer.session) this.#connection = connection;
        this.#options.onRegistered(answer);
      } else {
        this.#options.onMessage(parseSessionMessage(object));
      }
    }
    if (answer === undefined) throw new Deno.errors.UnexpectedEof();
    if (!answer.session) await whenAborted(this.#options.signal);
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "nobody listens there";
  }
  if (error instanceof Deno.errors.UnexpectedEof) {
    return "it closed the connection without an answer";
  }
  return error instanceof Error ? error.message : String(error);
}
