import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeMjpegFrame } from "../../src/jpeg/mod.ts";
import { startRtspPlayer } from "../../src/services/rtsp_player/mod.ts";
import type { RunningPlayer } from "../../src/services/rtsp_player/mod.ts";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";
import { makeJpegs } from "../support/clips.ts";
import type { RunningProcess } from "../support/process.ts";
import { startStreamtool } from "../support/process.ts";
import { testContext } from "../support/service.ts";
import type { TestContext } from "../support/service.ts";
import { waitUntil } from "../support/wait.ts";
import { inFolder } from "../media/support/sources.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };

/** Seconds of the film that the server plays. */
const SECONDS = 20;

interface Scene {
  readonly running: RunningPlayer;
  readonly context: TestContext;
  readonly server: RunningProcess;
  readonly page: string;
}

async function playing(test: (scene: Scene) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const jpegs = await makeJpegs({ size: "320x240", frames: 24 });
    const film = new Uint8Array(
      await new Blob(
        Array.from(
          { length: SECONDS },
          () => jpegs.map((jpeg) => encodeMjpegFrame("ascii", jpeg)),
        ).flat(),
      ).arrayBuffer(),
    );
    await Deno.writeFile(join(folder, "movie.Mjpeg"), film);
    await using server = startStreamtool(
      ["rtsp-serve", "movie.Mjpeg", "--port", "0", "--no-page"],
      { cwd: folder },
    );
    const { url } = await server.event("listening");
    const context = testContext();
    const running = await startRtspPlayer({
      url: String(url),
      transport: "tcp",
      dialect: "standard",
      rtpPort: undefined,
      latencyMs: 100,
      durationMs: undefined,
      start: undefined,
      username: undefined,
      password: undefined,
      caCerts: [],
      reconnect: true,
      saveDir: undefined,
      keep: undefined,
      record: undefined,
      write: undefined,
      host: "127.0.0.1",
      pagePort: 0,
      ffmpeg: undefined,
    }, context);
    try {
      await test({ running, context, server, page: running.pageUrl! });
    } finally {
      context.abort();
      await running.finished.catch(() => {});
      await running.close();
    }
  });
}

async function stateIs(page: Page, state: string): Promise<void> {
  await page.locator("#state-text", { hasText: new RegExp(`^${state}$`) })
    .waitFor();
}

async function enabled(page: Page): Promise<string[]> {
  return await page.getByRole("toolbar", { name: "Stream" })
    .locator('button[aria-disabled="false"]').allInnerTexts();
}

pageTest(
  "the page plays, pauses, seeks, stops and sets up, and its figures are the player's",
  async () => {
    await playing(async ({ running, page: url }) => {
      await withPage(WIDE, async (page, { errors }) => {
        await page.goto(url);
        await stateIs(page, "Playing");
        await page.locator('.picture[data-stale="false"]').waitFor();
        await page.locator("#status", {
          hasText:
            /^Status: Playing \| Frame: \d+ \| Bitrate: [1-9]\d+ kbps \| FPS: 2[345]$/,
        }).waitFor();
        assert.deepEqual(await enabled(page), ["PAUSE", "STOP"]);
        await keepScreenshot(page, "rtsp_player_1600");

        await page.keyboard.press("Space");
        await stateIs(page, "Paused");
        assert.deepEqual(await enabled(page), ["PLAY", "STOP"]);
        const { frame, position } = running.player.report();
        assert.ok(position > 0 && position < SECONDS);
        await page.locator("#status", { hasText: `Frame: ${frame} |` })
          .waitFor();

        await page.getByRole("button", { name: "PLAY", exact: true }).click();
        await stateIs(page, "Playing");
        const slider = page.getByRole("slider", {
          name: "Position in the stream",
        });
        const box = (await slider.boundingBox())!;
        await page.mouse.click(
          box.x + box.width * 0.75,
          box.y + box.height / 2,
        );
        const { position: after } = await waitUntil(() => {
          const report = running.player.report();
          return report.position >= SECONDS * 0.74 && report;
        }, { what: "the position that was sought" });
        assert.ok(after < SECONDS * 0.8, `${after}`);
        await page.waitForFunction((): boolean =>
          Number(
            document.querySelector("[role=slider]")?.getAttribute(
              "aria-valuenow",
            ),
          ) >= 74
        );

        await page.getByRole("button", { name: "STOP" }).click();
        await stateIs(page, "Stopped");
        assert.deepEqual(await enabled(page), ["SETUP", "PLAY"]);
        await page.getByRole("button", { name: "SETUP" }).click();
        await stateIs(page, "Ready");
        assert.deepEqual(await enabled(page), ["PLAY", "STOP"]);
        await page.getByRole("button", { name: "PLAY", exact: true }).click();
        await stateIs(page, "Playing");
        assert.deepEqual(errors, []);
      });
    });
  },
);

pageTest(
  "the page fits 360 pixels and says what is wrong when the server is gone",
  async () => {
    await playing(async ({ page: url, server }) => {
      await withPage(NARROW, async (page, { errors }) => {
        await page.goto(url);
        await stateIs(page, "Playing");
        await page.locator('.picture[data-stale="false"]').waitFor();
        assert.equal(await horizontalOverflow(page), 0);
        await keepScreenshot(page, "rtsp_player_360");
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.keyboard.press("s"),
        ]);
        assert.match(download.suggestedFilename(), /^frame_\d{6}\.jpg$/);
        await page.keyboard.press("?");
        await page.getByText("Play or pause").waitFor();
        await page.keyboard.press("Escape");
        await server.kill();
        await stateIs(page, "Reconnecting");
        await page.getByText("The player tries again by itself.").waitFor();
        await keepScreenshot(page, "rtsp_player_lost_360");
        assert.equal(await horizontalOverflow(page), 0);
        assert.deepEqual(errors, []);
      });
    });
  },
);
