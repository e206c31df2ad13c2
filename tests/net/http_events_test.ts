import assert from "node:assert/strict";
import { eventStream } from "../../src/net/http_events.ts";
import { startHttpServer } from "../../src/net/http.ts";

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("each value becomes one event, and the end unsubscribes", async () => {
  const closing = new AbortController();
  let send: (value: unknown) => void = () => {};
  let ends = 0;
  const response = eventStream(closing.signal, (to) => {
    send = to;
    return () => ends++;
  });
  assert.match(
    response.headers.get("content-type") ?? "",
    /^text\/event-stream/,
  );
  const reader = response.body!.getReader();
  assert.equal(decode((await reader.read()).value), "retry: 1000\n\n");
  send({ text: "two\nlines" });
  assert.equal(
    decode((await reader.read()).value),
    'data: {"text":"two\\nlines"}\n\n',
  );
  closing.abort();
  assert.equal((await reader.read()).done, true);
  assert.equal(ends, 1);
});

Deno.test("a slow reader gets the newest value and never a queue", async () => {
  const closing = new AbortController();
  let send: (value: unknown) => void = () => {};
  const response = eventStream(closing.signal, (to) => {
    send = to;
    return () => {};
  });
  const reader = response.body!.getReader();
  await reader.read(); // retry
  for (let value = 1; value <= 10_000; value++) send(value);
  const seen: string[] = [];
  while (!seen.at(-1)?.includes("10000")) {
    seen.push(decode((await reader.read()).value));
  }
  assert.ok(seen.length <= 3, `${seen.length} events were kept`);
  closing.abort();
});

Deno.test("a client that goes ends its subscription", async () => {
  const ended = Promise.withResolvers<void>();
  const server = await startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: (_request, { closing }) =>
      eventStream(closing, (send) => {
        send("hello");
        return () => ended.resolve();
      }),
  });
  const leaving = new AbortController();
  const response = await fetch(server.url, { signal: leaving.signal });
  const reader = response.body!.getReader();
  await reader.read();
  leaving.abort();
  await assert.rejects(reader.read());
  await ended.promise;
  await server.close();
});

Deno.test("HEAD on an event stream leaves no subscription behind", async () => {
  const ended = Promise.withResolvers<void>();
  const server = await startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: (_request, { closing }) =>
      eventStream(closing, () => () => ended.resolve()),
  });
  const response = await fetch(server.url, { method: "HEAD" });
  assert.equal(response.status, 200);
  await ended.promise;
  await server.close();
});

Deno.test("a stream asked for while closing is over at once", async () => {
  const response = eventStream(AbortSignal.abort(), () => () => {});
  assert.equal(await response.text(), "retry: 1000\n\n");
});
