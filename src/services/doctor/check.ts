/**
 * What a look at the machine comes to.
 *
 * @module
 */

/** `warn` limits something, `fail` makes something that is needed impossible. */
export type CheckStatus = "ok" | "warn" | "fail";

/** One thing that was looked at. */
export interface Check {
  /** What it is, such as `ffmpeg`. */
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** What to do, when there is something to do. */
  readonly remedy?: string;
}

/** What is looked at. */
export interface DoctorOptions {
  /** The path given with `--ffmpeg`. */
  readonly ffmpeg?: string | undefined;
  /** Folder that commands would write to. */
  readonly folder: string;
  /** TCP ports that commands listen on by default. */
  readonly tcpPorts: readonly number[];
  /** UDP ports likewise. */
  readonly udpPorts: readonly number[];
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
}

/** A program's output, or `undefined` when it cannot be had. */
export async function outputOf(
  command: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}
