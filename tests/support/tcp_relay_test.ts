import assert from "node:assert/strict";
import { TcpRelay, type TcpRelayOptions } from "./tcp_relay.ts";
import { quietFor, waitUntil } from "./wait.ts";

/** A TCP server that sends back what it gets. */
class EchoServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Promise<void>[] = [];
  readonly #loop = this.#accept();

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#connections.push(
          connection.readable.pipeTo(connection.writable).catch(() => {}),
        );
      }
    } catch {
      // Closed.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#loop;
    await Promise.all(this.#connections);
  }
}

/** A client connection that keeps what it reads. */
class Client implements AsyncDisposable {
  readonly chunks: Uint8Array[] = [];
  ended = false;
  readonly #connection: Deno.TcpConn;
  readonly #loop: Promise<void>;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#loop = this.#read();
  }

  static async connect(relay: TcpRelay): Promise<Client> {
    return new Client(
      await Deno.connect({ hostname: "127.0.0.1", port: relay.port }),
    );
  }

  get text(): string {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
  }

  async write(text: string): Promise<void> {
    await this.#connection.write(new TextEncoder().encode(text));
  }

  async endWriting(): Promise<void> {
    await this.#connection.closeWrite();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(4_096);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.chunks.push(buffer.slice(0, count));
      }
    } catch {
      // A cut connection may end in a reset.
    }
    this.ended = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#loop;
  }
}

function relayTo(
  server: EchoServer,
  options: Omit<TcpRelayOptions, "target"> = {},
): TcpRelay {
  return new TcpRelay({ target: server, ...options });
}

Deno.test("a clean TCP relay passes bytes and the end of the stream", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server);
  await using client = await Client.connect(relay);
  await client.write("hello");
  await waitUntil(() => client.text === "hello");
  await client.endWriting();
  await waitUntil(() => client.ended);
  assert.equal(relay.accepted, 1);
  assert.equal(relay.forwardBytes, 5);
  assert.equal(relay.backwardBytes, 5);
});

Deno.test("cut ends what is open, and the next connection works", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server);
  await using client = await Client.connect(relay);
  await client.write("a");
  await waitUntil(() => client.text === "a");
  relay.cut();
  await waitUntil(() => client.ended);
  assert.equal(relay.open, 0);
  await using next = await Client.connect(relay);
  await next.write("b");
  await waitUntil(() => next.text === "b");
});

Deno.test("a cut after some bytes lets exactly those through", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server, { backward: { cutAfterBytes: 4 } });
  await using client = await Client.connect(relay);
  await client.write("0123456789");
  await waitUntil(() => client.ended);
  assert.equal(relay.backwardBytes, 4);
});

Deno.test("a stalled relay holds the bytes back until it resumes", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server);
  await using client = await Client.connect(relay);
  await client.write("a");
  await waitUntil(() => client.text === "a");
  relay.stall();
  await client.write("b");
  await quietFor(50);
  assert.equal(client.text, "a");
  relay.resume();
  await waitUntil(() => client.text === "ab");
});

Deno.test("small pieces arrive as small pieces", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server, {
    backward: { pieceBytes: 1, delayMs: 5 },
  });
  await using client = await Client.connect(relay);
  await client.write("abcd");
  await waitUntil(() => client.text === "abcd");
  assert.equal(client.chunks.length, 4);
});

Deno.test("a rate makes a transfer take its time", async () => {
  await using server = new EchoServer();
  await using relay = relayTo(server, { forward: { bytesPerSecond: 10_000 } });
  await using client = await Client.connect(relay);
  const start = performance.now();
  await client.write("x".repeat(1_000));
  await waitUntil(() => client.text.length === 1_000);
  assert.ok(performance.now() - start >= 95);
});

Deno.test("a target that refuses closes the client's connection", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using relay = new TcpRelay({ target: { port } });
  await using client = await Client.connect(relay);
  await waitUntil(() => client.ended);
});
