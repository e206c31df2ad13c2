import assert from "node:assert/strict";
import { RecordClient } from "../../src/rtsp/mod.ts";
import type { RecordAction, RecordOptions } from "../../src/rtsp/mod.ts";
import { describeMjpeg } from "../../src/sdp/mod.ts";
import { utf8 } from "./messages.ts";

const OPTIONS: RecordOptions = {
  description: describeMjpeg({
    name: "push",
    sessionId: "1",
    address: "127.0.0.1",
    frameRate: 24,
  }),
  transport: "auto",
  userAgent: "streamtool",
  random: (length) => new Uint8Array(length),
};

/** A publisher without sockets: text in, text and actions out. */
class Talk {
  readonly client: RecordClient;
  now = 1000;
  requests: string[] = [];
  actions: RecordAction[] = [];

  constructor(options: Partial<RecordOptions> = {}, url = "rtsp://h/up") {
    this.client = new RecordClient(url, { ...OPTIONS, ...options });
    this.do(this.client.start());
    this.do(this.client.connected(this.now));
  }

  do(actions: readonly RecordAction[]): void {
    for (const action of actions) {
      if (action.type === "send") {
        this.requests.push(new TextDecoder().decode(action.bytes));
        continue;
      }
      this.actions.push(action);
      if (action.type === "openPorts") {
        this.do(this.client.portsOpened([4000, 4001], this.now));
      } else if (action.type === "connect" && this.actions.length > 1) {
        this.do(this.client.connected(this.now));
      }
    }
  }

  /** The request that waits for its answer. */
  get request(): string {
    return this.requests.at(-1)!;
  }

  answer(status: string, ...headers: string[]): this {
    const cseq = /^CSeq: .*/m.exec(this.request)![0];
    const lines = [`RTSP/1.0 ${status}`, cseq.trim(), ...headers, "", ""];
    this.do(this.client.receive(utf8(lines.join("\r\n")), this.now));
    return this;
  }

  /** Up to SETUP. */
  announced(): this {
    return this.answer("200 OK", "Public: ANNOUNCE, GET_PARAMETER")
      .answer("200 OK");
  }

  recording(): this {
    return this.announced().answer(
      "200 OK",
      "Session: 12;timeout=30",
      "Transport: RTP/AVP/TCP;unicast;interleaved=4-5;mode=record",
    ).answer("200 OK");
  }

  get last(): RecordAction | undefined {
    return this.actions.at(-1);
  }
}

Deno.test("OPTIONS, ANNOUNCE, SETUP and RECORD lead to a recording over TCP", () => {
  const talk = new Talk().recording();
  assert.deepEqual(
    talk.requests.map((text) => text.split("\r\n")[0]),
    [
      "OPTIONS rtsp://h/up RTSP/1.0",
      "ANNOUNCE rtsp://h/up RTSP/1.0",
      "SETUP rtsp://h/up/trackID=0 RTSP/1.0",
      "RECORD rtsp://h/up RTSP/1.0",
    ],
  );
  assert.match(talk.requests[1]!, /application\/sdp[^]*\r\n\r\nv=0\r\n/);
  assert.match(talk.requests[1]!, /a=rtpmap:26 JPEG\/90000/);
  assert.match(talk.requests[2]!, /RTP\/AVP\/TCP;.*mode=record/);
  assert.match(talk.requests[3]!, /\r\nSession: 12\r\n/);
  assert.deepEqual(talk.actions.map(({ type }) => type), [
    "connect",
    "transport",
    "recording",
  ]);
  const [, transport] = talk.actions;
  assert.deepEqual(transport?.type === "transport" && transport.transport, {
    kind: "tcp",
    channels: [4, 5],
  });
});

Deno.test("a server without TCP is sent to over UDP", () => {
  const talk = new Talk().announced().answer("461 Unsupported Transport");
  assert.match(talk.request, /client_port=4000-4001;mode=record/);
  talk.answer(
    "200 OK",
    "Session: 12",
    "Transport: RTP/AVP;unicast;client_port=4000-4001;server_port=6000-6001",
  ).answer("200 OK");
  assert.equal(talk.last?.type, "recording");
});

