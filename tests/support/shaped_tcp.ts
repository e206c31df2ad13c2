/**
 * A TCP path with the delay and the rate of a long, slow line: bytes are under
 * way while others follow, as many as the line and its queue hold.
 *
 * @module
 */

/** What a line does in one direction. */
export interface Line {
  /** Milliseconds that a byte is under way. */
  readonly delayMs: number;
  /** Bytes a second, with all else that shares the line; without limit by default. */
  readonly rate?: SharedRate;
}

/** Bytes that may wait for the line before the sender is held back. */
const QUEUE_BYTES = 256 * 1024;
const READ_BYTES = 16 * 1024;

/** A rate that several connections and datagrams share. */
export class SharedRate {
  readonly #perMs: number;
  #busyUntil = 0;

  /** So many bytes a second. */
  constructor(bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1000;
  }

  /** Takes `bytes` of the line; gives when they have left. */
  take(bytes: number): number {
    const from = Math.max(performance.now(), this.#busyUntil);
    this.#busyUntil = from + bytes / this.#perMs;
    return this.#busyUntil;
  }
}

/** A path to a port of this machine. */
export class ShapedTcp implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #lines: { readonly forward: Line; readonly backward: Line };
  readonly #open = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();
  #cut = Promise.withResolvers<void>();

  /** Begins to take connections. */
  constructor(
    port: number,
    lines: { readonly forward: Line; readonly backward: Line },
  ) {
    this.#target = port;
    this.#lines = lines;
    this.#cut.resolve();
    this.#run(this.#accept());
  }

  /** Nothing gets through any more, and nobody is told. */
  cut(): void {
    this.#cut.resolve();
    this.#cut = Promise.withResolvers();
  }

  /** All is as before, and what was under way arrives. */
  mend(): void {
    this.#cut.resolve();
  }

  /** The port that clients use. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      let server: Deno.TcpConn;
      try {
        server = await Deno.connect({
          hostname: "127.0.0.1",
          port: this.#target,
        });
      } catch {
        client.close(); // a target that refuses shows as a connection that closes at once
        continue;
      }
      for (const connection of [client, server]) {
        connection.setNoDelay(true);
        this.#open.add(connection);
      }
      this.#run(this.#pump(client, server, this.#lines.forward));
      this.#run(this.#pump(server, client, this.#lines.backward));
    }
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, line: Line): Promise<void> {
    const queue: { bytes: Uint8Array; due: number }[] = [];
    let queued = 0;
    let wake = (): void => {};
    let over = false;
    const write = async (): Promise<void> => {
      for (;;) {
        const next = queue[0];
        if (next === undefined) {
          if (over) break;
          await new Promise<void>((resolve) => wake = resolve);
          continue;
        }
        await this.#until(next.due);
        await this.#cut.promise;
        queue.shift();
        for (let at = 0; at < next.bytes.length;) {
          at += await to.write(next.bytes.subarray(at));
        }
        queued -= next.bytes.length;
      }
      await to.closeWrite();
    };
    const writing = write().catch(() => {});
    try {
      for (;;) {
        const buffer = new Uint8Array(READ_BYTES);
        const count = await from.read(buffer);
        if (count === null) break;
        const sent = line.rate?.take(count) ?? performance.now();
        queue.push({
          bytes: buffer.subarray(0, count),
          due: sent + line.delayMs,
        });
        queued += count;
        wake();
        // Who sends more than the line takes is held back.
        if (queued > QUEUE_BYTES) await this.#until(sent);
      }
    } catch {
      // one end is gone
    }
    over = true;
    wake();
    await writing;
  }

  #until(due: number): Promise<void> {
    const wait = due - performance.now();
    if (wait <= 0) return Promise.resolve();
    return new Promise((resolve) => setTimeout(resolve, wait));
  }

  #run(task: Promise<void>): void {
    const settled = task.catch(() => {}).finally(() =>
      this.#tasks.delete(settled)
    );
    this.#tasks.add(settled);
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.mend();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // it is closed already
      }
    }
    await Promise.all([...this.#tasks]);
  }
}
