/**
 * A command's events, for scripts that document what it did.
 *
 * @module
 */

/** One line of `--json`. */
export type ToolEvent = Record<string, unknown> & { readonly event: string };

/** Runs `deno` with these arguments to its end and gives its events. */
export async function readDenoEvents(
  args: readonly string[],
): Promise<ToolEvent[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}
