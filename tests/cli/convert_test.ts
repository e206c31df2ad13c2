import assert from "node:assert/strict";
import {
  convertFlag,
  parseDuration,
  parseSize,
} from "../../src/cli/convert.ts";
import { UsageError } from "../../src/cli/errors.ts";
import type { FlagSpec } from "../../src/cli/flags.ts";

Deno.test("sizes: KB is 1000, KiB is 1024, a bare number is bytes", () => {
  const table: [string, number | undefined][] = [
    ["0", 0],
    ["60000", 60_000],
    ["1b", 1],
    ["60KB", 60_000],
    ["60kb", 60_000],
    ["1.5MB", 1_500_000],
    ["2MiB", 2_097_152],
    ["1 GiB", 1_073_741_824],
    ["", undefined],
    ["KB", undefined],
    ["60K", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["1.5.5MB", undefined],
    ["9".repeat(70), undefined],
    ["99999999999GiB", undefined],
  ];
  for (const [text, expected] of table) {
    assert.equal(parseSize(text), expected, text);
  }
});

Deno.test("durations need a unit", () => {
  const table: [string, number | undefined][] = [
    ["250ms", 250],
    ["10s", 10_000],
    ["2m", 120_000],
    ["2min", 120_000],
    ["1h", 3_600_000],
    ["1.5h", 5_400_000],
    ["1m30s", 90_000],
    ["0s", 0],
    ["10S", 10_000],
    ["10", undefined],
    ["", undefined],
    ["s", undefined],
    ["-1s", undefined],
    ["10 s", undefined],
    ["10d", undefined],
    ["1e9s", undefined],
    ["9".repeat(40) + "s", undefined],
  ];
  for (const [text, expected] of table) {
    assert.equal(parseDuration(text), expected, text);
  }
});

Deno.test("every kind of flag takes its values and refuses others by name", () => {
  const base = { help: "" };
  const table: [FlagSpec, string, unknown][] = [
    [{ ...base, kind: "boolean" }, "yes", true],
    [{ ...base, kind: "boolean" }, "0", false],
    [{ ...base, kind: "boolean" }, "maybe", UsageError],
    [{ ...base, kind: "integer" }, "-5", -5],
    [{ ...base, kind: "integer" }, "5.0", UsageError],
    [{ ...base, kind: "integer" }, "9007199254740993", UsageError],
    [{ ...base, kind: "integer", min: 1, max: 9 }, "10", UsageError],
    [{ ...base, kind: "integer", words: ["auto"] }, "auto", "auto"],
    [{ ...base, kind: "number" }, "29.97", 29.97],
    [{ ...base, kind: "number" }, ".5", 0.5],
    [{ ...base, kind: "number" }, "Infinity", UsageError],
    [{ ...base, kind: "number" }, "", UsageError],
    [{ ...base, kind: "port" }, "0", 0],
    [{ ...base, kind: "port" }, "65535", 65535],
    [{ ...base, kind: "port" }, "65536", UsageError],
    [{ ...base, kind: "port" }, "http", UsageError],
    [{ ...base, kind: "size" }, "2MiB", 2_097_152],
    [{ ...base, kind: "size" }, "big", UsageError],
    [{ ...base, kind: "duration" }, "10s", 10_000],
    [{ ...base, kind: "duration" }, "10", UsageError],
    [{ ...base, kind: "choice", choices: ["hex"] }, "HEX", "hex"],
    [{ ...base, kind: "choice", choices: ["hex"] }, "oct", UsageError],
    [{ ...base, kind: "path" }, "a/b c", "a/b c"],
    [{ ...base, kind: "path" }, "", UsageError],
    [{ ...base, kind: "path" }, "a\0b", UsageError],
  ];
  for (const [flag, raw, expected] of table) {
    const convert = (): unknown => convertFlag(flag, raw, "--flag");
    if (expected === UsageError) {
      assert.throws(convert, (error) =>
        error instanceof UsageError &&
        error.message.startsWith(
          `Cannot use ${JSON.stringify(raw)} for --flag: `,
        ));
    } else assert.equal(convert(), expected, `${flag.kind} ${raw}`);
  }
});

Deno.test("a long bad value is not repeated whole", () => {
  assert.throws(
    () => convertFlag({ kind: "port", help: "" }, "x".repeat(10_000), "--port"),
    (error) => error instanceof Error && error.message.length < 200,
  );
});
