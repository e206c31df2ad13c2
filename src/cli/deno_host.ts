/**
 * The real process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { SelfCommand } from "./command.ts";
import type { Host, InputSource, OutputSink, StopSignal } from "./host.ts";

/** What the program may do, by name, when it runs from source: for ourselves started again. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
] as const;

/**
 * The engine's young generation would grow to 50 MB, and frames that nobody
 * holds any more would wait in it: with 3 MB a peer's memory stays flat, and
 * each collection touches so little that waking other threads for it would cost
 * more CPU than it does (a quarter of a peer's on the portable path).
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=1,--single-threaded-gc";

/** The program's main module and its configuration, seen from this file. */
const MAIN_MODULE = new URL("../../main.ts", import.meta.url);
const CONFIG_FILE = new URL("../../deno.json", import.meta.url);

function sink(stream: typeof Deno.stdout | typeof Deno.stderr): OutputSink {
  const isTerminal = stream.isTerminal();
  return {
    write: (bytes) => stream.write(bytes),
    isTerminal,
    columns: () => {
      if (!isTerminal) return undefined;
      try {
        return Deno.consoleSize().columns;
      } catch {
        return undefined;
      }
    },
  };
}

/** Asks `ps` whether our process group is the terminal's; when nobody can tell we assume it is. */
async function isForeground(): Promise<boolean> {
  if (Deno.build.os === "windows") return true;
  try {
    const { stdout } = await new Deno.Command("ps", {
      args: ["-o", "pgid=", "-o", "tpgid=", "-p", String(Deno.pid)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    const [group, foreground] = new TextDecoder().decode(stdout).trim().split(
      /\s+/,
    );
    return foreground === undefined || group === foreground;
  } catch {
    return true;
  }
}

const stdin: InputSource = {
  read: (buffer) => Deno.stdin.read(buffer),
  isTerminal: Deno.stdin.isTerminal(),
  isForeground,
};

function onSignal(handler: (signal: StopSignal) => void): () => void {
  // Windows knows Ctrl-C only.
  const names: StopSignal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  const listeners = names.map((name) => [name, () => handler(name)] as const);
  for (const [name, listener] of listeners) {
    Deno.addSignalListener(name, listener);
  }
  return () => {
    for (const [name, listener] of listeners) {
      Deno.removeSignalListener(name, listener);
    }
  };
}

function onUncaught(handler: (error: unknown) => void): () => void {
  const rejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    handler(event.reason);
  };
  const exception = (event: ErrorEvent): void => {
    event.preventDefault();
    handler(event.error);
  };
  globalThis.addEventListener("unhandledrejection", rejection);
  globalThis.addEventListener("error", exception);
  return () => {
    globalThis.removeEventListener("unhandledrejection", rejection);
    globalThis.removeEventListener("error", exception);
  };
}

function launch(command: string, args: readonly string[]): void {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
}

/** How to start this program with other arguments: the binary itself, or the runtime with our main module. */
export function selfCommand(args: readonly string[]): SelfCommand {
  const command = Deno.execPath();
  if (Deno.build.standalone) return { command, args };
  const local = MAIN_MODULE.protocol === "file:";
  const config = local ? ["--config", fileURLToPath(CONFIG_FILE)] : [];
  // UDP's fast path, for who has allowed it to us.
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  const main = local ? fileURLToPath(MAIN_MODULE) : MAIN_MODULE.href;
  return {
    command,
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      V8_FLAGS,
      ...PERMISSIONS,
      ...(state === "granted" ? ["--allow-ffi"] : []),
      ...config,
      main,
      ...args,
    ],
  };
}

/** The process we run in. */
export function denoHost(): Host {
  return {
    env: (name) => Deno.env.get(name),
    stdout: sink(Deno.stdout),
    stderr: sink(Deno.stderr),
    stdin,
    readTextFile: (path) => Deno.readTextFileSync(path),
    now: () => new Date(),
    elapsed: () => performance.now(),
    onSignal,
    onUncaught,
    launch,
    selfCommand,
    os: Deno.build.os,
  };
}
