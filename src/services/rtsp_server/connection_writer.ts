/**
 * What leaves through one connection: answers and frames, one write at a time.
 *
 * Answers queue up to a limit. Frames do not queue here: an output that has one
 * is asked for it when the connection is free, so a slow viewer gets the newest
 * frame and never costs memory.
 *
 * @module
 */

import { closeQuietly } from "../../net/mod.ts";

/** Answers that a client leaves unread: hundreds of them, more than any pipelining. */
export const MAX_WAITING_BYTES = 256 * 1024;
/** A client that takes nothing for so long is gone. */
export const STALL_MS = 10_000;
/**
 * At the end what is queued gets so long to leave, and the client to close: a
 * connection that is closed with unread bytes in it takes its last answer along.
 */
const LINGER_MS = 1000;

/** Has bytes for the connection when it is free. */
export interface ByteSupplier {
  /** The next bytes; `undefined` when there are none. They stay as they are until the next call. */
  take(): Uint8Array | undefined;
}

/** Writes to one connection. */
export class ConnectionWriter {
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  readonly #onClosed: (reason: string) => void;
  readonly #answers: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Those that have something, in turn. */
  readonly #ready: ByteSupplier[] = [];
  #rest: Uint8Array | undefined;
  #progressAt = 0;
  #ending: string | undefined;
  #closed = false;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;

  /** `onClosed` is called once, when the writer closes the connection. */
  constructor(
    conn: Deno.TcpConn | Deno.TlsConn,
    onClosed: (reason: string) => void,
  ) {
    this.#conn = conn;
    this.#onClosed = onClosed;
  }

  /** Whether nothing can be written any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Queues an answer or report; closes the connection when too many are unread. */
  send(bytes: Uint8Array): void {
    if (this.#closed || this.#ending !== undefined) return;
    this.#answers.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.close("it does not read its answers");
    } else this.#pump();
  }

  /** `supplier` has something. */
  wake(supplier: ByteSupplier): void {
    if (this.#closed || this.#ending !== undefined) return;
    if (!this.#ready.includes(supplier)) this.#ready.push(supplier);
    this.#pump();
  }

  /** Closes a connection that has taken nothing for {@linkcode STALL_MS}. */
  checkStall(now: number): void {
    if (this.#rest !== undefined && now - this.#progressAt > STALL_MS) {
      this.close("it takes nothing");
    }
  }

  /** Says that nothing follows when all answers have left, and closes soon. */
  end(reason: string): void {
    if (this.#closed || this.#ending !== undefined) return;
    this.#ending = reason;
    this.#lingerTimer = setTimeout(() => this.close(reason), LINGER_MS);
    this.#pump();
  }

  /** Closes now. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#lingerTimer);
    this.#answers.length = 0;
    this.#ready.length = 0;
    closeQuietly(this.#conn);
    this.#onClosed(reason);
  }

  #pump(): void {
    if (this.#rest !== undefined || this.#closed) return;
    const bytes = this.#next();
    if (bytes !== undefined) {
      this.#rest = bytes;
      this.#progressAt = performance.now();
      this.#write(bytes);
    } else if (this.#ending !== undefined) this.#finish();
  }

  #finish(): void {
    this.#conn.closeWrite().catch(() => this.close(this.#ending!));
  }

  #next(): Uint8Array | undefined {
    const answer = this.#answers.shift();
    if (answer !== undefined) {
      this.#waitingBytes -= answer.length;
      return answer;
    }
    for (;;) {
      const supplier = this.#ready.shift();
      if (supplier === undefined) return undefined;
      const bytes = supplier.take();
      if (bytes === undefined) continue;
      if (!this.#ready.includes(supplier)) this.#ready.push(supplier);
      return bytes;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#conn.write(bytes).then(
      (count) => {
        if (this.#closed) return;
        if (count < bytes.length) {
          this.#progressAt = performance.now();
          this.#write(bytes.subarray(count));
        } else {
          this.#rest = undefined;
          this.#pump();
        }
      },
      () => this.close("it was closed by the viewer"),
    );
  }
}
