import assert from "node:assert/strict";
import { startShareHost } from "../../src/services/share/mod.ts";
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
import { waitUntil } from "../support/wait.ts";
import { noise } from "../signaling/support.ts";

const WIDE = { width: 1600, height: 1000 };
const PATIENT = { within: 90_000 };
/** Bytes that no player looks at, so that a small film is worth a swarm. */
const PADDING = 10_000_000;

/** What the page lays open for tests. */
interface Party {
  state(): { film?: { totalChunks: number } } | undefined;
  received(): { count?: number; refused?: number };
  swarm():
    | {
      totals: { sent: number; received: number };
      neighbours: { memberId: string }[];
    }
    | undefined;
}

function ask<T>(page: Page, what: (party: Party) => T): Promise<T> {
  return page.evaluate(
    `(${what})(globalThis.party)` as unknown as () => T,
  );
}

/** A film that plays, with a box after it that is skipped (ISO/IEC 14496-12, 8.1.2). */
async function makeLargeFilm(): Promise<string> {
  const film = await Deno.readFile(await makeFilm());
  const box = noise(PADDING);
  new DataView(box.buffer).setUint32(0, PADDING);
  box.set(new TextEncoder().encode("free"), 4);
  const path = await Deno.makeTempFile({ suffix: ".mp4" });
  await Deno.writeFile(path, film);
  await Deno.writeFile(path, box, { append: true });
  return path;
}

async function enter(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: /^(Make a room|Join)$/ }).click();
  await page.locator("#room").waitFor({ state: "visible" });
}

pageTest(
  "pages give a film to each other, and show who sends to whom",
  async () => {
    await using server = await startTestSignal();
    const film = await makeLargeFilm();
    const host = await startShareHost({
      file: film,
      server: server.url,
      room: undefined,
      name: "cinema",
      settings: {},
      uploadLimit: 3_000_000,
      duration: 20,
      ways: ["rtc"],
    }, testContext());
    try {
      await withPage(WIDE, async (anna, report) => {
        await withPage(WIDE, async (ben) => {
          await withPage(WIDE, async (cleo) => {
            const pages = { anna, ben, cleo };
            await Promise.all(
              Object.entries(pages).map(([name, page]) =>
                enter(page, host.link, name)
              ),
            );
            for (const page of Object.values(pages)) {
              await waitUntil(
                () =>
                  ask(
                    page,
                    (party) =>
                      party.received().count ===
                        party.state()?.film?.totalChunks,
                  ),
                { ...PATIENT, what: "a whole film" },
              );
              const swarm = await ask(page, (party) => party.swarm());
              assert.equal(swarm?.neighbours.length, 2);
              assert.ok(swarm.totals.received > PADDING / 8);
              assert.equal(
                await ask(page, (party) => party.received().refused),
                0,
              );
            }
            const films = host.totals().bytes / PADDING;
            assert.ok(films < 2, `the host sent ${films} films`);
            const section = anna.getByRole("region", { name: "Swarm" });
            await waitUntil(
              async () =>
                (await section.innerText()).match(/100 %/g)?.length === 4,
              { ...PATIENT, what: "everybody with all of it" },
            );
            const text = await section.innerText();
            for (const name of ["anna (you)", "ben", "cleo", "cinema"]) {
              assert.ok(text.includes(name), text);
            }
            assert.match(text, /Every part of the film is in \d places/);
            assert.equal(await horizontalOverflow(anna), 0);
            await keepScreenshot(anna, "signal_swarm_1600");
            // What one has is still there after a reload: nobody sends it again.
            const before = host.totals().bytes;
            await cleo.reload();
            await waitUntil(
              () =>
                ask(cleo, (party) => {
                  const { count } = party.received();
                  const total = party.state()?.film?.totalChunks;
                  return total !== undefined && count === total;
                }),
              { ...PATIENT, what: "a whole film after the reload" },
            );
            const again = await ask(cleo, (party) => party.swarm());
            const sent = host.totals().bytes - before +
              (again?.totals.received ?? 0);
            // What had just come may not have been on the disk yet.
            assert.ok(sent < PADDING / 2, `${sent} bytes were sent again`);
            await anna.setViewportSize({ width: 360, height: 780 });
            assert.equal(await horizontalOverflow(anna), 0);
            await keepScreenshot(anna, "signal_swarm_360");
          });
        });
        assert.deepEqual(report.errors, []);
      });
    } finally {
      host.close();
      await Deno.remove(film);
    }
  },
);

pageTest(
  "another quality of the film takes over while it plays, and the subtitles stay",
  async () => {
    await using server = await startTestSignal();
    const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
    const film = `${folder}/film.mp4`;
    const small = `${folder}/film.180p.mp4`;
    await Deno.copyFile(await makeFilm(), film);
    await Deno.copyFile(
      await makeFilm({ size: "320x180", bitrate: "300k" }),
      small,
    );
    const host = await startShareHost({
      file: film,
      server: server.url,
      room: undefined,
      name: "cinema",
      settings: {},
      uploadLimit: undefined,
      duration: 20,
      subtitles: {
        title: "English",
        cues: [[0, 1000, "not any more"], [1500, 60_000, "Hello"]],
      },
    }, testContext());
    const subtitle = (page: Page): Promise<string> =>
      page.evaluate(() => {
        const cues = document.querySelector("video")!.textTracks[0]?.activeCues;
        return [...cues ?? []].map((cue) => (cue as VTTCue).text).join();
      });
    try {
      await withPage(WIDE, async (page, report) => {
        await enter(page, host.link, "anna");
        host.client.control({ action: "play", time: 1 });
        await waitUntil(
          () =>
            page.evaluate(() =>
              document.querySelector("video")!.currentTime > 2
            ),
          { ...PATIENT, what: "a film that plays" },
        );
        assert.equal(await subtitle(page), "Hello");
        // What people see is the last of the pictures that lie over each other.
        await page.evaluate(() => {
          const seen = { at: performance.now(), time: 0, longest: 0 };
          Object.assign(globalThis, { seen });
          const look = (): void => {
            const [video] = [...document.querySelectorAll("video")].slice(-1);
            const now = performance.now();
            if (video !== undefined && video.currentTime !== seen.time) {
              seen.time = video.currentTime;
              seen.at = now;
            }
            seen.longest = Math.max(seen.longest, now - seen.at);
            requestAnimationFrame(look);
          };
          look();
        });
        await host.replace(small, 20);
        await waitUntil(
          () =>
            page.evaluate(() => {
              const videos = document.querySelectorAll("video");
              return videos.length === 1 && videos[0]!.videoHeight === 180 &&
                !videos[0]!.paused && videos[0]!.currentTime > 3;
            }),
          { ...PATIENT, what: "the other quality" },
        );
        const longest = await page.evaluate(() =>
          (globalThis as unknown as { seen: { longest: number } }).seen.longest
        );
        assert.equal(await subtitle(page), "Hello");
        assert.ok(longest < 1000, `the picture stood still for ${longest} ms`);
        const position = await page.evaluate(() =>
          document.querySelector("video")!.currentTime
        );
        assert.ok(Math.abs(position - host.client.position()) < 1);
        assert.deepEqual(report.errors, []);
      });
    } finally {
      host.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);
