import assert from "node:assert/strict";
import {
  type Http1Server,
  type Http1ServerOptions,
  startHttp1Server,
} from "../../src/net/http1_server.ts";
import {
  connectWebSocket,
  WebSocketRefusedError,
} from "../../src/net/websocket_connect.ts";
import type { WebSocketPeer } from "../../src/net/websocket.ts";
import { MAX_FRAGMENTS } from "../../src/net/websocket_reader.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { quietFor, settled, waitUntil } from "../support/wait.ts";

const CONNECT = { maxMessageBytes: 1 << 20, timeoutMs: 5000 };

function serve(options: Partial<Http1ServerOptions>): Http1Server {
  return startHttp1Server({
    hostname: "127.0.0.1",
    port: 0,
    flag: "--port",
    maxConnections: 50,
    allowedHosts: [],
    handler: () => new Response("page"),
    refuseUpgrade: () => undefined,
    connected: () => {},
    maxMessageBytes: 1 << 20,
    log: silentLogger,
    ...options,
  });
}

function wsUrl({ url }: Http1Server, path = "stream"): string {
  return url.replace(/^http/, "ws") + path;
}

/** Collects what a connection says. */
class Ear {
  readonly texts: string[] = [];
  readonly pieces: Uint8Array[] = [];
  readonly closed = Promise.withResolvers<{ code: number; reason: string }>();

  constructor(readonly peer: WebSocketPeer) {
    peer.listen({
      text: (text) => void this.texts.push(text),
      bytes: (bytes) => void this.pieces.push(bytes.slice()),
      closed: (code, reason) => this.closed.resolve({ code, reason }),
    });
  }
}

