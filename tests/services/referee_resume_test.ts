import assert from "node:assert/strict";
import { join } from "node:path";
import { refereeLimits } from "../../src/referee/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { makeJpegs } from "../support/clips.ts";
import { type RunningProcess, startStreamtool } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";
import { RawClient, SINGLE_LIGHT, startReferee } from "./support/referee.ts";

function begin(
  session_id: string,
  extra: Record<string, unknown> = {},
): unknown {
  return {
    type: "session_start",
    session_id,
    fps: 30,
    width: 64,
    height: 48,
    ...extra,
  };
}

async function finish(
  client: RawClient,
  id: string,
  total: number,
): Promise<Record<string, never>> {
  await client.say({
    type: "session_end",
    session_id: id,
    total_frames: total,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: id,
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  return (await client.until("process_complete")).result;
}

async function assertWholeVideo(
  url: string,
  name: string,
  jpegs: readonly Uint8Array[],
): Promise<void> {
  for (const [number, jpeg] of jpegs.entries()) {
    const answer = await fetch(`${url}results/${name}/frames/${number}`);
    assertSameBytes(await answer.bytes(), jpeg, `picture ${number}`);
  }
}

Deno.test("a session goes on where its connection broke", async () => {
  await using referee = await startReferee();
  const { port, url } = referee.server;
  const jpegs = await makeJpegs({ frames: 20, size: "64x48" });
  const first = await RawClient.connect(port);
  await first.say(begin("a"));
  assert.equal((await first.until("session_started")).resumable, true);
  for (let number = 0; number < 8; number++) {
    await first.frame("a", number, jpegs[number]!);
  }
  await first.frame("a", 11, jpegs[11]!);
  await waitUntil(() => first.inbox.length === 9);
  await first.say({
    type: "frame",
    session_id: "a",
    frame_number: 8,
    timestamp: 0,
  });
  await first.cut();
  await referee.context.event("session-detached");

  await using second = await RawClient.connect(port);
  await second.say({ type: "session_resume", session_id: "a" });
  assert.deepEqual(await second.next(), {
    type: "session_resumed",
    session_id: "a",
    state: "receiving",
    received: [[0, 7], [11, 11]],
    frames_received: 9,
    has_signal: false,
    window: 64,
  });
  for (let number = 6; number < 20; number++) {
    await second.frame("a", number, jpegs[number]!);
  }
  const statuses = [];
  for (let number = 6; number < 20; number++) {
    statuses.push((await second.next()).status);
  }
  assert.deepEqual(
    statuses.filter((status) => status === "duplicate").length,
    3,
  );
  await finish(second, "a", 20);
  await assertWholeVideo(url, "a", jpegs);
});

Deno.test("a session with a key is resumed only with it, even from a living connection", async () => {
  await using referee = await startReferee();
  const { port } = referee.server;
  const [jpeg] = await makeJpegs({ frames: 1, size: "64x48" });
  await using first = await RawClient.connect(port);
  await first.say(begin("a", { resume_key: "secret" }));
  await first.until("session_started");
  await first.frame("a", 0, jpeg!);
  await first.until("frame_ack");
  for (const resume_key of [undefined, "wrong"]) {
    await using thief = await RawClient.connect(port);
    await thief.say({ type: "session_resume", session_id: "a", resume_key });
    assert.equal((await thief.next()).error_code, "SESSION_START_FAILED");
  }
  await using second = await RawClient.connect(port);
  await second.say({
    type: "session_resume",
    session_id: "a",
    resume_key: "secret",
  });
  assert.equal((await second.next()).frames_received, 1);
  // The old connection has nothing to say any more.
  await first.say({ type: "session_end", session_id: "a", total_frames: 1 });
  assert.equal((await first.until("error")).error_code, "NO_ACTIVE_SESSION");
  await second.frame("a", 1, jpeg!);
  assert.equal((await second.next()).status, "received");
});

Deno.test("a session without a key is nobody's while its client is there", async () => {
  await using referee = await startReferee();
  await using first = await RawClient.connect(referee.server.port);
  await first.say(begin("a"));
  await first.until("session_started");
  await using thief = await RawClient.connect(referee.server.port);
  await thief.say({ type: "session_resume", session_id: "a" });
  const error = await thief.next();
  assert.deepEqual([error.error_code, error.error_message], [
    "SESSION_START_FAILED",
    "Session a already exists",
  ]);
});

Deno.test("a broken session takes no place: others begin, and the same name may begin anew", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ max_streaming_sessions: 1 }),
  });
  const { port } = referee.server;
  const [jpeg] = await makeJpegs({ frames: 1, size: "64x48" });
  for (let round = 0; round < 3; round++) {
    const client = await RawClient.connect(port);
    await client.say(begin("a"));
    await client.until("session_started");
    await client.frame("a", round, jpeg!);
    await client.until("frame_ack");
    await client.cut();
    await waitUntil(async () => (await referee.stats()).active_sessions === 0);
  }
  await using client = await RawClient.connect(port);
  await client.say({ type: "session_resume", session_id: "a" });
  assert.deepEqual(
    (await client.next()).received,
    [[2, 2]],
    "the newest of the name",
  );
});

