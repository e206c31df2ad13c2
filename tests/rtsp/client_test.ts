import assert from "node:assert/strict";
import { parseAuthorization } from "../../src/rtsp/authentication.ts";
import { ClientSession, RtspProtocolError } from "../../src/rtsp/mod.ts";
import {
  describe,
  DESCRIPTION,
  Player,
  PLAYER_OPTIONS,
  playing,
} from "./player.ts";

const SESSION = "Session: abc;timeout=30";
const UDP =
  "Transport: RTP/AVP;unicast;client_port=40000-40001;server_port=6000-6001;ssrc=0000BEEF";
const TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";

Deno.test("a player asks, sets up and plays, request by request", () => {
  const player = new Player().connect();
  assert.deepEqual(player.done(), [
    { type: "connect", host: "h", port: 8554, secure: false },
  ]);
  const requests = [
    player.answer("200 OK", ["Public: OPTIONS, GET_PARAMETER"]),
    player.answer(
      "200 OK",
      ["Content-Base: rtsp://h:8554/movie/"],
      DESCRIPTION,
    ),
    player.answer("200 OK", [SESSION, UDP]),
    player.answer("200 OK", [
      "Session: abc",
      "Range: npt=0.000-60.000",
      "RTP-Info: url=rtsp://h:8554/movie/trackID=0;seq=7;rtptime=8",
    ]),
  ];
  assert.deepEqual(requests, [
    ["OPTIONS rtsp://h:8554/movie RTSP/1.0", "CSeq: 1"],
    [
      "DESCRIBE rtsp://h:8554/movie RTSP/1.0",
      "CSeq: 2",
      "Accept: application/sdp",
    ],
    [
      "SETUP rtsp://h:8554/movie/trackID=0 RTSP/1.0",
      "CSeq: 3",
      "Transport: RTP/AVP;unicast;client_port=40000-40001",
    ],
    [
      "PLAY rtsp://h:8554/movie/ RTSP/1.0",
      "CSeq: 4",
      "Session: abc",
      "Range: npt=0.000-",
    ],
  ]);
  const [described, ports, transport, started] = player.done();
  assert.ok(described?.type === "described");
  assert.equal(described.duration, 60);
  assert.deepEqual(described.track, {
    index: 0,
    url: "rtsp://h:8554/movie/trackID=0",
    payloadType: 26,
    clockRate: 90_000,
    protocol: "RTP/AVP",
  });
  assert.deepEqual(ports, { type: "openPorts" });
  assert.deepEqual(transport, {
    type: "transport",
    transport: { kind: "udp", serverPorts: [6000, 6001], source: undefined },
    ssrc: 0xbeef,
  });
  assert.deepEqual(started, {
    type: "playing",
    from: 0,
    to: 60,
    scale: 1,
    sequence: 7,
    timestamp: 8,
  });
  assert.equal(player.session.state, "playing");
  assert.equal(player.session.dialect, "standard");
});

Deno.test("TCP from the beginning opens no ports, and hands packets on", () => {
  const player = new Player({ transport: "tcp", start: 12.5 }).connect();
  describe(player);
  const setup = player.answer("200 OK", [SESSION, TCP]);
  assert.equal(setup[2], "Transport: RTP/AVP/TCP;unicast;interleaved=0-1");
  assert.ok(player.answer("200 OK").includes("Range: npt=12.500-"));
  assert.ok(!player.doneTypes().includes("openPorts"));
  player.frame(0, "rtp");
  player.frame(1, "rtcp");
  player.frame(7, "nobody's");
  assert.deepEqual(player.doneTypes(), ["rtp", "rtcp"]);
});

Deno.test("the server's channels are used, not those that were asked for", () => {
  const player = new Player({ transport: "tcp" }).connect();
  describe(player);
  player.answer("200 OK", [SESSION, "Transport: RTP/AVP/TCP;interleaved=4-5"]);
  player.answer("200 OK");
  player.done();
  player.frame(0, "nobody's");
  player.frame(4, "rtp");
  assert.deepEqual(player.doneTypes(), ["rtp"]);
});

Deno.test("461 turns to TCP on the same connection", () => {
  const player = new Player().connect();
  describe(player);
  player.done();
  player.answer("461 Unsupported Transport");
  assert.match(player.request()[2]!, /RTP\/AVP\/TCP/);
  assert.deepEqual(player.doneTypes(), ["closePorts", "fallback"]);
});

Deno.test("461 ends a player that is to use UDP, and one that has tried TCP", () => {
  for (const transport of ["udp", "tcp"] as const) {
    const player = new Player({ transport }).connect();
    describe(player);
    player.answer("461 Unsupported Transport");
    assert.match(player.failure().failure, /no-transport|status/);
    assert.deepEqual(player.sent, []);
  }
});

