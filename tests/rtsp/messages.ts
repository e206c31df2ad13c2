/**
 * Messages as bytes and as data: one table for reading, writing and fuzzing.
 *
 * @module
 */

import type {
  InterleavedFrame,
  MessageForm,
  RtspMessage,
} from "../../src/rtsp/mod.ts";
import { RtspProtocolError, RtspReader } from "../../src/rtsp/mod.ts";

const ENCODER = new TextEncoder();

/** Text as bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** What a message is, without its classes. */
export interface PlainMessage {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly form: MessageForm;
}

/** A message of a connection, plain. */
export function plain(
  message: RtspMessage | InterleavedFrame,
): PlainMessage | { channel: number; payload: string } {
  if (message.type === "interleaved") {
    return {
      channel: message.channel,
      payload: new TextDecoder().decode(message.payload),
    };
  }
  const start = message.type === "request"
    ? `${message.method} ${message.uri} ${message.version}`
    : `${message.version} ${message.status} ${message.reason}`;
  return {
    start,
    headers: [...message.headers],
    ...(message.body.length === 0
      ? {}
      : { body: new TextDecoder().decode(message.body) }),
    form: message.form,
  };
}

const STANDARD: MessageForm = { lineEnding: "\r\n", hasBlankLine: true };

/** Messages as we write them, and what they mean. */
export const MESSAGES: readonly [name: string, text: string, PlainMessage][] = [
  [
    "OPTIONS",
    "OPTIONS rtsp://127.0.0.1:8554/movie RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Lavf59.27.100\r\n\r\n",
    {
      start: "OPTIONS rtsp://127.0.0.1:8554/movie RTSP/1.0",
      headers: [["CSeq", "1"], ["User-Agent", "Lavf59.27.100"]],
      form: STANDARD,
    },
  ],
  [
    "a request without headers",
    "OPTIONS * RTSP/1.0\r\n\r\n",
    { start: "OPTIONS * RTSP/1.0", headers: [], form: STANDARD },
  ],
  [
    "a request with a body",
    "SET_PARAMETER rtsp://h/m RTSP/1.0\r\nCSeq: 9\r\nContent-Type: text/parameters\r\nContent-Length: 12\r\n\r\nbarparam: b\n",
    {
      start: "SET_PARAMETER rtsp://h/m RTSP/1.0",
      headers: [
        ["CSeq", "9"],
        ["Content-Type", "text/parameters"],
        ["Content-Length", "12"],
      ],
      body: "barparam: b\n",
      form: STANDARD,
    },
  ],
  [
    "a response with a body that looks like a message",
    "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 22\r\n\r\nOPTIONS * RTSP/1.0\r\n\r\n",
    {
      start: "RTSP/1.0 200 OK",
      headers: [["CSeq", "2"], ["Content-Length", "22"]],
      body: "OPTIONS * RTSP/1.0\r\n\r\n",
      form: STANDARD,
    },
  ],
  [
    "a response with a long reason and a field twice",
    "RTSP/1.0 455 Method Not Valid in This State\r\nCSeq: 3\r\nWWW-Authenticate: a\r\nWWW-Authenticate: b\r\n\r\n",
    {
      start: "RTSP/1.0 455 Method Not Valid in This State",
      headers: [
        ["CSeq", "3"],
        ["WWW-Authenticate", "a"],
        ["WWW-Authenticate", "b"],
      ],
      form: STANDARD,
    },
  ],
  [
    "a message in LF lines",
    "PLAY rtsp://h/m RTSP/1.0\nCSeq: 2\nSession: 1\n\n",
    {
      start: "PLAY rtsp://h/m RTSP/1.0",
      headers: [["CSeq", "2"], ["Session", "1"]],
      form: { lineEnding: "\n", hasBlankLine: true },
    },
  ],
];

/** Messages that others write so. */
export const OTHER_MESSAGES: readonly [
  name: string,
  text: string,
  PlainMessage,
][] = [
  [
    "blank lines before it",
    "\r\n\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    {
      start: "OPTIONS * RTSP/1.0",
      headers: [["CSeq", "1"]],
      form: STANDARD,
    },
  ],
  [
    "odd spaces",
    "OPTIONS \t*  RTSP/1.0 \r\nCSeq :\t 1  \r\nEmpty:\r\n\r\n",
    {
      start: "OPTIONS * RTSP/1.0",
      headers: [["CSeq", "1"], ["Empty", ""]],
      form: STANDARD,
    },
  ],
  [
    "a folded field",
    "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nRequire: a,\r\n\tb\r\n\r\n",
    {
      start: "OPTIONS * RTSP/1.0",
      headers: [["CSeq", "1"], ["Require", "a, b"]],
      form: STANDARD,
    },
  ],
  [
    "mixed line endings",
    "OPTIONS * RTSP/1.0\r\nCSeq: 1\nA: b\r\n\n",
    {
      start: "OPTIONS * RTSP/1.0",
      headers: [["CSeq", "1"], ["A", "b"]],
      form: STANDARD,
    },
  ],
  [
    "a response without a reason",
    "RTSP/1.0 200\r\nCSeq: 1\r\n\r\n",
    { start: "RTSP/1.0 200 ", headers: [["CSeq", "1"]], form: STANDARD },
  ],
  [
    "an HTTP request, whose body is not waited for",
    "POST /movie HTTP/1.0\r\nx-sessioncookie: abc\r\nContent-Length: 32767\r\n\r\n",
    {
      start: "POST /movie HTTP/1.0",
      headers: [["x-sessioncookie", "abc"], ["Content-Length", "32767"]],
      form: STANDARD,
    },
  ],
];

