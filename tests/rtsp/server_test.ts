import assert from "node:assert/strict";
import { Dialogue, sessionOf, usualAnswer } from "./dialogue.ts";

const BASE = "rtsp://10.0.0.1:8554/movie";
const TRACK = `${BASE}/trackID=0`;
const UDP = "Transport: RTP/AVP;unicast;client_port=5000-5001";
const TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";

/** A dialogue with a session of the movie that is set up, and its Session line. */
function setUp(transport = UDP, options = {}): {
  dialogue: Dialogue;
  session: string;
} {
  const dialogue = new Dialogue(options);
  const id = sessionOf(dialogue.ask("SETUP", TRACK, [transport]));
  dialogue.done();
  return { dialogue, session: `Session: ${id}` };
}

Deno.test("OPTIONS names the methods", () => {
  const viewer =
    "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";
  assert.deepEqual(new Dialogue().ask("OPTIONS", "*"), [
    "RTSP/1.0 200 OK",
    "CSeq: 1",
    viewer,
  ]);
  assert.deepEqual(new Dialogue({ publishing: true }).ask("OPTIONS", BASE), [
    "RTSP/1.0 200 OK",
    "CSeq: 1",
    `${viewer}, ANNOUNCE, RECORD`,
  ]);
});

Deno.test("DESCRIBE gives the description and its base", () => {
  const dialogue = new Dialogue();
  for (const uri of [BASE, `${BASE}/`, `${BASE}.Mjpeg`]) {
    const [status, , type, base] = dialogue.ask("DESCRIBE", uri, [
      "Accept: application/sdp",
    ]);
    assert.equal(status, "RTSP/1.0 200 OK");
    assert.equal(type, "Content-Type: application/sdp");
    assert.equal(base, `Content-Base: ${uri.replace(/\/?$/, "/")}`);
  }
});

Deno.test("DESCRIBE does not repeat the password of its URL", () => {
  const lines = new Dialogue().ask("DESCRIBE", "rtsp://eva:secret@h/movie");
  assert.ok(lines.includes("Content-Base: rtsp://h/movie/"));
  assert.ok(!lines.join().includes("secret"));
});

Deno.test("SETUP over UDP echoes the client's ports and names the server's and the source", () => {
  const dialogue = new Dialogue();
  const lines = dialogue.ask("SETUP", TRACK, [UDP]);
  assert.deepEqual(lines, [
    "RTSP/1.0 200 OK",
    "CSeq: 1",
    `Session: ${sessionOf(lines)};timeout=60`,
    "Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=0000BEEF",
  ]);
  assert.match(sessionOf(lines), /^[0-9a-f]{16}$/);
  assert.deepEqual(dialogue.done(), [{
    type: "setupTransport",
    sessionId: sessionOf(lines),
    path: "/movie",
    track: 0,
    purpose: "play",
    dialect: "standard",
    transport: { kind: "udp", clientPorts: [5000, 5001], secure: false },
  }]);
});

const CHOICES: readonly [transport: string, answer: string][] = [
  [
    "RTP/AVP/UDP;unicast;client_port=5000-5001",
    "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=0000BEEF",
  ],
  [
    'RTP/AVP;unicast;client_port=5000;mode="PLAY"',
    "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=0000BEEF",
  ],
  ["RTP/AVP/TCP", "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000BEEF"],
  [
    "RTP/AVP/TCP;unicast;interleaved=8-9",
    "RTP/AVP/TCP;unicast;interleaved=8-9;ssrc=0000BEEF",
  ],
  [
    "RTP/AVP/TCP;interleaved=5-5",
    "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000BEEF",
  ],
  [
    "x-pn-tng/tcp, RTP/SAVP;unicast;client_port=1-2, RTP/AVP;unicast, RTP/AVP/TCP;interleaved=2-3",
    "RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=0000BEEF",
  ],
];

for (const [transport, answer] of CHOICES) {
  Deno.test(`SETUP takes of "${transport}" what it can`, () => {
    const lines = new Dialogue().ask("SETUP", TRACK, [
      `Transport: ${transport}`,
    ]);
    assert.equal(lines[0], "RTSP/1.0 200 OK");
    assert.equal(lines.at(-1), `Transport: ${answer}`);
  });
}

