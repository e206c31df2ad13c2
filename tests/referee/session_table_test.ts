import assert from "node:assert/strict";
import {
  refereeLimits,
  type SessionStart,
  SessionTable,
} from "../../src/referee/mod.ts";

function start(session_id: string): SessionStart {
  return {
    type: "session_start",
    session_id,
    fps: 30,
    width: 32,
    height: 16,
    expected_frames: 0,
    video_format: "bgr24",
  };
}

Deno.test("a name that is taken and a full house are refused in the documents' words", () => {
  const table = new SessionTable(
    refereeLimits({ max_streaming_sessions: 2 }),
    true,
  );
  const first = table.start(start("a"), "1.2.3.4", 0);
  assert.throws(() => table.start(start("a"), "1.2.3.4", 0), {
    code: "SESSION_START_FAILED",
    message: "Session a already exists",
    sessionId: "a",
    recoverable: false,
  });
  table.start(start("b"), "1.2.3.4", 0);
  assert.throws(() => table.start(start("c"), "1.2.3.4", 0), {
    code: "SESSION_START_FAILED",
    message: "Maximum concurrent sessions reached (2)",
  });
  table.remove(first);
  table.start(start("c"), "1.2.3.4", 0);
  assert.equal(table.size, 2);
});

Deno.test("memory refuses only where frames stay in it", () => {
  const limits = refereeLimits({ max_streaming_memory_mb: 16 });
  for (const spill of [true, false]) {
    const table = new SessionTable(limits, spill);
    table.start(start("a"), "x", 0).storeBytes = 16 * 1024 * 1024;
    if (spill) {
      table.start(start("b"), "x", 0);
      assert.equal(table.room, Infinity);
    } else {
      assert.throws(() => table.start(start("b"), "x", 0), {
        message: "Maximum memory limit reached (16 MB)",
      });
      assert.ok(table.room <= 0);
    }
  }
});

Deno.test("an address has its sessions per hour, and they return", () => {
  const table = new SessionTable(
    refereeLimits({ max_sessions_per_hour: 2 }),
    true,
  );
  const begin = (id: string, address: string, now: number): void =>
    table.remove(table.start(start(id), address, now));
  begin("a", "1", 0);
  begin("b", "1", 1000);
  assert.throws(() => begin("c", "1", 2000), {
    code: "SESSION_START_FAILED",
    message: /Maximum sessions per hour reached \(2 .*max_sessions_per_hour\)/,
  });
  begin("c", "2", 2000);
  begin("c", "1", 3_600_001);
});

Deno.test("what has been idle for too long is found", () => {
  const table = new SessionTable(
    refereeLimits({ session_timeout_seconds: 300 }),
    true,
  );
  const one = table.start(start("a"), "x", 0);
  one.step("opened", 0);
  assert.deepEqual(table.expired(300_000), []);
  assert.deepEqual(table.expired(300_001), [one]);
  one.touch(200_000);
  assert.deepEqual(table.expired(300_001), []);
  one.step("signal", 300_001);
  assert.deepEqual(
    table.expired(900_000),
    [],
    "who is being processed is not idle",
  );
});

Deno.test("__proto__ is a session like any other", () => {
  const table = new SessionTable(refereeLimits(), true);
  table.start(start("__proto__"), "x", 0);
  table.start(start("constructor"), "x", 0);
  assert.equal(table.get("toString"), undefined);
  const stats = table.stats(0);
  assert.deepEqual(Object.keys(stats.sessions), ["__proto__", "constructor"]);
  const parsed = JSON.parse(JSON.stringify(stats));
  assert.equal(
    Object.getOwnPropertyDescriptor(parsed.sessions, "__proto__")?.value
      .session_id,
    "__proto__",
  );
  assert.equal(({} as Record<string, unknown>).session_id, undefined);
  assert.deepEqual(
    [
      stats.active_sessions,
      stats.max_sessions,
      stats.max_memory_mb,
      stats.total_frames,
    ],
    [2, 10, 2048, 0],
  );
});