Deno.test("who wants TCP only, or UDP only, gets nothing else", () => {
  const tcp = new Talk({ transport: "tcp" }).announced()
    .answer("461 Unsupported Transport");
  assert.ok(tcp.last?.type === "failed" && tcp.last.failure === "no-transport");
  const udp = new Talk({ transport: "udp" }).announced();
  assert.match(udp.request, /client_port/);
  udp.answer("461 Unsupported Transport");
  assert.ok(udp.last?.type === "failed");
});

Deno.test("a challenge is answered once, the announcement repeated", () => {
  const talk = new Talk({ username: "cam", password: "geheim" })
    .answer("200 OK");
  const challenge = 'WWW-Authenticate: Digest realm="r", nonce="1"';
  talk.answer("401 Unauthorized", challenge);
  assert.match(talk.request, /^ANNOUNCE [^]*Authorization: Digest [^]*v=0/);
  talk.answer("401 Unauthorized", challenge);
  assert.ok(talk.last?.type === "failed");
  assert.equal(talk.last.failure, "unauthorized");
});

Deno.test("a refusal is told with its status and reason", () => {
  const talk = new Talk().answer("200 OK").answer("403 Somebody publishes");
  assert.deepEqual(talk.last, {
    type: "failed",
    failure: "status",
    status: 403,
    message:
      "Cannot publish to rtsp://h/up: the server answers ANNOUNCE with 403 Somebody publishes",
  });
});

Deno.test("a redirect is followed to the end of patience", () => {
  const talk = new Talk().answer("200 OK");
  talk.answer("302 Found", "Location: rtsp://other:99/there");
  const connect = talk.actions.findLast(({ type }) => type === "connect");
  assert.ok(connect?.type === "connect");
  assert.deepEqual([connect.host, connect.port], ["other", 99]);
  assert.match(talk.request, /^OPTIONS rtsp:\/\/other:99\/there /);
  for (let i = 0; i < 5; i++) talk.answer("302 Found", "Location: rtsp://h/up");
  assert.ok(talk.last?.type === "failed");
  assert.equal(talk.last.failure, "redirects");
});

Deno.test("the session is kept alive, and a silent server given up", () => {
  const talk = new Talk().recording();
  talk.now = talk.client.nextTimeoutAt()!;
  assert.equal(talk.now, 1000 + 15_000);
  talk.do(talk.client.handleTimeout(talk.now));
  assert.match(talk.request, /^GET_PARAMETER /);
  talk.now = talk.client.nextTimeoutAt()!;
  talk.do(talk.client.handleTimeout(talk.now));
  assert.ok(talk.last?.type === "failed");
  assert.equal(talk.last.failure, "no-answer");
});

Deno.test("a session that the server has forgotten is over", () => {
  const talk = new Talk().recording();
  talk.now = talk.client.nextTimeoutAt()!;
  talk.do(talk.client.handleTimeout(talk.now));
  talk.answer("454 Session Not Found");
  assert.ok(talk.last?.type === "failed" && talk.last.status === 454);
});

Deno.test("TEARDOWN is waited for, but not long", () => {
  const talk = new Talk().recording();
  talk.do(talk.client.teardown(talk.now));
  assert.match(talk.request, /^TEARDOWN /);
  talk.now = talk.client.nextTimeoutAt()!;
  talk.do(talk.client.handleTimeout(talk.now));
  assert.equal(talk.last?.type, "ended");
  assert.deepEqual(talk.client.disconnected("gone"), []);
});

Deno.test("reports in the connection are handed on, other channels are not", () => {
  const talk = new Talk().recording();
  const frame = (channel: number) => Uint8Array.from([0x24, channel, 0, 1, 7]);
  talk.do(talk.client.receive(frame(5), talk.now));
  assert.deepEqual(talk.last, { type: "rtcp", bytes: Uint8Array.from([7]) });
  const count = talk.actions.length;
  talk.do(talk.client.receive(frame(4), talk.now));
  assert.equal(talk.actions.length, count);
});

Deno.test("nonsense, and a lost connection, end it", () => {
  const nonsense = new Talk();
  nonsense.do(nonsense.client.receive(utf8("HELLO\r\n\r\n"), 1000));
  assert.ok(nonsense.last?.type === "failed");
  assert.equal(nonsense.last.failure, "protocol");
  const lost = new Talk().recording();
  lost.do(lost.client.disconnected("it was cut"));
  assert.ok(lost.last?.type === "failed");
  assert.equal(lost.last.failure, "disconnected");
});
