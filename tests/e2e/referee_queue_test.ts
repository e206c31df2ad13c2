/**
 * The referee past one machine, with a real Redis.
 */

import assert from "node:assert/strict";
import { hasRedis, startRedis } from "../support/redis.ts";
import { type RunningProcess, startStreamtool } from "../support/process.ts";
import { makePhrase, startSend, startServe } from "./support/referee.ts";

const PATIENT = { within: 60_000 };

function startWorker(url: string, folder: string): RunningProcess {
  return startStreamtool([
    ...["referee-worker", url, "--output-dir", folder],
    ...["--stalled-after", "1s"],
  ]);
}

Deno.test({
  name:
    "a worker that is killed mid-way loses nothing: the next one takes its recording over",
  ignore: !hasRedis,
  async fn() {
    await using redis = await startRedis();
    await using phrase = await makePhrase(90);
    await using server = await startServe({ args: ["--queue", redis.url] });
    await using first = startWorker(redis.url, server.folder);
    await first.event("listening", PATIENT);
    await using sender = startSend(server.port, [
      ...["--video", phrase.video, "--signal", phrase.signal],
      ...["--session-id", "phrase"],
    ]);
    await first.event("job", PATIENT);
    first.signal("SIGKILL");
    await first.exited();

    await using second = startWorker(redis.url, server.folder);
    const end = await sender.event("end", PATIENT);
    assert.equal(end.code, 0, sender.errorLines.join("\n"));
    assert.equal(end.winner, "right");
    await second.event("job-done", PATIENT);
    const { result } = await sender.event("result");
    const { artifacts, warnings, stages_run } = result as {
      artifacts: Record<string, string>;
      warnings: string[];
      stages_run: string[];
    };
    assert.ok(!warnings.some((text) => text.includes("failed")), `${warnings}`);
    assert.ok(stages_run.includes("yolo"), `${stages_run}`);
    assert.ok((await Deno.stat(artifacts.tracks!)).size > 0);
    assert.ok(sender.events.some(({ event }) => event === "progress"));
    second.signal("SIGTERM");
    assert.equal((await second.exited()).code, 0);
    assert.equal(second.events.at(-1)?.done, 1);
  },
});

Deno.test("a Redis that is not there is said in one line", async () => {
  await using worker = startStreamtool(
    ["referee-worker", "redis://127.0.0.1:9"],
    { json: false },
  );
  assert.equal((await worker.exited(PATIENT)).code, 1);
  assert.match(
    worker.errorLines.join("\n"),
    /Cannot reach Redis at 127\.0\.0\.1:9/,
  );
});
