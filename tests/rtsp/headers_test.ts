import assert from "node:assert/strict";
import {
  encodeInterleavedInto,
  encodeRequest,
  encodeResponse,
  RtspHeaders,
  RtspProtocolError,
  statusText,
  writeInterleavedHeader,
} from "../../src/rtsp/mod.ts";
import {
  formatKeyManagement,
  formatRtpInfo,
  formatSession,
  parseKeyManagement,
  parseRtpInfo,
  parseSession,
} from "../../src/rtsp/session_header.ts";
import { formatTransport, parseTransport } from "../../src/rtsp/transport.ts";
import { bytesOf } from "../support/bytes.ts";
import {
  BAD_TRANSPORTS,
  OTHER_TRANSPORTS,
  RTP_INFOS,
  SESSIONS,
  TRANSPORTS,
} from "./header_values.ts";
import { MESSAGES, readAll, utf8 } from "./messages.ts";

for (const [text, spec] of TRANSPORTS) {
  Deno.test(`the transport "${text}" is read and written`, () => {
    assert.deepEqual(parseTransport(text), [spec]);
    assert.equal(formatTransport(spec), text);
  });
}

for (const [text, specs] of OTHER_TRANSPORTS) {
  Deno.test(`the transport "${text}" is read`, () => {
    assert.deepEqual(parseTransport(text), specs);
  });
}

for (const text of BAD_TRANSPORTS) {
  Deno.test(`the transport "${text}" is refused with 461`, () => {
    assert.throws(
      () => parseTransport(text),
      (error) => error instanceof RtspProtocolError && error.statusHint === 461,
    );
  });
}

for (const [text, session] of SESSIONS) {
  Deno.test(`the session "${text}" is read`, () => {
    assert.deepEqual(parseSession(text), session);
    assert.deepEqual(parseSession(formatSession(session)), session);
  });
}

for (const text of ["", ";", "a b", "x".repeat(129), "é"]) {
  Deno.test(`the session "${text.slice(0, 12)}" is refused with 454`, () => {
    assert.throws(
      () => parseSession(text),
      (error) => error instanceof RtspProtocolError && error.statusHint === 454,
    );
  });
}

for (const [text, entries, written] of RTP_INFOS) {
  Deno.test(`the RTP-Info "${text}" is read`, () => {
    assert.deepEqual(parseRtpInfo(text), entries);
    assert.equal(formatRtpInfo(entries), written ?? text);
  });
}

Deno.test("a MIKEY message is found in KeyMgmt and put there", () => {
  const key = { uri: "rtsps://h/m/trackID=0", data: "AQAFAP1td9A=" };
  const text = 'prot=mikey;uri="rtsps://h/m/trackID=0";data="AQAFAP1td9A="';
  assert.equal(formatKeyManagement(key), text);
  assert.deepEqual(parseKeyManagement(text), key);
  assert.deepEqual(
    parseKeyManagement(
      'prot=other;data="AAAA", prot=MIKEY; uri=""; data="AAAA"',
    ),
    { uri: "", data: "AAAA" },
  );
  for (const none of ["", "prot=mikey", 'prot=mikey;data="not base64!"']) {
    assert.equal(parseKeyManagement(none), undefined);
  }
});

Deno.test("header names do not care about case, and keep their order", () => {
  const headers = new RtspHeaders([
    ["cseq", "1"],
    ["Www-Authenticate", "a"],
    ["skipped", undefined],
    ["WWW-AUTHENTICATE", "b"],
  ]);
  assert.equal(headers.get("CSeq"), "1");
  assert.deepEqual(headers.getAll("www-authenticate"), ["a", "b"]);
  assert.equal(headers.has("skipped"), false);
  assert.equal(headers.size, 3);
  assert.deepEqual(headers.toJSON(), {
    "CSeq": "1",
    "WWW-Authenticate": ["a", "b"],
  });
});

for (const [name, text, message] of MESSAGES) {
  Deno.test(`a message is written as it was read: ${name}`, () => {
    const { start, headers, body = "", form } = message;
    const rest = headers.filter(([field]) => field !== "Content-Length");
    const [first, second, ...more] = start.split(" ");
    const parts = { headers: rest, body: utf8(body), form };
    const bytes = first === "RTSP/1.0"
      ? encodeResponse({
        status: Number(second),
        reason: more.join(" "),
        ...parts,
      })
      : encodeRequest({ method: first!, uri: second!, ...parts });
    assert.equal(new TextDecoder().decode(bytes), text);
    assert.deepEqual(readAll([bytes]), [message]);
  });
}

Deno.test("what was echoed cannot become a line of its own", () => {
  assert.throws(
    () => encodeResponse({ status: 200, headers: [["CSeq", "1\r\nA: b"]] }),
    RangeError,
  );
  assert.throws(
    () => encodeRequest({ method: "PLAY", uri: "a\nb", headers: [] }),
    RangeError,
  );
});

Deno.test("a status has its text", () => {
  assert.equal(statusText(454), "Session Not Found");
  assert.equal(statusText(599), "Unknown");
  const bytes = encodeResponse({ status: 461, headers: [] });
  assert.equal(
    new TextDecoder().decode(bytes),
    "RTSP/1.0 461 Unsupported Transport\r\n\r\n",
  );
});

Deno.test("interleaved frames are written where they are told to", () => {
  const out = new Uint8Array(9);
  const frame = { channel: 5, payload: bytesOf("aabb") };
  assert.equal(encodeInterleavedInto(frame, out, 2), 8);
  assert.deepEqual(out, bytesOf("0000 24 05 0002 aabb 00"));
  assert.throws(() => writeInterleavedHeader(out, 0, 256, 0), RangeError);
  assert.throws(() => writeInterleavedHeader(out, 0, 0, 65_536), RangeError);
});