for (
  const transport of [
    "RTP/AVP;multicast",
    "RTP/SAVP;unicast;client_port=1-2",
    "RTP/AVP;unicast",
    "MP2T/H2221/UDP;unicast;client_port=1-2",
    "nonsense",
    "",
  ]
) {
  Deno.test(`SETUP refuses "${transport}" with 461, and the connection goes on`, () => {
    const dialogue = new Dialogue();
    const lines = dialogue.ask("SETUP", TRACK, [`Transport: ${transport}`]);
    assert.deepEqual(lines, ["RTSP/1.0 461 Unsupported Transport", "CSeq: 1"]);
    assert.deepEqual(dialogue.done(), []);
    assert.equal(dialogue.options.sessions.size, 0);
    assert.equal(dialogue.ask("SETUP", TRACK, [TCP])[0], "RTSP/1.0 200 OK");
  });
}

Deno.test("a server without UDP answers 461 to it", () => {
  const transports = { udp: false, tcp: true, multicast: false };
  const dialogue = new Dialogue({ transports });
  assert.match(dialogue.ask("SETUP", TRACK, [UDP])[0]!, / 461 /);
  assert.match(dialogue.ask("SETUP", TRACK, [TCP])[0]!, / 200 /);
});

Deno.test("multicast names its group where it is offered", () => {
  const transports = { udp: true, tcp: true, multicast: true };
  const lines = new Dialogue({ transports }).ask("SETUP", TRACK, [
    "Transport: RTP/AVP;multicast",
  ]);
  assert.equal(
    lines.at(-1),
    "Transport: RTP/AVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=16;ssrc=0000BEEF",
  );
});

Deno.test("an encrypted stream takes SAVP and hands the keys over both ways", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = (action) =>
    action.type === "setupTransport"
      ? { type: "transportReady", ssrc: 1, keyManagement: "BBBB" }
      : undefined;
  const lines = dialogue.ask("SETUP", "rtsps://h/secret/trackID=0", [
    "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1",
    'KeyMgmt: prot=mikey;uri="rtsps://h/secret/trackID=0";data="AAAA"',
  ]);
  assert.ok(lines.includes(
    'KeyMgmt: prot=mikey;uri="rtsps://h/secret/trackID=0";data="BBBB"',
  ));
  const [action] = dialogue.done();
  assert.ok(action?.type === "setupTransport");
  assert.equal(action.keyManagement, "AAAA");
  assert.equal(action.transport.secure, true);
  assert.match(
    dialogue.ask("SETUP", "rtsps://h/secret/trackID=0", [TCP])[0]!,
    / 461 /,
  );
});

Deno.test("PLAY names the first packet, and packets flow behind its answer", () => {
  const { dialogue, session } = setUp();
  const lines = dialogue.ask("PLAY", `${BASE}/`, [
    session,
    "Range: npt=0.000-",
  ]);
  assert.deepEqual(lines, [
    "RTSP/1.0 200 OK",
    "CSeq: 2",
    session,
    "Range: npt=0.000-60.000",
    `RTP-Info: url=${TRACK};seq=4711;rtptime=90000`,
  ]);
  const id = session.slice("Session: ".length);
  assert.deepEqual(dialogue.done(), [
    {
      type: "play",
      sessionId: id,
      from: 0,
      to: undefined,
      scale: 1,
      speed: 1,
    },
    { type: "start", sessionId: id },
  ]);
});

const PLAYS: readonly [
  headers: string[],
  from: number | "now" | undefined,
  to?: number | undefined,
  scale?: number,
  speed?: number,
][] = [
  [[], undefined],
  [["Range: npt=12.5-"], 12.5],
  [["Range: npt=0:00:05-0:00:10"], 5, 10],
  [["Range: npt=5-90"], 5, 60],
  [["Range: npt=-20"], 0, 20],
  [["Range: npt=now-"], undefined],
  [["Range: npt=5-;time=19970123T143720Z"], 5],
  [["Scale: 2.000000"], undefined, undefined, 2],
  [["Range: npt=30-0", "Scale: -1"], 30, 0, -1],
  [["Speed: 1.5"], undefined, undefined, 1, 1.5],
];

for (const [headers, from, to, scale = 1, speed = 1] of PLAYS) {
  Deno.test(`PLAY with "${headers.join(", ")}" begins and ends where it says`, () => {
    const { dialogue, session } = setUp();
    const lines = dialogue.ask("PLAY", BASE, [session, ...headers]);
    assert.equal(lines[0], "RTSP/1.0 200 OK");
    const [play] = dialogue.done();
    assert.ok(play?.type === "play");
    assert.deepEqual(
      [play.from, play.to, play.scale, play.speed],
      [from, to, scale, speed],
    );
    assert.equal(lines.some((line) => line.startsWith("Scale:")), scale !== 1);
    assert.equal(lines.some((line) => line.startsWith("Speed:")), speed !== 1);
  });
}