Deno.test("who left before the result was there gets it on return", async () => {
  await using referee = await startReferee();
  const { port, url } = referee.server;
  const jpegs = await makeJpegs({ frames: 12, size: "64x48" });
  const first = await RawClient.connect(port);
  await first.say(begin("a"));
  for (const [number, jpeg] of jpegs.entries()) {
    await first.frame("a", number, jpeg);
  }
  await first.say({
    type: "signal",
    session_id: "a",
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await first.bytes(SINGLE_LIGHT);
  await first.until("signal_ack");
  await first.cut();
  await referee.context.event("result");
  await using second = await RawClient.connect(port);
  await second.say({ type: "session_resume", session_id: "a" });
  await second.until("session_resumed");
  const { result } = await second.until("process_complete");
  assert.equal(result.winner, "right");
  assert.deepEqual(await (await fetch(`${url}results/a`)).json(), result);
});

/** A server that can be killed: the command itself. */
async function startKillable(
  outputDir: string,
): Promise<{ process: RunningProcess; port: number; url: string }> {
  const process = startStreamtool([
    ...["referee-serve", "--port", "0", "--output-dir", outputDir],
  ]);
  const page = await process.event(({ label }) => label === "Page");
  const url = String(page.url);
  return { process, port: Number(new URL(url).port), url };
}

Deno.test("killed with -9: no acknowledged frame is lost, and the client goes on", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_kill_" });
  const jpegs = await makeJpegs({ frames: 120, size: "320x240" });
  try {
    const before = await startKillable(folder);
    const acked = new Set<number>();
    {
      await using server = before.process;
      const client = await RawClient.connect(before.port);
      await client.say(begin("a"));
      await client.until("session_started");
      // Without waiting, so that the kill comes in the middle of a batch.
      const sending = (async () => {
        for (let number = 0; number < 100; number++) {
          await client.frame("a", number, jpegs[number]!);
        }
      })().catch(() => {});
      await waitUntil(() => client.inbox.length >= 30);
      server.signal("SIGKILL");
      await client.closed();
      await sending;
      for (const message of client.inbox) {
        if (message.status === "received") acked.add(message.frame_number);
      }
      await client.cut();
    }
    assert.ok(acked.size >= 30);

    const after = await startKillable(folder);
    await using _server = after.process;
    await using client = await RawClient.connect(after.port);
    await client.say({ type: "session_resume", session_id: "a" });
    const { received } = await client.next();
    const safe = (number: number): boolean =>
      received.some(([first, last]: [number, number]) =>
        first <= number && number <= last
      );
    for (const number of acked) {
      assert.ok(safe(number), `frame ${number} was acknowledged and is lost`);
    }
    for (let number = 0; number < 120; number++) {
      if (safe(number)) continue;
      await client.frame("a", number, jpegs[number]!);
      assert.equal((await client.next()).status, "received");
    }
    await finish(client, "a", 120);
    await assertWholeVideo(after.url, "a", jpegs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a torn record at the end of the spool is cut off", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_torn_" });
  const jpegs = await makeJpegs({ frames: 12, size: "64x48" });
  try {
    {
      await using referee = await startReferee({}, folder);
      const client = await RawClient.connect(referee.server.port);
      await client.say(begin("a"));
      for (let number = 0; number < 6; number++) {
        await client.frame("a", number, jpegs[number]!);
      }
      await waitUntil(() => client.inbox.length === 7);
      await client.cut();
      await referee.context.event("session-detached");
    }
    const [name] = await Array.fromAsync(
      Deno.readDir(join(folder, ".spool")),
      (entry) => entry.name,
    );
    const spool = join(folder, ".spool", name!, "frames.spool");
    await Deno.writeFile(spool, jpegs[6]!.subarray(0, 300), { append: true });
    await using referee = await startReferee({}, folder);
    await using client = await RawClient.connect(referee.server.port);
    await client.say({ type: "session_resume", session_id: "a" });
    assert.deepEqual((await client.next()).received, [[0, 5]]);
    for (let number = 6; number < 12; number++) {
      await client.frame("a", number, jpegs[number]!);
    }
    await finish(client, "a", 12);
    await assertWholeVideo(referee.server.url, "a", jpegs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server that stops says goodbye with 1001, and its successor has the sessions", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_stop_" });
  const [jpeg] = await makeJpegs({ frames: 1, size: "64x48" });
  try {
    const client = await (async () => {
      await using referee = await startReferee({}, folder);
      const client = await RawClient.connect(referee.server.port);
      await client.say(begin("a"));
      for (let number = 0; number < 5; number++) {
        await client.frame("a", number, jpeg!);
      }
      await waitUntil(() => client.inbox.length === 6);
      return client;
    })();
    assert.equal(await client.closed(), 1001);
    await client.cut();
    await using referee = await startReferee({}, folder);
    await using again = await RawClient.connect(referee.server.port);
    await again.say({ type: "session_resume", session_id: "a" });
    assert.deepEqual((await again.next()).received, [[0, 4]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a recording whose signal had come is processed after a restart", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_restart_" });
  const jpegs = await makeJpegs({ frames: 12, size: "64x48" });
  try {
    {
      await using referee = await startReferee({}, folder);
      const client = await RawClient.connect(referee.server.port);
      await client.say(begin("a"));
      for (const [number, frame] of jpegs.entries()) {
        await client.frame("a", number, frame);
      }
      await waitUntil(() => client.inbox.length === 13);
      await client.cut();
      await referee.context.event("session-detached");
    }
    // As a server leaves it that was killed while it processed.
    const [name] = await Array.fromAsync(
      Deno.readDir(join(folder, ".spool")),
      (entry) => entry.name,
    );
    const path = join(folder, ".spool", name!);
    const description = JSON.parse(
      await Deno.readTextFile(join(path, "session.json")),
    );
    await Deno.writeTextFile(
      join(path, "session.json"),
      JSON.stringify({
        ...description,
        state: "processing",
        totalFrames: 12,
        signal: { filename: "s.txt", swapSides: false },
      }),
    );
    await Deno.writeFile(join(path, "signal.bin"), SINGLE_LIGHT);
    await Deno.mkdir(join(path, "artifacts"));
    await Deno.writeTextFile(
      join(path, "artifacts", "video.mkv"),
      "half of it",
    );
    await using referee = await startReferee({}, folder);
    const event = await referee.context.event("result");
    assert.equal(event.winner, "right");
    await assertWholeVideo(referee.server.url, "a", jpegs);
    assert.deepEqual(await referee.spooled(), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
