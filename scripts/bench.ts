/**
 * Runs the benches: `deno task bench [FILTER [ARGUMENT…]]`.
 *
 * A file of `tests/bench` that calls `Deno.bench` measures functions; any
 * other is a program that measures the system and prints tables. FILTER is a
 * part of the file's name; what follows it goes to the programs.
 *
 * @module
 */

import { filesBelow, PROGRAM_PERMISSIONS, ROOT, runDeno } from "./support.ts";

/** Files that measure functions, and files that are programs. */
export function planBenches(
  files: readonly string[],
  filter: string,
  read: (path: string) => string,
): { functions: string[]; programs: string[] } {
  const chosen = files.filter((file) =>
    file.slice(file.lastIndexOf("/") + 1).includes(filter)
  );
  const functions = chosen.filter((file) => /\bDeno\.bench\(/.test(read(file)));
  return {
    functions,
    programs: chosen.filter((file) => !functions.includes(file)),
  };
}

async function main(
  [filter = "", ...args]: readonly string[],
): Promise<number> {
  const files = filesBelow("tests/bench", (path) => path.endsWith("_bench.ts"));
  const { functions, programs } = planBenches(
    files,
    filter,
    (path) => Deno.readTextFileSync(ROOT + path),
  );
  if (functions.length + programs.length === 0) {
    console.error(
      `Cannot run a bench: no name of ${files.join(", ")} has "${filter}"`,
    );
    return 1;
  }
  const failed: string[] = [];
  if (functions.length > 0) {
    const { code } = await runDeno(
      ["bench", "--quiet", ...PROGRAM_PERMISSIONS, ...functions],
    );
    if (code !== 0) failed.push(...functions);
  }
  for (const program of programs) {
    console.log(`\n${program}`);
    const { code } = await runDeno(
      // Figures of other processes and playwright-core's look into /proc need
      // all permissions; what these programs start has the named ones.
      ["run", "--quiet", "--allow-all", program, ...args],
    );
    if (code !== 0) failed.push(program);
  }
  if (failed.length > 0) console.error(`Benches failed: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
