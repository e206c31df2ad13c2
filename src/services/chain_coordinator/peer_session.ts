/**
 * A session with a peer of ours.
 *
 * It is how a death is noticed: the kernel closes a killed process's
 * connection at once, and a machine that went silent stops reporting.
 *
 * @module
 */

import {
  ChainProtocolError,
  type ControlReader,
  type ControlSeal,
  encodeSessionMessage,
  parseSessionMessage,
  type PeerReport,
  type SessionMessage,
} from "../../chain/mod.ts";
import {
  closeQuietly,
  isDisconnect,
  nowMicros,
  writeAll,
} from "../../net/mod.ts";
import { nextObject } from "../chain/control_connection.ts";

/**
 * A session without a word for so long is dead. Peers report every 250 ms, so
 * three in a row went missing; and a dead peer has to be bridged within 1 s.
 */
export const SESSION_SILENCE_MS = 900;
/**
 * A timer that is so late says that we ourselves stood still, and not the peer:
 * what it sent in the meantime is still to be read.
 */
const OWN_STALL_US = 100_000;
/** A peer that does not read is not waited for longer. */
const WRITE_TIMEOUT_MS = 2000;

/** An open session with a peer of ours. */
export interface PeerSession {
  /** Tells the peer something; never waits and never throws. */
  send(message: SessionMessage): void;
  /** Seals an UPDATE_NEXT for the peer; as it is on a chain without a key. */
  sealUpdate(message: Uint8Array): Uint8Array;
  /** Ends the session when what was sent has left. */
  close(): Promise<void>;
}

/** The session over one connection. */
export class OpenSession implements PeerSession {
  readonly #connection: Deno.TcpConn;
  readonly #reader: ControlReader;
  readonly #seal: ControlSeal | undefined;
  #writes: Promise<void> = Promise.resolve();
  #reason = "connection lost";
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Goes on with a connection whose request `reader` has read. */
  constructor(
    connection: Deno.TcpConn,
    reader: ControlReader,
    seal: ControlSeal | undefined,
  ) {
    this.#connection = connection;
    this.#reader = reader;
    this.#seal = seal;
  }

  /** Seals an UPDATE_NEXT for the peer; as it is on a chain without a key. */
  sealUpdate(message: Uint8Array): Uint8Array {
    return this.#seal?.sealUpdate(message, nowMicros()) ?? message;
  }

  /** Tells the peer something; never waits and never throws. */
  send(message: SessionMessage): void {
    const line = encodeSessionMessage(message);
    this.#write(this.#seal?.seal(line) ?? line);
  }

  /** Ends the session when what was sent has left. */
  async close(): Promise<void> {
    await this.#writes;
    this.#end("the coordinator has closed");
  }

  /**
   * Answers and listens until the session ends, for whatever reason: it is the
   * result, and `closed` is told it as soon as it is known.
   */
  async serve(
    answer: Uint8Array,
    accepted: () => void,
    report: (report: PeerReport) => void,
    closed: (reason: string) => void,
  ): Promise<string> {
    this.#hear();
    try {
      await writeAll(this.#connection, this.#seal?.seal(answer) ?? answer);
      accepted();
      await this.#listen(report);
    } catch (error) {
      if (error instanceof ChainProtocolError) this.#reason = error.message;
      else if (!isDisconnect(error)) throw error;
    } finally {
      clearTimeout(this.#silence);
      closed(this.#reason);
      closeQuietly(this.#connection);
      await this.#writes;
    }
    return this.#reason;
  }

  async #listen(report: (report: PeerReport) => void): Promise<void> {
    while (true) {
      const object = await nextObject(this.#connection, this.#reader);
      if (object === undefined) return;
      this.#hear();
      const message = parseSessionMessage(this.#seal?.open(object) ?? object);
      if (message.type === "report") report(message.report);
      else if (message.type === "leave") {
        this.#reason = "left";
        return;
      }
    }
  }

  #hear(): void {
    clearTimeout(this.#silence);
    const dueUs = nowMicros() + SESSION_SILENCE_MS * 1000;
    this.#silence = setTimeout(() => {
      if (nowMicros() > dueUs + OWN_STALL_US) this.#hear();
      else this.#end(`silent for ${SESSION_SILENCE_MS} ms`);
    }, SESSION_SILENCE_MS);
  }

  #write(bytes: Uint8Array): void {
    this.#writes = this.#writes.then(async () => {
      const stuck = setTimeout(
        () => this.#end("it does not read"),
        WRITE_TIMEOUT_MS,
      );
      try {
        await writeAll(this.#connection, bytes);
      } catch {
        // The connection broke: the reading side tells.
      } finally {
        clearTimeout(stuck);
      }
    });
  }

  #end(reason: string): void {
    this.#reason = reason;
    closeQuietly(this.#connection);
  }
}
