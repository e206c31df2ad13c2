import assert from "node:assert/strict";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";
import { waitUntil } from "../support/wait.ts";
import { MadeUpChain } from "./support/made_up_chain.ts";
import { servePages } from "./support/page_server.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };

async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ state: "visible" });
}

/** Number of the frame that is on the canvas. */
async function shownFrame(page: Page): Promise<number> {
  const text = await page.locator(".picture-number").innerText();
  return Number(text.slice(1));
}

/** The text of a part of the page on one line. */
async function line(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).innerText()).replace(/\s+/g, " ");
}

pageTest(
  "a peer's window shows the picture and how well it arrives",
  async () => {
    const chain = new MadeUpChain().join("A", "B", "C").playTo(120);
    chain.peer("B").lost = 4;
    await using server = await servePages(chain, "B");
    for (const screen of [WIDE, NARROW]) {
      await withPage(screen, async (page, { errors }) => {
        await page.goto(server.url);
        await page.getByRole("heading", { name: "Peer B" }).waitFor();
        assert.equal(await page.locator("#state").innerText(), "Playing");
        assert.match(
          await line(page, "#stats"),
          /^Newest frame #120 640×360 px Frames a second \d\d\.\d Bitrate 5\.\d\d Mbit\/s Hop latency, p50 \d\.\d\d ms Lost frames 4 117 received Duplicates 0/,
        );
        assert.equal(
          await line(page, "#path"),
          "from A B to C 127.0.0.1:10003",
        );
        assert.match(await line(page, "#facts"), /Chain latency, p50 1\.95 ms/);
        assert.match(
          await page.getByRole("img", { name: /^Hop latency: p50 \d/ })
            .getAttribute("aria-label") ?? "",
          /p99 \d\.\d\d ms$/,
        );
        assert.equal(await horizontalOverflow(page), 0);
        assert.deepEqual(errors, []);
      });
    }
  },
);

pageTest("the window follows the stream frame by frame", async () => {
  const chain = new MadeUpChain().join("A").playTo(0);
  await using server = await servePages(chain, "A");
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
    for (let frame = 1; frame <= 40; frame++) {
      chain.frame = frame;
      server.publish();
      await page.locator(".picture-number", {
        hasText: new RegExp(`^#${frame}$`),
      }).waitFor();
    }
    chain.playTo(0); // the stream begins again
    server.publish();
    await page.locator(".picture-number", { hasText: /^#0$/ }).waitFor();
    assert.deepEqual(errors, []);
  });
});

pageTest("space freezes and continues, f is full screen, ? helps", async () => {
  const chain = new MadeUpChain().join("A").playTo(90);
  await using server = await servePages(chain, "A");
  server.play();
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
    await page.locator('.picture[data-stale="false"]').waitFor();
    await page.keyboard.press("Space");
    await seen(page, /^Frozen at frame #\d+$/);
    const frozen = await shownFrame(page);
    await keepScreenshot(page, "peer_frozen_1600");
    const later = chain.frame + 15;
    await waitUntil(() => chain.frame > later);
    assert.equal(await shownFrame(page), frozen);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator(".picture-message").waitFor({ state: "hidden" });
    await page.locator('.picture[data-stale="false"]').waitFor();
    await waitUntil(async () => await shownFrame(page) > frozen);
    await keepScreenshot(page, "peer_1600");
    await page.setViewportSize(NARROW);
    await keepScreenshot(page, "peer_360");
    await page.setViewportSize(WIDE);

    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press("f");
    await page.locator(".window:fullscreen").waitFor();
    await page.keyboard.press("f");
    await page.locator(".window:fullscreen").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await seen(page, "Save a snapshot of the newest frame");
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "s saves a snapshot under the frame's number, and says when it cannot",
  async () => {
    const chain = new MadeUpChain().join("A").playTo(90);
    await using server = await servePages(chain, "A");
    await withPage(WIDE, async (page) => {
      await page.goto(server.url);
      await page.getByRole("heading", { name: "Peer A" }).waitFor();
      await page.keyboard.press("s");
      await seen(page, "Cannot take a snapshot: no frame has arrived yet");
      server.publish();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.keyboard.press("s"),
      ]);
      assert.equal(download.suggestedFilename(), "peer_A_000090.jpg");
      const bytes = await Deno.readFile(await download.path());
      assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
      await seen(page, "Snapshot saved as peer_A_000090.jpg");
    });
  },
);

pageTest(
  "every state of a peer is said: connecting, waiting, ended, lost",
  async () => {
    const chain = new MadeUpChain().join("A");
    const peer = chain.peer("A");
    await using server = await servePages(chain, "A");
    await withPage(NARROW, async (page, { errors }) => {
      peer.report = { state: "connecting" };
      await page.goto(server.url);
      await seen(page, "Not registered: the coordinator does not answer");
      peer.report = {};
      server.push();
      await seen(page, "Waiting for a first frame");
      await page.locator(".banner").waitFor({ state: "hidden" });
      assert.match(
        await line(page, "#stats"),
        /^Newest frame – .*latency, p50 – ms/,
      );
      chain.playTo(410);
      server.publish();
      server.push();
      await page.locator(".picture-number", { hasText: "#410" }).waitFor();
      chain.state = "ended";
      peer.notSaved = 3;
      server.push();
      await seen(page, "3 frames not saved: the disk failed or was too slow");
      await page.locator(".picture-message", { hasText: "Ended" }).waitFor();
      assert.match(await line(page, "#stats"), /411 of 411 received/);
      assert.equal(await horizontalOverflow(page), 0);
      assert.deepEqual(errors, []);
      await server.stop();
      await seen(page, "Connection lost, retrying");
      await server.restart();
      await page.locator("#state", { hasText: "Ended" }).waitFor();
    });
  },
);