for (
  const [range, status] of [
    ["Range: npt=61-", 457],
    ["Range: npt=20-10", 457],
    ["Range: smpte=0:10:20-", 457],
    ["Range: clock=20240101T000000Z-", 457],
    ["Range: junk", 400],
    ["Range: npt=abc-", 400],
    ["Scale: 0", 400],
    ["Scale: fast", 400],
    ["Scale: 1000", 400],
    ["Speed: -1", 400],
  ] as const
) {
  Deno.test(`PLAY with "${range}" is ${status}, and the session stays as it was`, () => {
    const { dialogue, session } = setUp();
    assert.match(
      dialogue.ask("PLAY", BASE, [session, range])[0]!,
      new RegExp(` ${status} `),
    );
    assert.deepEqual(dialogue.done(), []);
    assert.match(dialogue.ask("PLAY", BASE, [session])[0]!, / 200 /);
  });
}

Deno.test("a live stream plays now, whatever position is asked for", () => {
  const dialogue = new Dialogue();
  const lines = dialogue.ask("SETUP", "rtsp://h/live/trackID=0", [TCP]);
  dialogue.done();
  dialogue.answerWith = (action) =>
    action.type === "play"
      ? { type: "playing", tracks: [], from: "now" }
      : undefined;
  const answer = dialogue.ask("PLAY", "rtsp://h/live", [
    `Session: ${sessionOf(lines)}`,
    "Range: npt=17.000-",
  ]);
  assert.ok(answer.includes("Range: npt=now-"));
  assert.ok(!answer.some((line) => line.startsWith("RTP-Info")));
  const [play] = dialogue.done();
  assert.ok(play?.type === "play" && play.from === "now");
});

Deno.test("PAUSE keeps the session, TEARDOWN ends it", () => {
  const { dialogue, session } = setUp();
  dialogue.ask("PLAY", BASE, [session]);
  dialogue.done();
  assert.deepEqual(dialogue.ask("PAUSE", BASE, [session]), [
    "RTSP/1.0 200 OK",
    "CSeq: 3",
    session,
  ]);
  assert.deepEqual(dialogue.doneTypes(), ["pause"]);
  assert.match(dialogue.ask("PLAY", BASE, [session])[0]!, / 200 /);
  dialogue.done();
  assert.match(dialogue.ask("TEARDOWN", BASE, [session])[0]!, / 200 /);
  const [teardown] = dialogue.done();
  assert.ok(teardown?.type === "teardown" && teardown.reason === "request");
  assert.match(dialogue.ask("PLAY", BASE, [session])[0]!, / 454 /);
  assert.equal(dialogue.options.sessions.size, 0);
});

Deno.test("what a state does not allow is 455 with the methods it does", () => {
  const { dialogue, session } = setUp();
  assert.deepEqual(dialogue.ask("PAUSE", BASE, [session]).slice(0, 1), [
    "RTSP/1.0 455 Method Not Valid in This State",
  ]);
  dialogue.ask("PLAY", BASE, [session]);
  const lines = dialogue.ask("SETUP", TRACK, [session, UDP]);
  assert.match(lines[0]!, / 455 /);
  assert.ok(
    lines.includes("Allow: OPTIONS, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"),
  );
});

Deno.test("a track can be set up anew before it plays", () => {
  const { dialogue, session } = setUp();
  const lines = dialogue.ask("SETUP", TRACK, [session, TCP]);
  assert.equal(
    lines.at(-1),
    "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000BEEF",
  );
  assert.equal(dialogue.options.sessions.size, 1);
  const again = dialogue.ask("SETUP", TRACK, [session, TCP]);
  assert.match(again.at(-1)!, /interleaved=0-1/, "its own channels are free");
});

