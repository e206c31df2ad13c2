/**
 * A referee server as a process of its own, for tests that kill it and benches
 * that measure it. Its only argument is JSON; it says `{"event":"listening"}`.
 *
 * @module
 */

import { silentLogger } from "../../../src/log/mod.ts";
import { type RefereeLimits, refereeLimits } from "../../../src/referee/mod.ts";
import { startRefereeServer } from "../../../src/services/referee_server/mod.ts";

/** What the process is told. */
export interface RefereeMainOptions {
  readonly outputDir: string;
  readonly spill?: boolean;
  readonly limits?: Partial<RefereeLimits>;
}

if (import.meta.main) {
  const options = JSON.parse(Deno.args[0] ?? "{}") as RefereeMainOptions;
  const stop = new AbortController();
  Deno.addSignalListener("SIGTERM", () => stop.abort());
  const server = await startRefereeServer({
    host: "127.0.0.1",
    port: 0,
    outputDir: options.outputDir,
    limits: refereeLimits(options.limits),
    spill: options.spill ?? true,
    token: undefined,
    tls: undefined,
    allowedHosts: [],
    retention: { ageMs: undefined, bytes: undefined },
    resumeMs: 3_600_000,
    analyzer: undefined,
    page: undefined,
    ffmpeg: undefined,
  }, {
    signal: stop.signal,
    log: silentLogger,
    emit: (event) => console.log(JSON.stringify(event)),
  });
  const { url, port } = server;
  console.log(JSON.stringify({ event: "listening", url, port }));
  if (!stop.signal.aborted) {
    await new Promise((resolve) =>
      stop.signal.addEventListener("abort", resolve)
    );
  }
  console.log(JSON.stringify({ event: "end", ...await server.close() }));
  Deno.exit(0);
}
