import assert from "node:assert/strict";
import {
  horizontalOverflow,
  keepScreenshot,
  type Page,
  pageTest,
  withPage,
  withPages,
} from "../support/chromium.ts";
import { MadeUpChain } from "./support/made_up_chain.ts";
import { servePages } from "./support/page_server.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };

/** What a person reads at the first look. */
async function verdict(page: Page): Promise<string> {
  return await page.locator(".verdict-answer").innerText();
}

/** Names of the tiles in the order they are seen. */
async function tiles(page: Page): Promise<string[]> {
  return await page.locator(".chain .tile-name").allInnerTexts();
}

/** Waits until a text is on the page and seen. */
async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ state: "visible" });
}

/** The rows of the table as lists of texts. */
async function rows(page: Page): Promise<string[][]> {
  return await page.locator(".table tbody tr:not(.table-empty)").evaluateAll(
    (found) =>
      found.map((row) =>
        [...row.querySelectorAll("th, td")].map((cell) =>
          (cell as HTMLElement).innerText.trim()
        )
      ),
  );
}

pageTest(
  "a playing chain is read at a glance: verdict, tiles, arrows, figures",
  async () => {
    const chain = new MadeUpChain().join("A", "B", "C", "D").playTo(120);
    chain.peer("C").lost = 2;
    await using server = await servePages(chain);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await seen(page, "All 4 peers show the same moment");
      assert.equal(await page.locator("#source").innerText(), chain.source);
      assert.equal(await page.locator("#state").innerText(), "Playing");
      assert.deepEqual(await tiles(page), ["Coordinator", "A", "B", "C", "D"]);
      assert.match(
        (await page.locator(".hop").nth(3).innerText()).replace(/\s+/g, " "),
        /^1\.\d\d ms 2 lost$/,
      );
      assert.match(
        (await page.locator(".stats").innerText()).replace(/\s+/g, " "),
        /Newest frame #120 411 frames in all Frames a second 29\.\d of 30 .*Sent 2\.83 MB 121 frames Peers 4/,
      );
      const bar = page.getByRole("progressbar");
      assert.equal(
        await bar.getAttribute("aria-valuetext"),
        "0:04 since the start, frame 121 of 411",
      );
      const [first] = await rows(page);
      assert.deepEqual(first?.slice(0, 7), [
        "A",
        "Playing",
        "binary",
        "120",
        "30.0",
        "121",
        "0",
      ]);
      assert.equal((await rows(page))[2]?.[6], "2");
      assert.equal(await horizontalOverflow(page), 0);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest(
  "tiles show pictures with their numbers, and grey when none comes",
  async () => {
    const chain = new MadeUpChain().join("A", "B").playTo(30);
    await using server = await servePages(chain);
    server.play();
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      const pictures = page.locator(".chain .picture");
      for (const index of [0, 1, 2]) {
        await pictures.nth(index).and(page.locator('[data-stale="false"]'))
          .waitFor();
        assert.match(
          await pictures.nth(index).locator(".picture-number").innerText(),
          /^#\d+$/,
        );
        const painted = await pictures.nth(index).locator("canvas").evaluate(
          (canvas) => {
            const { width, height } = canvas as HTMLCanvasElement;
            const pixels = (canvas as HTMLCanvasElement).getContext("2d")!
              .getImageData(0, 0, width, height).data;
            return {
              width,
              shown: (canvas as HTMLCanvasElement).clientWidth,
              colours: new Set(new Uint32Array(pixels.buffer)).size,
            };
          },
        );
        assert.ok(painted.colours > 50, "a picture and not a plain colour");
        assert.equal(
          painted.width,
          painted.shown,
          "decoded at the tile's size",
        );
      }
      server.pause();
      await seen(page, /^No frame for [2-9] s$/);
      assert.equal(
        await page.locator('.picture[data-stale="true"]').count(),
        3,
      );
      server.play();
      await page.locator('.picture[data-stale="false"]').nth(2).waitFor();
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("dark and light, wide and narrow, the chain fits", async () => {
  const chain = new MadeUpChain().join("A", "B", "C", "D").playTo(120);
  await using server = await servePages(chain);
  server.play();
  const screens = [WIDE, NARROW].flatMap(({ width, height }) =>
    (["dark", "light"] as const).map((colorScheme) => ({
      width,
      // High enough for every tile to be seen and so to ask.
      height: height * 2,
      colorScheme,
    }))
  );
  await withPages(
    screens,
    async (page, { errors }, { width, height, colorScheme }) => {
      await page.goto(server.url);
      await page.locator('.picture[data-stale="false"]').nth(4).waitFor();
      await page.setViewportSize({ width, height: height / 2 });
      assert.equal(await horizontalOverflow(page), 0);
      await keepScreenshot(page, `coordinator_4_${width}_${colorScheme}`);
      assert.deepEqual(errors, []);
    },
  );
});

pageTest("no peer yet: the page says so and how to start one", async () => {
  await using server = await servePages(new MadeUpChain());
  await withPage({ ...NARROW, clipboard: true }, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "No peer has joined yet.");
    assert.equal(await verdict(page), "No peer in the chain");
    await seen(page, "No peer in the chain yet.");
    await keepScreenshot(page, "coordinator_empty_360");
    await page.getByRole("button", { name: "Copy" }).click();
    await seen(page, "Copied: streamtool chain-peer A");
    assert.equal(
      await page.evaluate(() => navigator.clipboard.readText()),
      "streamtool chain-peer A",
    );
    assert.equal(await horizontalOverflow(page), 0);
    assert.deepEqual(errors, []);
  });
});

pageTest("the command for a peer names a coordinator elsewhere", async () => {
  const cases: [string, number, string][] = [
    ["127.0.0.1", 9000, "streamtool chain-peer A"],
    [
      "127.0.0.1",
      9123,
      "streamtool chain-peer A --coordinator 127.0.0.1:9123",
    ],
    [
      "192.168.1.20",
      9000,
      "streamtool chain-peer A --coordinator 192.168.1.20:9000",
    ],
    ["::1", 9000, "streamtool chain-peer A --coordinator '[::1]:9000'"],
  ];
  for (const [host, port, command] of cases) {
    const chain = new MadeUpChain();
    chain.control = { host, port };
    await using server = await servePages(chain);
    await withPage(NARROW, async (page, { errors }) => {
      await page.goto(server.url);
      const field = page.getByLabel("Command that starts a peer");
      assert.equal(await field.inputValue(), command);
      assert.deepEqual(errors, []);
    });
  }
});

pageTest(
  "start and stop by button and by keyboard; stop asks first",
  async () => {
    const chain = new MadeUpChain().join("A", "B");
    await using server = await servePages(chain);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await seen(page, "2 peers ready, not started");
      await page.getByRole("button", { name: "Start" }).click();
      await seen(page, "Both peers show the same moment");
      assert.deepEqual(server.commands, ["POST /api/start"]);

      await page.getByRole("button", { name: "Start" }).click({ force: true });
      await page.getByRole("button", { name: "Stop" }).click();
      await seen(page, "Stop the video?");
      await page.keyboard.press("Escape");
      await page.getByText("Stop the video?").waitFor({ state: "detached" });
      assert.deepEqual(server.commands, ["POST /api/start"], "not yet");

      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await page.keyboard.press("Space");
      await seen(page, "It ends at 2 peers.");
      await page.keyboard.press("Enter");
      await seen(page, "Every frame arrived at both peers");
      assert.deepEqual(server.commands, ["POST /api/start", "POST /api/stop"]);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("a refused command is said in the server's words", async () => {
  const chain = new MadeUpChain().join("A");
  await using server = await servePages(chain);
  await withPage(WIDE, async (page) => {
    await page.route("**/api/start", (route) =>
      route.fulfill({
        status: 409,
        json: { error: 'Cannot start "x.mp4": the file is gone' },
      }));
    await page.goto(server.url);
    await seen(page, "1 peer ready, not started");
    await page.getByRole("button", { name: "Start" }).click();
    await seen(page, 'Cannot start "x.mp4": the file is gone');
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator(".toast").waitFor({ state: "detached" });
  });
});

pageTest(
  "a peer that dies says so in its place, then the gap closes",
  async () => {
    const chain = new MadeUpChain().join("A", "B", "C").playTo(120);
    await using server = await servePages(chain);
    server.play();
    await withPage(
      { ...WIDE, reducedMotion: true },
      async (page, { errors }) => {
        await page.goto(server.url);
        await seen(page, "All 3 peers show the same moment");
        chain.leave("B", "no answer for 800 ms");
        server.push();
        await seen(page, "Left: no answer for 800 ms");
        await keepScreenshot(page, "coordinator_left_1600");
        await seen(page, "Both peers show the same moment");
        assert.deepEqual(await tiles(page), ["Coordinator", "A", "B", "C"]);
        assert.deepEqual((await rows(page)).map(([name]) => name), ["A", "C"]);
        await seen(page, /^B left \d s ago: no answer for 800 ms$/);
        assert.match(
          await page.getByRole("status").first().innerText(),
          /B left the chain/,
        );
        await page.locator('[data-left="true"]').waitFor({ state: "detached" });
        assert.deepEqual(await tiles(page), ["Coordinator", "A", "C"]);
        chain.join("B");
        server.push();
        await page.locator(".chain .tile-name").nth(3).waitFor();
        assert.deepEqual(await tiles(page), ["Coordinator", "A", "C", "B"]);
        assert.deepEqual(errors, []);
      },
    );
  },
);

pageTest(
  "sixteen peers, one silent, one foreign, fit from 360 to 1600 pixels",
  async () => {
    const chain = new MadeUpChain().join(..."ABCDEFGHIJKLMNOP").playTo(300);
    chain.peer("F").state = "legacy";
    await using server = await servePages(chain);
    server.play();
    const widths = [360, 719, 720, 1239, 1240, 1600];
    const screens = widths.map((width) => ({ width, height: 900 }));
    await withPages(screens, async (page, { errors }, { width }) => {
      await page.goto(server.url);
      await seen(page, "All 15 peers that report show the same moment");
      assert.equal((await tiles(page)).length, 17);
      assert.equal(await horizontalOverflow(page), 0, `${width}`);
      const hidden = await page.locator(".table-frame").evaluate((frame) =>
        frame.scrollWidth - frame.clientWidth
      );
      assert.equal(hidden, 0, `the table at ${width}`);
      const small = await page.locator("button, a, select").evaluateAll(
        (found) =>
          found.map((one) => ({
            name: (one as HTMLElement).innerText,
            ...one.getBoundingClientRect().toJSON(),
          })).filter(({ top, width, height }) =>
            top > 0 && width > 0 && height < 44
          ),
      );
      assert.deepEqual(small, [], "touch targets of 44 pixels");
      await seen(page, "No picture from this peer");
      await keepScreenshot(page, `coordinator_16_${width}`);
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("a silent peer and a problem are named", async () => {
  const chain = new MadeUpChain().join("A", "B").playTo(90);
  chain.peer("B").state = "silent";
  chain.problem = "Cannot read camera 0: it was unplugged";
  await using server = await servePages(chain);
  await withPage(NARROW, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "B is silent");
    assert.match(
      await page.getByRole("alert").innerText(),
      /^Cannot read camera 0: it was unplugged/,
    );
    await seen(page, "Silent 3.20 s");
    await keepScreenshot(page, "coordinator_problem_360");
    chain.problem = null;
    server.push();
    await page.locator(".banner").waitFor({ state: "hidden" });
    assert.equal(await horizontalOverflow(page), 0);
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "a server that goes is noticed, and noticed when it is back",
  async () => {
    const chain = new MadeUpChain().join("A", "B").playTo(90);
    await using server = await servePages(chain);
    server.play();
    await withPage(WIDE, async (page) => {
      await page.goto(server.url);
      await seen(page, "Both peers show the same moment");
      await server.stop();
      await seen(page, "Connection lost, retrying");
      assert.equal(await verdict(page), "Not known: no connection");
      assert.equal(await page.locator("#state").innerText(), "No connection");
      await keepScreenshot(page, "coordinator_lost_1600");
      assert.equal(
        await page.getByRole("button", { name: "Stop" })
          .getAttribute("aria-disabled"),
        "true",
      );
      await server.restart();
      await seen(page, "Both peers show the same moment");
      await page.locator(".banner").waitFor({ state: "hidden" });
      await page.locator('.picture[data-stale="false"]').nth(2).waitFor();
    });
  },
);

pageTest("the table sorts, and a reload keeps the order", async () => {
  const chain = new MadeUpChain().join("A", "B", "C").playTo(90);
  chain.peer("B").lost = 7;
  chain.peer("C").lost = 30;
  await using server = await servePages(chain);
  const names = async (page: Page): Promise<string> =>
    (await rows(page)).map(([name]) => name).join("");
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "Peers in figures");
    const lost = page.getByRole("button", { name: "Lost" });
    await page.locator(".table tbody tr").nth(3).waitFor();
    await lost.click();
    assert.equal(await names(page), "ABC");
    await lost.press("Enter");
    assert.equal(await names(page), "CBA");
    assert.match(page.url(), /\?sort=lost&order=descending$/);
    await page.reload();
    await page.locator(".table tbody tr").nth(3).waitFor();
    assert.equal(await names(page), "CBA");
    assert.equal(
      await page.locator('[aria-sort="descending"]').innerText(),
      "Lost",
    );
    await page.setViewportSize(NARROW);
    await page.getByLabel("Sort by").selectOption("chain order");
    assert.equal(await names(page), "ABC");
    assert.equal(page.url(), server.url);
    assert.deepEqual(errors, []);
  });
});

pageTest(
  "what a peer calls itself stays text, and its page cannot be a script",
  async () => {
    const evil = "<img src=x onerror=alert(1)>";
    const chain = new MadeUpChain().join(evil, "B").playTo(90);
    chain.source = "<script>alert(1)</script>.mp4";
    chain.peer(evil).page = "javascript:alert(1)";
    await using server = await servePages(chain);
    await withPage(NARROW, async (page, { errors }) => {
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => dialogs.push(dialog.message()));
      await page.goto(server.url);
      await seen(page, "Both peers show the same moment");
      assert.deepEqual(await tiles(page), ["Coordinator", evil, "B"]);
      assert.equal(await page.locator("#source").innerText(), chain.source);
      assert.equal(await page.locator("main img, main script").count(), 0);
      assert.equal(await page.locator('[href^="javascript"]').count(), 0);
      assert.equal(await horizontalOverflow(page), 0);
      assert.deepEqual([dialogs, errors], [[], []]);
    });
  },
);

pageTest("the policy stops inline scripts and foreign addresses", async () => {
  await using server = await servePages(new MadeUpChain());
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
    await seen(page, "No peer in the chain");
    assert.equal(errors.length, 0);
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.body.append(script);
      const reached = await fetch("http://127.0.0.1:1/").then(
        () => true,
        () => false,
      );
      return [Reflect.get(globalThis, "ran"), reached];
    });
    assert.deepEqual(ran, [undefined, false]);
    for (
      const refused of [/inline script violates/, /^Connecting to .* violates/]
    ) {
      assert.ok(errors.some((text) => refused.test(text)), errors.join("\n"));
    }
  });
});

pageTest(
  "keyboard: everything is reached in order, ? lists the keys",
  async () => {
    const chain = new MadeUpChain().join("A").playTo(90);
    await using server = await servePages(chain);
    await withPage(WIDE, async (page, { errors }) => {
      await page.goto(server.url);
      await seen(page, "A shows the same moment as the coordinator");
      const focused = () =>
        page.evaluate(() =>
          (document.activeElement as HTMLElement).innerText.split("\n")[0]
        );
      const order: (string | undefined)[] = [];
      for (let step = 0; step < 6; step++) {
        await page.keyboard.press("Tab");
        order.push(await focused());
      }
      assert.deepEqual(order.slice(0, 4), [
        "Skip to the chain",
        "Start",
        "Stop",
        "Keyboard help",
      ]);
      assert.match(order[4] ?? "", /#|A|Waiting/); // the tile is a link
      assert.equal(order[5], "Peer");
      await page.keyboard.press("?");
      await seen(page, "Start the video, or stop it");
      await keepScreenshot(page, "coordinator_help_1600");
      assert.equal(await focused(), "Close");
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.equal(await focused(), "Peer", "the focus is where it was");
      assert.deepEqual(errors, []);
    });
  },
);

pageTest("a hidden tab asks nothing", async () => {
  const chain = new MadeUpChain().join("A").playTo(90);
  await using server = await servePages(chain);
  server.play();
  await withPage(WIDE, async (page, { errors }) => {
    await page.goto(server.url);
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