Deno.test("silent UDP turns to TCP on a new connection after three seconds", () => {
  const player = playing();
  assert.equal(player.wait(), 3000);
  assert.match(player.request()[0]!, /^TEARDOWN /);
  assert.deepEqual(player.doneTypes(), ["closePorts", "fallback", "connect"]);
  player.perform(player.session.connected(player.now));
  describe(player);
  assert.match(player.request()[2]!, /RTP\/AVP\/TCP/);
});

Deno.test("silent UDP ends a player that is to use nothing else", () => {
  const player = playing({ transport: "udp" });
  player.wait();
  assert.equal(player.failure().failure, "silent");
});

Deno.test("packets keep UDP, and their end is noticed", () => {
  const player = playing();
  player.now += 2999;
  player.session.mediaReceived(player.now);
  player.wait();
  assert.equal(player.now, 1000 + 2999 + 10_000);
  assert.deepEqual(player.failure(), {
    type: "failed",
    failure: "silent",
    message:
      "Cannot play rtsp://h:8554/movie: the server sends no more packets",
  });
});

Deno.test("after a goodbye silence is no fault", () => {
  const player = playing();
  player.session.mediaReceived(player.now);
  player.session.mediaEnded();
  player.wait();
  assert.match(player.request()[0]!, /^GET_PARAMETER /);
  assert.deepEqual(player.done(), []);
});

Deno.test("sessions are kept alive at half their timeout", () => {
  const player = playing();
  player.session.mediaEnded();
  assert.equal(player.wait(), 15_000);
  assert.deepEqual(player.answer("200 OK"), [
    "GET_PARAMETER rtsp://h:8554/movie/ RTSP/1.0",
    "CSeq: 5",
    "Session: abc",
  ]);
  assert.equal(player.wait(), 15_000);
  player.answer("501 Not Implemented");
  assert.equal(player.wait(), 15_000);
  assert.match(
    player.answer("200 OK", ["Public: GET_PARAMETER"])[0]!,
    /^OPTIONS/,
  );
  assert.equal(player.wait(), 15_000);
  assert.match(player.request()[0]!, /^OPTIONS/);
});

Deno.test("a session the server has forgotten is a failure", () => {
  const player = playing();
  player.session.mediaEnded();
  player.wait();
  player.answer("454 Session Not Found");
  assert.equal(player.failure().status, 454);
});

Deno.test("pause, play on, seek and speed", () => {
  const player = playing();
  player.perform(player.session.pause(player.now));
  assert.match(player.answer("200 OK")[0]!, /^PAUSE /);
  assert.deepEqual(player.doneTypes(), ["paused"]);
  player.perform(player.session.play({}, player.now));
  assert.deepEqual(player.answer("200 OK").slice(2), ["Session: abc"]);
  assert.deepEqual(player.doneTypes(), ["playing"]);
  player.perform(player.session.play({ from: 30 }, player.now));
  assert.match(player.answer("200 OK")[0]!, /^PAUSE /);
  assert.deepEqual(player.answer("200 OK").slice(2), [
    "Session: abc",
    "Range: npt=30.000-",
  ]);
  assert.deepEqual(player.doneTypes(), ["paused", "playing"]);
  player.perform(player.session.play({ scale: 2 }, player.now));
  assert.ok(player.answer("200 OK", ["Scale: 2.000"]).includes("Scale: 2.000"));
  const [faster] = player.done();
  assert.ok(faster?.type === "playing" && faster.scale === 2);
});

Deno.test("a player may stop after SETUP, and play later", () => {
  const player = new Player({ paused: true }).connect();
  describe(player);
  player.answer("200 OK", [SESSION, UDP]);
  assert.deepEqual(player.sent, []);
  assert.equal(player.session.state, "ready");
  player.perform(player.session.play({ from: 3 }, player.now));
  assert.ok(player.request().includes("Range: npt=3.000-"));
});

Deno.test("TEARDOWN ends, answered or not", () => {
  for (const answered of [true, false]) {
    const player = playing();
    player.perform(player.session.teardown(player.now));
    if (answered) {
      assert.match(player.answer("200 OK")[0]!, /^TEARDOWN /);
    } else {
      assert.equal(player.wait(), 1000);
    }
    assert.deepEqual(player.doneTypes(), ["ended"]);
    assert.equal(player.session.nextTimeoutAt(), undefined);
    player.perform(player.session.teardown(player.now));
    assert.deepEqual(player.done(), []);
  }
  const hungUp = playing();
  hungUp.perform(hungUp.session.teardown(hungUp.now));
  hungUp.perform(hungUp.session.disconnected("closed", hungUp.now));
  assert.deepEqual(hungUp.doneTypes(), ["ended"]);
});

