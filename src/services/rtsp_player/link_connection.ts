/**
 * The connection of a link: one at a time, and none that is forgotten open.
 *
 * @module
 */

import { closeQuietly, writeAll } from "../../net/mod.ts";
import { connectRtsp, explainConnection } from "./connect.ts";
import type { RtspEndpoint } from "./connect.ts";

/** Bytes read at a time: a few frames of a busy interleaved stream. */
const READ_BYTES = 64 * 1024;

/** Milliseconds in which what was written may still leave before a connection is closed. */
const GOODBYE_MS = 500;

/** Whom a connection tells. Nothing is said of one that was dropped. */
export interface ConnectionListener {
  /** It is open. */
  connected(): void;
  /** Bytes came, which are used again after the call. */
  received(bytes: Uint8Array, now: number): void;
  /** It could not be opened, or is no more. */
  disconnected(reason: string): void;
}

/** Opens, reads, writes and closes. */
export class LinkConnection {
  readonly #listener: ConnectionListener;
  /** Counts attempts: an older one has nothing more to say. */
  #attempt = 0;
  #open: Deno.Conn | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** None is open yet. */
  constructor(listener: ConnectionListener) {
    this.#listener = listener;
  }

  /** Our address as the server sees it; `undefined` without a connection. */
  get localHost(): string | undefined {
    return (this.#open?.localAddr as Deno.NetAddr | undefined)?.hostname;
  }

  /** The server's address; `undefined` without a connection. */
  get serverHost(): string | undefined {
    return (this.#open?.remoteAddr as Deno.NetAddr | undefined)?.hostname;
  }

  /** Opens one and reads it to its end; one before must have been dropped. */
  async connect(endpoint: RtspEndpoint): Promise<void> {
    const attempt = ++this.#attempt;
    let connection: Deno.Conn;
    try {
      connection = await connectRtsp(endpoint);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#listener.disconnected(explainConnection(error));
      return;
    }
    if (attempt !== this.#attempt) {
      closeQuietly(connection);
      return;
    }
    this.#open = connection;
    this.#listener.connected();
    const reason = await this.#read(connection, attempt);
    if (attempt === this.#attempt) this.#listener.disconnected(reason);
  }

  async #read(connection: Deno.Conn, attempt: number): Promise<string> {
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      let count: number | null;
      try {
        count = await connection.read(buffer);
      } catch (error) {
        return explainConnection(error);
      }
      if (count === null || attempt !== this.#attempt) {
        return "the server closed the connection";
      }
      this.#listener.received(buffer.subarray(0, count), performance.now());
    }
  }

  /** Writes behind what is being written; a broken connection shows when it is read. */
  write(bytes: Uint8Array): void {
    const connection = this.#open;
    if (connection === undefined) return;
    this.#writing = this.#writing
      .then(() => writeAll(connection, bytes))
      .catch(() => {});
  }

  /** Closes when what was written has left, or soon; settles then. */
  async drop(): Promise<void> {
    this.#attempt++;
    const connection = this.#open;
    if (connection === undefined) return;
    this.#open = undefined;
    const written = this.#writing;
    this.#writing = Promise.resolve();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([written, late]);
    clearTimeout(timer);
    closeQuietly(connection);
  }
}
