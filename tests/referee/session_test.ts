import assert from "node:assert/strict";
import {
  type FrameMessage,
  type RefereeLimits,
  refereeLimits,
  RefereeSession,
  type SessionStart,
} from "../../src/referee/mod.ts";
import {
  nextState,
  type SessionEvent,
  type SessionState,
} from "../../src/referee/session_state.ts";
import { testJpeg, testPixels } from "./support/frames.ts";

const START: SessionStart = {
  type: "session_start",
  session_id: "a",
  fps: 30,
  width: 32,
  height: 16,
  expected_frames: 0,
  video_format: "bgr24",
};

function session(
  limits: Partial<RefereeLimits> = {},
  start = START,
): RefereeSession {
  const made = new RefereeSession(start, refereeLimits(limits), 1000);
  made.step("opened", 1000);
  return made;
}

function frame(
  frame_number: number,
  extra: Partial<FrameMessage> = {},
): FrameMessage {
  return {
    type: "frame",
    session_id: "a",
    frame_number,
    timestamp: frame_number / 30,
    ...extra,
  };
}

const STATES: readonly SessionState[] = [
  "CREATE",
  "RECEIVING_FRAMES",
  "FRAMES_COMPLETE",
  "PROCESSING",
  "CLEANUP",
];
const EVENTS: readonly SessionEvent[] = [
  "opened",
  "frame",
  "end",
  "signal",
  "done",
  "failed",
  "abort",
  "timeout",
  "detach",
];

/** The life of a session as the documents draw it; a dash is refused. */
const TABLE = `
                  opened frame end signal done failed abort timeout detach
CREATE            R      -     -   -      -    X      X     -       X
RECEIVING_FRAMES  -      R     F   P      -    X      X     X       X
FRAMES_COMPLETE   -      -     -   P      -    X      X     X       X
PROCESSING        -      -     -   -      X    X      X     -       P
CLEANUP           -      -     -   -      -    -      -     -       -
`;

Deno.test("the table of states is the documents' life of a session", () => {
  const letters: Record<string, SessionState | undefined> = {
    R: "RECEIVING_FRAMES",
    F: "FRAMES_COMPLETE",
    P: "PROCESSING",
    X: "CLEANUP",
  };
  const rows = TABLE.trim().split("\n").slice(1).map((row) => row.split(/\s+/));
  for (const [at, state] of STATES.entries()) {
    assert.equal(rows[at]![0], state);
    for (const [place, event] of EVENTS.entries()) {
      assert.equal(
        nextState(state, event),
        letters[rows[at]![place + 1]!],
        `${state} ${event}`,
      );
    }
  }
});

Deno.test("a good frame is stored and acknowledged, a second of its number is a duplicate", () => {
  const one = session();
  const bytes = testJpeg();
  assert.deepEqual(
    one.frame(frame(3, { encoding: "jpeg", size: bytes.length }), bytes, 1100),
    {
      store: {
        kind: "jpeg",
        width: 32,
        height: 16,
        number: 3,
        timestamp: 0.1,
        bytes,
      },
      reply: {
        type: "frame_ack",
        session_id: "a",
        frame_number: 3,
        status: "received",
      },
    },
  );
  assert.deepEqual(one.frame(frame(3), testJpeg(2), 1200), {
    reply: {
      type: "frame_ack",
      session_id: "a",
      frame_number: 3,
      status: "duplicate",
    },
  });
  assert.deepEqual(one.warnings, []);
});

Deno.test("a bad frame is FRAME_PROCESSING_FAILED, and the number stays free for a good one", () => {
  const one = session();
  const { store, reply } = one.frame(frame(123), new Uint8Array(5), 1100);
  assert.equal(store, undefined);
  assert.ok(reply.type === "error");
  assert.equal(reply.error_code, "FRAME_PROCESSING_FAILED");
  assert.equal(reply.error_message, "Failed to decode frame 123");
  assert.equal(reply.session_id, "a");
  assert.equal(reply.recoverable, true);
  assert.equal(one.received.count, 0);
  assert.ok(one.frame(frame(123), testJpeg(), 1100).store);
});

Deno.test("cumulative acks say how many frames were answered", () => {
  const one = session({}, { ...START, cumulative_acks: true });
  const acked = [0, 0, 1].map((number) => {
    const { reply } = one.frame(frame(number), testJpeg(), 1100);
    return reply.type === "frame_ack" ? [reply.status, reply.acked] : undefined;
  });
  assert.deepEqual(acked, [["received", 1], ["duplicate", 2], ["received", 3]]);
});

Deno.test("odd things become warnings, each kind once", () => {
  const one = session({}, { ...START, width: 64 });
  for (let number = 0; number < 5; number++) {
    one.frame(frame(number, { size: 1 }), testJpeg(), 1100);
  }
  assert.equal(one.warnings.length, 2);
  assert.match(one.warnings[0]!, /Frame 0 was announced with 1 bytes/);
  assert.match(one.warnings[1]!, /32 × 16, the session said 64 × 16/);
});

