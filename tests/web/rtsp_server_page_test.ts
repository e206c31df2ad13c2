import assert from "node:assert/strict";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
} from "../support/chromium.ts";
import {
  MadeUpRtspServer,
  threeStreams,
} from "./support/made_up_rtsp_server.ts";
import { serveRtspPage } from "./support/rtsp_page_server.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };

/** Every kind of viewer there is. */
function fiveViewers(): MadeUpRtspServer {
  const server = threeStreams();
  server.watch("fencing-final", { user: "anna" });
  server.watch("fencing-final", {
    transport: "tcp",
    fractionLost: 0.034,
    packetsLost: 412,
  });
  server.watch("camera", {
    transport: "multicast",
    address: "2001:db8:85a3:1234:5678:8a2e:370:7334",
  });
  server.watch("camera", {
    transport: "http",
    secure: true,
    framesSkipped: 31,
  });
  server.watch("fencing-final", {
    dialect: "lab",
    state: "ready",
    fractionLost: null,
    packetsLost: null,
    jitterMs: null,
    roundTripMs: null,
  });
  return server;
}

/** What a person reads at the first look. */
function verdict(page: Page): Promise<string> {
  return page.locator(".verdict-answer").innerText();
}

/** Waits until a text is on the page and seen. */
async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

/** Names of the tiles in the order they are seen. */
function tiles(page: Page): Promise<string[]> {
  return page.locator(".streams .tile-name").allInnerTexts();
}

/** The rows of the table as lists of texts. */
function rows(page: Page): Promise<string[][]> {
  return page.locator(".table tbody tr:not(.table-empty)").evaluateAll(
    (found) =>
      found.map((row) =>
        [...row.querySelectorAll("th, td")].map((cell) =>
          (cell as HTMLElement).innerText.trim()
        )
      ),
  );
}

/** What has the focus, by its first line. */
function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const active = document.activeElement as HTMLElement;
    return (active.getAttribute("aria-label") ?? active.innerText)
      .split("\n")[0];
  });
}

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
    for (const width of [360, 719, 720, 1239, 1240, 1399, 1400, 1600]) {
      const colorScheme = width === 1600 || width === 719 ? "dark" : "light";
      // High enough for every tile to be seen and so to ask.
      const screen = { width, height: 2400, colorScheme } as const;
      await withPage(screen, async (page, { errors }) => {
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
    }
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

pageTest("nothing to watch: the page says so and how to begin", async () => {
  await using server = await serveRtspPage(new MadeUpRtspServer());
  await withPage({ ...NARROW, clipboard: true }, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "There is nothing to watch yet.");
    assert.equal(await verdict(page), "No stream to watch");
    await page.getByRole("button", { name: "Copy" }).click();
    await seen(page, "Copied: streamtool rtsp-serve movie.mjpeg");
    assert.equal(await horizontalOverflow(page), 0);
    await keepScreenshot(page, "rtsp_server_empty_360");
    assert.deepEqual(errors, []);
  });
});

