import assert from "node:assert/strict";
import { connectTcp, serveTcp, writeAll } from "../../src/net/tcp.ts";
import { ListenError } from "../../src/net/listen_error.ts";
import {
  formatHostPort,
  isLoopback,
  resolveHost,
} from "../../src/net/resolve.ts";
import { nowMicros, sleepUntil } from "../../src/net/clock.ts";

const BASE = {
  hostname: "127.0.0.1",
  port: 0,
  flag: "--port",
  maxConnections: 2,
  onError: (error: unknown): void => {
    throw error;
  },
};

Deno.test("a server answers, and close() ends connections that are open", async () => {
  let entered = (): void => {};
  const waiting = new Promise<void>((resolve) => entered = resolve);
  const server = serveTcp({
    ...BASE,
    handle: async (connection) => {
      entered();
      await connection.read(new Uint8Array(10));
    },
  });
  const client = await connectTcp("127.0.0.1", server.port, 1000);
  await waiting;
  await server.close();
  assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
  client.close();
});

Deno.test("connections beyond the limit are closed at once", async () => {
  const server = serveTcp({
    ...BASE,
    handle: async (connection) => {
      await writeAll(connection, new Uint8Array([1]));
      await connection.read(new Uint8Array(10));
    },
  });
  const clients: Deno.TcpConn[] = [];
  const answers: (number | null)[] = [];
  for (let i = 0; i < 3; i++) {
    const client = await connectTcp("127.0.0.1", server.port, 1000);
    clients.push(client);
    answers.push(await client.read(new Uint8Array(1)).catch(() => null));
  }
  assert.deepEqual(answers, [1, 1, null]);
  for (const client of clients) client.close();
  await server.close();
});

Deno.test("what a handler throws is reported and the server goes on", async () => {
  const errors: unknown[] = [];
  const server = serveTcp({
    ...BASE,
    onError: (error) => errors.push(error),
    handle: () => Promise.reject(new TypeError("Cannot do it")),
  });
  for (let i = 0; i < 2; i++) {
    const client = await connectTcp("127.0.0.1", server.port, 1000);
    assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
    client.close();
  }
  assert.equal(errors.length, 2);
  await server.close();
});

Deno.test("a taken TCP port is explained", async () => {
  const server = serveTcp({ ...BASE, handle: () => Promise.resolve() });
  assert.throws(
    () =>
      serveTcp({
        ...BASE,
        port: server.port,
        handle: () => Promise.resolve(),
      }),
    ListenError,
  );
  await server.close();
});

Deno.test("a port where nobody listens refuses the connection", async () => {
  const server = serveTcp({ ...BASE, handle: () => Promise.resolve() });
  await server.close();
  await assert.rejects(
    connectTcp("127.0.0.1", server.port, 1000),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("addresses: resolved, told apart, written into URLs", async () => {
  assert.equal(await resolveHost("localhost"), "127.0.0.1");
  assert.equal(await resolveHost("10.1.2.3"), "10.1.2.3");
  assert.equal(isLoopback("127.3.2.1"), true);
  assert.equal(isLoopback("192.168.0.1"), false);
  assert.equal(formatHostPort("::1", 80), "[::1]:80");
  assert.equal(formatHostPort("127.0.0.1", 80), "127.0.0.1:80");
});

Deno.test("sleepUntil wakes at its time, at once when aborted", async () => {
  const until = nowMicros() + 5000;
  await sleepUntil(until);
  assert.ok(nowMicros() >= until - 1000);
  const controller = new AbortController();
  const sleeping = sleepUntil(nowMicros() + 3_600_000_000, controller.signal);
  controller.abort();
  await sleeping;
  await sleepUntil(nowMicros() + 3_600_000_000, controller.signal);
});