/** A message that cannot be read, and how a server answers. */
export interface BadMessage {
  readonly text: string;
  readonly code: string;
  readonly status: number;
  readonly recoverable: boolean;
  readonly cseq?: string;
}

/** Messages that cannot be read. */
export const BAD_MESSAGES: ReadonlyMap<string, BadMessage> = new Map([
  ["the line HELLO", {
    text: "HELLO\r\n\r\n",
    code: "RTSP_BAD_START_LINE",
    status: 400,
    recoverable: true,
  }],
  ["a request line of two words, with CSeq", {
    text: "OPTIONS RTSP/1.0\r\nCSeq: 7\r\nA: b\r\n\r\n",
    code: "RTSP_BAD_START_LINE",
    status: 400,
    recoverable: true,
    cseq: "7",
  }],
  ["a version that is none", {
    text: "OPTIONS * RTSP/one\r\nCSeq: 7\r\n\r\n",
    code: "RTSP_BAD_START_LINE",
    status: 400,
    recoverable: true,
    cseq: "7",
  }],
  ["a header line without colon", {
    text: "OPTIONS * RTSP/1.0\r\nCSeq: 8\r\nnonsense\r\nA: b\r\n\r\n",
    code: "RTSP_BAD_HEADER",
    status: 400,
    recoverable: true,
    cseq: "8",
  }],
  ["a header name with a space", {
    text: "OPTIONS * RTSP/1.0\r\nMy Header: x\r\nCSeq: 8\r\n\r\n",
    code: "RTSP_BAD_HEADER",
    status: 400,
    recoverable: true,
    cseq: "8",
  }],
  ["a control character", {
    text: "OPTIONS * RTSP/1.0\r\nCSeq: 8\r\nA: \x01\r\n\r\n",
    code: "RTSP_BAD_HEADER",
    status: 400,
    recoverable: true,
    cseq: "8",
  }],
  ["a control character in the URL", {
    text: "OPTIONS rtsp://h/\x01 RTSP/1.0\r\nCSeq: 8\r\n\r\n",
    code: "RTSP_BAD_START_LINE",
    status: 400,
    recoverable: true,
    cseq: "8",
  }],
  ...["-1", "junk", "1e3", "12, 12", "0x10", "", "99999999999999999999"].map((
    length,
  ): [string, BadMessage] => [`Content-Length "${length}"`, {
    text: `OPTIONS * RTSP/1.0\r\nCSeq: 8\r\nContent-Length: ${length}\r\n\r\n`,
    code: "RTSP_BAD_CONTENT_LENGTH",
    status: 400,
    recoverable: true,
    cseq: "8",
  }]),
  ["two lengths that differ", {
    text:
      "OPTIONS * RTSP/1.0\r\nCSeq: 8\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
    code: "RTSP_BAD_CONTENT_LENGTH",
    status: 400,
    recoverable: true,
    cseq: "8",
  }],
  ["a huge body", {
    text: "OPTIONS * RTSP/1.0\r\nCSeq: 8\r\nContent-Length: 100000000\r\n\r\nx",
    code: "RTSP_BODY_TOO_LARGE",
    status: 413,
    recoverable: false,
    cseq: "8",
  }],
  ["a request line without end", {
    text: `OPTIONS rtsp://h/${"a".repeat(9000)}`,
    code: "RTSP_LINE_TOO_LONG",
    status: 414,
    recoverable: false,
  }],
  ["a header without end", {
    text: `OPTIONS * RTSP/1.0\r\nCSeq: 5\r\nA: ${"a".repeat(9000)}`,
    code: "RTSP_LINE_TOO_LONG",
    status: 400,
    recoverable: false,
    cseq: "5",
  }],
  ["too many headers", {
    text: `OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n${"A: b\r\n".repeat(300)}\r\n`,
    code: "RTSP_HEADERS_TOO_LARGE",
    status: 400,
    recoverable: false,
    cseq: "5",
  }],
  ["headers too long together", {
    text: `OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n${
      `A: ${"b".repeat(4000)}\r\n`.repeat(10)
    }\r\n`,
    code: "RTSP_HEADERS_TOO_LARGE",
    status: 400,
    recoverable: false,
    cseq: "5",
  }],
  ["a TLS hello", {
    text: "\x16\x03\x01\x02\x00\x01",
    code: "RTSP_NOT_RTSP",
    status: 400,
    recoverable: false,
  }],
]);

/** All that a reader says of some pieces, errors included, until it has nothing more to say. */
export function readAll(
  pieces: Iterable<Uint8Array>,
  reader = new RtspReader(),
  now = 0,
): unknown[] {
  const said: unknown[] = [];
  const drain = () => {
    for (;;) {
      try {
        const message = reader.next();
        if (message === undefined) return;
        said.push(plain(message));
      } catch (error) {
        if (!(error instanceof RtspProtocolError)) throw error;
        const { cseq, recoverable } = error.context;
        said.push({
          code: error.code,
          status: error.statusHint,
          recoverable,
          ...(cseq === undefined ? {} : { cseq }),
        });
      }
    }
  };
  for (const piece of pieces) {
    reader.push(piece, now);
    drain();
  }
  return said;
}
