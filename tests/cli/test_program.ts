/**
 * A program on our command line with commands that behave badly, to be run as
 * a real process by the tests.
 *
 * @module
 */

import { bindCommand, defineCommand } from "../../src/cli/command.ts";
import type {
  Command,
  CommandContext,
  Lifetime,
} from "../../src/cli/command.ts";
import { denoHost } from "../../src/cli/deno_host.ts";
import { runCommandLine } from "../../src/cli/main.ts";

function command(
  name: string,
  lifetime: Lifetime,
  run: (context: CommandContext) => Promise<number>,
): Command {
  const spec = defineCommand({
    name,
    summary: name,
    lifetime,
    examples: [],
    flags: {},
  });
  return bindCommand(
    spec,
    () =>
      Promise.resolve({
        run: (_: unknown, context: CommandContext) => run(context),
      }),
  );
}

function stopped({ signal }: CommandContext): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve())
  );
}

/** Keeps the process busy for a minute, as a socket would. */
function stayAlive(): void {
  setTimeout(() => {}, 60_000);
}

async function untilStopped(context: CommandContext): Promise<number> {
  stayAlive();
  context.emit({ event: "ready" });
  await stopped(context);
  return 0;
}

const commands = [
  command("server", "server", untilStopped),
  command("job", "job", untilStopped),
  command("stubborn", "server", (context) => {
    stayAlive();
    context.emit({ event: "ready" });
    context.signal.addEventListener(
      "abort",
      () => context.emit({ event: "asked" }),
    );
    return new Promise(() => {});
  }),
  command("words", "server", async (context) => {
    context.emit({ event: "ready" });
    for await (const word of context.stdinWords()) {
      context.emit({ event: "word", word });
      if (word === "quit") return 0;
    }
    return 0;
  }),
  command("flood", "job", async (context) => {
    const line = new TextEncoder().encode("x".repeat(1023) + "\n");
    while (!context.signal.aborted) await context.writeOutput(line);
    return 1;
  }),
  command("reject", "server", (context) => {
    stayAlive();
    Promise.reject(new Error("nobody caught this"));
    return stopped(context).then(() => 0);
  }),
  command("throw", "server", (context) => {
    setTimeout(() => {
      throw new Error("thrown in a timer");
    }, 1);
    return stopped(context).then(() => 0);
  }),
];

Deno.exit(await runCommandLine(Deno.args, commands, denoHost()));
