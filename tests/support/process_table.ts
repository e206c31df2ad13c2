/**
 * What the operating system knows of processes. Deno lets nobody read `/proc`
 * without all permissions, so `cat` reads it for us.
 *
 * @module
 */

/** CPU time and memory of one process. */
export interface Usage {
  /** User and system time since its start, in seconds. */
  cpuSeconds: number;
  /** Resident memory now, in bytes. */
  rssBytes: number;
  /** The most resident memory so far, in bytes. */
  peakRssBytes: number;
}

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time and memory of the process `pid` (Linux: `/proc/<pid>/stat` and
 * `status`, proc(5)).
 *
 * @throws {Error} when there is no such process.
 */
export async function processUsage(pid: number): Promise<Usage> {
  const text = await output("cat", [
    `/proc/${pid}/stat`,
    `/proc/${pid}/status`,
  ]);
  // The name in the second field may hold blanks and brackets: count from its end.
  const fields = text.slice(text.lastIndexOf(")", text.indexOf("\n")) + 2)
    .split(" ");
  const user = Number(fields[11]);
  const system = Number(fields[12]);
  if (!Number.isFinite(user + system)) {
    throw new Error(`Cannot read the usage of process ${pid}: it is not there`);
  }
  return {
    cpuSeconds: (user + system) / TICKS_PER_SECOND,
    rssBytes: kilobytes(text, "VmRSS"),
    peakRssBytes: kilobytes(text, "VmHWM"),
  };
}

/** The processes that `pid` started, and theirs, nearest first. */
export async function descendants(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const [child, parent] of await allProcesses()) {
    children.set(parent, [...children.get(parent) ?? [], child]);
  }
  const found: number[] = [];
  for (let level = [pid]; level.length > 0;) {
    level = level.flatMap((parent) => children.get(parent) ?? []);
    found.push(...level);
  }
  return found;
}

/** True while `pid` runs; one that has ended and awaits its parent (a zombie) does not. */
export async function isRunning(pid: number): Promise<boolean> {
  if (Deno.build.os !== "linux") {
    const state = await output("ps", ["-o", "state=", "-p", String(pid)]);
    return state !== "" && !state.startsWith("Z");
  }
  const stat = await output("cat", [`/proc/${pid}/stat`]);
  return stat !== "" && !/\) [ZX] \d+ /.test(stat);
}

/** Ends `pid` and all its descendants with SIGKILL. */
export async function killTree(pid: number): Promise<void> {
  // Stopped, it starts nothing more while its descendants are looked up.
  signal(pid, "SIGSTOP");
  for (const victim of [pid, ...await descendants(pid)]) {
    signal(victim, "SIGKILL");
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    // It ended by itself in the meantime.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Number and parent's number of every process. */
async function allProcesses(): Promise<[pid: number, parent: number][]> {
  if (Deno.build.os !== "linux") {
    const table = await output("ps", ["-A", "-o", "pid=,ppid="]);
    return [...table.matchAll(/^\s*(\d+)\s+(\d+)/gm)]
      .map(([, pid, parent]) => [Number(pid), Number(parent)]);
  }
  // Small containers have no `ps`. The second field is the name, in brackets.
  const table = await output("sh", ["-c", "cat /proc/[0-9]*/stat"]);
  return [...table.matchAll(/^(\d+) \(.*\) \w (\d+) /gm)]
    .map(([, pid, parent]) => [Number(pid), Number(parent)]);
}

function kilobytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status);
  return Number(found?.[1] ?? 0) * 1024;
}

async function output(command: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
