/**
 * What leaves through one connection: answers and frames, one write at a time.
 *
 * Answers queue up to a limit. Frames do not queue here: an output that has one
 * is asked for it when the connection is free, so a slow viewer gets the newest
 * frame and never costs memory.
 *
 * @module
 */

import { closeQuietly, type DirectSender } from "../../net/mod.ts";

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
  /**
   * The next bytes; `undefined` when there are none. They stay as they are until
   * the next call, or with `atOnce` until other code runs.
   */
  take(atOnce: boolean): Uint8Array | undefined;
}

/** Sends what the system takes at once, as {@linkcode DirectSender} does. */
export type DirectWay = Pick<DirectSender, "send" | "close">;

/** Writes to one connection. */
export class ConnectionWriter {
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  readonly #onClosed: (reason: string) => void;
  #openDirect: (() => DirectWay | undefined) | undefined;
  #direct: DirectWay | undefined;
  readonly #answers: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Those that have something, in turn. */
  readonly #ready: ByteSupplier[] = [];
  #rest: Uint8Array | undefined;
  /** Writes that got somewhere. */
  #writes = 0;
  /** The same at the last look that found some, and when that was. */
  #seenWrites = 0;
  #seenAt = performance.now();
  #ending: string | undefined;
  #asking = false;
  #closed = false;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `onClosed` is called once, when the writer closes the connection. `openDirect`
   * is asked once, before the first frame.
   */
  constructor(
    conn: Deno.TcpConn | Deno.TlsConn,
    onClosed: (reason: string) => void,
    openDirect: () => DirectWay | undefined = () => undefined,
  ) {
    this.#conn = conn;
    this.#onClosed = onClosed;
    this.#openDirect = openDirect;
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
    this.#direct ??= this.#openDirect?.();
    this.#openDirect = undefined;
    if (!this.#ready.includes(supplier)) this.#ready.push(supplier);
    this.#pump();
  }

  /**
   * To be called every second or so: closes a connection that has taken nothing
   * for {@linkcode STALL_MS}.
   */
  checkStall(now: number): void {
    if (this.#rest === undefined || this.#writes !== this.#seenWrites) {
      this.#seenWrites = this.#writes;
      this.#seenAt = now;
    } else if (now - this.#seenAt > STALL_MS) this.close("it takes nothing");
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
    this.#direct?.close();
    closeQuietly(this.#conn);
    this.#onClosed(reason);
  }

  #pump(): void {
    if (this.#rest !== undefined || this.#closed || this.#asking) return;
    for (;;) {
      // A supplier that is asked may send a report: that goes behind its frame.
      this.#asking = true;
      const bytes = this.#next();
      this.#asking = false;
      if (bytes === undefined) {
        if (this.#ending !== undefined) this.#finish();
        return;
      }
      if (this.#direct === undefined) return this.#write(bytes);
      const sent = this.#direct.send(bytes);
      if (sent > 0) this.#writes++;
      if (sent < bytes.length) return this.#write(bytes.slice(sent));
    }
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
      const bytes = supplier.take(this.#direct !== undefined);
      if (bytes === undefined) continue;
      if (!this.#ready.includes(supplier)) this.#ready.push(supplier);
      return bytes;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#rest = bytes;
    this.#conn.write(bytes).then(this.#written, this.#failed);
  }

  // Made once: a frame costs no closures.
  readonly #written = (count: number): void => {
    const rest = this.#rest;
    if (this.#closed || rest === undefined) return;
    this.#writes++;
    if (count < rest.length) this.#write(rest.subarray(count));
    else {
      this.#rest = undefined;
      this.#pump();
    }
  };

  readonly #failed = (): void => this.close("it was closed by the viewer");
}
