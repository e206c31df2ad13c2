import assert from "node:assert/strict";
import { join } from "node:path";
import { keepScreenshot, pageTest, withPage } from "../support/chromium.ts";
import {
  type JsonEvent,
  type RunningProcess,
  startStreamtool,
} from "../support/process.ts";
import { descendants, isRunning } from "../support/process_table.ts";
import { waitUntil } from "../support/wait.ts";

const WIDE = { width: 1600, height: 1000 };
const NARROW = { width: 360, height: 780 };

/** A demo may wait for a slow machine, twice as long as its own patience. */
const RUN_LIMIT_MS = 150_000;

/** The systems, in the order of the page. */
const PARTS = ["chain", "rtsp", "referee", "party"];

async function startDemo(
  dir: string,
  args: readonly string[],
): Promise<RunningProcess> {
  const demo = startStreamtool([
    ...["demo", "--seconds", "2", "--dir", dir, "--page-port", "0"],
    ...args,
  ]);
  await demo.event((event) =>
    event.event === "listening" && event.label === "Page"
  );
  return demo;
}

function pageOf({ events }: RunningProcess): string {
  return String(events.find(({ label }) => label === "Page")?.url);
}

function isProven(id: string): (event: JsonEvent) => boolean {
  return (event) =>
    event.event === "part" && event.id === id && event.state === "proven";
}

Deno.test("demo --once shows that every system works, ends by itself and leaves no process", async () => {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    await using demo = await startDemo(dir, ["--once"]);
    const children = await waitUntil(async () => {
      const found = await descendants(demo.pid);
      return found.length > PARTS.length && found;
    });
    const { code } = await demo.exited({ within: RUN_LIMIT_MS });
    assert.equal(code, 0, demo.errorLines.join("\n"));
    for (const id of PARTS) assert.ok(demo.events.some(isProven(id)), id);
    const chain = demo.events.find((event) => event.event === "chain");
    assert.equal(chain?.framesSent, 60);
    assert.equal(chain?.complete, true);
    const sheet = String(chain?.contactSheet);
    assert.equal(sheet, join(dir, "contact-sheet.jpg"));
    assert.ok((await Deno.stat(sheet)).size > 10_000);
    const end = demo.events.at(-1);
    assert.equal(end?.event, "end");
    assert.equal(end?.complete, true);
    for (const child of children) {
      assert.ok(!await isRunning(child), `process ${child} was left behind`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

pageTest(
  "the demo's page has every system live with its commands, until Ctrl+C",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
    try {
      await using demo = await startDemo(dir, ["--stay"]);
      for (const id of PARTS) {
        await demo.event(isProven(id), { within: RUN_LIMIT_MS });
      }
      await withPage(WIDE, async (page, { errors }) => {
        await page.goto(pageOf(demo));
        await page.locator(".verdict-answer", {
          hasText: `All ${PARTS.length} systems work`,
        }).waitFor();
        assert.equal(await page.locator(".part").count(), PARTS.length);
        // The chain plays again and again, so that there is always something to see.
        const live = page.locator('.part-tiles .picture[data-stale="false"]');
        await waitUntil(async () => await live.count() >= 5, {
          what: "five live pictures",
        });
        await page.getByRole("region", { name: /referee/ }).locator(".chart")
          .waitFor();
        await page.getByRole("link", { name: "Join the party" }).waitFor();
        await keepScreenshot(page, "demo_1600");
        const chain = page.getByRole("region", { name: /chain/ });
        await chain.getByText("Commands").click();
        const commands = await chain.locator(".copy-text").evaluateAll(
          (fields) => fields.map((field) => (field as HTMLInputElement).value),
        );
        assert.equal(commands.length, 5);
        assert.match(commands[0] ?? "", /^streamtool chain-coordinator /);
        const own = await chain.getByRole("link", { name: "Open its page" })
          .getAttribute("href");
        assert.match(own ?? "", /^http:\/\/127\.0\.0\.1:\d+\/$/);
        await page.setViewportSize(NARROW);
        assert.equal(
          await page.evaluate(() => document.documentElement.scrollWidth),
          NARROW.width,
        );
        await keepScreenshot(page, "demo_360");
        assert.deepEqual(errors, []);
        demo.signal("SIGINT");
        await page.locator(".banner", { hasText: "No connection to the demo" })
          .waitFor();
      });
      const { code } = await demo.exited();
      assert.equal(code, 0, demo.errorLines.join("\n"));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