/** A raw client: whatever bytes it likes, behind a right handshake. */
async function rawSocket(server: Http1Server): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new TextEncoder().encode(
    `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  let answer = "";
  const buffer = new Uint8Array(1);
  while (!answer.endsWith("\r\n\r\n")) {
    assert.equal(await conn.read(buffer), 1);
    answer += String.fromCharCode(buffer[0]!);
  }
  assert.match(answer, /^HTTP\/1\.1 101 /);
  assert.match(answer, /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/); // RFC 6455, section 1.3
  return conn;
}

/** The code of the close frame that ends a raw connection; `undefined` when it is just cut. */
async function closeCode(conn: Deno.Conn): Promise<number | undefined> {
  const buffer = new Uint8Array(4096);
  let last: number | undefined;
  for (;;) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return last;
    for (let at = 0; at + 3 < count; at++) {
      if (buffer[at] === 0x88) last = (buffer[at + 2]! << 8) | buffer[at + 3]!;
    }
  }
}

Deno.test("text and bytes go both ways, and a close tells its code", async () => {
  const peers: Ear[] = [];
  const server = serve({
    connected: (peer) => void peers.push(new Ear(peer)),
  });
  const client = new Ear(await connectWebSocket(wsUrl(server), CONNECT));
  const large = Uint8Array.from({ length: 300_000 }, (_, at) => at * 3);
  client.peer.send("hello ü");
  client.peer.send(large);
  const [there] = await waitUntil(() => peers[0]?.pieces.length === 1 && peers);
  assert.ok(there);
  assert.deepEqual(there.texts, ["hello ü"]);
  assertSameBytes(there.pieces[0]!, large);
  assert.equal(there.peer.remoteAddress, "127.0.0.1");
  there.peer.send("one");
  there.peer.send("two");
  await waitUntil(() => client.texts.length === 2);
  assert.deepEqual(client.texts, ["one", "two"]);
  there.peer.close(1013, "SESSION_START_FAILED");
  assert.deepEqual(await settled(client.closed.promise), {
    code: 1013,
    reason: "SESSION_START_FAILED",
  });
  await there.closed.promise;
  await server.close();
});

Deno.test("a paused connection holds its sender back", async () => {
  const { promise, resolve } = Promise.withResolvers<Ear>();
  const server = serve({ connected: (peer) => resolve(new Ear(peer)) });
  const client = new Ear(await connectWebSocket(wsUrl(server), CONNECT));
  const there = await promise;
  there.peer.pause();
  const piece = new Uint8Array(1 << 20);
  const count = 64;
  for (let sent = 0; sent < count; sent++) client.peer.send(piece);
  // The kernel takes some MB, then the client must wait.
  await waitUntil(() => client.peer.bufferedBytes < count * piece.length);
  const waiting = client.peer.bufferedBytes;
  assert.ok(waiting > 32 * piece.length, `${waiting} bytes wait`);
  assert.ok(there.pieces.length < 2);
  there.peer.resume();
  await waitUntil(() => there.pieces.length === count);
  client.peer.terminate();
  await there.closed.promise;
  await server.close();
});

Deno.test("nothing comes between pause and resume, not even what was read already", async () => {
  const { promise, resolve } = Promise.withResolvers<WebSocketPeer>();
  const server = serve({ connected: resolve });
  const client = new Ear(await connectWebSocket(wsUrl(server), CONNECT));
  const peer = await promise;
  const got: string[] = [];
  const closed = Promise.withResolvers<void>();
  peer.listen({
    text: (text) => {
      got.push(text);
      peer.pause();
    },
    bytes: () => {},
    closed: () => closed.resolve(),
  });
  for (const text of ["a", "b", "c"]) client.peer.send(text);
  for (const count of [1, 2, 3]) {
    await waitUntil(() => got.length === count);
    await quietFor(20);
    assert.equal(got.length, count);
    peer.resume();
  }
  client.peer.close(1000, "");
  await settled(closed.promise);
  assert.equal((await settled(client.closed.promise)).code, 1000);
  await server.close();
});

Deno.test("what breaks the rules is told so, and pings are answered", async () => {
  const server = serve({ connected: (peer) => void new Ear(peer) });
  const cases: [string, number[], number][] = [
    ["no mask", [0x81, 0x01, 0x61], 1002],
    ["a reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ["an unknown opcode", [0x83, 0x80, 0, 0, 0, 0], 1002],
    ["a continuation of nothing", [0x80, 0x80, 0, 0, 0, 0], 1002],
    ["a ping in pieces", [0x09, 0x80, 0, 0, 0, 0], 1002],
    ["text that is none", [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    ["a close without half its code", [0x88, 0x81, 0, 0, 0, 0, 3], 1002],
    ["a code that is never sent", [0x88, 0x82, 0, 0, 0, 0, 3, 0xee], 1002],
    ["a goodbye", [0x88, 0x82, 0, 0, 0, 0, 3, 0xe8], 1000],
  ];
  for (const [what, bytes, code] of cases) {
    const conn = await rawSocket(server);
    await conn.write(Uint8Array.of(0x89, 0x82, 0, 0, 0, 0, 7, 9));
    const pong = new Uint8Array(4);
    assert.equal(await conn.read(pong), 4);
    assert.deepEqual([...pong], [0x8a, 2, 7, 9]);
    await conn.write(Uint8Array.from(bytes));
    assert.equal(await settled(closeCode(conn)), code, what);
    conn.close();
  }
  await server.close();
});

Deno.test("who asks for no WebSocket as it must gets 400", async () => {
  const server = serve({ connected: () => assert.fail("it connected") });
  for (
    const lines of [
      "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
      "Sec-WebSocket-Version: 13\r\n",
    ]
  ) {
    const conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: server.port,
    });
    await conn.write(new TextEncoder().encode(
      `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\n${lines}\r\n`,
    ));
    const answer = await new Response(conn.readable).text();
    assert.match(answer, /^HTTP\/1\.1 400 /);
  }
  await server.close();
});

Deno.test("a message beyond the limit is closed with 1009", async () => {
  const server = serve({ connected: (peer) => void new Ear(peer) });
  const client = new Ear(await connectWebSocket(wsUrl(server), CONNECT));
  client.peer.send(new Uint8Array((1 << 20) + 1));
  assert.equal((await settled(client.closed.promise)).code, 1009);
  await server.close();
});

Deno.test("endless fragments are closed with 1009: empty ones, small ones and large ones", async () => {
  const server = serve({ connected: (peer) => void new Ear(peer) });
  const cases = [
    { payload: 0, most: MAX_FRAGMENTS + 10 },
    { payload: 1, most: MAX_FRAGMENTS + 10 },
    { payload: 60_000, most: 40 },
  ];
  for (const { payload, most } of cases) {
    const conn = await rawSocket(server);
    const code = closeCode(conn);
    const header = payload < 126
      ? [0x80 | payload]
      : [0x80 | 126, payload >> 8, payload & 255];
    const fragment = (opcode: number): Uint8Array => {
      const bytes = new Uint8Array(1 + header.length + 4 + payload);
      bytes.set([opcode, ...header, 1, 2, 3, 4]);
      return bytes;
    };
    const [first, rest] = [fragment(2), fragment(0)];
    try {
      for (let sent = 0; sent < most; sent++) {
        await conn.write(sent === 0 ? first : rest);
      }
    } catch {
      // Closed while we wrote: that is what is wanted.
    }
    assert.equal(await settled(code), 1009, `fragments of ${payload} bytes`);
    conn.close();
  }
  await server.close();
});

Deno.test("a refused handshake tells its status", async () => {
  const server = serve({
    refuseUpgrade: ({ url }) =>
      url.searchParams.get("token") === "right"
        ? undefined
        : Response.json({ error: "Cannot connect" }, { status: 401 }),
  });
  const refusal = async (url: string): Promise<number | undefined> => {
    const error = await connectWebSocket(url, CONNECT).then(
      () => assert.fail("it connected"),
      (error: unknown) => error,
    );
    assert.ok(error instanceof WebSocketRefusedError, String(error));
    return error.status;
  };
  assert.equal(await refusal(wsUrl(server)), 401);
  const peer = await connectWebSocket(
    wsUrl(server, "stream?token=right"),
    CONNECT,
  );
  peer.terminate();
  const port = server.port;
  await server.close();
  assert.equal(await refusal(`ws://127.0.0.1:${port}/stream`), undefined);
});

Deno.test("a page of another origin does not get a WebSocket", async () => {
  const server = serve({ connected: (peer) => void new Ear(peer) });
  const own = `http://127.0.0.1:${server.port}`;
  const cases: [string, boolean][] = [
    [own, true],
    ["http://evil.example", false],
    ["null", false],
  ];
  for (const [origin, taken] of cases) {
    const connecting = connectWebSocket(wsUrl(server), {
      ...CONNECT,
      headers: { origin },
    });
    if (taken) (await connecting).terminate();
    else {await assert.rejects(connecting, {
        name: "WebSocketRefusedError",
        status: 403,
      });}
  }
  await server.close();
});

Deno.test("closing the server cuts what is open", async () => {
  const server = serve({ connected: (peer) => void new Ear(peer) });
  const client = new Ear(await connectWebSocket(wsUrl(server), CONNECT));
  await server.close();
  await settled(client.closed.promise);
});
