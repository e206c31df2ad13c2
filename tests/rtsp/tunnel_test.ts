import assert from "node:assert/strict";
import {
  RtspProtocolError,
  TunnelDecoder,
  TunnelPairing,
} from "../../src/rtsp/mod.ts";
import { cuts } from "../jpeg/support/cut.ts";
import { Dialogue } from "./dialogue.ts";
import { utf8 } from "./messages.ts";

function decode(pieces: Iterable<Uint8Array>): string {
  const decoder = new TunnelDecoder();
  let text = "";
  for (const piece of pieces) {
    text += new TextDecoder().decode(decoder.push(piece));
  }
  return text;
}

Deno.test("requests encoded one by one are decoded however they are cut", () => {
  const requests = [
    "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "a",
    "ab",
    "abc",
    "DESCRIBE rtsp://h/m RTSP/1.0\r\nCSeq: 2\r\n\r\n",
  ];
  const text = requests.map((each) => btoa(each)).join("");
  for (const cut of cuts(utf8(text))) {
    assert.equal(decode(cut), requests.join(""));
  }
  const folded = text.replace(/.{60}/g, "$&\r\n");
  assert.equal(decode([utf8(folded)]), requests.join(""));
});

for (const text of ["=", "A===", "AA=A", "T1BU!", "T1BU\0", "AAA=="]) {
  Deno.test(`"${text.replace("\0", "NUL")}" is refused in a tunnel`, () => {
    assert.throws(() => decode([utf8(text)]), RtspProtocolError);
  });
}

Deno.test("GET and POST of a tunnel are told apart and tell their cookie", () => {
  const get = new Dialogue();
  const said = get.say(
    "GET /movie HTTP/1.0\r\nx-sessioncookie: abc123\r\nAccept: application/x-rtsp-tunnelled\r\n\r\n",
  );
  assert.match(
    said,
    /^HTTP\/1\.0 200 OK\r\n(.+\r\n)*Content-Type: application\/x-rtsp-tunnelled\r\n\r\n$/,
  );
  assert.deepEqual(get.done(), [
    { type: "tunnel", half: "get", cookie: "abc123", rest: new Uint8Array() },
  ]);
  const post = new Dialogue();
  const head =
    "POST /movie HTTP/1.0\r\nX-SessionCookie: abc123\r\nContent-Length: 32767\r\n\r\n";
  assert.equal(post.say(`${head}T1BU`), "");
  assert.deepEqual(post.done(), [
    { type: "tunnel", half: "post", cookie: "abc123", rest: utf8("T1BU") },
  ]);
  assert.equal(post.say("SU9OUw=="), "", "it is a pipe now");
});

Deno.test("requests that came through a tunnel are answered by its GET's connection", () => {
  const dialogue = new Dialogue();
  dialogue.say("GET / HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n");
  const decoder = new TunnelDecoder();
  const request = btoa("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
  const said = dialogue.perform(
    dialogue.connection.receive(decoder.push(utf8(request)), dialogue.now),
  );
  assert.match(said, /^RTSP\/1\.0 200 OK\r\nCSeq: 1\r\n/);
});

Deno.test("other methods with the cookie are no tunnel", () => {
  const dialogue = new Dialogue();
  assert.match(
    dialogue.say("PUT / HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n"),
    /^HTTP\/1\.0 400 /,
  );
});

Deno.test("halves find each other, also when a POST is replaced", () => {
  const pairing = new TunnelPairing<string>();
  assert.equal(pairing.addPost("c"), undefined);
  assert.equal(pairing.addGet("c", "first", 0), true);
  assert.equal(pairing.addGet("c", "second", 0), false, "in use");
  assert.equal(pairing.addPost("c"), "first");
  assert.equal(pairing.addPost("c"), "first");
  assert.equal(pairing.nextTimeoutAt(), undefined);
  pairing.delete("c");
  assert.equal(pairing.addPost("c"), undefined);
});

Deno.test("a GET waits ten seconds for its POST, and few of them wait at once", () => {
  const pairing = new TunnelPairing<number>();
  let added = 0;
  while (pairing.addGet(`c${added}`, added, added)) added++;
  assert.equal(added, 256);
  pairing.addPost("c0");
  assert.equal(pairing.nextTimeoutAt(), 10_001);
  assert.deepEqual(pairing.handleTimeout(10_002), [1, 2]);
  assert.equal(pairing.addPost("c1"), undefined);
  assert.equal(pairing.addPost("c0"), 0);
});
