/**
 * Runs the README's commands as it has them: servers until they listen, others
 * to their end. `deno run -A scripts/docs_run.ts`; the last line is the sum.
 *
 * Each runs in a folder with the material that the README speaks of. Ports are
 * free ones in place of the usual, and addresses of servers lead to some that
 * this script has started. What needs another machine, a camera or a person is
 * skipped, and why is said.
 *
 * @module
 */

import { join } from "node:path";
import { commands, type CommandSpec } from "../src/cli/mod.ts";
import { startStreamtool } from "../tests/support/process.ts";
import { readMarkdown } from "./docs/markdown.ts";
import { commandLines } from "./docs/shell.ts";
import { PROGRAM_PERMISSIONS, ROOT, runQuiet } from "./support.ts";
import { formatTotals } from "./test.ts";

/** A job of the README's takes seconds; a loaded machine is given more. */
const LIMIT = { within: 120_000 };

/** What cannot be run anywhere, and why. */
const SKIPPED: readonly (readonly [RegExp, string])[] = [
  [/camera|\/dev\//, "needs a camera or a scoring box"],
  [/\b(?:192\.168|10\.0|239\.255)\.\d|media\.example/, "needs another machine"],
  [/--join|LINK/, "needs a link that a host has made"],
  [/0\.0\.0\.0/, "listens on all interfaces"],
  [/redis:/, "needs Redis"],
  [/\.pem|--key-file|--users|--cert/, "needs a key"],
];

/** Flags that name ports, which are free ones here. */
const PORT_FLAGS = ["port", "page-port", "peer-port", "stun-port"];

/** Addresses in the README, and what listens there. */
const BACKERS = [
  {
    address: "127.0.0.1:8554",
    args: ["rtsp-serve", "film.mp4", "movie.mjpeg", "door.mjpeg", "--loop"],
    label: "Local",
  },
  { address: "127.0.0.1:8080", args: ["referee-serve"], label: "Page" },
  { address: "127.0.0.1:3001", args: ["signal"], label: "Local" },
] as const;

/** A command line's words; quotes hold words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, plain]) => single ?? double ?? plain ?? "");
}

function specOf(name: string | undefined): CommandSpec | undefined {
  return commands.find(({ spec }) => spec.name === name)?.spec;
}

/** `args`, with free ports for those that it does not name. */
function withFreePorts(spec: CommandSpec, args: readonly string[]): string[] {
  const free = PORT_FLAGS.filter((flag) =>
    Object.hasOwn(spec.flags, flag) && !args.includes(`--${flag}`)
  );
  return [...args, ...free.flatMap((flag) => [`--${flag}`, "0"])];
}

async function makeMaterial(folder: string): Promise<void> {
  const streamtool = (...args: string[]): Promise<string> =>
    runQuiet(["run", ...PROGRAM_PERMISSIONS, `${ROOT}main.ts`, ...args]);
  for (const name of ["movie", "door"]) {
    await streamtool(
      ...["convert", "pattern:320x240@24", join(folder, `${name}.mjpeg`)],
      ...["--container", "raw", "--duration", "3s"],
    );
  }
  await runQuiet([
    ...["run", "--allow-all", `${ROOT}scripts/synthetic_phrase.ts`],
    ...["--scenario", "right_retreats", "--out", join(folder, "phrase.mkv")],
  ]);
  // Any film will do, by any name.
  await Deno.copyFile(join(folder, "phrase.mkv"), join(folder, "film.mp4"));
}

/** Runs one command; throws what is wrong with it. */
async function tryCommand(
  spec: CommandSpec,
  args: readonly string[],
  folder: string,
): Promise<void> {
  await using process = startStreamtool(withFreePorts(spec, args), {
    cwd: folder,
    // What is installed stays in here.
    env: { XDG_DATA_HOME: folder },
  });
  const isServer = spec.lifetime === "server" &&
    !args.includes("--exit-at-end") &&
    !["demo", "doctor"].includes(spec.name);
  if (isServer) {
    await process.event("listening", LIMIT);
    process.signal("SIGTERM");
  }
  const { code } = await process.exited(LIMIT);
  if (code !== 0) {
    throw new Error(
      `Cannot run it: it ended with ${code}: ${process.errorLines.at(-1)}`,
    );
  }
}

async function main(): Promise<number> {
  const readme = readMarkdown(await Deno.readTextFile(`${ROOT}README.md`));
  const lines = readme.fences.flatMap((fence) => commandLines(fence))
    .filter(({ text }) => text.startsWith("streamtool "));
  const folder = await Deno.makeTempDir({ prefix: "streamtool_docs_" });
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const backers = new AsyncDisposableStack();
  try {
    await makeMaterial(folder);
    const addresses = new Map<string, string>();
    for (const { address, args, label } of BACKERS) {
      const spec = specOf(args[0])!;
      const backer = backers.use(
        startStreamtool(withFreePorts(spec, args), { cwd: folder }),
      );
      const { url } = await backer.event(
        (event) => event.event === "listening" && event.label === label,
        LIMIT,
      );
      addresses.set(address, /\/\/([^/]+)/.exec(String(url))?.[1] ?? "");
    }
    for (const { line, text } of lines) {
      const name = wordsOf(text)[1];
      const spec = specOf(name);
      const why = spec === undefined
        ? "is none of ours"
        : SKIPPED.find(([pattern]) => pattern.test(text))?.[1];
      if (spec === undefined || why !== undefined) {
        totals.skipped++;
        console.log(`README.md:${line}: skipped: ${why}: ${text}`);
        continue;
      }
      const bound = [...addresses].reduce(
        (all, [from, to]) => all.replaceAll(from, to),
        text,
      );
      // Those that go to a server by default are told where it is now.
      const args = wordsOf(bound).slice(1);
      if (name === "referee-send") {
        args.splice(1, 0, addresses.get("127.0.0.1:8080")!);
      }
      if (name === "share") {
        args.push("--server", `http://${addresses.get("127.0.0.1:3001")}/`);
      }
      try {
        await tryCommand(spec, args, folder);
        totals.passed++;
        console.log(`README.md:${line}: ok: ${text}`);
      } catch (error) {
        totals.failed++;
        console.log(
          `README.md:${line}: FAILED: ${text}\n  ${(error as Error).message}`,
        );
      }
    }
  } finally {
    await backers.disposeAsync();
    await Deno.remove(folder, { recursive: true });
  }
  console.log(formatTotals(totals));
  return totals.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