pageTest("a link to a stream that is gone says so", async () => {
  await using server = await serveRtspPage(threeStreams());
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(`${server.url}?stream=gone`);
    await seen(page, 'There is no stream "gone" here, or no longer.');
    await page.keyboard.press("Escape");
    await page.locator("#stream").waitFor({ state: "hidden" });
    assert.equal(page.url(), server.url);
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "a session is ended after a question, by mouse and by keys",
  async () => {
    const model = fiveViewers();
    await using server = await serveRtspPage(model);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      const end = page.getByRole("button", {
        name: "End session A2F53D3AA2F53D3A of 192.168.1.21",
      });
      await end.click();
      await seen(page, "End the session of 192.168.1.21?");
      await keepScreenshot(page, "rtsp_server_end_1600");
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.deepEqual(server.commands, [], "not yet");
      await end.press("Enter");
      await seen(page, "End the session of 192.168.1.21?");
      await page.keyboard.press("Enter");
      await seen(page, "Session of 192.168.1.21 ended");
      assert.deepEqual(server.commands, ["DELETE A2F53D3AA2F53D3A"]);
      await end.waitFor({ state: "detached" });
      assert.equal((await rows(page)).length, 4);
      assert.equal(await verdict(page), "All 3 viewers get every packet");
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("a session that cannot be ended: the server's words", async () => {
  const model = fiveViewers();
  await using server = await serveRtspPage(model);
  await withPage(WIDE, async (page) => {
    await page.goto(server.url);
    const id = model.sessions[0]?.id ?? "";
    await page.route("**/api/sessions/*", (route) =>
      route.fulfill({
        status: 404,
        json: { error: `Cannot end "${id}": no such session` },
      }));
    await page.locator(".table td .button").first().click();
    await page.getByRole("button", { name: "End it" }).click();
    await seen(page, `Cannot end "${id}": no such session`);
  });
});

pageTest("a source that goes is named, and its return seen", async () => {
  const model = fiveViewers();
  await using server = await serveRtspPage(model);
  server.play();
  await withPage(NARROW, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "192.168.1.21 loses packets");
    model.lose("camera", 'Cannot read "camera:0": it was unplugged');
    server.push();
    await seen(page, "camera has lost its source, 2 viewers wait");
    assert.match(
      await page.getByRole("alert").innerText(),
      /^camera: Cannot read "camera:0": it was unplugged\s+The server opens it again by itself/,
    );
    assert.equal(
      await page.locator(".tile-state").nth(1).innerText(),
      "Restarting",
    );
    assert.deepEqual(
      (await rows(page)).slice(2, 4).map((cells) => cells[4]),
      ["Waiting", "Waiting"],
    );
    assert.match(
      await page.getByRole("status").filter({ hasText: "camera" }).first()
        .textContent() ?? "",
      /^camera: Restarting$/,
    );
    await page.locator('.picture[data-stale="true"]').nth(0)
      .getByText('Restarting: Cannot read "camera:0": it was unplugged')
      .waitFor();
    await keepScreenshot(page, "rtsp_server_problem_360");
    assert.equal(await horizontalOverflow(page), 0);
    model.recover("camera");
    server.push();
    await page.locator(".banner").waitFor({ state: "hidden" });
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "a server that goes is noticed, and noticed when it is back",
  async () => {
    await using server = await serveRtspPage(fiveViewers());
    server.play();
    await withPage(WIDE, async (page) => {
      await page.goto(server.url);
      await seen(page, "192.168.1.21 loses packets");
      await server.stop();
      await seen(page, "Connection lost, retrying");
      assert.equal(await verdict(page), "Not known: no connection");
      assert.equal(await page.locator("#state").innerText(), "No connection");
      assert.equal(
        await page.locator(".table td .button:visible").count(),
        0,
        "what cannot be ended has no button",
      );
      await keepScreenshot(page, "rtsp_server_lost_1600");
      await server.restart();
      await seen(page, "192.168.1.21 loses packets");
      await page.locator(".banner").waitFor({ state: "hidden" });
      await page.locator('.picture[data-stale="false"]').nth(2).waitFor();
    });
  },
);

pageTest(
  "the table sorts by any figure, and a reload keeps the order",
  async () => {
    await using server = await serveRtspPage(fiveViewers());
    const first = async (page: Page): Promise<string | undefined> =>
      (await rows(page))[0]?.[0];
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await page.locator(".table tbody tr").nth(5).waitFor();
      const loss = page.getByRole("button", { name: "Loss, %" });
      await loss.click();
      await loss.press("Enter");
      assert.equal(await first(page), "192.168.1.21", "who loses most");
      assert.match(page.url(), /\?sort=loss&order=descending$/);
      await page.reload();
      await page.locator(".table tbody tr").nth(5).waitFor();
      assert.equal(await first(page), "192.168.1.21");
      await page.setViewportSize(NARROW);
      await page.getByLabel("Sort by").selectOption("Connected, descending");
      assert.equal(await first(page), "192.168.1.24");
      assert.equal(
        await page.getByLabel("Sort by").locator("option")
          .filter({ hasText: /^End,/ }).count(),
        0,
      );
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "keyboard: n and p walk the streams, / finds one, ? lists the keys",
  async () => {
    const model = threeStreams();
    for (let number = 1; number <= 10; number++) model.stream(`film-${number}`);
    await using server = await serveRtspPage(model);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await seen(page, "13 streams");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "Skip to the streams");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "Keyboard help");
      const panel = page.locator("#stream-title");
      for (
        const [key, name] of [
          ["n", "fencing-final"],
          ["n", "camera"],
          ["p", "fencing-final"],
          ["p", "film-10"],
          ["n", "fencing-final"],
        ] as const
      ) {
        await page.keyboard.press(key);
        assert.equal(await panel.innerText(), name);
        assert.equal(await focused(page), name);
      }
      await page.keyboard.press("Escape");
      assert.match(await focused(page) ?? "", /Waiting|fencing-final/);
      await page.keyboard.press("/");
      await page.keyboard.type("FILM-1");
      await seen(page, "2 of 13 streams");
      assert.deepEqual(await tiles(page), ["film-1", "film-10"]);
      assert.match(page.url(), /\?find=FILM-1$/);
      await page.reload();
      await seen(page, "2 of 13 streams");
      await page.keyboard.press("?");
      await seen(page, "Find a stream by name");
      assert.equal(await focused(page), "Close");
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("two hundred streams and a thousand viewers are borne", async () => {
  const model = new MadeUpRtspServer();
  for (let number = 1; number <= 200; number++) model.stream(`film-${number}`);
  for (let number = 0; number < 1000; number++) {
    model.watch(`film-${1 + number % 200}`, { address: `10.0.0.${number}` });
  }
  await using server = await serveRtspPage(model);
  server.play();
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "All 1,000 viewers get every packet");
    assert.equal((await tiles(page)).length, 60);
    assert.equal((await rows(page)).length, 100);
    await page.locator('.picture[data-stale="false"]').nth(5).waitFor();
    assert.ok(server.asked.size < 60, "who is not seen is not asked for");
    await page.getByRole("button", { name: "Show all 200 streams" }).click();
    assert.equal((await tiles(page)).length, 200);
    await page.getByRole("button", { name: /Show all 1,000/ }).click();
    await page.locator(".table tbody tr").nth(1000).waitFor();
    assert.equal(await horizontalOverflow(page), 0);
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "names that others chose stay text and keep to their place",
  async () => {
    const evil = "<img src=x onerror=alert(1)>'&?/ü";
    const long = "x".repeat(300);
    const model = new MadeUpRtspServer().stream(evil).stream(long, {
      state: "failed",
      problem: "y".repeat(500),
    });
    model.watch(evil, { user: "<script>alert(1)</script>" });
    model.watch(long, { user: long });
    await using server = await serveRtspPage(model);
    server.play();
    for (const screen of [NARROW, { width: 1240, height: 900 }]) {
      await withPage(screen, async (page, { errors }) => {
        const dialogs: string[] = [];
        page.on("dialog", (dialog) => dialogs.push(dialog.message()));
        await page.goto(server.url);
        await page.locator(".tile").first().click();
        await seen(page, `Viewers of ${evil}`);
        await page.locator('#stream .picture[data-stale="false"]').waitFor();
        assert.ok(server.asked.has(evil));
        assert.equal(
          await page.getByRole("textbox", { name: "ffmpeg's player" })
            .inputValue(),
          `ffplay 'rtsp://127.0.0.1:8554/${
            encodeURIComponent(evil).replaceAll("'", "'\\''")
          }'`,
        );
        assert.equal(await horizontalOverflow(page), 0);
        await page.goto(`${server.url}?stream=${long}`);
        await seen(page, `Viewers of ${long}`);
        assert.equal(await horizontalOverflow(page), 0);
        assert.equal(await page.locator("main img, main script").count(), 0);
        assert.deepEqual([dialogs, errors], [[], []]);
      });
    }
  },
);

pageTest("a hidden tab asks nothing", async () => {
  await using server = await serveRtspPage(threeStreams());
  server.play();
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(`${server.url}?stream=camera`);
    await page.locator('.picture[data-stale="false"]').nth(1).waitFor();
    // Headless Chromium never hides a page: the page is told so instead.
    const hide = (hidden: boolean): Promise<void> =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", {
          configurable: true,
          get: () => hidden,
        });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await hide(true);
    await seen(page, /^No frame for [2-9] s$/);
    let asked = 0;
    page.on("request", () => asked++);
    await seen(page, /^No frame for [4-9] s$/);
    assert.equal(asked, 0);
    await hide(false);
    await page.locator('.picture[data-stale="false"]').nth(1).waitFor();
    assert.deepEqual(errors, []);
  });
});
