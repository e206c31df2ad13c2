import fc from "fast-check";
import assert from "node:assert/strict";
import {
  parseAuthorization,
  parseChallenges,
} from "../../src/rtsp/authentication.ts";
import {
  ClientSession,
  encodeRequest,
  encodeResponse,
  parseRtspUrl,
  requestPath,
  RtspProtocolError,
  RtspReader,
  TunnelDecoder,
} from "../../src/rtsp/mod.ts";
import {
  parseKeyManagement,
  parseRtpInfo,
  parseSession,
} from "../../src/rtsp/session_header.ts";
import { formatTransport, parseTransport } from "../../src/rtsp/transport.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { Dialogue } from "../rtsp/dialogue.ts";
import {
  BAD_TRANSPORTS,
  OTHER_TRANSPORTS,
  RTP_INFOS,
  SESSIONS,
  TRANSPORTS,
} from "../rtsp/header_values.ts";
import {
  BAD_MESSAGES,
  MESSAGES,
  OTHER_MESSAGES,
  readAll,
  utf8,
} from "../rtsp/messages.ts";
import { DESCRIPTION, PLAYER_OPTIONS } from "../rtsp/player.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns() };

const REPLIES = [
  "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n",
  `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: ${DESCRIPTION.length}\r\n\r\n${DESCRIPTION}`,
  "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: a\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n",
  "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: a\r\nRTP-Info: url=a;seq=1\r\n\r\n",
  "$\x00\x00\x03rtp",
];

const TEXTS = [
  ...[...MESSAGES, ...OTHER_MESSAGES].map(([, text]) => text),
  ...[...BAD_MESSAGES.values()].map(({ text }) => text.slice(0, 500)),
  "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n",
  "SETUP rtsp://h/movie/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n",
  "PLAY rtsp://h/movie RTSP/1.0\r\nCSeq: 2\r\nSession: 1\r\nRange: npt=0-\r\n\r\n",
  "TEARDOWN rtsp://h/movie RTSP/1.0\r\nCSeq: 3\r\n\r\n",
  "ANNOUNCE rtsp://h/new RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 26\r\n\r\nv=0\r\nm=video 0 RTP/AVP 26\r\n",
  ...REPLIES,
];

/** Messages, damaged here and there, in pieces. */
const stream = fc.array(
  fc.oneof(
    { arbitrary: fc.constantFrom(...TEXTS).map(utf8), weight: 4 },
    { arbitrary: fc.uint8Array({ maxLength: 30 }), weight: 1 },
    {
      arbitrary: fc.tuple(
        fc.constantFrom(...TEXTS),
        fc.nat(300),
        fc.nat(5),
        fc.string({ maxLength: 6 }),
      ).map(([text, at, length, put]) =>
        utf8(text.slice(0, at) + put + text.slice(at + length))
      ),
      weight: 4,
    },
  ),
  { maxLength: 6 },
);

Deno.test("any bytes are RTSP or refused, the same however they are cut", () => {
  fc.assert(
    fc.property(
      stream,
      fc.array(fc.integer({ min: 1, max: 40 })),
      (all, cuts) => {
        const bytes = Uint8Array.from(all.flatMap((each) => [...each]));
        const whole = readAll([bytes]);
        const cut: Uint8Array[] = [];
        let at = 0;
        for (const length of cuts) {
          cut.push(bytes.subarray(at, at + length));
          at += length;
        }
        cut.push(bytes.subarray(at));
        assert.deepEqual(readAll(cut), whole);
      },
    ),
    runs,
  );
});

Deno.test("any bytes, with pauses in between, are answered by the server or end it", () => {
  fc.assert(
    fc.property(stream, fc.boolean(), (all, publishing) => {
      const dialogue = new Dialogue({ publishing });
      for (const bytes of all) {
        dialogue.perform(dialogue.connection.receive(bytes, dialogue.now));
        dialogue.now += 100;
        dialogue.perform(dialogue.connection.handleTimeout(dialogue.now));
      }
      dialogue.perform(dialogue.connection.end());
      dialogue.options.sessions.handleTimeout(1e9);
      assert.equal(dialogue.options.sessions.size, 0);
    }),
    runs,
  );
});

