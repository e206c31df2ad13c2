import assert from "node:assert/strict";
import { compileArguments, readRequest } from "../../scripts/compile.ts";
import { steps } from "../../scripts/ok.ts";
import {
  PROGRAM_PERMISSIONS,
  PROGRAM_V8_FLAGS,
  ROOT,
} from "../../scripts/support.ts";
import { selfCommand } from "../../src/cli/deno_host.ts";

const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`)) as {
  tasks: Record<string, string>;
};

/** The permissions in a command line. */
function permissionsIn(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith("--allow-"));
}

Deno.test("the project has the tasks that its documents name", () => {
  for (
    const name of ["ok", "test", "e2e", "fuzz", "bench", "demo", "compile"]
  ) assert.ok(tasks[name], name);
});

Deno.test("no task takes all permissions", () => {
  for (const [name, command] of Object.entries(tasks)) {
    assert.doesNotMatch(command, / (-A|--allow-all)\b/, name);
  }
});

Deno.test("the program has the same permissions however it is started", () => {
  for (const command of Object.values(tasks)) {
    const words = command.split(" ");
    if (!words.includes("main.ts")) continue;
    assert.deepEqual(permissionsIn(words), PROGRAM_PERMISSIONS, command);
  }
  assert.deepEqual(
    permissionsIn(compileArguments(readRequest([]), [])),
    PROGRAM_PERMISSIONS,
  );
  assert.deepEqual(permissionsIn(selfCommand([]).args), PROGRAM_PERMISSIONS);
});

Deno.test("the engine is told the same in a compiled program and in its processes", () => {
  const compiled = compileArguments(readRequest([]), []);
  for (const args of [compiled, selfCommand([]).args]) {
    assert.ok(args.includes(PROGRAM_V8_FLAGS));
  }
});

Deno.test("a compiled program includes what it is told to, and goes where it is told", () => {
  const made = (flags: string[], included: string[] = []): string =>
    compileArguments(readRequest(flags), included).join(" ");
  const plain = made([], ["src/web/static"]);
  assert.match(plain, /--include src\/web\/static --output dist\/streamtool/);
  assert.match(plain, / main\.ts$/);
  const placed = made(["--output=elsewhere"]);
  assert.match(placed, / --output=elsewhere main\.ts$/);
  assert.doesNotMatch(placed, /dist/);
  for (const flags of [["--target", "t-linux"], ["--target=t-linux"]]) {
    assert.match(
      made(["--slim", ...flags]),
      / --output dist\/streamtool-t-linux --target[ =]t-linux main\.ts$/,
    );
  }
});

Deno.test("ok checks the quick things first and the tests last", () => {
  const names = steps({ test: true }).map(({ name }) => name);
  assert.equal(names[0], "format");
  assert.equal(names.at(-1), "tests");
  assert.deepEqual(
    steps({ test: false }).map(({ name }) => name),
    names.slice(0, -1),
  );
});
