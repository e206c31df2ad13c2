import assert from "node:assert/strict";
import { cuts } from "../jpeg/support/cut.ts";
import { Dialogue } from "./dialogue.ts";
import { utf8 } from "./messages.ts";

const SETUP =
  "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n";

/** Says a request without a blank line and waits until it is taken for complete. */
function lab(dialogue: Dialogue, text: string): string {
  assert.equal(dialogue.say(text), "");
  return dialogue.wait();
}

function sixDigits(answer: string): string {
  return /Session: (\d{6})\r?\n/.exec(answer)![1]!;
}

Deno.test("the whole dialogue of the teaching dialect, byte for byte", () => {
  const dialogue = new Dialogue();
  const answer = lab(dialogue, SETUP);
  const id = sixDigits(answer);
  assert.equal(answer, `RTSP/1.0 200 OK\nCSeq: 1\nSession: ${id}\n`);
  assert.deepEqual(dialogue.done(), [{
    type: "setupTransport",
    sessionId: id,
    path: "/movie",
    track: 0,
    purpose: "play",
    dialect: "lab",
    transport: { kind: "udp", clientPorts: [25000, 25001], secure: false },
  }]);
  const steps = [
    ["PLAY", 2, ["play", "start"]],
    ["PAUSE", 3, ["pause"]],
    ["PLAY", 4, ["play", "start"]],
    ["TEARDOWN", 5, ["teardown"]],
  ] as const;
  for (const [method, cseq, actions] of steps) {
    assert.equal(
      lab(
        dialogue,
        `${method} movie.Mjpeg RTSP/1.0\nCSeq: ${cseq}\nSession: ${id}\n`,
      ),
      `RTSP/1.0 200 OK\nCSeq: ${cseq}\nSession: ${id}\n`,
    );
    assert.deepEqual(dialogue.doneTypes(), actions);
  }
  assert.equal(dialogue.options.sessions.size, 0);
});

const FORMS: readonly [name: string, request: string, answer: string][] = [
  [
    "LF without a newline at the end",
    SETUP.trimEnd(),
    "RTSP/1.0 200 OK\nCSeq: 1\nSession: ID\n",
  ],
  [
    "CR LF without a blank line",
    SETUP.replaceAll("\n", "\r\n"),
    "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: ID\r\n",
  ],
  [
    "LF with a blank line",
    `${SETUP}\n`,
    "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: ID\r\n\r\n",
  ],
  [
    "CR LF with a blank line",
    `${SETUP.replaceAll("\n", "\r\n")}\r\n`,
    "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: ID\r\n\r\n",
  ],
  [
    "a URL, and RTP/UDP",
    `${SETUP.replace("movie.Mjpeg", "rtsp://h/movie.Mjpeg")}\n`,
    "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: ID\r\n\r\n",
  ],
];

for (const [name, request, expected] of FORMS) {
  Deno.test(`a request of the teaching dialect is answered in its own form: ${name}`, () => {
    for (const cut of cuts(utf8(request))) {
      const dialogue = new Dialogue();
      let answer = cut.map((piece) =>
        dialogue.perform(dialogue.connection.receive(piece, dialogue.now))
      ).join("");
      if (answer === "") answer = dialogue.wait();
      assert.equal(answer.replace(/\d{6}/, "ID"), expected);
    }
  });
}

Deno.test("two dialects are spoken on one connection", () => {
  const dialogue = new Dialogue();
  const id = sixDigits(lab(dialogue, SETUP));
  assert.match(dialogue.ask("OPTIONS", "*")[0]!, / 200 /);
  const answer = dialogue.say(
    `PLAY movie.Mjpeg RTSP/1.0\nCSeq: 3\nSession: ${id}\n\n`,
  );
  assert.equal(answer, `RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: ${id}\r\n\r\n`);
});

Deno.test("a file that is not there is 404 NOT FOUND", () => {
  assert.equal(
    lab(new Dialogue(), SETUP.replace("movie.Mjpeg", "none.Mjpeg")),
    "RTSP/1.0 404 NOT FOUND\nCSeq: 1\n",
  );
});

