/**
 * The ways to get the program onto a machine: npm, `deno install`, systemd,
 * and what it installs of itself.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeNpmPackage } from "../../scripts/npm_package.ts";
import { PROGRAM_PERMISSIONS, ROOT } from "../../scripts/support.ts";
import { commands } from "../../src/cli/command_list.ts";
import { placeOf } from "../../src/cli/install_document.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";
import { startStreamtool, streamtoolCommand } from "../support/process.ts";

const specs = commands.map(({ spec }) => spec);
const UNITS = `${ROOT}scripts/systemd`;

async function withFolder(
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; text: string; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    text: decoder.decode(stdout),
    errors: decoder.decode(stderr),
  };
}

async function has(command: string): Promise<boolean> {
  return await run(command, ["--version"]).then(({ code }) => code === 0)
    .catch(() => false);
}

Deno.test({
  name:
    "npm installs the package without a network, and its command is the program",
  ignore: Deno.build.os === "windows" || !await has("npm"),
  fn: () =>
    withFolder(async (folder) => {
      // In place of the compiled program, which a test of sources has not.
      const binary = join(folder, "program");
      const [command, ...args] = streamtoolCommand([]);
      await Deno.writeTextFile(
        binary,
        `#!/bin/sh\nexec ${
          [command, ...args].map((word) => `'${word}'`).join(" ")
        } "$@"\n`,
      );
      const archive = await makeNpmPackage({
        binary,
        folder: join(folder, "npm"),
        version: "0.1.0",
      });
      const prefix = join(folder, "prefix");
      const installed = await run("npm", [
        ...["install", "--global", "--offline", "--no-audit", "--no-fund"],
        ...["--prefix", prefix, archive],
      ]);
      assert.equal(installed.code, 0, installed.errors);
      const program = join(prefix, "bin/streamtool");
      const version = await run(program, ["--version"]);
      assert.equal(version.text, "streamtool 0.1.0\n");
      const wrong = await run(program, ["chain-per"]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.errors, /did you mean/);
    }),
});

Deno.test("deno install makes a command of a checkout", () =>
  withFolder(async (folder) => {
    const installed = await run(Deno.execPath(), [
      ...["install", "--global", "--quiet", "--root", folder],
      ...["--name", "streamtool", "--config", `${ROOT}deno.json`],
      ...PROGRAM_PERMISSIONS,
      `${ROOT}main.ts`,
    ]);
    assert.equal(installed.code, 0, installed.errors);
    const { text } = await run(join(folder, "bin/streamtool"), ["--version"], {
      PATH: `${join(Deno.execPath(), "..")}:${Deno.env.get("PATH")}`,
    });
    assert.equal(text, "streamtool 0.1.0\n");
  }));

Deno.test("completions and the manual page go where they are looked for", () =>
  withFolder(async (home) => {
    // HOME stays: the runtime's own cache is there.
    const env = { XDG_DATA_HOME: home };
    for (
      const [args, place] of [
        [
          ["completions", "bash"],
          "bash-completion/completions/streamtool",
        ],
        [["man"], "man/man1/streamtool.1"],
      ] as const
    ) {
      await using process = startStreamtool([...args, "--install"], {
        json: false,
        env,
      });
      assert.equal((await process.exited()).code, 0);
      assert.equal(process.lines[0], `Installed ${home}/${place}`);
      const text = await Deno.readTextFile(`${home}/${place}`);
      assert.match(text, /referee-worker|chain\\-peer/);
    }
    const at = (name: string): string | undefined =>
      ({ HOME: "/h", XDG_CONFIG_HOME: "/c", XDG_DATA_HOME: "d" })[name];
    assert.equal(
      placeOf("fish", at),
      "/c/fish/completions/streamtool.fish",
    );
    assert.equal(
      placeOf("zsh", at),
      "/h/.local/share/zsh/site-functions/_streamtool",
    );
    assert.throws(() => placeOf("man", () => undefined), /HOME is not set/);
  }));

const units = [...Deno.readDirSync(UNITS)]
  .map(({ name }) => name).filter((name) => name.endsWith(".service")).sort();

Deno.test("every unit runs a command line that the program takes", async () => {
  assert.ok(units.length >= 5);
  for (const unit of units) {
    const text = await Deno.readTextFile(`${UNITS}/${unit}`);
    const line = /^ExecStart=\/usr\/local\/bin\/streamtool (.*)$/m.exec(text);
    const [name, ...args] = line![1]!.replace("%i", "A").split(" ");
    const spec = specs.find((one) => one.name === name);
    assert.ok(spec, `${unit}: ${name}`);
    resolveOptions(spec, parseArguments(spec, args), {
      env: () => undefined,
      readTextFile: () => "{}",
      specs,
    });
    const stem = unit.replace(/^streamtool-|\.service$/g, "");
    assert.ok(text.includes(`/etc/streamtool/${stem}.env`), unit);
  }
});

Deno.test({
  name: "systemd finds nothing wrong with the units",
  ignore: !await has("systemd-analyze"),
  fn: () =>
    withFolder(async (folder) => {
      // One that is there in place of the program that is not installed here.
      for (const unit of units) {
        const text = await Deno.readTextFile(`${UNITS}/${unit}`);
        await Deno.writeTextFile(
          join(folder, unit.replace("@.", "@A.")),
          text.replace("/usr/local/bin/streamtool", "/bin/true")
            .replace(/^Documentation=.*$/m, ""),
        );
      }
      const names = [...Deno.readDirSync(folder)].map(({ name }) =>
        join(folder, name)
      );
      const { code, errors } = await run("systemd-analyze", [
        ...["verify", "--man=no"],
        ...names,
      ]);
      const ours = errors.split("\n").filter((line) =>
        line.includes("streamtool-")
      );
      assert.deepEqual(ours, [], errors);
      assert.equal(code, 0, errors);
    }),
});
