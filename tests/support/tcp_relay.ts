/**
 * A TCP path that is bad on purpose: slow, late, chopped into small pieces,
 * stalled, or cut in the middle.
 *
 * @module
 */

const READ_BYTES = 16 * 1024;

/** How one direction of the path is bad. */
export interface TcpImpairment {
  /** Milliseconds before each piece goes on. */
  delayMs?: number;
  /** Bytes a second; without limit by default. */
  bytesPerSecond?: number;
  /** The largest piece that goes on at once: cuts messages anywhere. */
  pieceBytes?: number;
  /** Cuts the connection after this many bytes in this direction. */
  cutAfterBytes?: number;
}

/** Where a relay stands and what it does. */
export interface TcpRelayOptions {
  /** Where connections go on to. */
  target: { hostname?: string; port: number };
  /** The relay's own port; a free one by default. */
  port?: number;
  /** On the way to the target. */
  forward?: TcpImpairment;
  /** On the way back. */
  backward?: TcpImpairment;
}

interface Pair {
  client: Deno.Conn;
  server: Deno.Conn;
}

/** A running relay; clients use {@linkcode TcpRelay.port} in place of the target's. */
export class TcpRelay implements AsyncDisposable {
  /** Connections accepted since the start. */
  accepted = 0;
  /** Bytes that went on to the target. */
  forwardBytes = 0;
  /** Bytes that went back to clients. */
  backwardBytes = 0;
  /** Faults towards the target, from the next piece on. */
  forward: TcpImpairment;
  /** Faults towards the clients, from the next piece on. */
  backward: TcpImpairment;

  readonly #listener: Deno.TcpListener;
  readonly #target: { hostname: string; port: number };
  readonly #pairs = new Set<Pair>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #stalled = Promise.withResolvers<void>();

  /** Starts to relay on 127.0.0.1. */
  constructor(
    { target, port = 0, forward = {}, backward = {} }: TcpRelayOptions,
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#target = {
      hostname: target.hostname ?? "127.0.0.1",
      port: target.port,
    };
    this.forward = forward;
    this.backward = backward;
    this.#stalled.resolve();
    this.#run(this.#accept());
  }

  /** The port that clients use. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Holds back all bytes of both directions until {@linkcode TcpRelay.resume}. */
  stall(): void {
    this.#stalled.resolve();
    this.#stalled = Promise.withResolvers();
  }

  /** Lets bytes go on after {@linkcode TcpRelay.stall}. */
  resume(): void {
    this.#stalled.resolve();
  }

  /** Cuts every open connection; new ones are accepted as before. */
  cut(): void {
    for (const pair of this.#pairs) this.#cutPair(pair);
  }

  async #accept(): Promise<void> {
    for (;;) {
      let client: Deno.Conn;
      try {
        client = await this.#listener.accept();
      } catch {
        return;
      }
      this.accepted++;
      this.#run(this.#serve(client));
    }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    let server: Deno.Conn;
    try {
      server = await Deno.connect(this.#target);
    } catch {
      // A target that refuses shows as a connection that closes at once.
      client.close();
      return;
    }
    if (this.#closing.signal.aborted) {
      client.close();
      server.close();
      return;
    }
    const pair = { client, server };
    this.#pairs.add(pair);
    await Promise.all([
      this.#pump(pair, "forward"),
      this.#pump(pair, "backward"),
    ]);
    this.#cutPair(pair);
  }

  /** Moves bytes one way until the end of the stream, which it passes on. */
  async #pump(pair: Pair, way: "forward" | "backward"): Promise<void> {
    const [from, to] = way === "forward"
      ? [pair.client, pair.server]
      : [pair.server, pair.client];
    const buffer = new Uint8Array(READ_BYTES);
    let passed = 0;
    try {
      for (;;) {
        const { pieceBytes = READ_BYTES } = this[way];
        const count = await from.read(
          buffer.subarray(0, Math.min(pieceBytes, READ_BYTES)),
        );
        if (count === null) break;
        const { delayMs = 0, bytesPerSecond, cutAfterBytes = Infinity } =
          this[way];
        const wait = delayMs +
          (bytesPerSecond ? count * 1000 / bytesPerSecond : 0);
        if (wait > 0) await this.#pause(wait);
        await this.#stalled.promise;
        const allowed = Math.min(count, cutAfterBytes - passed);
        await writeAll(to, buffer.subarray(0, allowed));
        passed += allowed;
        this[`${way}Bytes`] += allowed;
        if (passed >= cutAfterBytes) {
          this.#cutPair(pair);
          return;
        }
      }
      await to.closeWrite();
    } catch {
      // One end is gone: so is the connection.
      this.#cutPair(pair);
    }
  }

  #cutPair(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.close();
    pair.server.close();
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const stop = (): void => resolve();
    this.#closing.signal.addEventListener("abort", stop, { once: true });
    await promise;
    clearTimeout(timer);
    this.#closing.signal.removeEventListener("abort", stop);
  }

  #run(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }

  /** Stops listening and cuts what is open. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#listener.close();
    this.cut();
    this.resume();
    await Promise.all(this.#tasks);
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
