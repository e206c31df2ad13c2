/**
 * Checks everything: `deno task ok [--no-test]`. Quick checks come first, and
 * the first failure ends the run.
 *
 * @module
 */

import {
  type CommandResult,
  exists,
  filesBelow,
  PROGRAM_PERMISSIONS,
  runDeno,
} from "./support.ts";

/** Runs of a tool that crashes by a signal, for no fault of the code. */
const MAX_TRIES = 3;

/** One thing to check. */
export interface Step {
  name: string;
  /** Arguments of `deno`. */
  args: readonly string[];
  /** What to do when the step fails. */
  remedy: string;
}

/** The steps for this checkout, in order. */
export function steps({ test }: { test: boolean }): Step[] {
  const frozen = Deno.env.has("CI") ? ["--frozen"] : [];
  const roots = ["main.ts", "mod.ts", "src", "scripts", "tests"].filter(exists);
  const list: Step[] = [
    { name: "format", args: ["fmt", "--check"], remedy: "deno fmt" },
    { name: "lint", args: ["lint"], remedy: "see the rules in scripts/lint" },
    {
      name: "types",
      args: ["check", ...frozen, ...roots],
      remedy: "deno check",
    },
    {
      name: "doc comments",
      args: ["doc", "--lint", "mod.ts"],
      remedy: "document what mod.ts exports",
    },
    {
      name: "documents",
      args: [
        "run",
        "--allow-read",
        "--allow-run",
        "--allow-env",
        "scripts/docs_check.ts",
      ],
      remedy: "correct the documents",
    },
    {
      name: "doc examples",
      args: [
        "test",
        "--doc",
        // It imports a file's every export into each example, and the compiler
        // refuses those that the example does not use.
        "--no-check",
        "--quiet",
        ...frozen,
        ...PROGRAM_PERMISSIONS,
        ...documentedFiles(),
      ],
      remedy: "correct the example in the doc comment",
    },
  ];
  if (test) {
    list.push({
      name: "tests",
      args: [
        "run",
        "--allow-read",
        "--allow-write",
        "--allow-run",
        "--allow-env",
        "scripts/test.ts",
        "--no-check",
      ],
      remedy: "deno task test",
    });
  }
  return list;
}

/** `mod.ts` and every source file that has an example in a doc comment. */
function documentedFiles(): string[] {
  const sources = filesBelow("src", (path) => path.endsWith(".ts"))
    .filter((path) => /^ \* ```ts/m.test(Deno.readTextFileSync(path)));
  return ["mod.ts", ...sources];
}

/** `deno lint` with a plugin now and then dies of SIGSEGV when it has finished: try again. */
async function runStep({ args }: Step): Promise<CommandResult> {
  for (let tries = 1;; tries++) {
    const result = await runDeno(args);
    if (result.signal === null || tries === MAX_TRIES) return result;
    console.log(`deno ${args[0]} was ended by ${result.signal}: trying again`);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const list = steps({ test: !args.includes("--no-test") });
  for (const [index, step] of list.entries()) {
    console.log(`\n── ${index + 1}/${list.length} ${step.name}`);
    const { code } = await runStep(step);
    if (code !== 0) {
      console.log(`\nnot ok: ${step.name} failed (${step.remedy})`);
      return 1;
    }
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`\nok: ${list.length} checks in ${seconds} s`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