const ERRORS: readonly [
  name: string,
  text: string,
  status: string,
  more?: string,
][] = [
  [
    "an unknown method",
    "DANCE rtsp://h/movie RTSP/1.0\r\nCSeq: 5",
    "501 Not Implemented",
    "Public: ",
  ],
  [
    "another version",
    "OPTIONS * RTSP/2.0\r\nCSeq: 5",
    "505 RTSP Version Not Supported",
  ],
  [
    "an unknown path",
    "DESCRIBE rtsp://h/none RTSP/1.0\r\nCSeq: 5",
    "404 Not Found",
  ],
  [
    "an unknown track",
    "SETUP rtsp://h/movie/trackID=7 RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP",
    "404 Not Found",
  ],
  [
    "a path out of the tree",
    "DESCRIBE rtsp://h/../etc/passwd RTSP/1.0\r\nCSeq: 5",
    "404 Not Found",
  ],
  [
    "a URL that is none",
    "DESCRIBE rtsp://h/%zz RTSP/1.0\r\nCSeq: 5",
    "400 Bad Request",
  ],
  [
    "media that cannot be sent",
    "DESCRIBE rtsp://h/large RTSP/1.0\r\nCSeq: 5",
    "415 Picture Too Large",
  ],
  [
    "an answer nobody can read",
    "DESCRIBE rtsp://h/movie RTSP/1.0\r\nCSeq: 5\r\nAccept: application/xml",
    "406 Not Acceptable",
  ],
  [
    "ANNOUNCE",
    "ANNOUNCE rtsp://h/new RTSP/1.0\r\nCSeq: 5",
    "405 Method Not Allowed",
    "Allow: ",
  ],
  [
    "RECORD",
    "RECORD rtsp://h/new RTSP/1.0\r\nCSeq: 5",
    "405 Method Not Allowed",
    "Allow: ",
  ],
  [
    "no session",
    "PLAY rtsp://h/movie RTSP/1.0\r\nCSeq: 5",
    "454 Session Not Found",
  ],
  [
    "an unknown session",
    "PLAY rtsp://h/movie RTSP/1.0\r\nCSeq: 5\r\nSession: 1",
    "454 Session Not Found",
  ],
  [
    "a SETUP with an unknown session",
    "SETUP rtsp://h/movie/trackID=0 RTSP/1.0\r\nCSeq: 5\r\nSession: 1\r\nTransport: RTP/AVP/TCP",
    "454 Session Not Found",
  ],
  [
    "all tracks at once",
    "SETUP rtsp://h/two RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP",
    "459 Aggregate Operation Not Allowed",
  ],
  [
    "an option nobody has",
    "SETUP rtsp://h/movie/trackID=0 RTSP/1.0\r\nCSeq: 5\r\nRequire: onvif-replay, x\r\nTransport: RTP/AVP/TCP",
    "551 Option Not Supported",
    "Unsupported: onvif-replay, x\r\n",
  ],
  [
    "a parameter nobody has",
    "SET_PARAMETER rtsp://h/movie RTSP/1.0\r\nCSeq: 5\r\nContent-Length: 6\r\n\r\nx: 5\r\n",
    "451 Parameter Not Understood",
  ],
  [
    "a SETUP that records",
    "SETUP rtsp://h/movie/trackID=0 RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP;mode=record",
    "405 Method Not Allowed",
  ],
];

for (const [name, request, status, more] of ERRORS) {
  Deno.test(`${name} is ${status.slice(0, 3)} with its CSeq, on a connection that goes on`, () => {
    const dialogue = new Dialogue();
    const said = dialogue.say(
      request.includes("\r\n\r\n") ? request : `${request}\r\n\r\n`,
    );
    assert.ok(
      said.startsWith(`RTSP/1.0 ${status}\r\nCSeq: 5\r\n`),
      said,
    );
    assert.ok(said.includes(more ?? ""), said);
    assert.deepEqual(dialogue.done(), []);
    assert.match(dialogue.ask("OPTIONS", "*")[0]!, / 200 /);
  });
}

Deno.test("a request without CSeq is 400", () => {
  for (const cseq of ["", "CSeq: one\r\n", "CSeq: -1\r\n"]) {
    const said = new Dialogue().say(`OPTIONS * RTSP/1.0\r\n${cseq}\r\n`);
    assert.ok(said.startsWith("RTSP/1.0 400 Bad Request\r\nServer:"), said);
  }
});

Deno.test("HELLO is answered, and the connection goes on", () => {
  const dialogue = new Dialogue();
  assert.equal(dialogue.say("HELLO\r\n"), "");
  assert.ok(dialogue.wait().startsWith("RTSP/1.0 400 Bad Request\r\n"));
  assert.match(dialogue.ask("OPTIONS", "*")[0]!, / 200 /);
});

