import assert from "node:assert/strict";
import { join } from "node:path";
import { refereeLimits } from "../../src/referee/mod.ts";
import { testJpeg } from "../referee/support/frames.ts";
import { waitUntil } from "../support/wait.ts";
import {
  makeCertificate,
  type TestCertificate,
} from "./support/certificate.ts";
import { RawClient, SINGLE_LIGHT, startReferee } from "./support/referee.ts";

const JPEG = testJpeg();
const TOKEN = "a-token-of-some-length";

async function record(port: number, id: string, frames = 10): Promise<void> {
  await using client = await RawClient.connect(port);
  await client.say({
    type: "session_start",
    session_id: id,
    fps: 30,
    width: 32,
    height: 16,
  });
  for (let number = 0; number < frames; number++) {
    await client.frame(id, number, JPEG);
  }
  await client.say({
    type: "signal",
    session_id: id,
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  await client.until("process_complete");
}

Deno.test("/health has the documents' fields and every limit", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ max_streaming_sessions: 3 }),
  });
  const health = await (await fetch(`${referee.server.url}health`)).json();
  assert.deepEqual(
    [health.status, health.model_path, health.model_loaded],
    ["ok", null, true],
  );
  assert.equal(health.limits.max_streaming_sessions, 3);
  assert.equal(
    health.limit_variables.max_streaming_sessions,
    "REFEREE_MAX_STREAMING_SESSIONS",
  );
  assert.deepEqual(
    Object.keys(health.limits),
    Object.keys(health.limit_variables),
  );
});

Deno.test("/streaming/stats follows a session", async () => {
  await using referee = await startReferee();
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 25,
    width: 32,
    height: 16,
    expected_frames: 50,
  });
  for (const number of [0, 1, 1, 4]) await client.frame("a", number, JPEG);
  await waitUntil(() => client.inbox.length === 5);
  const stats = await referee.stats();
  assert.deepEqual([
    stats.active_sessions,
    stats.max_sessions,
    stats.max_memory_mb,
    stats.total_frames,
  ], [1, 10, 2048, 3]);
  const { a } = stats.sessions as Record<string, Record<string, unknown>>;
  assert.deepEqual(
    [
      a?.session_id,
      a?.fps,
      a?.expected_frames,
      a?.frames_received,
      a?.total_frames_received,
      a?.duplicate_frames,
      a?.missing_frames,
      a?.has_signal,
      a?.completed,
      a?.aborted,
    ],
    ["a", 25, 50, 3, 4, 1, 2, false, false, false],
  );
});

