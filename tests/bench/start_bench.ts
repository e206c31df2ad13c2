/**
 * What the compiled program costs before it does anything, beside `deno run`:
 * time and memory of `--version`, memory of a waiting `chain-peer`.
 *
 * `deno task compile` first; `deno task bench start`.
 *
 * @module
 */

import { formatTable } from "../../src/cli/table.ts";
import { selfCommand } from "../../src/cli/deno_host.ts";
import { startProcess } from "../support/process.ts";
import { processUsage } from "../support/process_table.ts";

/** Runs of `--version` that a median is taken of. */
const RUNS = 21;

const BINARY = decodeURIComponent(
  new URL("../../dist/streamtool", import.meta.url).pathname,
);

/** Ways to start the program; `args` stand before the command's own. */
const WAYS = [
  { name: "binary", command: BINARY, args: [] },
  { name: "deno run", ...selfCommand([]) },
] as const;

/** Prints the most resident memory of a command in kB (getrusage(2)). */
const MEASURE = "import resource, subprocess, sys; " +
  "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); " +
  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

interface Cost {
  /** Wall time of `--version`, ms. */
  readonly least: number;
  readonly median: number;
  /** The most resident memory of `--version`, bytes. */
  readonly memory: number;
  /** Resident memory of a `chain-peer` that waits for its coordinator, bytes. */
  readonly peer: number;
}

async function costOf(
  command: string,
  args: readonly string[],
): Promise<Cost> {
  const times: number[] = [];
  const version = new Deno.Command(command, {
    args: [...args, "--version"],
    stdout: "null",
  });
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    const { success } = await version.output();
    if (!success) throw new Error(`Cannot start ${command}: see above`);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const { stdout } = await new Deno.Command("python3", {
    args: ["-c", MEASURE, command, ...args, "--version"],
  }).output();
  const memory = Number(new TextDecoder().decode(stdout)) * 1024;
  await using peer = startProcess(command, [
    ...args,
    ...["chain-peer", "Z", "0", "--no-page", "--no-save", "--json"],
    ...["--coordinator", "127.0.0.1:9"],
  ], { json: true });
  await peer.event("listening");
  return {
    least: times[0]!,
    median: times[RUNS >> 1]!,
    memory,
    peer: (await processUsage(peer.pid)).rssBytes,
  };
}

const rows: string[][] = [];
for (const { name, command, args } of WAYS) {
  const { least, median, memory, peer } = await costOf(command, args);
  rows.push([
    name,
    least.toFixed(0),
    median.toFixed(0),
    (memory / 1e6).toFixed(0),
    (peer / 1e6).toFixed(0),
  ]);
}
console.log(formatTable(
  ["way", "--version ms", "median", "MB", "chain-peer MB"],
  rows,
));
console.log("Bars: the binary at most 60 ms and 75 MB for --version");
