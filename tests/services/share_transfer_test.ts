import assert from "node:assert/strict";
import {
  receiveShare,
  type ShareHost,
  type ShareHostOptions,
  type ShareViewerOptions,
  startShareHost,
} from "../../src/services/share/mod.ts";
import { parseLink } from "../../src/signaling/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { testContext } from "../support/service.ts";
import { startTestSignal } from "../support/signal.ts";
import { Tap } from "../support/tap.ts";
import { TcpRelay } from "../support/tcp_relay.ts";
import { settled, waitUntil } from "../support/wait.ts";
import { noise } from "../signaling/support.ts";

const PATIENT = { within: 60_000 };

/** A folder with a film in it, gone after the test. */
async function withFilm(
  bytes: Uint8Array,
  test: (film: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const film = `${folder}/film.mp4`;
    await Deno.writeFile(film, bytes);
    await test(film, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function host(
  file: string,
  server: string,
  options: Partial<ShareHostOptions> = {},
): Promise<ShareHost> {
  return startShareHost({
    file,
    server,
    room: undefined,
    name: "host",
    settings: {},
    uploadLimit: undefined,
    duration: null,
    ...options,
  }, testContext());
}

function receive(
  link: string,
  output: ShareViewerOptions["output"],
  options: Partial<ShareViewerOptions> = {},
): ReturnType<typeof receiveShare> {
  return receiveShare({
    link,
    output,
    name: "viewer",
    password: undefined,
    downloadLimit: undefined,
    ...options,
  }, testContext());
}

/** libdatachannel's threads outlive a test by a moment. */
const THREADS = { sanitizeOps: false, sanitizeResources: false };

for (const ways of [["rtc"], ["relay"], ["http"]] as const) {
  Deno.test({
    name: `every byte of a film arrives over ${ways}`,
    ...(ways[0] === "rtc" ? THREADS : {}),
    fn: () =>
      withFilm(noise(5_000_000), async (film, folder) => {
        await using server = await startTestSignal();
        const hosted = await host(film, server.url, {
          ways: [...ways],
        });
        try {
          const totals = await settled(
            receive(hosted.link, `${folder}/out.mp4`, { ways: [...ways] }),
            PATIENT,
          );
          assert.deepEqual(totals.ways, ways);
          assert.equal(totals.refusedChunks, 0);
          assertSameBytes(
            await Deno.readFile(`${folder}/out.mp4`),
            await Deno.readFile(film),
          );
          const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
          assert.deepEqual(names.sort(), ["film.mp4", "out.mp4"]);
        } finally {
          hosted.close();
        }
      }),
  });
}

Deno.test("a pipe gets the film in order, at its reader's speed and under a cap", () =>
  withFilm(noise(3_000_000), async (film) => {
    await using server = await startTestSignal();
    const hosted = await host(film, server.url, { ways: ["relay"] });
    const parts: Uint8Array[] = [];
    try {
      await settled(
        receive(hosted.link, (bytes) => {
          parts.push(bytes);
          return Promise.resolve();
        }, { ways: ["relay"], downloadLimit: 20_000_000 }),
        PATIENT,
      );
      assertSameBytes(
        new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()),
        await Deno.readFile(film),
      );
    } finally {
      hosted.close();
    }
  }));

Deno.test("the server's whole traffic contains no plain chunk and no key", async () => {
  const line = new TextEncoder().encode("THE FILM ITSELF, FOR NOBODY ELSE");
  const bytes = noise(800_000); // does not shrink: what travels has its length
  for (let at = 0; at < bytes.length; at += 4000) bytes.set(line, at);
  for (const way of ["relay", "http"] as const) {
    await withFilm(bytes, async (film, folder) => {
      await using server = await startTestSignal();
      // All that leaves the server is all that it knows and passes on; what
      // reaches it in WebSocket frames is masked, and leaves it unmasked.
      await using tap = new Tap(server.port);
      const url = `http://127.0.0.1:${tap.port}/`;
      const hosted = await host(film, url, { ways: [way] });
      try {
        await settled(
          receive(hosted.link, `${folder}/out.mp4`, { ways: [way] }),
          PATIENT,
        );
        assertSameBytes(await Deno.readFile(`${folder}/out.mp4`), bytes);
      } finally {
        hosted.close();
      }
      const seen = tap.text();
      assert.ok(seen.length > bytes.length, `${seen.length}`);
      assert.match(seen, /room-joined/);
      const { key } = parseLink(hosted.link);
      for (
        const secret of [
          "THE FILM",
          "film.mp4",
          key.toHex(),
          key.toBase64(),
          key.toBase64({ alphabet: "base64url", omitPadding: true }),
          new TextDecoder("latin1").decode(key),
        ]
      ) assert.equal(seen.includes(secret), false, secret);
    });
  }
});

Deno.test("a server that restarts, and a cut of the network, cost nothing but time", () =>
  withFilm(noise(6_000_000), async (film, folder) => {
    const first = await startTestSignal();
    await using relay = new TcpRelay({ target: { port: first.port } });
    const url = `http://127.0.0.1:${relay.port}/`;
    const hosted = await host(film, url, {
      ways: ["relay"],
      uploadLimit: 2_000_000,
    });
    let received = 0;
    const done = receive(hosted.link, `${folder}/out.mp4`, {
      ways: ["relay"],
      onProgress: (bytes) => received = bytes,
    });
    await waitUntil(() => received > 500_000, PATIENT);
    const { port } = first;
    await first.close();
    await using second = await startTestSignal({ port });
    await waitUntil(() => second.report().users === 2, PATIENT);
    const before = received;
    await waitUntil(() => received > before + 500_000, PATIENT);
    assert.equal(hosted.client.state.isHost, true);
    relay.cut();
    const totals = await settled(done, PATIENT);
    assert.equal(totals.refusedChunks, 0);
    assertSameBytes(
      await Deno.readFile(`${folder}/out.mp4`),
      await Deno.readFile(film),
    );
    hosted.close();
  }));

Deno.test("what cannot be is an error that says why, and leaves no file", () =>
  withFilm(noise(100_000), async (film, folder) => {
    await using server = await startTestSignal();
    await assert.rejects(
      host(`${folder}/none.mp4`, server.url, { ways: ["relay"] }),
      /there is no such file/,
    );
    const hosted = await host(film, server.url, {
      ways: ["relay"],
      settings: { password: "open" },
    });
    try {
      const output = `${folder}/out.mp4`;
      const ways = { ways: ["relay"] } as const;
      await assert.rejects(
        receive(hosted.link, output, ways),
        /This room has a password/,
      );
      await assert.rejects(
        receive(hosted.link, output, { ...ways, password: "shut" }),
        /Wrong password/,
      );
      await assert.rejects(
        receive(hosted.link.split("#")[0]!, output, ways),
        /copy the whole link/,
      );
      await settled(
        receive(hosted.link, output, { ...ways, password: "open" }),
        PATIENT,
      );
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assert.deepEqual(names.sort(), ["film.mp4", "out.mp4"]);
    } finally {
      hosted.close();
    }
  }));
