import assert from "node:assert/strict";
import { createPaint, useColor } from "../../src/cli/color.ts";

Deno.test("colour follows the flag, NO_COLOR, FORCE_COLOR, the terminal and TERM", () => {
  const table: [
    "auto" | "always" | "never",
    Record<string, string>,
    boolean,
    boolean,
  ][] = [
    ["auto", {}, true, true],
    ["auto", {}, false, false],
    ["auto", { TERM: "dumb" }, true, false],
    ["auto", { NO_COLOR: "1" }, true, false],
    ["auto", { NO_COLOR: "" }, true, true],
    ["auto", { FORCE_COLOR: "1" }, false, true],
    ["auto", { FORCE_COLOR: "0" }, true, false],
    ["auto", { FORCE_COLOR: "1", NO_COLOR: "1" }, true, false],
    ["auto", { FORCE_COLOR: "1", TERM: "dumb" }, true, true],
    ["always", { NO_COLOR: "1" }, false, true],
    ["never", { FORCE_COLOR: "1" }, true, false],
  ];
  for (const [choice, env, isTerminal, expected] of table) {
    assert.equal(
      useColor({ choice, env: (name) => env[name], isTerminal }),
      expected,
      JSON.stringify([choice, env, isTerminal]),
    );
  }
});

Deno.test("a painter without colour leaves text alone", () => {
  assert.equal(createPaint(false).red("x"), "x");
  assert.equal(createPaint(true).red("x"), "\x1b[31mx\x1b[39m");
  assert.equal(createPaint(true).red(""), "");
});
