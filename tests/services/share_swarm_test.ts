import assert from "node:assert/strict";
import {
  receiveShare,
  type ShareViewerOptions,
  startShareHost,
} from "../../src/services/share/mod.ts";
import type { ServiceContext } from "../../src/services/context.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { testContext } from "../support/service.ts";
import { startTestSignal } from "../support/signal.ts";
import { settled, waitUntil } from "../support/wait.ts";
import { noise } from "../signaling/support.ts";

const PATIENT = { within: 90_000 };
/** libdatachannel's threads outlive a test by a moment. */
const THREADS = { sanitizeOps: false, sanitizeResources: false };

/** A room with a film, and viewers of it that stay until they are told to go. */
async function withRoom(
  bytes: Uint8Array,
  test: (room: {
    readonly folder: string;
    readonly film: string;
    hostFilms(): number;
    closeHost(): void;
    view(
      name: string,
      options?: Partial<ShareViewerOptions>,
    ): {
      readonly complete: Promise<void>;
      readonly totals: ReturnType<typeof receiveShare>;
      readonly path: string;
    };
    leave(): void;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const film = `${folder}/film.mp4`;
  await Deno.writeFile(film, bytes);
  await using server = await startTestSignal();
  const host = await startShareHost({
    file: film,
    server: server.url,
    room: undefined,
    name: "host",
    settings: {},
    uploadLimit: 4_000_000, // as on a real line, not all at once
    duration: null,
    ways: ["rtc"],
  }, testContext());
  const over = new AbortController();
  const open: Promise<unknown>[] = [];
  try {
    await test({
      folder,
      film,
      hostFilms: () => host.totals().bytes / bytes.length,
      closeHost: () => host.close(),
      view(name, options = {}) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const context: ServiceContext = {
          ...testContext(),
          signal: over.signal,
        };
        const path = `${folder}/${name}.mp4`;
        const totals = receiveShare({
          link: host.link,
          output: path,
          name,
          password: undefined,
          downloadLimit: undefined,
          ways: ["rtc"],
          stay: true,
          onComplete: resolve,
          ...options,
        }, context);
        totals.catch(reject);
        promise.catch(() => {}); // not every test waits for it
        open.push(totals.catch(() => {}));
        return { complete: promise, totals, path };
      },
      leave: () => over.abort(),
    });
  } finally {
    over.abort();
    await Promise.all(open);
    host.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name:
    "the host sends a film about once to four viewers, who give it to each other",
  ...THREADS,
  fn: () =>
    withRoom(noise(20_000_000), async (room) => {
      const viewers = ["anna", "ben", "cleo", "dan"]
        .map((name) => room.view(name));
      await settled(
        Promise.all(viewers.map(({ complete }) => complete)),
        PATIENT,
      );
      const hostFilms = room.hostFilms();
      room.leave();
      const bytes = await Deno.readFile(room.film);
      for (const { totals, path } of viewers) {
        const { fromOthers, refusedChunks } = await totals;
        assert.equal(refusedChunks, 0);
        assert.ok(fromOthers > bytes.length / 4, `${fromOthers} from others`);
        assertSameBytes(await Deno.readFile(path), bytes);
      }
      assert.ok(hostFilms < 1.5, `the host sent ${hostFilms} films`);
    }),
});

Deno.test({
  name:
    "who has the file gives it to the others, and one with another file is told so",
  ...THREADS,
  fn: () =>
    withRoom(noise(12_000_000), async (room) => {
      const seed = room.view("seed", { output: undefined, have: room.film });
      await settled(seed.complete, PATIENT);
      const before = room.hostFilms();
      const viewer = room.view("viewer");
      await settled(viewer.complete, PATIENT);
      assert.ok(room.hostFilms() - before < 0.5, `${room.hostFilms()} films`);
      const other = `${room.folder}/other.mp4`;
      await Deno.writeFile(other, noise(12_000_000));
      await assert.rejects(
        settled(
          room.view("other", { output: undefined, have: other }).totals,
          PATIENT,
        ),
        /not the same file/,
      );
      room.leave();
      assertSameBytes(
        await Deno.readFile(viewer.path),
        await Deno.readFile(room.film),
      );
      assert.ok((await seed.totals).sentBytes > 6_000_000);
    }),
});

Deno.test({
  name:
    "the host goes in the middle: another takes over, and all come to have what any of them holds",
  ...THREADS,
  fn: () =>
    withRoom(noise(20_000_000), async (room) => {
      const hosts = new Set<string>();
      const bytes = new Map<string, number>();
      const viewers = ["anna", "ben", "cleo"].map((name) =>
        room.view(name, {
          onProgress: (now) => bytes.set(name, now),
          onState({ users, userId }) {
            if (users.some(({ id, isHost }) => isHost && id === userId)) {
              hosts.add(name);
            }
          },
        })
      );
      await waitUntil(
        () => bytes.size === 3 && [...bytes.values()].every((one) => one > 5e6),
        PATIENT,
      );
      room.closeHost();
      await waitUntil(() => hosts.size === 1, PATIENT);
      // Nobody gets more than all of them had, and all get the same.
      let last = "";
      let looks = 0;
      await waitUntil(() => {
        const now = [...bytes.values()].join();
        looks = now === last ? looks + 1 : 0;
        last = now;
        return new Set(bytes.values()).size === 1 && looks > 100;
      }, PATIENT);
      assert.ok([...bytes.values()][0]! >= 5e6);
      room.leave();
      await Promise.all(
        viewers.map(({ totals }) => assert.rejects(totals)),
      );
    }),
});
