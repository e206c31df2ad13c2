/**
 * A real Redis for a test: Debian's `redis-server`, on a free port, storing
 * nothing.
 *
 * @module
 */

import { freeTcpPort } from "./ports.ts";
import { startProcess } from "./process.ts";

/** Whether there is one; tests that need it are skipped where not. */
export const hasRedis = await new Deno.Command("redis-server", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** A server that runs. */
export interface TestRedis extends AsyncDisposable {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
}

/** Starts one and waits until it takes connections. */
export async function startRedis(): Promise<TestRedis> {
  const port = freeTcpPort();
  const process = startProcess("redis-server", [
    ...["--port", String(port), "--bind", "127.0.0.1"],
    ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
  ]);
  await process.line(/Ready to accept connections/);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.signal("SIGTERM");
      await process.exited();
      await process[Symbol.asyncDispose]();
    },
  };
}