Deno.test("a huge body, a long line and binary junk are answered and end the connection", () => {
  for (
    const text of [
      "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n",
      `OPTIONS ${"a".repeat(10_000)}`,
      "\x16\x03\x01",
    ]
  ) {
    const dialogue = new Dialogue();
    assert.match(dialogue.say(text), /^RTSP\/1\.0 4\d\d /);
    assert.deepEqual(dialogue.doneTypes(), ["close"]);
    assert.equal(dialogue.say("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), "");
    assert.equal(dialogue.connection.nextTimeoutAt(), undefined);
  }
});

Deno.test("a browser is told what this port is", () => {
  const dialogue = new Dialogue();
  const said = dialogue.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert.match(
    said,
    /^HTTP\/1\.1 400 Bad Request\r\n[^]*This port speaks RTSP/,
  );
  assert.deepEqual(dialogue.doneTypes(), ["close"]);
});

Deno.test("the parameter methods keep a session alive, with or without it", () => {
  const { dialogue, session } = setUp();
  for (const method of ["GET_PARAMETER", "SET_PARAMETER", "OPTIONS"]) {
    const [status] = dialogue.ask(method, BASE, [session]);
    assert.equal(status, "RTSP/1.0 200 OK");
  }
  assert.equal(dialogue.ask("GET_PARAMETER", BASE)[0], "RTSP/1.0 200 OK");
  const lines = dialogue.ask(
    "GET_PARAMETER",
    BASE,
    [session],
    "jitter\r\nx\r\n",
  );
  assert.equal(lines[0], "RTSP/1.0 451 Parameter Not Understood");
  assert.deepEqual(lines.slice(-2), ["jitter", "x"]);
});

Deno.test("several tracks are one session: set up one by one, played together", () => {
  const dialogue = new Dialogue();
  const first = dialogue.ask("SETUP", "rtsp://h/two/trackID=0", [TCP]);
  const session = `Session: ${sessionOf(first)}`;
  const second = dialogue.ask("SETUP", "rtsp://h/two/sound", [session, TCP]);
  assert.match(second.at(-1)!, /interleaved=2-3/, "the channels are free ones");
  assert.match(
    dialogue.ask("PLAY", "rtsp://h/two/sound", [session])[0]!,
    / 460 /,
  );
  dialogue.done();
  dialogue.answerWith = (action) =>
    action.type === "play"
      ? {
        type: "playing",
        tracks: [
          { track: 0, sequence: 1, timestamp: 2 },
          { track: 1, sequence: 3, timestamp: 4 },
        ],
      }
      : undefined;
  const lines = dialogue.ask("PLAY", "rtsp://h/two/", [session]);
  assert.ok(lines.includes(
    "RTP-Info: url=rtsp://h/two/trackID=0;seq=1;rtptime=2,url=rtsp://h/two/sound;seq=3;rtptime=4",
  ));
});

Deno.test("a session is for one media", () => {
  const { dialogue, session } = setUp();
  assert.match(
    dialogue.ask("SETUP", "rtsp://h/live/trackID=0", [session, TCP])[0]!,
    / 459 /,
  );
  assert.match(dialogue.ask("PLAY", "rtsp://h/live", [session])[0]!, / 404 /);
  assert.match(
    dialogue.ask("PLAY", "rtsp://h/movie.Mjpeg/", [session])[0]!,
    / 200 /,
  );
});

Deno.test("a SETUP over TCP without a session gives the one over UDP up", () => {
  const { dialogue, session } = setUp();
  dialogue.ask("PLAY", BASE, [session]);
  dialogue.ask("PAUSE", BASE, [session]);
  dialogue.done();
  const lines = dialogue.ask("SETUP", TRACK, [TCP]);
  assert.equal(lines[0], "RTSP/1.0 200 OK");
  assert.notEqual(`Session: ${sessionOf(lines)}`, session);
  const [teardown, setup] = dialogue.done();
  assert.ok(teardown?.type === "teardown" && teardown.reason === "superseded");
  assert.equal(setup?.type, "setupTransport");
  assert.equal(dialogue.options.sessions.size, 1);
});

Deno.test("what the shell refuses is answered so, and nothing is left", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => ({
    type: "refused",
    status: 503,
    reason: "Camera Is Gone",
  });
  assert.deepEqual(dialogue.ask("SETUP", TRACK, [UDP]), [
    "RTSP/1.0 503 Camera Is Gone",
    "CSeq: 1",
  ]);
  assert.equal(dialogue.options.sessions.size, 0);
  dialogue.answerWith = usualAnswer;
  const session = `Session: ${sessionOf(dialogue.ask("SETUP", TRACK, [UDP]))}`;
  dialogue.answerWith = () => ({ type: "refused", status: 453 });
  assert.match(dialogue.ask("PLAY", BASE, [session])[0]!, / 453 /);
  dialogue.answerWith = usualAnswer;
  assert.match(dialogue.ask("PLAY", BASE, [session])[0]!, / 200 /);
});

Deno.test("requests behind one that takes time are answered after it, in order", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => undefined;
  const requests = [
    `SETUP ${TRACK} RTSP/1.0\r\nCSeq: 1\r\n${UDP}\r\n\r\n`,
    "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n",
    `DESCRIBE ${BASE} RTSP/1.0\r\nCSeq: 3\r\n\r\n`,
  ];
  assert.equal(dialogue.say(requests.join("")), "");
  assert.ok(dialogue.connection.waiting);
  assert.equal(dialogue.connection.nextTimeoutAt(), undefined);
  const said = dialogue.perform(
    dialogue.connection.answer({ type: "transportReady", ssrc: 1 }, 5000),
  );
  assert.deepEqual(said.match(/CSeq: \d/g), ["CSeq: 1", "CSeq: 2", "CSeq: 3"]);
});

