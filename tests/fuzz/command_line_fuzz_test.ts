import assert from "node:assert/strict";
import fc from "fast-check";
import { commands } from "../../src/cli/command_list.ts";
import { allFlags } from "../../src/cli/common_flags.ts";
import { parseConfig } from "../../src/cli/config_file.ts";
import { parseDuration, parseSize } from "../../src/cli/convert.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";
import { splitCommandLine } from "../../src/cli/split.ts";
import { suggestions } from "../../src/cli/suggest.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const specs = commands.map(({ spec }) => spec);
const flagWords = specs.flatMap((spec) =>
  Object.entries(allFlags(spec)).flatMap((
    [name, flag],
  ) => [`--${name}`, `--no-${name}`, `-${flag.short ?? "x"}`])
);

/** Words that look like command lines, more or less. */
const word = fc.oneof(
  fc.constantFrom(...flagWords),
  fc.constantFrom(...specs.map(({ name }) => name)),
  fc.constantFrom(
    "-",
    "--",
    "---",
    "-=",
    "--=",
    "--port=",
    "-p",
    "-vq",
    "-v-",
    "-5",
    "\0",
    "",
  ),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "--__proto__",
    "--no-__proto__",
    "toString",
  ),
  fc.tuple(fc.constantFrom(...flagWords), fc.string()).map(([flag, value]) =>
    `${flag}=${value}`
  ),
  fc.string(),
  fc.nat(70_000).map(String),
);

/** Runs `work`, which may throw a UsageError of one readable line and nothing else. */
function onlyUsageErrors(work: () => void): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /^Cannot /);
  }
}

Deno.test("any command line gives options or a usage error", () => {
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 12 }),
      fc.dictionary(
        fc.constantFrom("STREAMTOOL_PORT", "STREAMTOOL_COLOR"),
        fc.string(),
      ),
      (argv, env) => {
        onlyUsageErrors(() => {
          const { command, rest } = splitCommandLine(argv);
          const spec = specs.find(({ name }) => name === command);
          if (spec === undefined) return;
          const { options } = resolveOptions(spec, parseArguments(spec, rest), {
            env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
            readTextFile: () => "{}",
            specs,
          });
          assert.equal(typeof options["json"], "boolean");
        });
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("any configuration gives values or a usage error", () => {
  const [spec] = specs;
  const key = fc.oneof(
    fc.constantFrom(
      ...specs.map(({ name }) => name),
      ...Object.keys(allFlags(spec!)),
      "__proto__",
    ),
    fc.string(),
  );
  const value = fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()));
  const text = fc.oneof(
    fc.dictionary(key, value).map((config) => JSON.stringify(config)),
    fc.jsonValue().map((config) => JSON.stringify(config)),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (config) => {
      onlyUsageErrors(() => {
        resolveOptions(spec!, parseArguments(spec!, ["--config", "c"]), {
          env: () => undefined,
          readTextFile: () => config,
          specs,
        });
      });
      onlyUsageErrors(() => parseConfig(config, "c", spec!, specs));
    }),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("any text is a quantity or is none, and suggestions are names", () => {
  const names = specs.map(({ name }) => name);
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9.]{1,30}[kmgibsKMGIBS]{0,4}$/),
  );
  fc.assert(
    fc.property(text, (raw) => {
      for (const quantity of [parseSize(raw), parseDuration(raw)]) {
        assert.ok(
          quantity === undefined ||
            (Number.isSafeInteger(quantity) && quantity >= 0),
        );
      }
      assert.ok(suggestions(raw, names).every((name) => names.includes(name)));
    }),
    { numRuns: fuzzRuns(500) },
  );
});
