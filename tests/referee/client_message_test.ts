import assert from "node:assert/strict";
import {
  MAX_TEXT_BYTES,
  parseClientMessage,
  RefereeProtocolError,
} from "../../src/referee/mod.ts";

/** What clients of the documents send, and what it is read as. */
const VALID: readonly (readonly [string, unknown])[] = [
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":640,"height":480}',
    {
      type: "session_start",
      session_id: "a",
      fps: 30,
      width: 640,
      height: 480,
      expected_frames: 0,
      video_format: "bgr24",
      resume_key: undefined,
      cumulative_acks: false,
    },
  ],
  [
    '{"type":"session_start","session_id":"a","fps":29.97,"width":640,"height":480,' +
    '"expected_frames":null,"video_format":"rgb24","resume_key":"k","cumulative_acks":true,"extra":[1]}',
    {
      type: "session_start",
      session_id: "a",
      fps: 29.97,
      width: 640,
      height: 480,
      expected_frames: 0,
      video_format: "rgb24",
      resume_key: "k",
      cumulative_acks: true,
    },
  ],
  [
    '{"type":"frame","session_id":"a","frame_number":2000000000,"timestamp":-1.5,"encoding":"jpeg","quality":85,"size":12}',
    {
      type: "frame",
      session_id: "a",
      frame_number: 2_000_000_000,
      timestamp: -1.5,
      encoding: "jpeg",
      size: 12,
    },
  ],
  [
    '{"type":"frame","session_id":"__proto__","frame_number":0,"timestamp":0}',
    {
      type: "frame",
      session_id: "__proto__",
      frame_number: 0,
      timestamp: 0,
      encoding: undefined,
      size: undefined,
    },
  ],
  [
    '{"type":"session_end","session_id":"a","total_frames":90}',
    { type: "session_end", session_id: "a", total_frames: 90 },
  ],
  [
    '{"type":"signal","session_id":"a","filename":"phrase.txt","size":400}',
    {
      type: "signal",
      session_id: "a",
      filename: "phrase.txt",
      size: 400,
      swap_sides: false,
    },
  ],
  ['{"type":"ping","time":1}', { type: "ping" }],
  [
    '{"type":"session_abort","session_id":"a"}',
    { type: "session_abort", session_id: "a" },
  ],
  [
    '{"type":"session_resume","session_id":"a","resume_key":"k"}',
    { type: "session_resume", session_id: "a", resume_key: "k" },
  ],
];

Deno.test("messages of the documents are read, unknown fields left alone", () => {
  for (const [text, message] of VALID) {
    assert.deepEqual(parseClientMessage(text), message, text);
  }
});

const INVALID: readonly (readonly [string, string, string | null])[] = [
  ["", "not JSON", null],
  ["{", "not JSON", null],
  ["[]", "not a JSON object", null],
  ["null", "not a JSON object", null],
  ['"ping"', "not a JSON object", null],
  ["{}", '"type" must be a text', null],
  ['{"type":7}', '"type" must be a text', null],
  ['{"type":"toString"}', 'type "toString" is unknown', null],
  [
    '{"type":"session_start","fps":30,"width":1,"height":1}',
    '"session_id"',
    null,
  ],
  [
    '{"type":"session_start","session_id":"","fps":30,"width":1,"height":1}',
    '"session_id"',
    "",
  ],
  [
    `{"type":"session_start","session_id":"${
      "x".repeat(257)
    }","fps":30,"width":1,"height":1}`,
    '"session_id"',
    null,
  ],
  [
    '{"type":"session_start","session_id":"a","fps":"30","width":1,"height":1}',
    '"fps"',
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":0,"width":1,"height":1}',
    '"fps"',
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":1e9,"width":1,"height":1}',
    "1000000000",
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":0,"height":1}',
    '"width"',
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":1.5,"height":1}',
    '"width"',
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":1,"height":99999}',
    "99999",
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":1,"height":1,"expected_frames":-1}',
    '"expected_frames"',
    "a",
  ],
  [
    '{"type":"session_start","session_id":"a","fps":30,"width":1,"height":1,"video_format":5}',
    '"video_format"',
    "a",
  ],
  [
    '{"type":"frame","session_id":"a","timestamp":0}',
    '"frame_number" must be a whole number from 0 and is missing',
    "a",
  ],
  [
    '{"type":"frame","session_id":"a","frame_number":-1,"timestamp":0}',
    '"frame_number"',
    "a",
  ],
  [
    '{"type":"frame","session_id":"a","frame_number":1e300,"timestamp":0}',
    '"frame_number"',
    "a",
  ],
  [
    '{"type":"frame","session_id":"a","frame_number":1,"timestamp":"0"}',
    '"timestamp"',
    "a",
  ],
  [
    '{"type":"frame","session_id":"a","frame_number":1,"timestamp":0,"encoding":1}',
    '"encoding"',
    "a",
  ],
  [
    '{"type":"frame","session_id":["a"],"frame_number":1,"timestamp":0}',
    '"session_id"',
    null,
  ],
  ['{"type":"session_end","session_id":"a"}', '"total_frames"', "a"],
  ['{"type":"signal","session_id":"a","size":3}', '"filename"', "a"],
  ['{"type":"signal","session_id":"a","filename":"x"}', '"size"', "a"],
];

Deno.test("what is not as it must be is INVALID_MESSAGE and says which field", () => {
  for (const [text, words, session] of INVALID) {
    assert.throws(() => parseClientMessage(text), (error) => {
      assert.ok(error instanceof RefereeProtocolError, text);
      assert.equal(error.code, "INVALID_MESSAGE", text);
      assert.equal(error.recoverable, false);
      assert.ok(error.message.includes(words), `${text}: ${error.message}`);
      assert.equal(error.sessionId, session, text);
      return true;
    });
  }
});

Deno.test("a server's type is UNKNOWN_MESSAGE_TYPE and recoverable", () => {
  for (
    const type of [
      "session_started",
      "frame_ack",
      "session_ended",
      "signal_ack",
      "process_start",
      "process_progress",
      "process_complete",
      "pong",
      "error",
      "session_resumed",
    ]
  ) {
    assert.throws(
      () => parseClientMessage(JSON.stringify({ type, session_id: "a" })),
      { code: "UNKNOWN_MESSAGE_TYPE", recoverable: true },
    );
  }
});

Deno.test("a text beyond the limit is not even parsed, and deep nesting is no trouble", () => {
  assert.throws(
    () => parseClientMessage(" ".repeat(MAX_TEXT_BYTES + 1)),
    { code: "INVALID_MESSAGE" },
  );
  assert.throws(
    () => parseClientMessage("[".repeat(MAX_TEXT_BYTES)),
    { code: "INVALID_MESSAGE" },
  );
});
