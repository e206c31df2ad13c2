import assert from "node:assert/strict";
import { route } from "../../src/net/http_route.ts";
import type { RouteHandler } from "../../src/net/http_route.ts";

const info = {
  remoteAddress: "127.0.0.1",
  closing: new AbortController().signal,
};

function named(name: string): RouteHandler {
  return (_request, { params }) =>
    new Response(`${name} ${JSON.stringify(params)}`);
}

const handler = route({
  "GET /": named("index"),
  "GET /peers/:name/frame": named("frame"),
  "GET /peers/all/frame": named("all"),
  "GET /api/sessions/:id": named("read"),
  "DELETE /api/sessions/:id": named("end"),
});

Deno.test("a request goes to the handler of its method and path", async () => {
  for (
    const [method, path, expected] of [
      ["GET", "/", "index {}"],
      ["GET", "/?x=1", "index {}"],
      ["GET", "/peers/B/frame?after=3", 'frame {"name":"B"}'],
      ["GET", "/peers/all/frame", "all {}"],
      ["GET", "/peers/a%2Fb%20c/frame", 'frame {"name":"a/b c"}'],
      ["HEAD", "/api/sessions/7", 'read {"id":"7"}'],
      ["DELETE", "/api/sessions/7", 'end {"id":"7"}'],
    ] as const
  ) {
    const request = new Request(`http://h${path}`, { method });
    const response = await handler(request, info);
    assert.equal(await response.text(), expected, `${method} ${path}`);
  }
});

Deno.test("what fits no route is answered with 404 or 405 in JSON", async () => {
  for (
    const [method, path, status, allow] of [
      ["GET", "/nothing", 404, null],
      ["GET", "/peers//frame", 404, null],
      ["GET", "/peers/B/frame/", 404, null],
      ["GET", "/peers/%zz/frame", 404, null],
      ["POST", "/", 405, "GET"],
      ["POST", "/api/sessions/7", 405, "GET, DELETE"],
    ] as const
  ) {
    const request = new Request(`http://h${path}`, { method });
    const response = await handler(request, info);
    assert.equal(response.status, status, `${method} ${path}`);
    assert.equal(response.headers.get("allow"), allow);
    const { error } = await response.json() as { error: string };
    assert.match(error, /^Cannot /);
  }
});

Deno.test("a fallback answers what no route knows", async () => {
  const assets = route({ "GET /": named("index") }, named("asset"));
  const request = new Request("http://h/style.css");
  assert.equal(await (await assets(request, info)).text(), "asset {}");
});

Deno.test("a key that is no route is refused at once", () => {
  for (const key of ["/", "get /", "GET", "GET x", ""]) {
    assert.throws(() => route({ [key]: named("x") }), TypeError, key);
  }
});
