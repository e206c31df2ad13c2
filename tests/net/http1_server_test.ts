import assert from "node:assert/strict";
import { ListenError } from "../../src/net/listen_error.ts";
import {
  type Http1Server,
  type Http1ServerOptions,
  startHttp1Server,
} from "../../src/net/http1_server.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { settled, waitUntil } from "../support/wait.ts";

function serve(options: Partial<Http1ServerOptions>): Http1Server {
  return startHttp1Server({
    hostname: "127.0.0.1",
    port: 0,
    flag: "--port",
    maxConnections: 3,
    allowedHosts: [],
    handler: () => new Response("page"),
    refuseUpgrade: () => undefined,
    connected: () => {},
    maxMessageBytes: 1 << 20,
    log: silentLogger,
    ...options,
  });
}

Deno.test("requests are answered, with the security headers", async () => {
  const server = serve({
    handler: (request, { remoteAddress }) =>
      Response.json({
        method: request.method,
        path: new URL(request.url).pathname,
        query: new URL(request.url).search,
        from: remoteAddress,
      }),
  });
  const answer = await fetch(`${server.url}a/b?c=1`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.deepEqual(await answer.json(), {
    method: "GET",
    path: "/a/b",
    query: "?c=1",
    from: "127.0.0.1",
  });
  const head = await fetch(server.url, { method: "HEAD" });
  assert.equal(await head.text(), "");
  await server.close();
});

Deno.test("a body arrives whole, and one that nobody reads does not stop the answer", async () => {
  const server = serve({
    handler: async (request) =>
      request.url.endsWith("/read")
        ? new Response(String((await request.bytes()).length))
        : new Response("not wanted", { status: 413 }),
  });
  const body = new Uint8Array(3_000_000);
  const read = await fetch(`${server.url}read`, { method: "POST", body });
  assert.equal(await read.text(), "3000000");
  const refused = await fetch(`${server.url}no`, {
    method: "POST",
    body: new Uint8Array(100_000),
  });
  assert.equal(refused.status, 413);
  await refused.body?.cancel();
  await server.close();
});

Deno.test("a slow reader of an answer is waited for, and one that goes is noticed", async () => {
  let produced = 0;
  const cancelled = Promise.withResolvers<void>();
  const server = serve({
    handler: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            produced++;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel: () => cancelled.resolve(),
        }),
      ),
  });
  const answer = await fetch(server.url);
  const reader = answer.body!.getReader();
  await reader.read();
  await waitUntil(() => produced > 2);
  await reader.cancel();
  await settled(cancelled.promise);
  assert.ok(produced < 2000, `${produced} pieces were made for nobody`);
  await server.close();
});

Deno.test("a handler that throws becomes 500", async () => {
  const server = serve({
    handler: () => {
      throw new Error("Cannot do it");
    },
  });
  const answer = await fetch(server.url);
  assert.equal(answer.status, 500);
  await answer.body?.cancel();
  await server.close();
});

Deno.test("foreign names and foreign pages are refused", async () => {
  const server = serve({ allowedHosts: ["referee.club"] });
  const ask = async (headers: string, method = "GET"): Promise<number> => {
    const conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: server.port,
    });
    await conn.write(new TextEncoder().encode(
      `${method} / HTTP/1.1\r\n${headers}connection: close\r\ncontent-length: 0\r\n\r\n`,
    ));
    const buffer = new Uint8Array(64);
    const count = await conn.read(buffer);
    conn.close();
    const line = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    return Number(/^HTTP\/1\.1 (\d+)/.exec(line)?.[1]);
  };
  assert.equal(await ask("host: evil.example\r\n"), 403);
  assert.equal(await ask("host: referee.club:80\r\n"), 200);
  assert.equal(await ask("host: localhost\r\n"), 200);
  assert.equal(
    await ask("host: localhost\r\norigin: http://evil.example\r\n", "POST"),
    403,
  );
  await server.close();
});

Deno.test("a taken port is explained", async () => {
  const server = serve({});
  assert.throws(() => serve({ port: server.port }), ListenError);
  await server.close();
});

Deno.test("close ends while an answer never does", async () => {
  const server = serve({
    handler: () => new Response(new ReadableStream({ start() {} })),
  });
  const answer = await fetch(server.url);
  await settled(server.close());
  await assert.rejects(answer.text());
});