Deno.test("TEARDOWN before there is a session just ends", () => {
  const player = new Player().connect();
  player.done();
  player.perform(player.session.teardown(player.now));
  assert.deepEqual(player.doneTypes(), ["ended"]);
});

Deno.test("a redirect is followed, to another server too, but not for ever", () => {
  const player = new Player().connect();
  player.answer("200 OK");
  player.answer("302 Moved Temporarily", ["Location: rtsps://other/m"]);
  assert.deepEqual(player.done().at(-1), {
    type: "connect",
    host: "other",
    port: 322,
    secure: true,
  });
  for (let count = 1; count < 6; count++) {
    player.perform(player.session.connected(player.now));
    player.answer("301 Moved Permanently", ["Location: rtsp://h/again"]);
  }
  assert.equal(player.failure().failure, "redirects");
});

Deno.test("a redirect to nowhere is a failure", () => {
  const player = new Player().connect();
  player.answer("200 OK");
  player.answer("302 Moved Temporarily", ["Location: http://h/"]);
  assert.equal(player.failure().failure, "protocol");
});

const DIGEST = 'WWW-Authenticate: Digest realm="r", nonce="n1"';

Deno.test("a challenge is answered once, with the strongest digest offered", () => {
  const player = new Player({ username: "eva", password: "secret" }).connect();
  player.answer("200 OK");
  player.answer("401 Unauthorized", [
    'WWW-Authenticate: Basic realm="r"',
    'WWW-Authenticate: Digest realm="r", nonce="m", algorithm=SHA-256, qop="auth"',
    DIGEST,
  ]);
  const header = player.answer("200 OK", [], DESCRIPTION).find((line) =>
    line.startsWith("Authorization")
  )!;
  const first = parseAuthorization(header.slice("Authorization: ".length));
  assert.ok(first.scheme === "digest");
  assert.equal(first.algorithm, "SHA-256");
  assert.equal(first.username, "eva");
  assert.equal(first.nc, "00000001");
  assert.equal(first.response.length, 64);
  const next = player.request().find((line) =>
    line.startsWith("Authorization")
  );
  assert.match(next!, /nc=00000002/);
});

Deno.test("user and password of the URL are used and never sent in clear", () => {
  const player = new Player({}, "rtsp://eva:secret@h/movie").connect();
  player.answer("200 OK");
  player.answer("401 Unauthorized", [DIGEST]);
  const request = player.request();
  assert.match(request.join(), /username="eva"/);
  assert.ok(!request.join().includes("secret"));
});

Deno.test("wrong credentials fail, and so do none", () => {
  const wrong = new Player({ username: "eva", password: "x" }).connect();
  wrong.answer("200 OK");
  wrong.answer("401 Unauthorized", [DIGEST]);
  wrong.answer("401 Unauthorized", [DIGEST.replace("n1", "n2")]);
  assert.equal(wrong.failure().failure, "unauthorized");
  const none = new Player().connect();
  none.answer("401 Unauthorized", [DIGEST]);
  assert.equal(none.failure().status, 401);
});

Deno.test("a nonce that became stale is replaced", () => {
  const player = new Player({ username: "eva", password: "secret" }).connect();
  player.answer("401 Unauthorized", [DIGEST]);
  player.answer("401 Unauthorized", [
    `${DIGEST.replace("n1", "n2")}, stale=true`,
  ]);
  assert.match(player.request().join(), /nonce="n2"/);
});

Deno.test("basic is answered where there is nothing better", () => {
  const player = new Player({ username: "eva", password: "secret" }).connect();
  player.answer("401 Unauthorized", ['WWW-Authenticate: Basic realm="r"']);
  assert.ok(player.request().includes("Authorization: Basic ZXZhOnNlY3JldA=="));
});

Deno.test("a stream without JPEG is refused by the names of what it has", () => {
  const player = new Player().connect();
  describe(
    player,
    DESCRIPTION.replace("26", "96\r\na=rtpmap:96 H264/90000"),
  );
  const { failure, message } = player.failure();
  assert.equal(failure, "no-jpeg");
  assert.match(message, /offers no JPEG video but H264$/);
});

Deno.test("what a server refuses is said with its status", () => {
  const player = new Player().connect();
  player.answer("200 OK");
  player.answer("404 Not Found");
  assert.deepEqual(player.failure(), {
    type: "failed",
    failure: "status",
    status: 404,
    message:
      "Cannot play rtsp://h:8554/movie: the server answers DESCRIBE with 404 Not Found",
  });
  assert.equal(player.session.nextTimeoutAt(), undefined);
});

