import assert from "node:assert/strict";
import {
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";
import { waitUntil } from "../support/wait.ts";
import { pageOf, startChain } from "./support/chain.ts";

const WIDE = { width: 1600, height: 1000 };

/** Plays for as long as a test looks. */
const FRAMES = 90;
const LOOP = ["--loop"];

/** Names of the tiles in the order they are seen. */
async function tiles(page: Page): Promise<string[]> {
  return await page.locator(".chain .tile-name").allInnerTexts();
}

/** Waits until the page has exactly these tiles. */
async function hasTiles(page: Page, names: readonly string[]): Promise<void> {
  await waitUntil(async () => (await tiles(page)).join() === names.join(), {
    what: `the tiles ${names}`,
  });
}

/** What every picture shows now: its pixels in a few numbers. */
async function shown(page: Page): Promise<string[]> {
  return await page.locator(".picture canvas").evaluateAll((canvases) =>
    canvases.map((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext("2d")!
        .getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let at = 0; at < data.length; at++) {
        sum = (Math.imul(sum, 31) + data[at]!) | 0;
      }
      return `${canvas.width}x${canvas.height} ${sum}`;
    })
  );
}

/** Waits until `count` pictures are live, and each of them has changed. */
async function allLive(page: Page, count: number): Promise<void> {
  const live = page.locator('.picture[data-stale="false"]');
  await live.nth(count - 1).waitFor();
  assert.equal(await page.locator(".picture").count(), count);
  const before = await shown(page);
  await waitUntil(async () => {
    const now = await shown(page);
    return now.every((picture, index) => picture !== before[index]);
  }, { what: "every picture to change" });
  assert.equal(await live.count(), count);
}

pageTest(
  "the coordinator's page starts, shows, heals and stops a real chain",
  async () => {
    await using chain = await startChain(FRAMES, LOOP, { pages: true });
    await chain.peer("A");
    const b = await chain.peer("B");
    await chain.peer("C");
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(await pageOf(chain.coordinator));
      await hasTiles(page, ["Coordinator", "A", "B", "C"]);
      assert.equal(await page.locator("#state").innerText(), "Waiting");

      await page.getByRole("button", { name: "Start" }).click();
      await allLive(page, 4);
      await page.getByText("All 3 peers show the same moment").waitFor();
      assert.equal(await page.locator("#state").innerText(), "Playing");
      await keepScreenshot(page, "real_chain_1600");

      b.signal("SIGKILL");
      const left = page.locator(".link[data-left=true]");
      await left.getByText("Left: connection lost").waitFor();
      assert.equal(await left.locator(".tile-name").innerText(), "B");
      await keepScreenshot(page, "real_chain_healing_1600");
      await hasTiles(page, ["Coordinator", "A", "C"]);
      await allLive(page, 3);
      await page.getByText(/^B left .* ago: connection lost$/).waitFor();

      await page.getByRole("button", { name: "Stop" }).click();
      const question = page.getByRole("dialog");
      await question.getByText("Stop the video?").waitFor();
      await question.getByRole("button", { name: "Stop" }).click();
      await page.locator("#state").getByText("Ended").waitFor();
      await chain.coordinator.event("delivered");
      await page.getByRole("button", { name: "Start" }).click();
      await allLive(page, 3);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "a peer's page shows the picture of a real chain, and how it arrives",
  async () => {
    await using chain = await startChain(FRAMES, LOOP, { pages: true });
    await chain.peer("A");
    const b = await chain.peer("B");
    await chain.coordinator.write("startVideo");
    await withPage({ width: 360, height: 780 }, async (page, { errors }) => {
      await page.goto(await pageOf(b));
      await page.getByRole("heading", { name: "Peer B" }).waitFor();
      await allLive(page, 1);
      const stats = page.locator("#stats");
      await waitUntil(async () =>
        /Newest frame #\d+ 320×240 px Frames a second (29|30)\.\d .*Hop latency, p50 [\d.]+ (ms|µs) .*Lost frames 0/
          .test((await stats.innerText()).replace(/\s+/g, " "))
      );
      const path = (await page.locator("#path").innerText()).replace(
        /\s+/g,
        " ",
      );
      assert.match(path, /^from A B /);
      await keepScreenshot(page, "real_peer_360");
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("a page from elsewhere cannot start the video", async () => {
  await using chain = await startChain(FRAMES, LOOP, { pages: true });
  await chain.peer("A");
  const url = await pageOf(chain.coordinator);
  await withPage(WIDE, async (page) => {
    // Its origin is "null"; the answer may not be read, but the request is sent.
    await page.goto("data:text/html,<title>elsewhere</title>");
    await page.evaluate(async (target) => {
      await fetch(target, { method: "POST", mode: "no-cors" }).catch(() => {});
    }, `${url}api/start`);
  });
  const foreign = await fetch(`${url}api/start`, {
    method: "POST",
    headers: { origin: "https://elsewhere.example" },
  });
  assert.equal(foreign.status, 403);
  assert.match((await foreign.json()).error, /only this server's own pages/);
  const { state } = await (await fetch(`${url}api/chain`)).json();
  assert.equal(state, "waiting");
  const own = await fetch(`${url}api/start`, { method: "POST" });
  assert.deepEqual(await own.json(), { ok: true });
});
