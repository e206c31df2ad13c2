import assert from "node:assert/strict";
import {
  ChainProtocolError,
  ControlReader,
  encodeSessionMessage,
  parseSessionMessage,
  type PeerReport,
  type SessionMessage,
} from "../../src/chain/mod.ts";

const REPORT: PeerReport = {
  name: "B",
  state: "playing",
  upstream: "A",
  downstream: { name: "C", host: "127.0.0.1", port: 10_003, wire: "binary" },
  wire: "binary",
  streamId: 4_294_967_295,
  frameNumber: 410,
  framesReceived: 411,
  framesLost: 0,
  duplicates: 3,
  corrupt: 2,
  invalidFrames: 1,
  framesSaved: 400,
  framesNotSaved: 11,
  datagramsForwarded: 53_000,
  datagramsReceived: 53_005,
  bytesReceived: 73_000_000,
  fps: 29.97,
  kbps: 42_700.5,
  width: 1620,
  height: 1080,
  hopLatency: { p50: 0.4, p99: 3.25, max: 8, count: 300 },
  chainLatency: { p50: 1.5, p99: 6, max: 12.125, count: 300 },
  framesInStream: 411,
};

const IDLE: PeerReport = {
  ...REPORT,
  state: "connecting",
  upstream: null,
  downstream: null,
  wire: null,
  frameNumber: -1,
  framesInStream: null,
};

const MESSAGES: SessionMessage[] = [
  { type: "upstream", name: "A", host: "10.0.0.7", port: 10_001 },
  { type: "upstream", name: null, host: "::1", port: 0 },
  { type: "started", streamId: 7, fps: 30 },
  { type: "started", streamId: 1, fps: 24_000 / 1001 },
  { type: "end", streamId: 7, frames: 411 },
  { type: "end", streamId: 0, frames: 0 },
  { type: "report", report: REPORT },
  { type: "report", report: IDLE },
  { type: "leave", reason: "stopped" },
];

Deno.test("a session's lines are read as they were written", () => {
  const reader = new ControlReader();
  const read: SessionMessage[] = [];
  for (const message of MESSAGES) {
    const line = encodeSessionMessage(message);
    assert.equal(line.indexOf(0x0a), line.length - 1);
    reader.push(line);
  }
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    read.push(parseSessionMessage(next));
  }
  assert.deepEqual(read, MESSAGES);
});

Deno.test("what a newer peer adds to its report is left out", () => {
  const extended = { ...REPORT, temperature: 40 };
  const read = parseSessionMessage({ type: "report", report: extended });
  assert.deepEqual(read, { type: "report", report: REPORT });
});

Deno.test("every field of a report is checked", () => {
  for (const key of Object.keys(REPORT)) {
    for (const junk of [undefined, "junk!", {}, [], NaN, -7, 1e999]) {
      const report = { ...REPORT, [key]: junk };
      assert.throws(
        () => parseSessionMessage({ type: "report", report }),
        ChainProtocolError,
        `${key}: ${String(junk)}`,
      );
    }
  }
});

Deno.test("a line that is no message is refused", () => {
  const cases = [
    {},
    { type: "UPDATE" },
    { type: "toString" },
    { type: "attached" },
    { type: "leave" },
    { type: "started", stream_id: 1 },
    { type: "started", stream_id: -1, fps: 30 },
    { type: "started", stream_id: 2 ** 32, fps: 30 },
    { type: "started", stream_id: 1, fps: 0 },
    { type: "started", stream_id: 1, fps: -30 },
    { type: "started", stream_id: 1, fps: Infinity },
    { type: "started", stream_id: 1, fps: "30" },
    { type: "end", stream_id: 1 },
    { type: "end", stream_id: 1, frames: 1.5 },
    { type: "upstream", name: "../a", host: "h", port: 1 },
    { type: "upstream", name: "a", host: "<b>", port: 1 },
    { type: "report" },
    { type: "report", report: [] },
  ];
  for (const object of cases) {
    assert.throws(() => parseSessionMessage(object), ChainProtocolError);
  }
});
