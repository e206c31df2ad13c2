/**
 * Runs the tests: `deno task test [PATH…] [FLAG…]`.
 *
 * Cores are tested in parallel. What uses sockets, processes or ffmpeg runs one
 * file after another, and so does what drives a browser, so that no test
 * measures the load of many neighbours; these two run side by side, for both
 * wait more than they compute. Flags go on to `deno test`, with their value behind a `=`. The
 * last line is the sum.
 *
 * Where `CI` is set, a file in which a test failed runs once more, alone, and
 * what passes then is named: a browser that the machine kept waiting is no fault
 * of the program, a fault shows twice.
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

/** Folders of `tests/` whose files use sockets, processes or ffmpeg: one after another. */
const SERIAL_FOLDERS = new Set([
  "media",
  "net",
  "scripts",
  "services",
  "support",
]);

/** Folders of `tests/` whose files drive a browser. */
const BROWSER_FOLDERS = new Set(["e2e", "web"]);

/** Files that run together, and how. */
export interface Run {
  flags: readonly string[];
  files: readonly string[];
}

/** What Deno says of a test that hangs, every time its age has doubled. */
const STUCK = /has been running for over \(4m/;

/** How many tests passed, failed and were skipped. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Files that load node-datachannel. Its threads hold on to the isolate that
 * loaded it, and each file has one of its own: a second such file in a process
 * ends that process.
 */
const OWN_PROCESS = /^tests\/(?:services\/share|web\/signal)_/;

/** Stages one after another; each has lanes side by side, and these have runs one after another. */
export function planStages(files: readonly string[]): Run[][][] {
  const inFolders = (folders: ReadonlySet<string>) => (file: string): boolean =>
    folders.has(file.split("/")[1] ?? "");
  const serial = files.filter(inFolders(SERIAL_FOLDERS));
  const browser = files.filter(inFolders(BROWSER_FOLDERS));
  const parallel = files.filter((file) =>
    !serial.includes(file) && !browser.includes(file)
  );
  const lane = (flags: readonly string[], all: readonly string[]): Run[] =>
    [
      { flags, files: all.filter((file) => !OWN_PROCESS.test(file)) },
      ...all.filter((file) => OWN_PROCESS.test(file))
        .map((file) => ({ flags, files: [file] })),
    ].filter((run) => run.files.length > 0);
  return [
    [lane([...PROGRAM_PERMISSIONS, "--parallel"], parallel)],
    [
      lane(PROGRAM_PERMISSIONS, serial),
      // playwright-core looks into /proc, which Deno opens only with all
      // permissions; the programs these tests start have the named ones.
      lane(["--allow-all"], browser),
    ],
  ].map((stage) => stage.filter((runs) => runs.length > 0));
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

/** Files with a failed test, at most, that are worth a second run: more is no accident. */
const MAX_SECOND_RUNS = 4;

/**
 * The test files in which a test failed, by the output of `deno test`, one file
 * after another or `--parallel`; `undefined` when it does not tell all of them,
 * as when a file did not load.
 */
export function readFailedFiles(output: string): string[] | undefined {
  const found = new Set<string>();
  let failures = 0;
  let running = "";
  for (const line of output.split("\n")) {
    running = /^running \d+ tests? from \.\/(\S+)$/.exec(line)?.[1] ?? running;
    // A test that prints has its verdict on a line of its own.
    if (!/^(?:\S.*)?\.\.\. FAILED \(/.test(line)) continue;
    failures++;
    found.add(/^\.\/(\S+) => /.exec(line)?.[1] ?? running);
  }
  const whole = failures === readTotals(output)?.failed && !found.has("");
  return whole ? [...found] : undefined;
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

/** How the tests of a run ended. */
interface Ended {
  totals: Totals;
  /** Files with a failed test, where that is known. */
  failed: Run;
}

async function runTests(
  run: Run,
  common: readonly string[],
  atEnd = false,
): Promise<Ended> {
  const { code, output } = await runDeno(
    [...common, ...run.flags, ...run.files],
    // A fuzz test that was asked for many cases takes its time.
    Deno.env.has("FUZZ_RUNS") ? { atEnd } : { atEnd, giveUpAt: STUCK },
  );
  if (STUCK.test(output)) console.error("\nEnded a test that hangs");
  const totals = readTotals(output) ?? { passed: 0, failed: 0, skipped: 0 };
  // A file that does not load fails the run without a failed test.
  if (code !== 0) totals.failed = Math.max(1, totals.failed);
  return {
    totals,
    failed: { flags: run.flags, files: readFailedFiles(output) ?? [] },
  };
}

/** Runs the files with a failed test once more, alone, unless they are many. */
async function runAgain(
  ended: readonly Ended[],
  common: readonly string[],
): Promise<void> {
  const count = ended.flatMap(({ failed }) => failed.files).length;
  if (count > MAX_SECOND_RUNS) return;
  for (const { totals, failed } of ended) {
    if (failed.files.length === 0) continue;
    const names = failed.files.join(", ");
    console.error(`\nOnce more, alone: ${names}`);
    const flags = failed.flags.filter((flag) => flag !== "--parallel");
    const second = await runTests({ flags, files: failed.files }, common);
    if (second.totals.failed > 0) continue;
    console.error(`\nPassed the second time: ${names}`);
    totals.passed += totals.failed;
    totals.failed = 0;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  const flags = args.filter((arg) => arg.startsWith("-"));
  const files = testFiles(paths);
  if (files.length === 0) {
    console.error(`Cannot run tests: none are in ${paths.join(", ")}`);
    return 1;
  }
  const common = [
    "test",
    ...await knownFlags("test", SANITIZERS),
    ...(Deno.env.has("CI") ? ["--frozen"] : []),
    ...flags,
  ];
  const ended: Ended[] = [];
  for (const stage of planStages(files)) {
    await Promise.all(stage.map(async (lane, index) => {
      // The last one takes longest: it is shown as it comes.
      const atEnd = index < stage.length - 1;
      for (const run of lane) ended.push(await runTests(run, common, atEnd));
    }));
  }
  if (Deno.env.has("CI")) await runAgain(ended, common);
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { totals: { passed, failed, skipped } } of ended) {
    totals.passed += passed;
    totals.failed += failed;
    totals.skipped += skipped;
  }
  console.log(formatTotals(totals));
  return totals.failed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
