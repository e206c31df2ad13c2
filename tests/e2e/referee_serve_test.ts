import assert from "node:assert/strict";
import { join } from "node:path";
import { RawClient, SINGLE_LIGHT } from "../services/support/referee.ts";
import { makeJpegs } from "../support/clips.ts";
import { startStreamtool } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";
import { startServe } from "./support/referee.ts";

const START = {
  type: "session_start",
  session_id: "phrase_1",
  fps: 30,
  width: 320,
  height: 240,
};

/** Sends the whole of a phrase's frames, each after the ack of the one before. */
async function sendFrames(client: RawClient, frames: number): Promise<void> {
  const jpegs = await makeJpegs({ frames, size: "320x240" });
  await client.say(START);
  await client.until("session_started");
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame("phrase_1", number, jpeg);
    assert.equal((await client.until("frame_ack")).frame_number, number);
  }
}

async function sendSignal(client: RawClient, frames: number): Promise<void> {
  await client.say({
    type: "session_end",
    session_id: "phrase_1",
    total_frames: frames,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: "phrase_1",
    filename: "phrase_1.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  await client.until("signal_ack");
}

Deno.test("the command takes a phrase of the documents' client, answers words, and stops with SIGTERM", async () => {
  await using server = await startServe();
  const { process, url, port } = server;
  const stream = await process.event(({ label }) => label === "Stream");
  assert.equal(stream.url, `ws://127.0.0.1:${port}/stream`);

  await using client = await RawClient.connect(port);
  await sendFrames(client, 30);
  await sendSignal(client, 30);
  const { result } = await client.until("process_complete");
  assert.equal(result.winner, "right");
  assert.equal(result.metadata.frame_count, 30);
  assert.ok((await Deno.stat(result.artifacts.video)).size > 0);

  const event = await process.event("result");
  assert.deepEqual([event.session, event.winner, event.frames], [
    "phrase_1",
    "right",
    30,
  ]);
  const health = await (await fetch(`${url}health`)).json();
  assert.equal(health.status, "ok");

  process.signal("SIGTERM");
  assert.equal(await client.closed(), 1001);
  const end = await process.event("end");
  assert.deepEqual([end.frames, end.sessions, end.results, end.code], [
    30,
    1,
    1,
    0,
  ]);
  assert.equal((await process.exited()).code, 0);
});

Deno.test("people see the addresses, one line to try, and what they ask for", async () => {
  await using process = startStreamtool(
    ["referee-serve", "--port", "0", "--output-dir", "results"],
    { json: false },
  );
  const line = await process.line(/Stream: +ws:\/\/127\.0\.0\.1:\d+\/stream/);
  const port = Number(/:(\d+)\/stream/.exec(line)![1]);
  await process.line(`http://127.0.0.1:${port}/`);
  await process.line(`streamtool referee-send 127.0.0.1:${port} --video`);
  await process.write("list");
  await process.line("there is no session");
  await using client = await RawClient.connect(port);
  await sendFrames(client, 12);
  await process.write("list");
  await process.line(/phrase_1 +RECEIVING_FRAMES +12 /);
  await process.write("results");
  await process.line("there is no result yet");
  await sendSignal(client, 12);
  await client.until("process_complete");
  await process.write("results");
  await process.line(/phrase_1 +right +Only the right fencer scored +12 /);
  await process.write("status");
  await process.line(/recordings +1/);
  await process.write("quit");
  assert.equal((await process.exited()).code, 0);
});

Deno.test("a phrase whose signal came is not lost by SIGTERM", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_term_" });
  try {
    {
      await using server = await startServe({ folder });
      await using client = await RawClient.connect(server.port);
      await sendFrames(client, 30);
      await sendSignal(client, 30);
      server.process.signal("SIGTERM");
      assert.equal(await client.closed(), 1001);
      assert.equal((await server.process.exited()).code, 0);
      // What is ready within the drain is said before the goodbye.
      const last = client.inbox.at(-1);
      if (last.type === "process_complete") {
        assert.equal(last.result.winner, "right");
      }
    }
    // What was not is made by the next run.
    await using server = await startServe({ folder });
    const result = await waitUntil(async () => {
      const answer = await fetch(`${server.url}results/phrase_1`);
      const body = await answer.json();
      return answer.ok && body;
    }, { within: 60_000 });
    assert.equal(result.winner, "right");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("limits, folder, token and level come from the documents' environment too", async () => {
  await using server = await startServe({
    env: {
      REFEREE_MAX_STREAMING_SESSIONS: "3",
      REFEREE_MAX_STREAMING_MEMORY_MB: "64",
      REFEREE_STREAMING_SESSION_TIMEOUT: "17",
      REFEREE_LOG_LEVEL: "WARNING",
      REFEREE_SPILL: "0",
      REFEREE_TOKEN: "a-token-from-the-environment",
      REFEREE_HOST: "127.0.0.1",
    },
    args: ["--max-upload-mb", "9"],
  });
  const health = await (await fetch(`${server.url}health`)).json();
  assert.equal(health.spill, false);
  assert.deepEqual(
    [
      health.limits.max_streaming_sessions,
      health.limits.max_streaming_memory_mb,
      health.limits.session_timeout_seconds,
      health.limits.max_upload_mb,
    ],
    [3, 64, 17, 9],
  );
  const refused = await fetch(`${server.url}streaming/stats`);
  await refused.body?.cancel();
  assert.equal(refused.status, 401);
  await assert.rejects(RawClient.connect(server.port), /401/);
  await using _client = await RawClient.connect(server.port, {
    headers: "Authorization: Bearer a-token-from-the-environment\r\n",
  });
});

Deno.test("mistakes are told in one line, with exit 2; a busy port with exit 1", async () => {
  await using server = await startServe();
  const short = join(server.process.cwd, "short");
  await Deno.writeTextFile(short, "1234\n");
  for (
    const [args, code, reason] of [
      [["--cert", "c.pem"], 2, /pass --key too/],
      [["--token-file", "/nowhere/token"], 2, /no such file/],
      [["--token-file", short], 2, /can be guessed/],
      [["--max-upload-mb", "0"], 2, /--max-upload-mb/],
      [["--port", String(server.port)], 1, /port is taken.*--port 0/],
    ] as const
  ) {
    await using process = startStreamtool(["referee-serve", ...args], {
      json: false,
    });
    assert.equal((await process.exited()).code, code, args.join(" "));
    assert.match(process.errorLines.join("\n"), reason);
  }
});

Deno.test("a server that was killed finds its sessions, and says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_kill_" });
  try {
    {
      await using server = await startServe({ folder });
      await using client = await RawClient.connect(server.port);
      await sendFrames(client, 20);
      server.process.signal("SIGKILL");
      await server.process.exited();
    }
    await using server = await startServe({ folder });
    const report = await (await fetch(`${server.url}api/referee`)).json();
    assert.equal(report.parked_sessions, 1);
    await using client = await RawClient.connect(server.port);
    await client.say({ type: "session_resume", session_id: "phrase_1" });
    assert.deepEqual((await client.next()).received, [[0, 19]]);
    await sendSignal(client, 20);
    const { result } = await client.until("process_complete");
    assert.equal(result.metadata.frame_count, 20);
    await waitUntil(async () =>
      (await Array.fromAsync(Deno.readDir(join(folder, ".spool")))).length === 0
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
