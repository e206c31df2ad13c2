/**
 * Runs the tests: `deno task test [PATH…] [FLAG…]`.
 *
 * Cores are tested in parallel; what uses sockets, processes, ffmpeg or a
 * browser runs one file after another, so that no test measures the load of
 * its neighbour. Flags go on to `deno test`. The last line is the sum.
 *
 * @module
 */

import {
  exists,
  filesBelow,
  knownFlags,
  PROGRAM_PERMISSIONS,
  runDeno,
} from "./support.ts";

/** Folders of `tests/` whose files run one after another. */
const SERIAL_FOLDERS = new Set([
  "e2e",
  "media",
  "net",
  "scripts",
  "services",
  "support",
  "web",
]);

/** How many tests passed, failed and were skipped. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** The two runs: test files that may run side by side, and those that may not. */
export function planRuns(
  files: readonly string[],
): { parallel: string[]; serial: string[] } {
  const serial = files.filter((file) =>
    SERIAL_FOLDERS.has(file.split("/")[1] ?? "")
  );
  return { parallel: files.filter((file) => !serial.includes(file)), serial };
}

/**
 * The totals in the output of `deno test`; `undefined` when it printed none,
 * as when a file does not compile.
 */
export function readTotals(output: string): Totals | undefined {
  const summary = [
    ...output.matchAll(
      /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/gm,
    ),
  ].at(-1);
  if (summary === undefined) return undefined;
  return {
    passed: Number(summary[1]),
    failed: Number(summary[2]),
    skipped: Number(summary[3] ?? 0),
  };
}

/** The line that ends a run of tests. */
export function formatTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : "");
}

/** All test files that `paths` (files or folders from the root) name; all of `tests/` for none. */
function testFiles(paths: readonly string[]): string[] {
  const isTest = (path: string): boolean => path.endsWith("_test.ts");
  const files = (paths.length > 0 ? paths : ["tests"]).flatMap((path) =>
    isTest(path) && exists(path)
      ? [path]
      : filesBelow(path.replace(/\/+$/, ""), isTest)
  );
  return [...new Set(files.map((file) => file.replace(/^\.\//, "")))];
}

/** The checks for leaks are on by default in Deno 2.7, and asked for in 2.9. */
const SANITIZERS = ["--sanitize-ops", "--sanitize-resources"];

async function main(args: readonly string[]): Promise<number> {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  const flags = args.filter((arg) => arg.startsWith("-"));
  const files = testFiles(paths);
  if (files.length === 0) {
    console.error(`Cannot run tests: none are in ${paths.join(", ")}`);
    return 1;
  }
  const { parallel, serial } = planRuns(files);
  const common = [
    "test",
    ...PROGRAM_PERMISSIONS,
    ...await knownFlags("test", SANITIZERS),
    ...(Deno.env.has("CI") ? ["--frozen"] : []),
    ...flags,
  ];
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  for (
    const run of [
      { files: parallel, flags: ["--parallel"] },
      { files: serial, flags: [] },
    ]
  ) {
    if (run.files.length === 0) continue;
    const { code, output } = await runDeno(
      [...common, ...run.flags, ...run.files],
    );
    const seen = readTotals(output) ?? { passed: 0, failed: 0, skipped: 0 };
    totals.passed += seen.passed;
    totals.skipped += seen.skipped;
    // A file that does not load fails the run without a failed test.
    totals.failed += code !== 0 ? Math.max(1, seen.failed) : seen.failed;
  }
  console.log(formatTotals(totals));
  return totals.failed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
