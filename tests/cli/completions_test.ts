import assert from "node:assert/strict";
import { bindCommand } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/command_list.ts";
import { bashCompletions } from "../../src/cli/completions_bash.ts";
import { fishCompletions } from "../../src/cli/completions_fish.ts";
import { zshCompletions } from "../../src/cli/completions_zsh.ts";
import { allFlags } from "../../src/cli/common_flags.ts";
import { sample } from "./sample_command.ts";

const { spec: sampleSpec } = bindCommand(
  sample,
  () => Promise.reject(new Error("not run")),
);
const specs = [...commands.map(({ spec }) => spec), sampleSpec];

async function bash(
  script: string,
  args: readonly string[],
  cwd?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["--norc", "-c", script, "bash", ...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** What bash offers for the words of a line, the last of which is being typed. */
async function complete(
  words: readonly string[],
  cwd?: string,
): Promise<string[]> {
  const script = `${bashCompletions(specs)}
COMP_WORDS=(streamtool "$@")
COMP_CWORD=$#
_streamtool
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await bash(script, words, cwd);
  assert.deepEqual([code, stderr], [0, ""], words.join(" "));
  return stdout.split("\n").filter((line) => line !== "");
}

Deno.test("bash accepts the script", async () => {
  const { code, stderr } = await bash(
    `bash -n <<'SCRIPT'\n${bashCompletions(specs)}\nSCRIPT`,
    [],
  );
  assert.deepEqual([code, stderr], [0, ""]);
});

Deno.test("bash completes commands, flags, values and files", async () => {
  const table: [string[], string[]][] = [
    [["chain-p"], ["chain-peer"]],
    [["--ver"], ["--version"]],
    [["sample", "--po"], ["--port"]],
    [["sample", "--no-"], ["--no-save", "--no-progress"]],
    [["sample", "--wire", "b"], ["binary"]],
    [["sample", "--wire", "=", "b"], ["binary"]],
    [["sample", "--wire", "="], ["auto", "binary"]],
    [["sample", "--fragment", ""], ["auto"]],
    [["sample", "--name", ""], []],
    [["--json", "sample", "--lo"], ["--loop", "--log-level", "--log-format"]],
    [["sample", "x", "--dur"], ["--duration"]],
    [["completions", ""], ["bash", "zsh", "fish"]],
    [["help", "doc"], ["doctor"]],
    [["sample", "--log-level", "d"], ["debug"]],
  ];
  for (const [words, expected] of table) {
    assert.deepEqual(await complete(words), expected, words.join(" "));
  }
  assert.ok((await complete([""])).length >= specs.length);
});

Deno.test("bash completes files with blanks where a path stands", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/my film.mp4`, "");
    assert.deepEqual(await complete(["sample", "--output", "my"], folder), [
      "my film.mp4",
    ]);
    assert.deepEqual(await complete(["sample", "-o", "my"], folder), [
      "my film.mp4",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every flag of every command is in every shell's script", () => {
  const scripts = [
    bashCompletions(specs),
    zshCompletions(specs),
    fishCompletions(specs),
  ];
  for (const script of scripts) {
    for (const spec of specs) {
      assert.ok(script.includes(spec.name), spec.name);
      for (const name of Object.keys(allFlags(spec))) {
        assert.ok(script.includes(name), `${spec.name} --${name}`);
      }
    }
  }
});

Deno.test("quotes in help break no script", () => {
  const spec = {
    ...sampleSpec,
    summary: "it's [one]: \\ 'two'",
    flags: { name: { kind: "string", help: "it's [a]: \\ 'name'" } as const },
  };
  assert.ok(
    zshCompletions([spec]).includes(
      "sample:it'\\''s \\[one\\]\\: \\\\ '\\''two'\\''",
    ),
  );
  assert.ok(
    fishCompletions([spec]).includes("-d 'it\\'s [one]: \\\\ \\'two\\''"),
  );
});
