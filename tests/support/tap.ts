/**
 * A wire that is listened to.
 *
 * @module
 */

/** Passes bytes on and remembers what the server sends and what it is posted. */
export class Tap implements AsyncDisposable {
  readonly #parts: Uint8Array[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #tasks: Promise<void>[] = [];

  /** Stands before this port. */
  constructor(port: number) {
    this.#tasks.push(
      (async () => {
        for await (const client of this.#listener) {
          const server = await Deno.connect({ hostname: "127.0.0.1", port });
          this.#open.add(client).add(server);
          this.#tasks.push(
            this.#pass(client, server),
            this.#pass(server, client),
          );
        }
      })().catch(() => {}),
    );
  }

  /** The port that clients use. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** All that was said, byte by byte. */
  text(): string {
    const decoder = new TextDecoder("latin1");
    return this.#parts.map((part) => decoder.decode(part)).join("");
  }

  async #pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        this.#parts.push(buffer.slice(0, count));
        for (let at = 0; at < count;) {
          at += await to.write(buffer.subarray(at, count));
        }
      }
      await to.closeWrite();
    } catch {
      // one end is gone
    }
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // it is closed already
      }
    }
    await Promise.all(this.#tasks);
  }
}
