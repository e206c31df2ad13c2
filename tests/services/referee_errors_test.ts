import assert from "node:assert/strict";
import { refereeLimits } from "../../src/referee/mod.ts";
import { testJpeg } from "../referee/support/frames.ts";
import { processUsage } from "../support/process_table.ts";
import { quietFor, waitUntil } from "../support/wait.ts";
import {
  type Json,
  RawClient,
  SINGLE_LIGHT,
  startReferee,
  wsFrame,
} from "./support/referee.ts";

const JPEG = testJpeg();

function begin(session_id = "a"): Json {
  return { type: "session_start", session_id, fps: 30, width: 32, height: 16 };
}

async function started(port: number, id = "a"): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.say(begin(id));
  assert.equal((await client.next()).type, "session_started");
  return client;
}

Deno.test("every row of the error table, as a client sees it", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ max_streaming_sessions: 2 }),
  });
  const { port } = referee.server;
  const announce = {
    type: "frame",
    session_id: "a",
    frame_number: 1,
    timestamp: 0,
  };
  const rows: [string, (client: RawClient) => Promise<void>, string, number][] =
    [
      [
        "bytes where text was due",
        (client) => client.bytes(JPEG),
        "PROTOCOL_ERROR",
        1002,
      ],
      [
        "text where bytes were due",
        async (client) => {
          await client.say(begin());
          await client.say(announce);
          await client.say({ type: "ping" });
        },
        "PROTOCOL_ERROR",
        1002,
      ],
      ["no JSON", (client) => client.say("{{{"), "INVALID_MESSAGE", 1008],
      [
        "an unknown type",
        (client) => client.say({ type: "no" }),
        "INVALID_MESSAGE",
        1008,
      ],
      [
        "a field missing",
        (client) => client.say({ type: "session_start" }),
        "INVALID_MESSAGE",
        1008,
      ],
      [
        "a field of the wrong kind",
        (client) => client.say({ ...begin(), fps: [] }),
        "INVALID_MESSAGE",
        1008,
      ],
      [
        "a frame without a session",
        (client) => client.say(announce),
        "NO_ACTIVE_SESSION",
        1008,
      ],
      [
        "an end without a session",
        (client) =>
          client.say({ type: "session_end", session_id: "a", total_frames: 1 }),
        "NO_ACTIVE_SESSION",
        1008,
      ],
      [
        "a signal without a session",
        (client) =>
          client.say({
            type: "signal",
            session_id: "a",
            filename: "x",
            size: 1,
          }),
        "NO_ACTIVE_SESSION",
        1008,
      ],
      [
        "a resume of nothing",
        (client) =>
          client.say({ type: "session_resume", session_id: "nobody" }),
        "NO_ACTIVE_SESSION",
        1008,
      ],
      [
        "the same name twice",
        async (client) => {
          await client.say(begin());
          await client.say(begin());
        },
        "SESSION_START_FAILED",
        1013,
      ],
      [
        "a third session",
        async (client) => {
          for (const id of ["x", "y", "z"]) await client.say(begin(id));
        },
        "SESSION_START_FAILED",
        1013,
      ],
      [
        "a second end",
        async (client) => {
          await client.say(begin());
          await client.say({
            type: "session_end",
            session_id: "a",
            total_frames: 0,
          });
          await client.say({
            type: "session_end",
            session_id: "a",
            total_frames: 0,
          });
        },
        "SESSION_END_FAILED",
        1011,
      ],
      [
        "a signal and no frames",
        async (client) => {
          await client.say(begin());
          await client.say({
            type: "signal",
            session_id: "a",
            filename: "x",
            size: SINGLE_LIGHT.length,
          });
          await client.bytes(SINGLE_LIGHT);
        },
        "PROCESSING_FAILED",
        1011,
      ],
    ];
  for (const [name, provoke, code, closeCode] of rows) {
    await using client = await RawClient.connect(port);
    await provoke(client);
    const error = await client.until("error");
    assert.equal(error.error_code, code, name);
    assert.equal(error.recoverable, false, name);
    assert.equal(typeof error.error_message, "string");
    assert.ok("session_id" in error);
    assert.equal(await client.closed(), closeCode, name);
    await waitUntil(async () => (await referee.stats()).active_sessions === 0, {
      what: "the end of the sessions",
    });
  }
});