Deno.test("/metrics speaks Prometheus", async () => {
  await using referee = await startReferee();
  await record(referee.server.port, "a");
  const answer = await fetch(`${referee.server.url}metrics`);
  assert.match(
    answer.headers.get("content-type") ?? "",
    /^text\/plain; version=0\.0\.4/,
  );
  const text = await answer.text();
  assert.match(text, /^referee_frames_total 10$/m);
  assert.match(text, /^referee_results_total 1$/m);
  assert.match(text, /^# TYPE referee_sessions gauge$/m);
});

Deno.test("a session's picture is live while it lasts", async () => {
  await using referee = await startReferee();
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a b",
    fps: 25,
    width: 32,
    height: 16,
  });
  await client.frame("a b", 7, JPEG);
  await client.until("frame_ack");
  const { url } = referee.server;
  const answer = await fetch(`${url}sessions/a%20b/preview.mjpeg`);
  assert.match(
    answer.headers.get("content-type") ?? "",
    /^multipart\/x-mixed-replace/,
  );
  const reader = answer.body!.getReader();
  let text = "";
  while (!text.includes("x-frame-number: 7")) {
    const { value } = await reader.read();
    text += new TextDecoder("latin1").decode(value);
  }
  await client.say({ type: "session_abort", session_id: "a b" });
  for (;;) if ((await reader.read()).done) break; // the stream ends with the session
  const missing = await fetch(`${url}sessions/nobody/preview.mjpeg`);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("results: the list, one by name or session, its files, ranges of them", async () => {
  await using referee = await startReferee();
  const { url, port } = referee.server;
  await record(port, "first");
  await record(port, "second");
  const list = await (await fetch(`${url}results`)).json();
  assert.deepEqual(
    list.map(({ sessionId }: { sessionId: string }) => sessionId),
    ["second", "first"],
  );
  const byName = await (await fetch(`${url}results/${list[1].name}`)).json();
  assert.equal(byName.session_id, "first");
  const video = await fetch(new URL(byName.links.video, url));
  assert.equal(video.headers.get("content-type"), "video/x-matroska");
  const bytes = await video.bytes();
  assert.equal(bytes.length, Number(video.headers.get("content-length")));
  const cases: [string, number, number, number][] = [
    ["bytes=0-99", 206, 0, 100],
    ["bytes=100-", 206, 100, bytes.length],
    ["bytes=-50", 206, bytes.length - 50, bytes.length],
    ["bytes=10-99999999", 206, 10, bytes.length],
    ["bytes=0-1,5-6", 200, 0, bytes.length],
  ];
  for (const [range, status, from, to] of cases) {
    const part = await fetch(new URL(byName.links.video, url), {
      headers: { range },
    });
    assert.equal(part.status, status, range);
    assert.deepEqual(await part.bytes(), bytes.slice(from, to), range);
  }
  const beyond = await fetch(new URL(byName.links.video, url), {
    headers: { range: "bytes=99999999-" },
  });
  assert.equal(beyond.status, 416);
  await beyond.body?.cancel();
  const nothing = await fetch(`${url}results/nobody`);
  assert.equal(nothing.status, 404);
  await nothing.body?.cancel();
});

Deno.test("results outlive the server, and retention takes the oldest", async () => {
  const folder = await Deno.makeTempDir({ prefix: "referee_keep_" });
  try {
    {
      await using referee = await startReferee({}, folder);
      for (const id of ["one", "two", "three"]) {
        await record(referee.server.port, id);
      }
      await Deno.mkdir(join(folder, "somebody_elses"));
    }
    await using referee = await startReferee({
      retention: { ageMs: undefined, bytes: 1 },
    }, folder);
    const list = await (await fetch(`${referee.server.url}results`)).json();
    assert.deepEqual(
      list.map(({ sessionId }: { sessionId: string }) => sessionId),
      ["three"],
    );
    const left = await referee.artifacts();
    assert.equal(left.length, 2);
    assert.ok(left.includes("somebody_elses"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("retention by age", async () => {
  await using referee = await startReferee({
    retention: { ageMs: 0, bytes: undefined },
  });
  await record(referee.server.port, "a");
  await waitUntil(async () => (await referee.artifacts()).length === 0);
});

Deno.test("with a token nothing but /health is told without it", async () => {
  await using referee = await startReferee({ token: TOKEN });
  const { url, port } = referee.server;
  const health = await fetch(`${url}health`);
  assert.equal(health.status, 200);
  await health.body?.cancel();
  for (
    const path of [
      "streaming/stats",
      "metrics",
      "results",
      "results/x/files/video.mkv",
      "sessions/a/preview.mjpeg",
      "api/referee",
    ]
  ) {
    for (
      const wrong of ["", "?token=wrong-token-of-this", `?token=${TOKEN}x`]
    ) {
      const answer = await fetch(`${url}${path}${wrong}`);
      assert.equal(answer.status, 401, path + wrong);
      await answer.body?.cancel();
    }
  }
  const upload = await fetch(`${url}analyze`, {
    method: "POST",
    body: new FormData(),
  });
  assert.equal(upload.status, 401);
  await upload.body?.cancel();
  for (
    const right of [
      { headers: { authorization: `Bearer ${TOKEN}` } },
      { headers: { "x-referee-token": TOKEN } },
    ]
  ) {
    const answer = await fetch(`${url}streaming/stats`, right);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  }
  await assert.rejects(RawClient.connect(port), /HTTP\/1\.1 401 /);
  await assert.rejects(
    RawClient.connect(port, { headers: "Authorization: Bearer no\r\n" }),
    /401/,
  );
  for (
    const way of [
      { path: `/stream?token=${TOKEN}` },
      { headers: `Authorization: Bearer ${TOKEN}\r\n` },
      // With a token it does not matter whose page it is.
      {
        headers:
          `Authorization: Bearer ${TOKEN}\r\nOrigin: http://elsewhere.example\r\n`,
      },
    ]
  ) {
    await using client = await RawClient.connect(port, way);
    await client.say({ type: "ping" });
    assert.deepEqual(await client.next(), { type: "pong" });
  }
});

Deno.test("without a token a foreign page does not get in", async () => {
  await using referee = await startReferee();
  const { port } = referee.server;
  await assert.rejects(
    RawClient.connect(port, { headers: "Origin: http://evil.example\r\n" }),
    /403/,
  );
  await using own = await RawClient.connect(port, {
    headers: `Origin: http://127.0.0.1:${port}\r\n`,
  });
  await own.say({ type: "ping" });
  assert.deepEqual(await own.next(), { type: "pong" });
  await assert.rejects(RawClient.connect(port, { path: "/elsewhere" }), /404/);
});

const tls = await makeCertificate();

Deno.test({
  name: "TLS: pages and streams (needs openssl)",
  ignore: tls === undefined,
  fn: () => overTls(tls!),
});

async function overTls(tls: TestCertificate): Promise<void> {
  await using referee = await startReferee({ tls });
  const { url, streamUrl, port } = referee.server;
  assert.match(url, /^https:/);
  assert.match(streamUrl, /^wss:/);
  using http = Deno.createHttpClient({ caCerts: [tls.cert] });
  const health = await fetch(
    `https://localhost:${port}/health`,
    { client: http } as RequestInit,
  );
  assert.equal((await health.json()).status, "ok");
  await using client = await RawClient.connect(port, { tls: tls.cert });
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 30,
    width: 32,
    height: 16,
  });
  for (let number = 0; number < 20; number++) {
    await client.frame("a", number, JPEG);
  }
  await waitUntil(() => client.inbox.length === 21);
}

Deno.test("a busy port is an error that names the remedy", async () => {
  await using referee = await startReferee();
  await assert.rejects(
    startReferee({ port: referee.server.port }),
    /the port is taken.*--port 0/,
  );
});
