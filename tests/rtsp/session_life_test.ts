import assert from "node:assert/strict";
import { SessionRegistry } from "../../src/rtsp/mod.ts";
import { SeededRandom } from "../support/random.ts";
import { Dialogue, sessionOf } from "./dialogue.ts";

const BASE = "rtsp://h/movie";
const TRACK = `${BASE}/trackID=0`;
const UDP = "Transport: RTP/AVP;unicast;client_port=5000-5001";
const TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";

function play(transport: string, options = {}): {
  dialogue: Dialogue;
  id: string;
} {
  const dialogue = new Dialogue(options);
  const id = sessionOf(dialogue.ask("SETUP", TRACK, [transport]));
  dialogue.ask("PLAY", BASE, [`Session: ${id}`]);
  dialogue.done();
  return { dialogue, id };
}

Deno.test("a silent session ends after its timeout, exactly", () => {
  const { dialogue, id } = play(UDP, { registry: { timeout: 30 } });
  const { sessions } = dialogue.options;
  assert.equal(sessions.nextTimeoutAt(), 31_000);
  assert.deepEqual(sessions.handleTimeout(30_999), []);
  assert.deepEqual(sessions.handleTimeout(31_000), [
    { type: "teardown", sessionId: id, reason: "timeout" },
  ]);
  assert.equal(sessions.size, 0);
  assert.equal(sessions.nextTimeoutAt(), undefined);
  assert.match(dialogue.ask("PLAY", BASE, [`Session: ${id}`])[0]!, / 454 /);
});

Deno.test("requests, frames and reports are signs of life", () => {
  const signs: ((dialogue: Dialogue, id: string) => void)[] = [
    (dialogue, id) => dialogue.ask("OPTIONS", "*", [`Session: ${id}`]),
    (dialogue, id) => dialogue.ask("GET_PARAMETER", BASE, [`Session: ${id}`]),
    (dialogue) => dialogue.frame(1, "rtcp"),
    (dialogue, id) => dialogue.options.sessions.touch(id, dialogue.now),
  ];
  for (const sign of signs) {
    const { dialogue, id } = play(TCP);
    dialogue.now += 59_999;
    sign(dialogue, id);
    assert.equal(
      dialogue.options.sessions.nextTimeoutAt(),
      1000 + 59_999 + 60_000,
    );
  }
});

Deno.test("frames of a session's channels are handed on, others dropped", () => {
  const { dialogue, id } = play(TCP);
  dialogue.frame(0, "rtp");
  dialogue.frame(1, "rtcp");
  dialogue.frame(2, "nobody's");
  assert.deepEqual(
    dialogue.done().map((action) =>
      action.type === "rtp" || action.type === "rtcp"
        ? [
          action.type,
          action.sessionId,
          action.track,
          new TextDecoder().decode(action.bytes),
        ]
        : action
    ),
    [["rtp", id, 0, "rtp"], ["rtcp", id, 0, "rtcp"]],
  );
});

Deno.test("a session over TCP ends with its connection", () => {
  const { dialogue, id } = play(TCP);
  assert.deepEqual(dialogue.connection.end(), [
    { type: "teardown", sessionId: id, reason: "connection" },
  ]);
  assert.equal(dialogue.options.sessions.size, 0);
  assert.deepEqual(dialogue.connection.end(), []);
});

Deno.test("a session over UDP outlives its connection while reports come, and not for long without", () => {
  const { dialogue, id } = play(UDP);
  const { sessions } = dialogue.options;
  assert.deepEqual(dialogue.connection.end(), []);
  assert.equal(sessions.nextTimeoutAt(), 21_000);
  sessions.touch(id, 15_000);
  assert.equal(sessions.nextTimeoutAt(), 35_000);
  assert.equal(sessions.handleTimeout(35_000).length, 1);
});