Deno.test("recoverable errors leave the connection and the frames behind them alone", async () => {
  await using referee = await startReferee();
  await using client = await started(referee.server.port);
  const answers: Json[] = [];
  const steps = [
    () => client.frame("a", 0, JPEG),
    () => client.frame("a", 123, new TextEncoder().encode("no picture")),
    () => client.say({ type: "frame_ack", session_id: "a" }),
    () => client.frame("a", 1, JPEG),
  ];
  for (const step of steps) {
    await step();
    answers.push(await client.next());
  }
  assert.deepEqual(
    answers.map((
      one,
    ) => [one.error_code ?? one.status, one.recoverable ?? one.frame_number]),
    [["received", 0], ["FRAME_PROCESSING_FAILED", true], [
      "UNKNOWN_MESSAGE_TYPE",
      true,
    ], ["received", 1]],
  );
  assert.equal(answers[1].error_message, "Failed to decode frame 123");
});

Deno.test("bombs are refused and cost nothing", async () => {
  await using referee = await startReferee();
  await using client = await started(referee.server.port);
  const bomb = JPEG.slice();
  for (let at = 2; at < 400; at++) {
    if (bomb[at] === 0xff && bomb[at + 1] === 0xc0) {
      bomb.set([0xff, 0xdc, 0xff, 0xdc], at + 5);
    }
  }
  const lyingRaw = new Uint8Array(100);
  new DataView(lyingRaw.buffer).setUint32(0, 4_000_000_000, true);
  new DataView(lyingRaw.buffer).setUint32(4, 4_000_000_000, true);
  new DataView(lyingRaw.buffer).setUint32(8, 3, true);
  for (
    const [number, [bytes, encoding]] of [[bomb, "jpeg"], [lyingRaw, "raw"]]
      .entries()
  ) {
    await client.frame("a", number, bytes as Uint8Array, { encoding });
    const error = await client.next();
    assert.equal(error.error_code, "FRAME_PROCESSING_FAILED");
    assert.match(error.detail, /pixels/);
  }
});

Deno.test("frame numbers beyond reason are numbers", async () => {
  await using referee = await startReferee();
  await using client = await started(referee.server.port);
  for (let number = 0; number < 10; number++) {
    await client.frame("a", number, JPEG);
  }
  await client.frame("a", 2_000_000_000, JPEG);
  await client.say({ type: "session_end", session_id: "a", total_frames: 11 });
  const { validation } = await client.until("session_ended");
  assert.deepEqual(validation.issues, [
    "Missing 1999999990 frames (first: 10, last: 1999999999)",
  ]);
  await client.say({
    type: "signal",
    session_id: "a",
    filename: "x",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  const { result } = await client.until("process_complete");
  assert.equal(result.metadata.frame_count, 11);
});

Deno.test("__proto__ and paths as names stay what they are", async () => {
  await using referee = await startReferee();
  for (
    const id of [
      "__proto__",
      "../../../etc/passwd",
      "a/b\\c:d",
      "..",
      "\u202egnp",
    ]
  ) {
    await using client = await started(referee.server.port, id);
    for (let number = 0; number < 3; number++) {
      await client.frame(id, number, JPEG);
    }
    const stats = await referee.stats();
    assert.deepEqual(Object.keys(stats.sessions as Json), [id]);
    await client.say({
      type: "signal",
      session_id: id,
      filename: "../../evil.sh",
      size: SINGLE_LIGHT.length,
    });
    await client.bytes(SINGLE_LIGHT);
    const { result } = await client.until("process_complete");
    assert.equal(result.session_id, id);
    assert.ok(result.artifact_dir.startsWith(`${referee.folder}/`));
    assert.match(
      result.artifact_dir.slice(referee.folder.length + 1),
      /^[A-Za-z0-9][\w.-]*$/,
    );
    assert.ok(result.artifacts.signal.endsWith("/signal.txt"));
    const answer = await fetch(
      `${referee.server.url}results/${encodeURIComponent(id)}`,
    );
    // URLs have no "..", whoever writes them.
    if (id === "..") await answer.body?.cancel();
    else assert.equal((await answer.json()).session_id, id);
  }
  for (
    const path of [
      "files/..%2f..%2fsecret",
      "files/.hidden",
      "files/",
      "frames/x",
      "frames/-1",
      "frames/99",
    ]
  ) {
    const answer = await fetch(
      `${referee.server.url}results/__proto__/${path}`,
    );
    assert.equal(answer.status, 404, path);
    await answer.body?.cancel();
  }
});

Deno.test("an abrupt end frees the session's place and memory, and leaves others alone", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ max_streaming_sessions: 2 }),
  });
  await using other = await started(referee.server.port, "other");
  for (let round = 0; round < 5; round++) {
    const client = await started(referee.server.port, "victim");
    await client.frame("victim", 0, JPEG);
    await client.next();
    // In the middle of a frame.
    await client.say({
      type: "frame",
      session_id: "victim",
      frame_number: 1,
      timestamp: 0,
    });
    await client.raw(wsFrame(2, JPEG).subarray(0, 100));
    await client.cut();
    await waitUntil(async () => (await referee.stats()).active_sessions === 1);
    await other.frame("other", round, JPEG);
    assert.equal((await other.next()).status, "received");
  }
  const stats = await referee.stats();
  assert.ok((stats.total_memory_mb as number) < 0.01);
});

