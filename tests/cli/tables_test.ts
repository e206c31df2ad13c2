import assert from "node:assert/strict";
import { commands } from "../../src/cli/command_list.ts";
import { COMMON_FLAGS } from "../../src/cli/common_flags.ts";
import { convertFlag } from "../../src/cli/convert.ts";
import type { FlagSpec, FlagTable } from "../../src/cli/flags.ts";
import { commandHelp, programHelp } from "../../src/cli/help.ts";
import { manPage } from "../../src/cli/man.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";
import { splitCommandLine } from "../../src/cli/split.ts";
import { VERSION } from "../../src/cli/version.ts";
import config from "../../deno.json" with { type: "json" };
import { matchesGolden } from "./golden.ts";

const specs = commands.map(({ spec }) => spec);

/** A value that a flag takes, as a settings file has it. */
function settingFor(flag: FlagSpec): unknown {
  switch (flag.kind) {
    case "boolean":
      return true;
    case "choice":
      return flag.choices[0];
    case "size":
      return "64KB";
    case "duration":
      return "10s";
    case "integer":
    case "number":
    case "port":
      return flag.kind === "port" ? 1234 : flag.min ?? 1;
    default:
      return "text";
  }
}

/** Letters a flag may have for a short form: the same thing has the same letter everywhere. */
const SHORT_FLAGS: Readonly<Record<string, string>> = {
  h: "help",
  V: "version",
  v: "verbose",
  q: "quiet",
  p: "port",
  o: "output",
  i: "input",
};

Deno.test("the help of every command is the golden one", () => {
  matchesGolden("help.txt", `${programHelp(specs, { color: false })}\n`);
  for (const spec of specs) {
    matchesGolden(
      `help_${spec.name}.txt`,
      `${commandHelp(spec, { color: false })}\n`,
    );
  }
});

Deno.test("one settings file holds every flag of every command, and each command takes its own", () => {
  const settings = Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      Object.fromEntries(
        Object.entries(spec.flags as FlagTable)
          .map(([name, flag]) => [name, settingFor(flag)]),
      ),
    ]),
  );
  const text = JSON.stringify({ "log-level": "debug", ...settings });
  for (const spec of specs) {
    const words = (spec.positionals ?? [])
      .filter(({ required }) => required === true)
      .map(({ choices }) => choices?.[0] ?? "x");
    const raw = parseArguments(spec, [...words, "--config", "settings.json"]);
    const { options, sources } = resolveOptions(spec, raw, {
      env: () => undefined,
      readTextFile: () => text,
      specs,
    });
    assert.equal(options.logLevel, "debug", spec.name);
    for (const name of Object.keys(spec.flags)) {
      assert.equal(sources.get(name), "config", `${spec.name} --${name}`);
    }
  }
});

Deno.test("help fits 80 columns, and 60 on a narrower terminal", () => {
  for (const columns of [undefined, 200, 80, 60]) {
    const style = { color: false, columns };
    const limit = Math.min(columns ?? 80, 80);
    const examples = new Set(
      specs.flatMap((spec) => spec.examples.map(({ command }) => command)),
    );
    for (
      const text of [
        programHelp(specs, style),
        ...specs.map((spec) => commandHelp(spec, style)),
      ]
    ) {
      for (const line of text.split("\n")) {
        // A command to copy stays on one line, however narrow the terminal.
        if (
          limit < 80 && (examples.has(line.trim()) || line.startsWith("  "))
        ) continue;
        assert.ok(line.length <= limit, `${line.length} > ${limit}: ${line}`);
        assert.equal(line, line.trimEnd());
      }
    }
  }
});

Deno.test("help has a sentence, usage, examples, flags and exit codes, in this order", () => {
  for (const spec of specs) {
    const text = commandHelp(spec, { color: false });
    const places = [
      "\nUsage: ",
      "\nExamples:",
      "\nFlags of every command:",
      "\nExit codes:",
    ]
      .map((part) => text.indexOf(part));
    assert.deepEqual(places, places.toSorted((a, b) => a - b), spec.name);
    assert.ok(places.every((place) => place > 0), spec.name);
    assert.ok(spec.examples.length > 0, spec.name);
  }
});

Deno.test("every row of every table is sound", () => {
  assert.equal(new Set(specs.map(({ name }) => name)).size, specs.length);
  for (const spec of specs) {
    assert.match(spec.name, /^[a-z][a-z-]*$/);
    assert.doesNotMatch(spec.summary, /\.$/);
    assert.ok((spec.positionals?.length ?? 0) <= 2, spec.name);
    const shorts = new Set<string>();
    for (
      const [name, flag] of Object.entries(
        { ...COMMON_FLAGS, ...spec.flags } as FlagTable,
      )
    ) {
      const where = `${spec.name} --${name}`;
      assert.match(name, /^[a-z][a-z0-9-]*$/, where);
      assert.ok(!name.startsWith("no-"), where);
      assert.ok(!["help", "version"].includes(name), where);
      assert.doesNotMatch(flag.help, /\.$/, where);
      if (flag.env !== undefined) {
        assert.match(flag.env, /^(STREAMTOOL|REFEREE)_[A-Z_]+$/, where);
      }
      if (flag.short !== undefined) {
        assert.equal(SHORT_FLAGS[flag.short], name, where);
        assert.ok(!shorts.has(flag.short), where);
        shorts.add(flag.short);
      }
      if (flag.kind !== "boolean" && flag.default !== undefined) {
        convertFlag(flag, String(flag.default), where);
      }
    }
    for (const name of Object.keys(spec.flags)) {
      assert.ok(
        !Object.hasOwn(COMMON_FLAGS, name),
        `${spec.name} --${name} is every command's`,
      );
    }
  }
});

Deno.test("every example in the help is a command line that works", () => {
  for (const spec of specs) {
    for (const { command } of spec.examples) {
      const [program, ...words] = command.split(/ [|>]/)[0]!.split(" ");
      assert.equal(program, "streamtool", command);
      const { command: name, rest } = splitCommandLine(words);
      assert.equal(name, spec.name, command);
      resolveOptions(spec, parseArguments(spec, rest), {
        env: () => undefined,
        readTextFile: () => "",
        specs,
      });
    }
  }
});

Deno.test("the manual page names every command and flag", () => {
  const page = manPage(specs);
  for (const spec of specs) {
    assert.ok(
      page.includes(`.SS ${spec.name.replaceAll("-", "\\-")}\n`),
      spec.name,
    );
    for (const name of Object.keys(spec.flags)) {
      assert.ok(page.includes(`${name.replaceAll("-", "\\-")}`), name);
    }
  }
  for (const line of page.split("\n")) {
    assert.match(
      line,
      /^(?:\.[A-Z][A-Za-z]*|\.nf|\.fi|\.nh|\.ad l|[^.'])/,
      line,
    );
  }
});

Deno.test("the version is the one of deno.json", () => {
  assert.equal(VERSION, config.version);
});
