import assert from "node:assert/strict";
import {
  coalesceAcks,
  errorMessage,
  type FrameAck,
  parseServerMessage,
  RefereeProtocolError,
  type ServerMessage,
} from "../../src/referee/mod.ts";

function ack(
  frame_number: number,
  status: FrameAck["status"] = "received",
  acked: number | undefined = undefined,
): FrameAck {
  const base = {
    type: "frame_ack",
    session_id: "a",
    frame_number,
    status,
  } as const;
  return acked === undefined ? base : { ...base, acked };
}

Deno.test("an error message has the documents' fields", () => {
  assert.deepEqual(
    errorMessage(
      new RefereeProtocolError(
        "FRAME_PROCESSING_FAILED",
        "Failed to decode frame 123",
        { sessionId: "a" },
      ),
    ),
    {
      type: "error",
      session_id: "a",
      error_code: "FRAME_PROCESSING_FAILED",
      error_message: "Failed to decode frame 123",
      recoverable: true,
    },
  );
  assert.equal(
    errorMessage(new RefereeProtocolError("INVALID_MESSAGE", "No")).session_id,
    null,
  );
});

Deno.test("acks of clients that did not ask for it are never put together", () => {
  const messages = [ack(0), ack(1), ack(2)];
  assert.deepEqual(coalesceAcks(messages), messages);
});

Deno.test("cumulative acks: a run becomes its last one, and what is special stays", () => {
  const duplicate = ack(1, "duplicate", 3);
  const error: ServerMessage = errorMessage(
    new RefereeProtocolError("FRAME_PROCESSING_FAILED", "Failed"),
  );
  assert.deepEqual(
    coalesceAcks([
      ack(0, "received", 1),
      ack(1, "received", 2),
      duplicate,
      ack(2, "received", 4),
      error,
      ack(3, "received", 6),
      ack(4, "received", 7),
    ]),
    [
      ack(1, "received", 2),
      duplicate,
      ack(2, "received", 4),
      error,
      ack(4, "received", 7),
    ],
  );
});

Deno.test("a client reads what it needs and leaves the rest alone", () => {
  assert.deepEqual(parseServerMessage('{"type":"pong"}'), { type: "pong" });
  assert.equal(parseServerMessage('{"type":"weather"}'), undefined);
  assert.deepEqual(parseServerMessage(JSON.stringify(ack(5))), ack(5));
  assert.deepEqual(
    parseServerMessage(
      '{"type":"error","session_id":null,"error_code":"NEW","error_message":"m","recoverable":false}',
    ),
    {
      type: "error",
      session_id: null,
      error_code: "INTERNAL_ERROR",
      error_message: "m",
      recoverable: false,
    },
  );
});

Deno.test("a client refuses a server's nonsense", () => {
  for (
    const text of [
      "nonsense",
      '{"type":"frame_ack","session_id":"a","status":"received"}',
      '{"type":"frame_ack","frame_number":1,"status":"received"}',
      '{"type":"process_complete","session_id":"a"}',
      '{"type":"session_ended","session_id":"a","validation":null}',
      '{"type":"session_resumed","session_id":"a","received":[[1]]}',
      '{"type":"session_resumed","session_id":"a","received":[[1,-2]]}',
      '{"type":"process_progress","session_id":"a","stage":"yolo","progress":"x"}',
    ]
  ) {
    assert.throws(
      () => parseServerMessage(text),
      { code: "INVALID_MESSAGE" },
      text,
    );
  }
});
