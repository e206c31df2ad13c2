import assert from "node:assert/strict";
import {
  type ConnectionAction,
  IngestConnection,
  MAX_SIGNAL_BYTES,
  refereeLimits,
  SessionTable,
} from "../../src/referee/mod.ts";
import { testJpeg } from "./support/frames.ts";

function newTable(sessions: number): SessionTable {
  return new SessionTable(
    refereeLimits({ max_streaming_sessions: sessions }),
    true,
  );
}

/** A connection to a server of its own; opens sessions at once, as a quick disk does. */
class Peer {
  readonly table: SessionTable;
  readonly connection: IngestConnection;

  constructor(table = newTable(10)) {
    this.table = table;
    this.connection = new IngestConnection(this.table, "1.2.3.4");
  }

  say(message: unknown): ConnectionAction[] {
    const text = typeof message === "string"
      ? message
      : JSON.stringify(message);
    const actions = this.connection.receiveText(text, 0);
    for (const action of actions) {
      if (action.type === "open") action.session.step("opened", 0);
    }
    return actions;
  }

  send(bytes: Uint8Array): ConnectionAction[] {
    return this.connection.receiveBytes(bytes, 0);
  }

  start(session_id = "a"): ConnectionAction[] {
    return this.say({
      type: "session_start",
      session_id,
      fps: 30,
      width: 32,
      height: 16,
    });
  }

  frame(
    frame_number: number,
    bytes: Uint8Array,
    session_id = "a",
  ): ConnectionAction[] {
    assert.deepEqual(
      this.say({
        type: "frame",
        session_id,
        frame_number,
        timestamp: 0,
        encoding: "jpeg",
        size: bytes.length,
      }),
      [],
    );
    return this.send(bytes);
  }
}

/** The error's code, whether it is recoverable, and how the connection is closed. */
function fault(actions: readonly ConnectionAction[]): unknown[] {
  const [send, close, ...more] = actions;
  assert.deepEqual(more, []);
  assert.ok(
    send?.type === "send" && send.message.type === "error",
    JSON.stringify(actions),
  );
  const { error_code, recoverable, session_id } = send.message;
  return close === undefined ? [error_code, recoverable, session_id] : [
    error_code,
    recoverable,
    session_id,
    close.type === "close" && close.code,
  ];
}

Deno.test("the documents' sequence: start, frames, end, signal", () => {
  const peer = new Peer();
  const [open] = peer.start();
  assert.equal(open?.type, "open");
  const [store] = peer.frame(0, testJpeg());
  assert.ok(store?.type === "store");
  assert.equal(store.frame.number, 0);
  assert.deepEqual(store.reply, {
    type: "frame_ack",
    session_id: "a",
    frame_number: 0,
    status: "received",
  });
  const [again] = peer.frame(0, testJpeg());
  assert.ok(again?.type === "reply" && again.message.type === "frame_ack");
  assert.equal(again.message.status, "duplicate");
  const [ended] = peer.say({
    type: "session_end",
    session_id: "a",
    total_frames: 1,
  });
  assert.ok(ended?.type === "reply" && ended.message.type === "session_ended");
  assert.deepEqual(
    peer.say({ type: "signal", session_id: "a", filename: "p.txt", size: 3 }),
    [],
  );
  const [process] = peer.send(Uint8Array.of(1, 2, 3));
  assert.ok(process?.type === "process");
  assert.deepEqual([process.filename, [...process.bytes], process.swapSides], [
    "p.txt",
    [1, 2, 3],
    false,
  ]);
  assert.equal(process.session.state, "PROCESSING");
  assert.deepEqual(peer.say({ type: "ping" }), [{
    type: "send",
    message: { type: "pong" },
  }]);
});

Deno.test("one connection carries one phrase after another, and two at once", () => {
  const peer = new Peer();
  peer.start("a");
  peer.start("b");
  const [a] = peer.frame(0, testJpeg(), "a");
  const [b] = peer.frame(0, testJpeg(), "b");
  assert.ok(a?.type === "store" && b?.type === "store");
  assert.notEqual(a.session, b.session);
  peer.connection.release(a.session);
  peer.table.remove(a.session);
  assert.equal(peer.start("a")[0]?.type, "open");
});