Deno.test("another connection can take a session over", () => {
  const { dialogue, id } = play(UDP);
  dialogue.connection.end();
  dialogue.connection = dialogue.connect();
  assert.match(dialogue.ask("PAUSE", BASE, [`Session: ${id}`])[0]!, / 200 /);
  assert.deepEqual(dialogue.doneTypes(), ["pause"]);
  assert.equal(dialogue.options.sessions.nextTimeoutAt(), 61_000);
});

Deno.test("a session being set up ends with its connection", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => undefined;
  dialogue.ask("SETUP", TRACK, [UDP]);
  const [action] = dialogue.connection.end();
  assert.ok(action?.type === "teardown" && action.reason === "connection");
  assert.deepEqual(
    dialogue.connection.answer({ type: "transportReady" }, 0),
    [],
  );
});

Deno.test("a session that is ended from elsewhere while it is set up is answered 454", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = () => undefined;
  dialogue.ask("SETUP", TRACK, [UDP]);
  const [setup] = dialogue.done();
  assert.ok(setup?.type === "setupTransport");
  assert.equal(
    dialogue.options.sessions.end(setup.sessionId, "ended").length,
    1,
  );
  const said = dialogue.perform(
    dialogue.connection.answer({ type: "transportReady" }, 0),
  );
  assert.match(said, /^RTSP\/1\.0 454 /);
});

Deno.test("there are only so many sessions, of all and of one address", () => {
  for (
    const registry of [{ maxSessions: 2 }, { maxSessionsPerAddress: 2 }]
  ) {
    const dialogue = new Dialogue({ registry });
    const ids = [UDP, UDP].map((transport) =>
      sessionOf(dialogue.ask("SETUP", TRACK, [transport]))
    );
    assert.deepEqual(dialogue.ask("SETUP", TRACK, [UDP]), [
      "RTSP/1.0 453 Not Enough Bandwidth",
      "CSeq: 3",
    ]);
    dialogue.ask("TEARDOWN", BASE, [`Session: ${ids[0]}`]);
    assert.match(dialogue.ask("SETUP", TRACK, [UDP])[0]!, / 200 /);
  }
});

Deno.test("one connection has only so many sessions", () => {
  const dialogue = new Dialogue();
  const answers = Array.from(
    { length: 17 },
    () => dialogue.ask("SETUP", TRACK, [UDP])[0]!,
  );
  assert.equal(answers.filter((line) => / 200 /.test(line)).length, 16);
  assert.match(answers.at(-1)!, / 453 /);
});

Deno.test("a request that takes too long ends the connection with 408", () => {
  const dialogue = new Dialogue();
  dialogue.say("OPTIONS * RTSP/1.0\r\n");
  dialogue.now += 5000;
  dialogue.say("CSeq: 1\r\n");
  assert.equal(dialogue.connection.nextTimeoutAt(), 11_000);
  assert.match(dialogue.wait(), /^RTSP\/1\.0 408 /);
  assert.deepEqual(dialogue.doneTypes(), ["close"]);
});

Deno.test("a connection that says nothing is closed, one with a session is not", () => {
  const silent = new Dialogue();
  assert.equal(silent.connection.nextTimeoutAt(), 61_000);
  assert.equal(silent.wait(), "");
  assert.deepEqual(silent.doneTypes(), ["close"]);
  assert.equal(play(UDP).dialogue.connection.nextTimeoutAt(), undefined);
});

Deno.test("ids are never given twice", () => {
  const chance = new SeededRandom(3);
  // Few numbers, so that they do repeat.
  const random = (length: number) =>
    new Uint8Array(length).fill(chance.integer(16));
  const registry = new SessionRegistry({ random });
  const ids = new Set<string>();
  for (let count = 0; count < 8; count++) {
    const id = registry.newId("lab");
    assert.match(id, /^[1-9]\d{5}$/);
    assert.ok(!ids.has(id));
    ids.add(id);
    registry.add(
      {
        id,
        nextTimeoutAt: () => undefined,
      } as Parameters<SessionRegistry["add"]>[0],
      "h",
    );
  }
  assert.equal([...registry].length, 8);
});
