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