Deno.test("any answers are taken by the player or end it", () => {
  const replies = fc.array(
    fc.oneof(
      fc.constantFrom(...REPLIES).map(utf8),
      fc.tuple(
        fc.constantFrom(...REPLIES),
        fc.nat(200),
        fc.string({ maxLength: 4 }),
      )
        .map(([text, at, put]) =>
          utf8(text.slice(0, at) + put + text.slice(at + put.length))
        ),
      fc.uint8Array({ maxLength: 20 }),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      replies,
      fc.constantFrom("auto", "standard", "lab"),
      (all, dialect) => {
        const session = new ClientSession("rtsp://h/movie", {
          ...PLAYER_OPTIONS,
          dialect,
        });
        let now = 0;
        session.start(now);
        session.connected(now);
        for (const bytes of all) {
          now += 50;
          for (const action of session.receive(bytes, now)) {
            if (action.type === "openPorts") session.portsOpened([4, 5], now);
            if (action.type === "connect") session.connected(now);
          }
          session.handleTimeout(now);
        }
        session.teardown(now);
        session.handleTimeout(now + 20_000);
        assert.equal(session.state, "ended");
      },
    ),
    runs,
  );
});

/** Runs `parse`; its own error is an answer, another fails the test. */
function parses<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RtspProtocolError)) throw error;
    return undefined;
  }
}

function checkValue(text: string): void {
  parses(() => parseAuthorization(text));
  parses(() => parseSession(text));
  parses(() => parseRtspUrl(text));
  parses(() => requestPath(text));
  parses(() => new TunnelDecoder().push(utf8(text)));
  parseChallenges(text);
  parseRtpInfo(text);
  parseKeyManagement(text);
  const specs = parses(() => parseTransport(text)) ?? [];
  for (const spec of specs) {
    if (spec.destination !== undefined || spec.source !== undefined) continue;
    assert.deepEqual(parseTransport(formatTransport(spec)), [spec]);
  }
}

Deno.test("any text is a header value or refused as one", () => {
  const known = [
    ...TRANSPORTS.map(([text]) => text),
    ...OTHER_TRANSPORTS.map(([text]) => text),
    ...BAD_TRANSPORTS,
    ...SESSIONS.map(([text]) => text),
    ...RTP_INFOS.map(([text]) => text),
    'Digest realm="r", nonce="n", qop="auth"',
    "rtsp://u:p@[::1]:8554/m?x=1",
  ];
  const value = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.tuple(fc.constantFrom(...known), fc.nat(60), fc.string({ maxLength: 4 }))
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
  );
  fc.assert(fc.property(value, checkValue), { numRuns: fuzzRuns(1000) });
});

Deno.test("what is written is read as it was, or refused to be written", () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,10}$/);
  const field = fc.tuple(
    token.filter((name) => name.toLowerCase() !== "content-length"),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(
      token,
      fc.array(field, { maxLength: 6 }),
      fc.string({ maxLength: 40 }),
      fc.boolean(),
      (method, headers, text, response) => {
        const body = utf8(text);
        let bytes;
        try {
          bytes = response
            ? encodeResponse({ status: 200, headers, body })
            : encodeRequest({ method, uri: "*", headers, body });
        } catch (error) {
          assert.ok(error instanceof RangeError);
          return;
        }
        const reader = new RtspReader();
        reader.push(bytes, 0);
        const message = parses(() => reader.next());
        if (message === undefined) return;
        assert.ok(message.type !== "interleaved");
        assert.deepEqual(message.body, body);
        assert.equal(
          [...message.headers].length,
          headers.length + (body.length > 0 ? 1 : 0),
        );
      },
    ),
    runs,
  );
});

Deno.test("what once broke the RTSP readers no longer does", () => {
  for (const { bytes } of readHexFixtures("fuzz/rtsp")) {
    readAll([bytes]);
    checkValue(new TextDecoder().decode(bytes));
    const dialogue = new Dialogue();
    dialogue.perform(dialogue.connection.receive(bytes, dialogue.now));
  }
});
