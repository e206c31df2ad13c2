import assert from "node:assert/strict";
import { streamPhrase, testAnalyzer } from "../services/support/phrase.ts";
import { startReferee } from "../services/support/referee.ts";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";

/** Opens the page of a server that has decided one phrase. */
async function decided(
  width: number,
  test: (page: Page, errors: string[]) => Promise<void>,
): Promise<void> {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const result = await streamPhrase(referee.server.port, "phrase_7", {
    scenario: "right_pauses",
    seed: 1,
    contact: true,
  });
  assert.equal(result.winner, "left");
  await withPage({ width, height: 1000 }, async (page, { errors }) => {
    await page.goto(referee.server.url);
    await page.locator(".chart").waitFor();
    await page.locator('.player canvas[data-index="0"]').waitFor();
    await test(page, errors);
    assert.deepEqual(errors, []);
    assert.equal(await horizontalOverflow(page), 0);
  });
}

pageTest(
  "the page shows who won, and the timeline of both fencers shows why",
  async () => {
    await decided(1600, async (page) => {
      await page.locator(".verdict-answer", { hasText: "Left fencer" })
        .waitFor();
      const chart = page.locator(".chart");
      const words = await chart.getAttribute("aria-label") ?? "";
      assert.match(words, /Right fencer pauses from \d/);
      assert.match(words, /Right fencer paused at \d+\.\d\ds/);
      assert.equal(await page.locator(".chart-decisive").count(), 1);
      assert.equal(await page.locator(".chart-lamp").count(), 2);
      assert.equal(await page.locator(".chart-contact").count(), 1);
      assert.match(await chart.textContent() ?? "", /‖ pause/);
      await keepScreenshot(page, "referee_timeline_1600");
    });
  },
);

pageTest(
  "the overlay is tied to the play head, by keys and by pointer, and can be switched off",
  async () => {
    await decided(1600, async (page) => {
      const slider = page.getByRole("slider", {
        name: "Timeline of both fencers",
      });
      await slider.focus();
      await page.keyboard.press("End");
      await page.locator(".overlay-words", { hasText: "Right fencer paused" })
        .waitFor();
      const lamp = page.locator("rect.overlay-lamp-left");
      assert.ok(await lamp.isVisible());
      await page.keyboard.press("Home");
      await page.waitForFunction(() =>
        document.querySelector(".overlay-words")?.textContent === ""
      );
      assert.equal(await lamp.isVisible(), false);
      const box = (await slider.boundingBox())!;
      await page.mouse.click(box.x + box.width / 2, box.y + 100);
      await page.locator(".overlay-label", { hasText: "Right pauses" })
        .waitFor();
      const before = await page.locator("rect.overlay-box.overlay-left")
        .getAttribute("x");
      await slider.focus();
      for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowLeft");
      await page.waitForFunction(
        (x) =>
          document.querySelector("rect.overlay-box.overlay-left")
            ?.getAttribute("x") !== x,
        before,
      );
      await page.getByLabel("Overlay on the picture").uncheck();
      assert.equal(await page.locator(".overlay").count(), 0);
      await page.getByLabel("Overlay on the picture").check();
      assert.equal(await page.locator(".overlay").count(), 1);
    });
  },
);

pageTest("the timeline fits a telephone", async () => {
  await decided(360, async (page) => {
    const chart = (await page.locator(".chart").boundingBox())!;
    assert.ok(chart.x >= 0 && chart.x + chart.width <= 360);
    await keepScreenshot(page, "referee_timeline_360");
  });
});
