import assert from "node:assert/strict";
import {
  encodeInterleaved,
  RtspProtocolError,
  RtspReader,
} from "../../src/rtsp/mod.ts";
import { cuts, pieces } from "../jpeg/support/cut.ts";
import {
  BAD_MESSAGES,
  MESSAGES,
  OTHER_MESSAGES,
  plain,
  readAll,
  utf8,
} from "./messages.ts";

for (const [name, text, message] of [...MESSAGES, ...OTHER_MESSAGES]) {
  Deno.test(`a message is read however it is cut: ${name}`, () => {
    for (const cut of cuts(utf8(text))) {
      assert.deepEqual(readAll(cut), [message]);
    }
  });
}

for (const [name, { text, ...error }] of BAD_MESSAGES) {
  Deno.test(`a message is refused however it is cut: ${name}`, () => {
    const bytes = utf8(text);
    const ways = bytes.length > 2000
      ? [[bytes], pieces(bytes, 7)]
      : cuts(bytes);
    for (const cut of ways) assert.deepEqual(readAll(cut), [error]);
  });

  if (!error.recoverable) continue;
  Deno.test(`the next message is read after one that is refused: ${name}`, () => {
    const [, next, message] = MESSAGES[0]!;
    for (const cut of cuts(utf8(text + next))) {
      assert.deepEqual(readAll(cut), [error, message]);
    }
  });
}

Deno.test("many messages and frames in one piece are read one by one", () => {
  const frame = encodeInterleaved(3, utf8("rtp$\r\n\r\n"));
  const bytes: number[] = [];
  const expected: unknown[] = [];
  for (const [, text, message] of MESSAGES) {
    bytes.push(...utf8(text), ...frame, ...encodeInterleaved(255, utf8("")));
    expected.push(
      message,
      { channel: 3, payload: "rtp$\r\n\r\n" },
      { channel: 255, payload: "" },
    );
  }
  for (const cut of cuts(Uint8Array.from(bytes))) {
    assert.deepEqual(readAll(cut), expected);
  }
});

Deno.test("a frame of the largest size is read", () => {
  const payload = new Uint8Array(65_535).fill(7);
  const reader = new RtspReader();
  reader.push(encodeInterleaved(1, payload), 0);
  const message = reader.next();
  assert.ok(message?.type === "interleaved");
  assert.deepEqual(message.payload, payload);
});

Deno.test("frames of one push stay whole together, a message's body for good", () => {
  const reader = new RtspReader();
  const [, text, expected] = MESSAGES.find(([name]) =>
    name === "a request with a body"
  )!;
  reader.push(utf8(text), 0);
  const message = reader.next()!;
  reader.push(
    Uint8Array.from([
      ...encodeInterleaved(1, utf8("first")),
      ...encodeInterleaved(3, utf8("other")),
    ]),
    0,
  );
  const frames = [reader.next()!, reader.next()!];
  assert.equal(reader.next(), undefined);
  assert.deepEqual(frames.map(plain), [
    { channel: 1, payload: "first" },
    { channel: 3, payload: "other" },
  ]);
  assert.deepEqual(plain(message), expected);
});

Deno.test("nothing comes after an error that ends the connection", () => {
  const reader = new RtspReader();
  readAll([utf8("\x00\x00")], reader);
  assert.deepEqual(readAll([utf8(MESSAGES[0]![1])], reader), []);
  assert.equal(reader.nextTimeoutAt(), undefined);
});

Deno.test("more than any message needs is refused", () => {
  const reader = new RtspReader();
  assert.throws(() => {
    for (let index = 0; index < 100; index++) {
      reader.push(new Uint8Array(64 * 1024), 0);
    }
  }, /Cannot buffer/);
});

Deno.test("reading byte by byte stays linear", () => {
  const reader = new RtspReader();
  const text = `OPTIONS * RTSP/1.0\r\n${"A: b\r\n".repeat(200)}\r\n`;
  for (let count = 0; count < 20; count++) {
    assert.equal(readAll(pieces(utf8(text), 1), reader).length, 1);
  }
});

const LAB_SETUP =
  "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n";
const LAB_PLAY = "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 123456\n";
const LAB_FORM = { lineEnding: "\n", hasBlankLine: false };

const SETUP = {
  start: "SETUP movie.Mjpeg RTSP/1.0",
  headers: [["CSeq", "1"], ["Transport", "RTP/UDP; client_port= 25000"]],
  form: LAB_FORM,
};
const PLAY = {
  start: "PLAY movie.Mjpeg RTSP/1.0",
  headers: [["CSeq", "2"], ["Session", "123456"]],
  form: LAB_FORM,
};

/** Pushes `text` at 1000, and says when the reader takes it for complete and what it is. */
function quiet(
  text: string,
  reader = new RtspReader(),
): { at: number | undefined; said: unknown[] } {
  const early = readAll([utf8(text)], reader, 1000);
  assert.deepEqual(early, []);
  const at = reader.nextTimeoutAt();
  if (at === undefined) return { at, said: [] };
  reader.handleTimeout(at - 1);
  assert.deepEqual(readAll([], reader), []);
  assert.equal(reader.next(), undefined);
  reader.handleTimeout(at);
  const message = reader.next();
  return { at, said: message === undefined ? [] : [plain(message)] };
}