Deno.test("limits name themselves", () => {
  const jpeg = testJpeg();
  const cases: [RefereeSession, number, RegExp][] = [
    [
      session({ max_session_frames: 2 }),
      Infinity,
      /Maximum frames reached \(2, max_session_frames\)/,
    ],
    [
      session({ max_session_mb: (jpeg.length * 2 + 100) / 1024 / 1024 }),
      Infinity,
      /max_session_mb/,
    ],
    [
      session({ max_streaming_memory_mb: 16 }),
      jpeg.length * 2,
      /^Maximum memory limit reached \(16 MB\)$/,
    ],
  ];
  for (const [one, room, words] of cases) {
    let left = room;
    const replies = [0, 1, 2].map((number) => {
      const { store, reply } = one.frame(frame(number), jpeg, 1100, left);
      left -= store?.bytes.length ?? 0;
      return reply;
    });
    assert.equal(replies[1]?.type, "frame_ack");
    assert.ok(replies[2]?.type === "error", JSON.stringify(replies));
    assert.match(replies[2].error_message, words);
    assert.equal(replies[2].recoverable, true);
  }
});

Deno.test("the end is told once, with what is to be said of the frames", () => {
  const one = session({}, { ...START, expected_frames: 12 });
  for (const number of [0, 1, 2, 5, 4, 6, 7, 8, 9, 10, 11]) {
    one.frame(frame(number), testJpeg(), 1100);
  }
  assert.deepEqual(one.end(12, 1200), {
    type: "session_ended",
    session_id: "a",
    validation: {
      valid: false,
      issues: ["Missing frames: [3]", "Expected 12 frames, received 11"],
      frame_count: 11,
      missing_frames: 1,
      duplicate_frames: 0,
      out_of_order_frames: 1,
      has_signal: false,
    },
  });
  assert.throws(() => one.end(12, 1300), { code: "SESSION_END_FAILED" });
  const late = one.frame(frame(3), testJpeg(), 1300).reply;
  assert.ok(late.type === "frame_ack" && late.status === "error");
});

Deno.test("what the client says at the end counts where it promised nothing before", () => {
  const one = session();
  for (let number = 0; number < 20; number++) {
    one.frame(frame(number), testJpeg(), 1100);
  }
  const ended = one.end(25, 1200);
  assert.ok(ended.type === "session_ended");
  assert.deepEqual(ended.validation.issues, [
    "Expected 25 frames, received 20",
  ]);
});

Deno.test("the figures of /streaming/stats", () => {
  const one = session({}, { ...START, expected_frames: 9 });
  for (const [at, number] of [0, 1, 1, 5, 3].entries()) {
    one.frame(frame(number), testJpeg(), 2000 + at * 100);
  }
  one.frame(frame(9), new Uint8Array(3), 2500);
  one.storeBytes = 1024 * 1024;
  const { received_bytes, ...stats } = one.stats(4000);
  assert.deepEqual(stats, {
    session_id: "a",
    fps: 30,
    width: 32,
    height: 16,
    expected_frames: 9,
    frames_received: 4,
    total_frames_received: 6,
    duplicate_frames: 1,
    out_of_order_frames: 1,
    missing_frames: 2,
    has_signal: false,
    duration_seconds: 3,
    idle_seconds: 1.5,
    memory_mb: 1,
    completed: false,
    aborted: false,
    state: "RECEIVING_FRAMES",
    received_fps: 7.5,
    current_fps: 1.1,
  });
  assert.ok(received_bytes > testJpeg().length * 4);
  one.step("signal", 4000);
  one.step("done", 5000);
  assert.equal(one.stats(5000).completed, true);
  const other = session();
  other.step("abort", 2000);
  assert.equal(other.stats(2000).aborted, true);
});

Deno.test("a session that comes back from disk knows its frames", () => {
  const one = session();
  one.restore([{ number: 0, length: 10 }, { number: 1, length: 10 }, {
    number: 1,
    length: 10,
  }, { number: 4, length: 5 }]);
  const resumed = one.resumed();
  assert.deepEqual(resumed, {
    type: "session_resumed",
    session_id: "a",
    state: "receiving",
    received: [[0, 1], [4, 4]],
    frames_received: 3,
    has_signal: false,
    window: 64,
  });
  const reply = one.frame(frame(4), testJpeg(), 2000).reply;
  assert.ok(reply.type === "frame_ack" && reply.status === "duplicate");
});

Deno.test("raw frames of the session's size need no header", () => {
  const { store } = session().frame(
    frame(0, { encoding: "raw" }),
    testPixels(),
    1100,
  );
  assert.deepEqual([store?.kind, store?.width, store?.height], ["raw", 32, 16]);
});
