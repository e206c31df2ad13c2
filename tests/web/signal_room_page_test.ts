import assert from "node:assert/strict";
import {
  type ShareHost,
  startShareHost,
} from "../../src/services/share/mod.ts";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";
import { makeFilm } from "../support/films.ts";
import { testContext } from "../support/service.ts";
import { startTestSignal } from "../support/signal.ts";
import { Tap } from "../support/tap.ts";
import { waitUntil } from "../support/wait.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };
/** A loaded machine with several browsers takes its time. */
const PATIENT = { within: 60_000 };

/** What the page lays open for tests. */
interface Party {
  figures(): {
    driftMs: number | undefined;
    bufferedS: number;
    state: string;
    drifts: number[];
  };
  state(): { phase: string; users: unknown[]; film?: { fileName: string } };
  received(): { count?: number; refused?: number };
  position(): number;
}

/** Runs a function of the page's party. */
function ask<T>(page: Page, what: (party: Party) => T): Promise<T> {
  return page.evaluate(
    `(${what})(globalThis.party)` as unknown as () => T,
  );
}

async function enter(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: /^(Make a room|Join)$/ }).click();
  await page.locator("#room").waitFor({ state: "visible" });
}

async function hostFilm(server: string, file: string): Promise<ShareHost> {
  return await startShareHost({
    file,
    server,
    room: undefined,
    name: "cinema",
    settings: { sharedControl: true },
    uploadLimit: undefined,
    duration: 20,
  }, testContext());
}

function position(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector("video")!.currentTime);
}

async function plays(page: Page): Promise<void> {
  const from = await position(page);
  await waitUntil(async () => await position(page) > from + 0.5, {
    ...PATIENT,
    what: "a film that plays",
  });
}

