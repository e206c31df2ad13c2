import assert from "node:assert/strict";
import fc from "fast-check";
import { basename, join, normalize } from "node:path/posix";
import { folderName, MAX_SAFE_NAME, safeName } from "../../src/referee/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const CASES: readonly (readonly [string, string])[] = [
  ["phrase_1", "phrase_1"],
  ["2025-10-20 20:59", "2025-10-20_20_59"],
  ["../../etc/passwd", "etc_passwd"],
  ["..", "session"],
  [".", "session"],
  ["/", "session"],
  ["", "session"],
  ["...hidden", "hidden"],
  ["a/../b", "a___b"],
  ["C:\\temp\\x", "C_temp_x"],
  ["name\0with\nbytes", "name_with_bytes"],
  ["con", "session_con"],
  ["COM1.txt", "session_COM1.txt"],
  ["Übung 7", "U_bung_7"],
  ["日本", "session"],
  ["trailing...", "trailing_"],
  ["x".repeat(300), "x".repeat(MAX_SAFE_NAME)],
];

Deno.test("a name stays in its folder whatever it was", () => {
  for (const [name, safe] of CASES) assert.equal(safeName(name), safe, name);
  assert.notEqual(safeName("__proto__"), "__proto__");
});

Deno.test("no text leaves the folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      const name = safeName(text);
      assert.match(name, /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
      assert.equal(basename(normalize(join("/out", name))), name);
    }),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("a folder's name tells who, when, and is its own", () => {
  const utc = new Date("2025-10-20T20:59:27.123Z");
  assert.equal(
    folderName("../phrase 1", utc, "a1b2c3d4"),
    "phrase_1_20251020T205927Z_a1b2c3d4",
  );
});
