import assert from "node:assert/strict";
import {
  horizontalOverflow,
  keepScreenshot,
  pageTest,
  withPage,
  withPages,
} from "../support/chromium.ts";
import {
  MadeUpRtspServer,
  threeStreams,
} from "./support/made_up_rtsp_server.ts";
import { serveRtspPage } from "./support/rtsp_page_server.ts";
import {
  fiveViewers,
  focused,
  NARROW,
  rows,
  seen,
  tiles,
  verdict,
  WIDE,
} from "./support/rtsp_server_reading.ts";

pageTest(
  "what is on, who watches, how well is read at a glance",
  async () => {
    await using server = await serveRtspPage(fiveViewers());
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await seen(page, "192.168.1.21 loses packets");
      await seen(
        page,
        "On fencing-final: 3.4 % of its packets, as it last reported.",
      );
      assert.equal(await page.locator("#state").innerText(), "Running");
      assert.equal(
        await page.locator("#source").innerText(),
        "rtsp://127.0.0.1:8554",
      );
      assert.deepEqual(await tiles(page), [
        "fencing-final",
        "camera",
        "pattern",
      ]);
      assert.deepEqual(await page.locator(".tile-state").allInnerTexts(), [
        "Ready",
        "Running",
        "Idle",
      ]);
      assert.deepEqual(await page.locator(".tile-figures").allInnerTexts(), [
        "3 viewers · 24.0 fps · 14.4 Mbit/s",
        "2 viewers · 30.0 fps · 12.0 Mbit/s",
        "No viewer",
      ]);
      assert.equal(
        await page.getByLabel("URL of camera").inputValue(),
        "rtsp://127.0.0.1:8554/camera",
      );
      assert.match(
        (await page.locator("#stats").innerText()).replace(/\s+/g, " "),
        /^Viewers playing 4 of 5 Bitrate 26\.4 Mbit\/s Frames a second 132 Most loss 3\.4 % Most jitter 1\.35 ms Skipped frames 31 Sent \d+ MB [\d,]+ frames RTSP connections 5 of 8$/,
      );
      assert.equal(await page.locator("#stats .sparkline path").count(), 7);
      const table = await rows(page);
      assert.deepEqual(
        table.map((row) => row.slice(0, 6)),
        [
          ["anna (192.168.1.20)", "A1F409C3A1F409C3", "fencing-final", "UDP"],
          ["192.168.1.21", "A2F53D3AA2F53D3A", "fencing-final", "TCP"],
          [
            "2001:db8:85a3:1234:5678:8a2e:370:7334",
            "A3F670B1A3F670B1",
            "camera",
            "Multicast",
          ],
          ["192.168.1.23", "A4F7A428A4F7A428", "camera", "HTTP TLS"],
          ["192.168.1.24", "A5F8D79FA5F8D79F", "fencing-final", "Lab UDP"],
        ].map((row, index) => [
          ...row,
          index === 4 ? "Paused" : "Playing",
          ["0:31", "0:48", "live", "live", "0:07"][index],
        ]),
      );
      assert.deepEqual(table[1]?.slice(6), [
        "24.0",
        "4,800",
        "20,736",
        "3.4",
        "0.73",
        "2.10",
        "0",
        "48 s",
        "End",
      ]);
      assert.deepEqual(table[4]?.slice(9, 12), ["–", "–", "–"]);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "tiles show pictures, grey when none comes, and ask nothing of what failed",
  async () => {
    const model = threeStreams()
      .stream("broken", { state: "failed", problem: "not a video" });
    await using server = await serveRtspPage(model);
    server.play();
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      const pictures = page.locator(".streams .picture");
      for (const index of [0, 1, 2]) {
        await pictures.nth(index).and(page.locator('[data-stale="false"]'))
          .waitFor();
      }
      const colours = await pictures.first().locator("canvas").evaluate(
        (canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const { data } = (canvas as HTMLCanvasElement).getContext("2d")!
            .getImageData(0, 0, width, height);
          return new Set(new Uint32Array(data.buffer)).size;
        },
      );
      assert.ok(colours > 50, "a picture and not a plain colour");
      assert.equal(await pictures.nth(3).innerText(), "Failed: not a video");
      await seen(page, "broken: not a video");
      server.pause();
      await seen(page, /^No frame for [2-9] s$/);
      assert.deepEqual(
        [...server.asked].sort(),
        ["camera", "fencing-final", "pattern"],
      );
      model.recover("broken");
      server.play();
      await pictures.nth(3).and(page.locator('[data-stale="false"]')).waitFor();
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "dark and light, from 360 to 1600 pixels, everything fits",
  async () => {
    await using server = await serveRtspPage(fiveViewers());
    server.play();
    const widths = [360, 719, 720, 1239, 1240, 1399, 1400, 1600];
    const screens = widths.map((width) => ({
      width,
      // High enough for every tile to be seen and so to ask.
      height: 2400,
      colorScheme: width === 1600 || width === 719 ? "dark" : "light",
    } as const));
    await withPages(screens, async (page, { errors }, { width }) => {
      await page.goto(`${server.url}?stream=camera`);
      await page.locator('.picture[data-stale="false"]').nth(3).waitFor();
      await seen(page, "Viewers of camera");
      await page.keyboard.press("Escape");
      await page.locator(".table tbody tr").nth(5).waitFor();
      for (const selected of [false, true]) {
        if (selected) await page.keyboard.press("n");
        assert.equal(await horizontalOverflow(page), 0, `${width}`);
        const hidden = await page.locator(".table-frame").evaluate((frame) =>
          frame.scrollWidth - frame.clientWidth
        );
        assert.equal(hidden, 0, `the table at ${width}`);
        const small = await page.locator("button, a, select, input")
          .evaluateAll((found) =>
            found.map((one) => ({
              name: (one as HTMLElement).innerText,
              ...one.getBoundingClientRect().toJSON(),
            })).filter(({ top, width, height }) =>
              top > 0 && width > 0 && (height < 43.5 || width < 43.5)
            )
          );
        assert.deepEqual(small, [], `touch targets of 44 pixels at ${width}`);
        await keepScreenshot(
          page,
          `rtsp_server_${selected ? "stream" : "all"}_${width}`,
        );
      }
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "a chosen stream is shown large with its commands, and the address keeps it",
  async () => {
    await using server = await serveRtspPage(fiveViewers());
    server.play();
    await withPage({ ...WIDE, clipboard: true }, async (page, { errors }) => {
      await page.goto(server.url);
      await page.locator('a.tile[href="?stream=camera"]').click();
      await seen(page, "Viewers of camera");
      assert.equal(page.url(), `${server.url}?stream=camera`);
      assert.equal(await page.title(), "camera · RTSP server · streamtool");
      assert.equal(await focused(page), "camera");
      await page.locator('#stream .picture[data-stale="false"]').waitFor();
      assert.deepEqual((await rows(page)).map(([name]) => name), [
        "2001:db8:85a3:1234:5678:8a2e:370:7334",
        "192.168.1.23",
      ]);
      const commands = await page.locator("#stream .copy-text").evaluateAll(
        (found) => found.map((one) => (one as HTMLInputElement).value),
      );
      assert.deepEqual(commands, [
        "rtsp://127.0.0.1:8554/camera",
        "ffplay rtsp://127.0.0.1:8554/camera",
        "gst-launch-1.0 playbin uri=rtsp://127.0.0.1:8554/camera",
        "vlc rtsp://127.0.0.1:8554/camera",
        "streamtool rtsp-play rtsp://127.0.0.1:8554/camera",
        `${server.url}streams/camera/stream.mjpeg`,
      ]);
      await page.locator("#stream .copy").nth(1).getByRole("button").click();
      await seen(page, "Copied: ffplay rtsp://127.0.0.1:8554/camera");
      assert.equal(
        await page.evaluate(() => navigator.clipboard.readText()),
        commands[1],
      );
      assert.match(
        (await page.locator("#stream .facts").innerText()).replace(/\s+/g, " "),
        /^Source camera:0 Kind live, all see the same Picture 1280×720 px Frames a second 30\.0 Length no end Viewers 2 viewers Bitrate to all 1[12]\.\d Mbit\/s$/,
      );
      await page.reload();
      await seen(page, "Viewers of camera");
      assert.equal(
        await page.locator('[aria-current="true"] .tile-name').innerText(),
        "camera",
      );
      await page.getByRole("button", { name: "Back to all streams" }).click();
      await page.locator("#stream").waitFor({ state: "hidden" });
      assert.equal(page.url(), server.url);
      assert.equal((await rows(page)).length, 5);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("one stream alone is shown large at once", async () => {
  const model = new MadeUpRtspServer().stream("movie");
  await using server = await serveRtspPage(model);
  server.play();
  await withPage(NARROW, async (page, { errors }) => {
    await page.goto(server.url);
    await page.locator('#stream .picture[data-stale="false"]').waitFor();
    assert.equal(await page.locator("#streams-section").isVisible(), false);
    assert.equal(
      await page.getByRole("textbox", { name: "ffmpeg's player" }).inputValue(),
      "ffplay rtsp://127.0.0.1:8554/movie",
    );
    assert.equal(await verdict(page), "Nobody watches");
    await seen(page, "Nobody watches. Give a stream's URL to a player.");
    assert.equal(
      await page.getByRole("button", { name: "Back to all streams" })
        .isVisible(),
      false,
    );
    assert.equal(await horizontalOverflow(page), 0);
    await keepScreenshot(page, "rtsp_server_one_360");
    model.stream("second");
    server.push();
    await seen(page, "second");
    assert.deepEqual(await tiles(page), ["movie", "second"]);
    assert.equal(await page.locator("#stream").isVisible(), false);
    assert.deepEqual(errors, []);
  });
});