Deno.test("every row of the error table", () => {
  const jpeg = testJpeg();
  const rows: [string, (peer: Peer) => ConnectionAction[], unknown[]][] = [
    ["bytes where text was due", (peer) => peer.send(jpeg), [
      "PROTOCOL_ERROR",
      false,
      null,
      1002,
    ]],
    ["text where bytes were due", (peer) => {
      peer.start();
      peer.say({
        type: "frame",
        session_id: "a",
        frame_number: 0,
        timestamp: 0,
      });
      return peer.say({ type: "ping" });
    }, ["PROTOCOL_ERROR", false, "a", 1002]],
    ["no JSON", (peer) => peer.say("nonsense"), [
      "INVALID_MESSAGE",
      false,
      null,
      1008,
    ]],
    ["an unknown type", (peer) => peer.say({ type: "dance" }), [
      "INVALID_MESSAGE",
      false,
      null,
      1008,
    ]],
    [
      "a field missing",
      (peer) =>
        peer.say({
          type: "session_start",
          session_id: "a",
          fps: 30,
          width: 32,
        }),
      ["INVALID_MESSAGE", false, "a", 1008],
    ],
    [
      "a field of the wrong kind",
      (peer) =>
        peer.say({
          type: "session_start",
          session_id: "a",
          fps: "x",
          width: 32,
          height: 1,
        }),
      ["INVALID_MESSAGE", false, "a", 1008],
    ],
    ["a name that is taken", (peer) => {
      peer.start();
      return peer.start();
    }, ["SESSION_START_FAILED", false, "a", 1013]],
    ["too many sessions", (peer) => {
      peer.start("a");
      peer.start("b");
      return peer.start("c");
    }, ["SESSION_START_FAILED", false, "c", 1013]],
    [
      "a frame before its session",
      (peer) =>
        peer.say({
          type: "frame",
          session_id: "a",
          frame_number: 0,
          timestamp: 0,
        }),
      ["NO_ACTIVE_SESSION", false, "a", 1008],
    ],
    [
      "an end before its session",
      (peer) =>
        peer.say({ type: "session_end", session_id: "a", total_frames: 0 }),
      ["NO_ACTIVE_SESSION", false, "a", 1008],
    ],
    [
      "a signal before its session",
      (peer) =>
        peer.say({ type: "signal", session_id: "a", filename: "x", size: 1 }),
      ["NO_ACTIVE_SESSION", false, "a", 1008],
    ],
    ["another client's session", (peer) => {
      peer.start();
      const other = new Peer(peer.table);
      return other.say({
        type: "session_end",
        session_id: "a",
        total_frames: 0,
      });
    }, ["NO_ACTIVE_SESSION", false, "a", 1008]],
    [
      "a server's type",
      (peer) => peer.say({ type: "frame_ack", session_id: "a" }),
      ["UNKNOWN_MESSAGE_TYPE", true, null],
    ],
    ["a second end", (peer) => {
      peer.start();
      peer.say({ type: "session_end", session_id: "a", total_frames: 0 });
      return peer.say({
        type: "session_end",
        session_id: "a",
        total_frames: 0,
      });
    }, ["SESSION_END_FAILED", false, "a", 1011]],
    ["a signal that is too large", (peer) => {
      peer.start();
      peer.say({ type: "signal", session_id: "a", filename: "x", size: 1 });
      return peer.send(new Uint8Array(MAX_SIGNAL_BYTES + 1));
    }, ["PROCESSING_FAILED", false, "a", 1011]],
  ];
  for (const [name, provoke, expected] of rows) {
    assert.deepEqual(fault(provoke(new Peer(newTable(2)))), expected, name);
  }
});

Deno.test("a bad frame is answered in its turn and the connection goes on", () => {
  const peer = new Peer();
  peer.start();
  const [reply] = peer.frame(5, new Uint8Array(9));
  assert.ok(reply?.type === "reply" && reply.message.type === "error");
  assert.equal(reply.message.error_code, "FRAME_PROCESSING_FAILED");
  assert.equal(peer.frame(5, testJpeg())[0]?.type, "store");
});

Deno.test("an abort throws the session away, and one of nothing is nothing", () => {
  const peer = new Peer();
  assert.deepEqual(peer.say({ type: "session_abort", session_id: "a" }), []);
  peer.start();
  const [abort] = peer.say({ type: "session_abort", session_id: "a" });
  assert.ok(abort?.type === "abort");
  assert.equal(abort.session.stats(0).aborted, true);
  assert.deepEqual([...peer.connection.sessions], []);
});

Deno.test("a signal of another size than announced is a warning", () => {
  const peer = new Peer();
  peer.start();
  peer.say({
    type: "signal",
    session_id: "a",
    filename: "x",
    size: 9,
    swap_sides: true,
  });
  const [process] = peer.send(Uint8Array.of(1));
  assert.ok(process?.type === "process" && process.swapSides);
  assert.deepEqual(process.session.warnings, [
    "The signal was announced with 9 bytes and has 1",
  ]);
});

Deno.test("resume is handed on to whoever keeps sessions", () => {
  const peer = new Peer();
  assert.deepEqual(
    peer.say({ type: "session_resume", session_id: "a", resume_key: "k" }),
    [{
      type: "resume",
      message: { type: "session_resume", session_id: "a", resume_key: "k" },
    }],
  );
});
