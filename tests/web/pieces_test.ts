import assert from "node:assert/strict";
import { pageTest, withPage } from "../support/chromium.ts";
import { MadeUpChain } from "./support/made_up_chain.ts";
import { servePages } from "./support/page_server.ts";

const SCREEN = { width: 600, height: 700 };

pageTest("progress seeks by keyboard and by pointer", async () => {
  await using server = await servePages(new MadeUpChain());
  await withPage(SCREEN, async (page, { errors }) => {
    await page.goto(server.url);
    await page.evaluate(async () => {
      const path: string = "/static/pieces/progress.js";
      const { createProgress } = await import(path);
      const seeks: number[] = [];
      const progress = createProgress({
        label: "Film",
        onSeek: (to: number) => seeks.push(to),
      });
      progress.update({ fraction: 0.5, left: "0:30", right: "1:00" });
      document.querySelector("main")!.prepend(progress.element);
      Object.assign(globalThis, { seeks });
    });
    const slider = page.getByRole("slider", { name: "Film" });
    assert.equal(await slider.getAttribute("aria-valuenow"), "50");
    for (const key of ["ArrowRight", "ArrowLeft", "PageUp", "End", "Home"]) {
      await slider.press(key);
    }
    const box = (await slider.boundingBox())!;
    assert.ok(box.height >= 44, "a finger can hit it");
    await page.mouse.move(box.x + 10, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 4, box.y + 20);
    await page.mouse.up();
    const seeks = await page.evaluate(() =>
      (Reflect.get(globalThis, "seeks") as number[]).map((one) =>
        Math.round(one * 100)
      )
    );
    assert.deepEqual(seeks, [51, 50, 60, 100, 0, 25]);
    assert.deepEqual(errors, []);
  });
});

pageTest("toolbars are walked with the arrow keys", async () => {
  await using server = await servePages(new MadeUpChain().join("A"), "A");
  await withPage(SCREEN, async (page, { errors }) => {
    await page.goto(server.url);
    await page.getByRole("button", { name: "Freeze" }).focus();
    const names: (string | null)[] = [];
    for (
      const key of [
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
      ]
    ) {
      await page.keyboard.press(key);
      names.push(
        await page.evaluate(() => document.activeElement!.textContent),
      );
    }
    assert.deepEqual(names, [
      "Snapshot",
      "Full screen",
      "Keyboard help",
      "Freeze",
      "Keyboard help",
    ]);
    assert.deepEqual(errors, []);
  });
});

/** Relative luminance contrast of two colours (WCAG 2.2, 1.4.3). */
function contrast(a: readonly number[], b: readonly number[]): number {
  const luminance = (rgb: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) =>
    x - y
  );
  return (light + 0.05) / (dark + 0.05);
}

pageTest("text has a contrast of 4.5, signs of 3, in both themes", async () => {
  await using server = await servePages(new MadeUpChain());
  for (const colorScheme of ["dark", "light"] as const) {
    await withPage({ ...SCREEN, colorScheme }, async (page) => {
      await page.goto(server.url);
      const colours = await page.evaluate(() => {
        const probe = document.createElement("i");
        document.body.append(probe);
        const names = [
          "page",
          "panel",
          "control",
          "text",
          "second",
          "action",
          "good",
          "warn",
          "bad",
          "play",
          "fencer-left",
          "fencer-right",
        ];
        return Object.fromEntries(names.map((name) => {
          probe.style.color = `var(--${name})`;
          const [, parts = ""] = /\((.*)\)/.exec(
            getComputedStyle(probe).color,
          ) ?? [];
          return [name, parts.split(",").map(Number)];
        }));
      });
      const of = (name: string): number[] => colours[name] ?? [];
      for (const surface of ["page", "panel", "control"]) {
        for (const name of ["text", "second", "action"]) {
          const ratio = contrast(of(name), of(surface));
          assert.ok(
            ratio >= 4.5,
            `${colorScheme}: ${name} on ${surface} ${ratio}`,
          );
        }
      }
      for (const surface of ["page", "panel"]) {
        for (
          const name of ["good", "warn", "bad", "fencer-left", "fencer-right"]
        ) {
          const ratio = contrast(of(name), of(surface));
          assert.ok(
            ratio >= 4.5,
            `${colorScheme}: ${name} on ${surface} ${ratio}`,
          );
        }
      }
      assert.ok(contrast(of("play"), of("control")) >= 3);
    });
  }
});
