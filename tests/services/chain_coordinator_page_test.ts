import assert from "node:assert/strict";
import { DEFAULT_MAX_FRAME_BYTES } from "../../src/chain/mod.ts";
import { ask, withCoordinator } from "./support/coordinator_scene.ts";

/** What stands for a JPEG: nothing here looks inside. */
const PICTURE = new Uint8Array([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]);

interface Picture {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Asks the coordinator's page for the picture of a peer whose own page answers like this. */
async function pictureOf(
  handler: Deno.ServeHandler | "nobody",
): Promise<Picture> {
  const ending = new AbortController();
  const peer = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      signal: ending.signal,
      onListen: () => {},
    },
    handler === "nobody" ? () => new Response() : handler,
  );
  const { port: pagePort } = peer.addr;
  if (handler === "nobody") {
    ending.abort();
    await peer.finished;
  }
  let picture: Picture | undefined;
  try {
    await withCoordinator({ pagePort: 0 }, async (running, _context, port) => {
      const page = `http://127.0.0.1:${pagePort}/`;
      await ask(
        port,
        JSON.stringify({ type: "register", name: "A", port: 10_001, page }),
      );
      assert.equal(running.coordinator.pageOf("A"), page);
      const [url] = running.pageUrls;
      const answer = await fetch(`${url}peers/A/frame?after=7&wait=50`);
      const { status, headers } = answer;
      picture = { status, headers, bytes: await answer.bytes() };
    });
  } finally {
    ending.abort();
    await peer.finished;
  }
  assert.ok(picture);
  return picture;
}

Deno.test("a peer's picture is handed on with its facts, as a picture whatever it says", async () => {
  const asked: string[] = [];
  const picture = await pictureOf((request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    return new Response(PICTURE, {
      headers: {
        "content-type": "text/html",
        "set-cookie": "a=b",
        "x-frame-seq": "8",
        "x-frame-number": "120",
      },
    });
  });
  assert.deepEqual(asked, ["/frame?after=7&wait=50"]);
  assert.equal(picture.status, 200);
  assert.deepEqual(picture.bytes, PICTURE);
  assert.deepEqual(
    ["content-type", "x-frame-seq", "x-frame-number", "set-cookie"].map(
      (name) => picture.headers.get(name),
    ),
    ["image/jpeg", "8", "120", null],
  );
});

const NO_PICTURE: readonly (readonly [
  string,
  Deno.ServeHandler | "nobody",
])[] = [
  ["that is gone", "nobody"],
  ["that has a fault", () => new Response("fault", { status: 500 })],
  ["that has no such page", () => new Response(null, { status: 404 })],
  ["that has no new frame", () => new Response(null, { status: 204 })],
  [
    "that sends elsewhere",
    () => Response.redirect("http://127.0.0.1:1/frame"),
  ],
  ["that never answers", () => new Promise(() => {})],
  [
    "that never ends",
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) =>
            controller.enqueue(new Uint8Array(DEFAULT_MAX_FRAME_BYTES / 8)),
        }),
      ),
  ],
];

for (const [what, handler] of NO_PICTURE) {
  Deno.test(`a peer ${what} is no picture and no error`, async () => {
    const picture = await pictureOf(handler);
    assert.equal(picture.status, 204);
    assert.equal(picture.headers.get("cache-control"), "no-store");
  });
}

Deno.test("the picture of a peer that has just gone is no error", async () => {
  await withCoordinator({ pagePort: 0 }, async ({ pageUrls: [url] }) => {
    assert.equal((await fetch(`${url}peers/B/frame`)).status, 204);
  });
});

Deno.test("the page is told where peers register", async () => {
  await withCoordinator(
    { pagePort: 0 },
    async ({ pageUrls }, _context, port) => {
      const answer = await fetch(`${pageUrls[0]}api/chain`);
      const { control } = await answer.json();
      assert.deepEqual(control, { host: "127.0.0.1", port });
    },
  );
  await withCoordinator(
    { host: "0.0.0.0" },
    ({ coordinator }, _context, port) => {
      assert.deepEqual(coordinator.snapshot().control, {
        host: "127.0.0.1",
        port,
      });
      return Promise.resolve();
    },
  );
});