Deno.test("what fails is 500", () => {
  const large = lab(new Dialogue(), SETUP.replace("movie.Mjpeg", "large"));
  assert.equal(large, "RTSP/1.0 500 CONNECTION ERROR\nCSeq: 1\n");
  const dialogue = new Dialogue();
  dialogue.answerWith = () => ({ type: "refused", status: 503 });
  assert.equal(
    lab(dialogue, SETUP),
    "RTSP/1.0 500 CONNECTION ERROR\nCSeq: 1\n",
  );
  assert.equal(dialogue.options.sessions.size, 0);
  const full = new Dialogue({ registry: { maxSessions: 0 } });
  assert.match(lab(full, SETUP), / 500 /);
});

Deno.test("what the state does not allow is 455", () => {
  const dialogue = new Dialogue();
  assert.equal(
    lab(dialogue, "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 0\n"),
    "RTSP/1.0 455 Method Not Valid in This State\nCSeq: 1\n",
  );
  const id = sixDigits(lab(dialogue, SETUP));
  const third = `Session: ${id}\n`;
  for (const method of ["PAUSE", "SETUP"]) {
    assert.equal(
      lab(dialogue, `${method} movie.Mjpeg RTSP/1.0\nCSeq: 2\n${third}`),
      `RTSP/1.0 455 Method Not Valid in This State\nCSeq: 2\n${third}`,
    );
  }
  lab(dialogue, `PLAY movie.Mjpeg RTSP/1.0\nCSeq: 3\n${third}`);
  assert.match(
    lab(dialogue, `PLAY movie.Mjpeg RTSP/1.0\nCSeq: 4\n${third}`),
    /^RTSP\/1\.0 455 /,
  );
});

Deno.test("a SETUP without a port, or without a number, is 400", () => {
  assert.equal(
    lab(
      new Dialogue(),
      "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP\n",
    ),
    "RTSP/1.0 400 Bad Request\nCSeq: 1\n",
  );
  assert.equal(
    new Dialogue().say(SETUP.replace("CSeq: 1", "CSeq: one") + "\n"),
    "RTSP/1.0 400 Bad Request\r\n\r\n",
  );
});

Deno.test("the teaching dialect knows no passwords", () => {
  const users = { realm: "r", find: () => undefined };
  assert.equal(
    lab(new Dialogue({ users }), SETUP),
    "RTSP/1.0 401 Unauthorized\nCSeq: 1\n",
  );
});

Deno.test("a source that takes time is waited for", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => undefined;
  assert.equal(lab(dialogue, SETUP.replace("movie.Mjpeg", "slow")), "");
  assert.deepEqual(dialogue.done(), [{ type: "prepare", path: "/slow" }]);
  dialogue.catalog.ready();
  dialogue.perform(dialogue.connection.answer({ type: "prepared" }, 2000));
  assert.deepEqual(dialogue.doneTypes(), ["setupTransport"]);
  const said = dialogue.perform(
    dialogue.connection.answer({ type: "transportReady" }, 2001),
  );
  assert.match(said, /^RTSP\/1\.0 200 OK\nCSeq: 1\nSession: \d{6}\n$/);
});

Deno.test("a session of the teaching dialect needs no sign of life, and ends with its connection", () => {
  const dialogue = new Dialogue();
  const id = sixDigits(lab(dialogue, SETUP));
  assert.equal(dialogue.options.sessions.nextTimeoutAt(), undefined);
  assert.equal(dialogue.connection.nextTimeoutAt(), undefined);
  assert.deepEqual(dialogue.connection.end(), [
    { type: "teardown", sessionId: id, reason: "connection" },
  ]);
});

Deno.test("after TEARDOWN a new SETUP begins anew", () => {
  const dialogue = new Dialogue();
  const id = sixDigits(lab(dialogue, SETUP));
  lab(dialogue, `TEARDOWN movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: ${id}\n`);
  const again = sixDigits(lab(dialogue, SETUP));
  assert.notEqual(again, id);
});