Deno.test("a request of the teaching dialect is complete after 30 ms of silence", () => {
  for (const text of [LAB_SETUP, LAB_SETUP.trimEnd()]) {
    assert.deepEqual(quiet(text), { at: 1030, said: [SETUP] });
  }
  for (const text of [LAB_PLAY, LAB_PLAY.trimEnd()]) {
    assert.deepEqual(quiet(text), { at: 1030, said: [PLAY] });
  }
});

Deno.test("its form says CR LF where it has that", () => {
  const { said } = quiet(LAB_PLAY.replaceAll("\n", "\r\n"));
  assert.deepEqual(said, [{
    ...PLAY,
    form: { lineEnding: "\r\n", hasBlankLine: false },
  }]);
});

Deno.test("requests of the teaching dialect one behind the other are told apart", () => {
  for (const cut of cuts(utf8(LAB_SETUP + LAB_PLAY))) {
    const reader = new RtspReader();
    const said = readAll(cut, reader);
    reader.handleTimeout(30);
    assert.deepEqual([...said, plain(reader.next()!)], [SETUP, PLAY]);
  }
});

Deno.test("a request is not complete while something of it is missing", () => {
  for (
    const text of [
      "SETUP movie.Mjpeg RTSP/1.0\n",
      "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\n",
      "SETUP movie.Mjpeg RTSP/1.0\nTransport: RTP/UDP; client_port= 25000\n",
      "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 1\nAccept: x\n",
    ]
  ) {
    assert.deepEqual(quiet(text), { at: undefined, said: [] });
  }
});

Deno.test("each further piece makes the silence begin anew", () => {
  const reader = new RtspReader();
  readAll([utf8(LAB_SETUP.slice(0, -8))], reader, 1000);
  assert.equal(reader.nextTimeoutAt(), 1030);
  readAll([utf8(LAB_SETUP.slice(-8))], reader, 1025);
  reader.handleTimeout(1030);
  assert.equal(reader.next(), undefined);
  reader.handleTimeout(1055);
  assert.deepEqual(plain(reader.next()!), SETUP);
});

Deno.test("what looks like the standard is waited for longer", () => {
  const text =
    "SETUP rtsp://h/m/trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=4-5\r\n";
  assert.equal(quiet(text).at, 1500);
});

Deno.test("who has sent a blank line once is waited for until the next one", () => {
  const reader = new RtspReader();
  readAll([utf8(MESSAGES[0]![1])], reader);
  assert.equal(quiet(LAB_SETUP, reader).at, undefined);
});

Deno.test("the blank line that comes after all is no message", () => {
  const reader = new RtspReader();
  assert.deepEqual(quiet(LAB_SETUP, reader).said, [SETUP]);
  assert.deepEqual(readAll([utf8("\n")], reader), []);
  assert.deepEqual(quiet(LAB_PLAY, reader).said, [PLAY]);
});

Deno.test("headers that come after all are dropped", () => {
  const reader = new RtspReader();
  assert.deepEqual(quiet(LAB_SETUP, reader).said, [SETUP]);
  assert.deepEqual(readAll([utf8("User-Agent: x\n")], reader), []);
  assert.deepEqual(quiet(LAB_PLAY, reader).said, [PLAY]);
});

Deno.test("a line that is nothing is refused after a moment, without a blank line", () => {
  const reader = new RtspReader();
  assert.deepEqual(readAll([utf8("HELLO\r\n")], reader, 1000), []);
  assert.equal(reader.nextTimeoutAt(), 1030);
  reader.handleTimeout(1030);
  assert.throws(
    () => reader.next(),
    (error) =>
      error instanceof RtspProtocolError &&
      error.code === "RTSP_BAD_START_LINE" && error.context.recoverable,
  );
  assert.deepEqual(
    readAll([utf8(MESSAGES[0]![1])], reader),
    [MESSAGES[0]![2]],
  );
});

Deno.test("answers without a blank line are taken where they are expected", () => {
  const text = "RTSP/1.0 200 OK\nCSeq: 1\nSession: 123456";
  const taught = new RtspReader({ teachingResponses: true });
  assert.deepEqual(quiet(text, taught).said, [{
    start: "RTSP/1.0 200 OK",
    headers: [["CSeq", "1"], ["Session", "123456"]],
    form: LAB_FORM,
  }]);
  assert.equal(quiet(text).at, undefined);
});

Deno.test("what follows the head of an HTTP request can be taken out", () => {
  const reader = new RtspReader();
  const head = "POST / HTTP/1.0\r\nContent-Length: 32767\r\n\r\n";
  assert.equal(readAll([utf8(`${head}T1BU`)], reader).length, 1);
  assert.deepEqual(reader.takeRest(), utf8("T1BU"));
  assert.deepEqual(reader.takeRest(), utf8(""));
});