Deno.test("a source that takes time is prepared once, then looked up again", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = (action) => {
    if (action.type === "prepare") dialogue.catalog.ready();
    return action.type === "prepare"
      ? { type: "prepared" }
      : usualAnswer(action);
  };
  const uri = "rtsp://h/slow";
  assert.match(dialogue.ask("DESCRIBE", uri)[0]!, / 200 /);
  assert.deepEqual(dialogue.done(), [{ type: "prepare", path: "/slow" }]);
  assert.match(dialogue.ask("SETUP", `${uri}/trackID=0`, [TCP])[0]!, / 200 /);
  assert.deepEqual(dialogue.doneTypes(), ["setupTransport"]);
});

Deno.test("a source that does not get ready is refused", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => ({ type: "prepared" });
  assert.match(dialogue.ask("DESCRIBE", "rtsp://h/slow")[0]!, / 503 /);
  dialogue.answerWith = () => ({ type: "refused", status: 404 });
  assert.match(
    dialogue.ask("SETUP", "rtsp://h/slow/trackID=0", [TCP])[0]!,
    / 404 /,
  );
});

Deno.test("an answer that fits nothing is a fault of the shell", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => ({ type: "announced" });
  assert.throws(() => dialogue.ask("SETUP", TRACK, [UDP]), TypeError);
});

Deno.test("an answer that comes too late is no answer", () => {
  const { dialogue } = setUp();
  assert.deepEqual(dialogue.connection.answer({ type: "prepared" }, 0), []);
});

Deno.test("a query behind the path does not hide the track", () => {
  const dialogue = new Dialogue();
  const lines = dialogue.ask("DESCRIBE", `${BASE}?token=1`);
  assert.ok(lines.includes(`Content-Base: ${BASE}?token=1/`));
  for (
    const uri of [`${BASE}?token=1/trackID=0`, `${BASE}/trackID=0?token=1`]
  ) {
    assert.match(dialogue.ask("SETUP", uri, [TCP])[0]!, / 200 /);
  }
});

Deno.test("with users, nothing but OPTIONS goes without a password", () => {
  const users = {
    realm: "r",
    find: () => undefined,
  };
  const dialogue = new Dialogue({ users });
  assert.match(dialogue.ask("OPTIONS", BASE)[0]!, / 200 /);
  for (const method of ["DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN"]) {
    const lines = dialogue.ask(method, BASE, [TCP]);
    assert.match(lines[0]!, / 401 /);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("WWW-Authenticate: Digest"))
        .length,
      2,
    );
  }
  assert.match(
    dialogue.ask("DESCRIBE", "rtsp://h/none")[0]!,
    / 401 /,
    "what is there is not told",
  );
  assert.deepEqual(dialogue.done(), []);
});

Deno.test("who guesses passwords is cut off", () => {
  const dialogue = new Dialogue({
    users: { realm: "r", find: () => undefined },
  });
  for (let count = 0; count < 10; count++) {
    dialogue.ask("DESCRIBE", BASE, ["Authorization: Basic dTpw"]);
  }
  assert.deepEqual(dialogue.doneTypes(), ["close"]);
});