Deno.test("a client that never reads its answers is bounded, then read no more", async () => {
  await using referee = await startReferee();
  const conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: referee.server.port,
  });
  await conn.write(new TextEncoder().encode(
    `GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${referee.server.port}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  const ping = wsFrame(1, new TextEncoder().encode('{"type":"ping"}'));
  const many = new Uint8Array(ping.length * 2000);
  for (let at = 0; at < many.length; at += ping.length) many.set(ping, at);
  const before = (await processUsage(Deno.pid)).rssBytes;
  let sent = 0;
  const sending = (async () => {
    while (sent < 400_000_000) sent += await conn.write(many);
  })().catch(() => {});
  // The server stops to read, then the kernel stops us.
  let last = -1;
  await waitUntil(async () => {
    await quietFor(300);
    const same = sent === last;
    last = sent;
    return same;
  });
  assert.ok(sent < 100_000_000, `${sent} bytes of pings were taken`);
  const grown = (await processUsage(Deno.pid)).rssBytes - before;
  assert.ok(grown < 100e6, `memory grew by ${grown}`);
  // Others do not notice.
  await using other = await started(referee.server.port, "other");
  await other.frame("other", 0, JPEG);
  assert.equal((await other.next()).status, "received");
  conn.close();
  await sending;
});

Deno.test("endless fragments are closed with 1009", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ max_frame_bytes: 4 * 1024 * 1024 }),
  });
  await using client = await RawClient.connect(referee.server.port);
  const piece = new Uint8Array(60_000);
  try {
    await client.raw(wsFrame(2, piece, false));
    for (let sent = 0; sent < 400; sent++) {
      await client.raw(wsFrame(0, piece, false));
    }
  } catch {
    // Closed while we wrote: that is what is wanted.
  }
  assert.equal(await client.closed(), 1009);
});

Deno.test("a session that nobody speaks of is put away, and its client hears why", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({ session_timeout_seconds: 1 }),
  });
  await using client = await started(referee.server.port);
  const error = await client.until("error");
  assert.equal(error.error_code, "SESSION_END_FAILED");
  assert.match(
    error.error_message,
    /^Session timeout: no activity for \d+\.\ds$/,
  );
  assert.equal(error.session_id, "a");
  await client.closed();
  assert.equal((await referee.stats()).active_sessions, 0);
});

Deno.test("an aborted session leaves nothing, and its connection goes on", async () => {
  await using referee = await startReferee();
  await using client = await started(referee.server.port);
  await client.frame("a", 0, JPEG);
  await client.until("frame_ack");
  await client.say({ type: "session_abort", session_id: "a" });
  await client.say(begin("b"));
  assert.deepEqual((await client.next()).session_id, "b");
  assert.equal((await referee.stats()).active_sessions, 1);
  assert.equal((await referee.spooled()).length, 1);
});

Deno.test("without a spool memory is the limit, and says so", async () => {
  const big = new Uint8Array(12 + 640 * 480 * 3);
  new DataView(big.buffer).setUint32(0, 480, true);
  new DataView(big.buffer).setUint32(4, 640, true);
  new DataView(big.buffer).setUint32(8, 3, true);
  await using referee = await startReferee({
    spill: false,
    limits: refereeLimits({ max_streaming_memory_mb: 16 }),
  });
  await using client = await started(referee.server.port);
  let error: Json;
  let kept = 0;
  for (let number = 0; error === undefined && number < 40; number++) {
    await client.frame("a", number, big, { encoding: "raw" });
    const answer = await client.next();
    if (answer.type === "error") error = answer;
    else kept++;
  }
  assert.equal(kept, Math.floor(16 * 1024 * 1024 / big.length));
  assert.deepEqual(
    [error.error_code, error.error_message, error.recoverable],
    ["FRAME_PROCESSING_FAILED", "Maximum memory limit reached (16 MB)", true],
  );
  assert.ok((await referee.stats()).total_memory_mb as number > 15);
  assert.deepEqual(await referee.spooled(), []);
  // Memory returns with the session; nothing of it can be resumed.
  await client.cut();
  await waitUntil(async () => (await referee.stats()).total_memory_mb === 0);
  await using again = await started(referee.server.port);
  await again.frame("a", 0, JPEG);
  assert.equal((await again.next()).status, "received");
});
