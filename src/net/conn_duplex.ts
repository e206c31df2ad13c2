/**
 * A Deno connection as a Node stream, which `ws` reads from: nothing is read
 * while nobody asks, and a busy connection is read in large pieces.
 *
 * Node's own sockets under Deno read 64 KiB at a time at most, which costs half as much
 * CPU again for a stream of video frames, and do not hold a TLS client back.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { closeQuietly, isDisconnect, writeAll } from "./tcp.ts";

/** An idle connection waits with a buffer of this size. */
const MIN_READ_BYTES = 16 * 1024;

/** A busy one with this: two or three video frames. */
const MAX_READ_BYTES = 256 * 1024;

/** Pieces up to this are copied out, so that a short message does not keep a large buffer. */
const COPY_BYTES = 4 * 1024;

/** Small writes are put together up to this. */
const JOIN_BYTES = 64 * 1024;

/** Told of an operation's end, as Node's streams want it. */
type Done = (error?: Error | null) => void;

/** The stream; ends with its connection. */
export class ConnDuplex extends Duplex {
  readonly #conn: Deno.Conn;
  #readBytes = MIN_READ_BYTES;

  /** Takes the connection over. */
  constructor(conn: Deno.Conn) {
    super({ allowHalfOpen: true, highWaterMark: JOIN_BYTES });
    this.#conn = conn;
    // Without a listener the break of a connection would end the process.
    this.on("error", () => {});
  }

  /** Reads once. */
  override _read(): void {
    const buffer = new Uint8Array(this.#readBytes);
    this.#conn.read(buffer).then((count) => {
      if (count === null) {
        this.push(null);
        return;
      }
      if (count === buffer.length) {
        this.#readBytes = Math.min(MAX_READ_BYTES, this.#readBytes * 2);
      } else if (count < buffer.length / 8) {
        this.#readBytes = Math.max(MIN_READ_BYTES, this.#readBytes / 2);
      }
      this.push(
        count <= COPY_BYTES
          ? Buffer.from(buffer.subarray(0, count))
          : Buffer.from(buffer.buffer, 0, count),
      );
    }, (error) => this.#fail(error));
  }

  /** Writes one piece. */
  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#settle(writeAll(this.#conn, chunk), done);
  }

  /** Writes several pieces, small ones as one. */
  override _writev(pieces: { chunk: Uint8Array }[], done: Done): void {
    this.#settle(this.#writeJoined(pieces.map(({ chunk }) => chunk)), done);
  }

  #settle(writing: Promise<void>, done: Done): void {
    writing.then(() => done(), (error) => {
      done();
      this.#fail(error);
    });
  }

  async #writeJoined(chunks: readonly Uint8Array[]): Promise<void> {
    let waiting: Uint8Array[] = [];
    let bytes = 0;
    for (const chunk of chunks) {
      waiting.push(chunk);
      bytes += chunk.length;
      if (bytes < JOIN_BYTES) continue;
      await writeAll(this.#conn, join(waiting));
      waiting = [];
      bytes = 0;
    }
    if (bytes > 0) await writeAll(this.#conn, join(waiting));
  }

  /** Says that nothing more will be written. */
  override _final(done: Done): void {
    const { closeWrite } = this.#conn as Partial<Deno.TcpConn>;
    if (closeWrite === undefined) done();
    else closeWrite.call(this.#conn).then(() => done(), () => done());
  }

  /** Closes the connection. */
  override _destroy(error: Error | null, done: Done): void {
    closeQuietly(this.#conn);
    done(error);
  }

  /** A broken connection is no error to anybody: it is over. */
  #fail(error: unknown): void {
    if (isDisconnect(error) || !(error instanceof Error)) this.destroy();
    else this.destroy(error);
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