pageTest(
  "a room is made, a film picked, and a second page watches it",
  async () => {
    await using server = await startTestSignal();
    const film = await makeFilm();
    await withPage(WIDE, async (host, hostReport) => {
      await enter(host, server.url, "Anna");
      await host.getByLabel("Film to share").setInputFiles(film);
      await waitUntil(
        () => ask(host, (party) => party.state().film?.fileName),
        PATIENT,
      );
      const link = await host.getByLabel("Link to the room").inputValue();
      assert.match(link, /\?room=[A-Z0-9]{6}#[\w-]{64}$/);
      await withPage(WIDE, async (viewer, viewerReport) => {
        await enter(viewer, link, "Ben");
        await host.getByRole("button", { name: /^Play/ }).click();
        await plays(viewer);
        await plays(host);
        await waitUntil(
          async () =>
            (await viewer.locator(".people").last().innerText()).includes(
              "drift",
            ),
          PATIENT,
        );
        assert.ok(
          await viewer.evaluate(() => document.body.dataset.firstFrame),
        );
        await waitUntil(
          async () =>
            Math.abs(
              await ask(viewer, (party) => party.figures().driftMs) ?? 999,
            ) <
              100,
          { ...PATIENT, what: "a viewer in sync" },
        );
        // Only the host may seek, and everybody goes there.
        assert.equal(
          await viewer.getByRole("button", { name: /^(Play|Pause)/ })
            .getAttribute("aria-disabled"),
          "true",
        );
        await host.locator("#screen video").click();
        await host.keyboard.press("ArrowRight");
        await waitUntil(async () => await position(viewer) > 9, PATIENT);
        await viewer.getByLabel("Message").fill("hello <b>all</b>");
        await viewer.getByRole("button", { name: "Send" }).click();
        await host.getByText("Ben: hello <b>all</b>").waitFor();
        await keepScreenshot(host, "signal_room_host");
        await keepScreenshot(viewer, "signal_room_viewer");
        assert.equal(await horizontalOverflow(host), 0);
        assert.deepEqual(viewerReport.errors, []);
      });
      await waitUntil(
        () => ask(host, (party) => party.state().users.length === 1),
        PATIENT,
      );
      assert.deepEqual(hostReport.errors, []);
    });
  },
);

for (
  const [what, container, query] of [
    ["an MP4 with its index last", "mp4-last", ""],
    ["a WebM", "webm", ""],
    ["through the blind relay", "mp4-first", "&way=relay"],
    ["through the relay over HTTP", "mp4-first", "&way=http"],
    ["without a service worker, piece by piece", "webm", "&play=mse"],
    ["without a service worker, as a whole", "mp4-first", "&play=memory"],
  ] as const
) {
  pageTest(`a film of a host without a browser plays: ${what}`, async () => {
    await using server = await startTestSignal();
    // All that the server says and is posted goes through here.
    await using tap = new Tap(server.port);
    const film = await makeFilm({ container });
    const host = await hostFilm(`http://127.0.0.1:${tap.port}/`, film);
    try {
      await withPage(NARROW, async (page, { errors }) => {
        await enter(page, host.link.replace("#", `${query}#`), "Ben");
        host.client.control({ action: "play", time: 0 });
        await plays(page);
        host.client.control({ action: "seek", time: 15 });
        await waitUntil(async () => await position(page) > 14.5, PATIENT);
        await plays(page);
        assert.equal(
          await ask(page, (party) => party.received().refused),
          0,
        );
        assert.equal(await horizontalOverflow(page), 0);
        if (query === "") {
          await keepScreenshot(page, `signal_room_${container}`);
        }
        assert.deepEqual(errors, []);
      });
      const bytes = await Deno.readFile(film);
      const decoder = new TextDecoder("latin1");
      const seen = tap.text();
      assert.match(seen, /room-joined/);
      for (let at = 100_000; at + 32 < bytes.length; at += 250_000) {
        const plain = decoder.decode(bytes.subarray(at, at + 32));
        assert.equal(seen.includes(plain), false, `plain film at ${at}`);
      }
      const secret = host.link.split("#")[1]!;
      assert.equal(seen.includes(secret.slice(0, 20)), false, "the key");
      if (query.includes("way")) assert.ok(seen.length > 500_000);
    } finally {
      host.close();
    }
  });
}

pageTest(
  "the host's page is loaded again: viewers play on, and the same file goes on",
  async () => {
    await using server = await startTestSignal();
    // Long enough to be on still when a busy machine has come to the end of this.
    const film = await makeFilm({ seconds: 90 });
    await withPage(WIDE, async (host) => {
      await enter(host, server.url, "Anna");
      await host.getByText("Settings of the room").click();
      await host.getByLabel("Upload at most").fill("8");
      await host.getByLabel("Upload at most").blur();
      await host.getByLabel("Film to share").setInputFiles(film);
      const link = host.getByLabel("Link to the room");
      await waitUntil(
        () => ask(host, (party) => party.state().film?.fileName),
        PATIENT,
      );
      await withPage(NARROW, async (viewer) => {
        await enter(viewer, await link.inputValue(), "Ben");
        await host.getByRole("button", { name: /^Play/ }).click();
        await plays(viewer);
        await waitUntil(
          async () =>
            await ask(viewer, (party) => party.figures().bufferedS) > 20,
          { ...PATIENT, what: "film to play on from" },
        );
        await host.reload();
        await host.getByText("Pick the same film again").waitFor();
        const { count = 0 } = await ask(viewer, (party) => party.received());
        await plays(viewer);
        await host.getByLabel("Film to share").setInputFiles(film);
        await waitUntil(
          async () =>
            (await ask(viewer, (party) => party.received())).count! > count,
          { ...PATIENT, what: "more of the film" },
        );
        await plays(viewer);
        const people = await viewer.locator(".people").last().innerText();
        assert.match(people, /Anna · host/);
      });
    });
  },
);

pageTest("six pages watch one film together", async () => {
  await using server = await startTestSignal();
  const film = await makeFilm({ size: "160x90", fps: 15, bitrate: "200k" });
  const host = await hostFilm(server.url, film);
  try {
    await withPage(NARROW, async (first, { errors }) => {
      const pages = [first];
      while (pages.length < 6) pages.push(await first.context().newPage());
      for (const [index, page] of pages.entries()) {
        await enter(page, host.link, `viewer ${index}`);
      }
      host.client.control({ action: "play", time: 0 });
      for (const page of pages) {
        await waitUntil(
          () =>
            ask(page, (party) => {
              const { driftMs, state } = party.figures();
              return state === "playing" && driftMs !== undefined &&
                  Math.abs(driftMs) < 150 || state === "ended";
            }),
          { ...PATIENT, what: "a viewer in sync" },
        );
        assert.equal(
          await ask(page, (party) => party.state().users.length),
          7,
        );
        assert.equal(await ask(page, (party) => party.received().refused), 0);
      }
      assert.deepEqual(errors, []);
    });
  } finally {
    host.close();
  }
});

pageTest("what is wrong is said, with what to do", async () => {
  await using server = await startTestSignal();
  await withPage(NARROW, async (page) => {
    await page.goto(`${server.url}?room=ABC123`);
    await page.getByText("The key behind the # of the link is missing")
      .waitFor();
    assert.equal(await horizontalOverflow(page), 0);
    await keepScreenshot(page, "signal_room_no_key");
  });
});

Deno.test("the page preloads every core that it loads, and no other", async () => {
  const source = new URL("../../src/", import.meta.url);
  const loaded = new Set<string>();
  async function follow(name: string): Promise<void> {
    if (loaded.has(name)) return;
    loaded.add(name);
    // A page's `mod.ts` is the part of a member.
    const file = name === "mod.ts" ? "member.ts" : name;
    const text = await Deno.readTextFile(new URL(`signaling/${file}`, source));
    for (
      const [, next] of text.matchAll(
        /^(?:import|export|\})(?! type\b)[^;]*?from "\.\/(\w+\.ts)";/gm,
      )
    ) await follow(next!);
  }
  await follow("mod.ts");
  const html = await Deno.readTextFile(
    new URL("web/pages/signal_room.html", source),
  );
  const preloaded = [
    ...html.matchAll(/modulepreload" href="\/signaling\/(\w+\.ts)"/g),
  ].map(([, name]) => name!);
  assert.deepEqual(preloaded, [...loaded].sort());
});