Deno.test("a server without OPTIONS may have the rest", () => {
  const player = new Player().connect();
  player.answer("501 Not Implemented");
  assert.match(player.request()[0]!, /^DESCRIBE/);
});

Deno.test("under TLS a stream in clear goes through the connection", () => {
  const player = new Player({}, "rtsps://h/movie").connect();
  describe(player);
  assert.match(player.request()[2]!, /RTP\/AVP\/TCP/);
});

Deno.test("an encrypted stream is asked for with a key", () => {
  const player = new Player(
    { keyManagement: () => "AAAA" },
    "rtsps://h/movie",
  ).connect();
  describe(player, DESCRIPTION.replace("RTP/AVP", "RTP/SAVP"));
  assert.deepEqual(player.request().slice(2), [
    "Transport: RTP/SAVP;unicast;client_port=40000-40001",
    'KeyMgmt: prot=mikey;uri="rtsp://h:8554/movie/trackID=0";data="AAAA"',
  ]);
});

Deno.test("ports that cannot be had turn to TCP", () => {
  const player = new Player();
  player.perform(player.session.start(0));
  const perform = player.perform.bind(player);
  perform(player.session.connected(0));
  player.perform = (actions) => {
    const ports = actions.some(({ type }) => type === "openPorts");
    perform(actions.filter(({ type }) => type !== "openPorts"));
    if (ports) perform(player.session.portsFailed("none are free", 0));
  };
  describe(player);
  assert.match(player.request()[2]!, /RTP\/AVP\/TCP/);
});

Deno.test("answers that are nobody's are stepped over", () => {
  const player = new Player().connect();
  player.hear("RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n");
  player.hear("RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n");
  assert.equal(player.sent.length, 1);
  player.hear("RTSP/1.0 200 OK\r\n\r\n");
  assert.equal(player.sent.length, 2, "one without CSeq is taken");
});

Deno.test("what a server asks is answered, and REDIRECT is followed", () => {
  const player = playing();
  player.hear("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
  assert.match(player.sent.pop()!, /^RTSP\/1\.0 501 .*\r\nCSeq: 1\r\n/);
  player.done();
  player.hear(
    "REDIRECT * RTSP/1.0\r\nCSeq: 2\r\nLocation: rtsp://other/there\r\n\r\n",
  );
  const [answer, goodbye] = player.sent.splice(0);
  assert.match(answer!, /^RTSP\/1\.0 200 .*\r\nCSeq: 2\r\n/);
  assert.match(goodbye!, /^TEARDOWN /);
  const actions = player.done();
  assert.deepEqual(actions.map(({ type }) => type), [
    "closePorts",
    "redirected",
    "connect",
  ]);
  player.perform(player.session.play({ from: 12 }, player.now));
  player.perform(player.session.connected(player.now));
  assert.equal(
    player.answer("200 OK")[0],
    "OPTIONS rtsp://other/there RTSP/1.0",
  );
  player.answer("200 OK", [], DESCRIPTION);
  player.answer("200 OK", [SESSION, UDP]);
  assert.match(player.request().join(" "), /^PLAY .*Range: npt=12\.000-/);
});

Deno.test("a server that stops answering is a failure", () => {
  const player = new Player({ dialect: "standard" }).connect();
  assert.equal(player.wait(), 10_000);
  assert.equal(player.failure().failure, "no-answer");
});

Deno.test("a connection that cannot be opened, or breaks, is a failure", () => {
  const refused = new Player();
  refused.perform(refused.session.start(0));
  refused.perform(refused.session.disconnected("connection refused", 0));
  assert.deepEqual(refused.failure(), {
    type: "failed",
    failure: "connect",
    message: "Cannot play rtsp://h:8554/movie: connection refused",
  });
  const broken = playing();
  broken.perform(broken.session.disconnected("the server hung up", 0));
  assert.equal(broken.failure().failure, "disconnected");
  broken.perform(broken.session.disconnected("again", 0));
  assert.deepEqual(broken.done(), []);
});

Deno.test("nonsense after an answer is a failure", () => {
  const player = new Player().connect();
  player.answer("200 OK");
  player.hear("\x00\x01\x02");
  assert.equal(player.failure().failure, "protocol");
  const sdp = new Player().connect();
  sdp.answer("200 OK");
  sdp.answer("200 OK", [], "<html>");
  assert.equal(sdp.failure().failure, "protocol");
  const setup = new Player().connect();
  describe(setup);
  setup.answer("200 OK", [SESSION, "Transport: nonsense"]);
  assert.equal(setup.failure().failure, "protocol");
});

Deno.test("a URL that is none is refused at once", () => {
  assert.throws(
    () => new ClientSession("http://h/", PLAYER_OPTIONS),
    RtspProtocolError,
  );
});
