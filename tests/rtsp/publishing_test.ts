import assert from "node:assert/strict";
import { Dialogue, sessionOf } from "./dialogue.ts";

const PATH = "rtsp://h/new";
const SDP = "Content-Type: application/sdp";
const TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record";
const DESCRIPTION = [
  "v=0",
  "s=push",
  "m=video 0 RTP/AVP 26",
  "a=control:streamid=0",
  "m=audio 0 RTP/AVP 0",
  "a=control:rtsp://h/new/streamid=1",
  "",
].join("\r\n");

function announced(options = {}): Dialogue {
  const dialogue = new Dialogue({ publishing: true, ...options });
  const [status] = dialogue.ask("ANNOUNCE", PATH, [SDP], DESCRIPTION);
  assert.equal(status, "RTSP/1.0 200 OK");
  return dialogue;
}

Deno.test("an announcement is handed on as it was read", () => {
  const [action] = announced().done();
  assert.ok(action?.type === "announce");
  assert.equal(action.path, "/new");
  assert.equal(action.description.name, "push");
  assert.equal(action.description.media.length, 2);
});

Deno.test("announced tracks are set up and recorded together", () => {
  const dialogue = announced();
  const first = dialogue.ask("SETUP", `${PATH}/streamid=0`, [TCP]);
  const session = `Session: ${sessionOf(first)}`;
  const second = dialogue.ask("SETUP", `${PATH}/streamid=1`, [session, TCP]);
  assert.match(second.at(-1)!, /interleaved=2-3;.*mode=record$/);
  assert.match(dialogue.ask("RECORD", PATH, [session])[0]!, / 200 /);
  dialogue.done();
  dialogue.frame(2, "sound");
  const [packet] = dialogue.done();
  assert.ok(packet?.type === "rtp" && packet.track === 1);
});

for (
  const [name, headers, body, status] of [
    ["another type", ["Content-Type: text/plain"], DESCRIPTION, 415],
    ["nothing", [SDP], "", 400],
    ["nonsense", [SDP], "hello", 400],
    ["no media", [SDP], "v=0\r\ns=x\r\n", 400],
  ] as const
) {
  Deno.test(`an announcement of ${name} is ${status}`, () => {
    const dialogue = new Dialogue({ publishing: true });
    const [line] = dialogue.ask("ANNOUNCE", PATH, headers, body);
    assert.match(line!, new RegExp(` ${status} `));
    assert.deepEqual(dialogue.done(), []);
  });
}

Deno.test("a path that is taken is what the shell says it is", () => {
  const dialogue = new Dialogue({ publishing: true });
  dialogue.answerWith = () => ({ type: "refused", status: 403 });
  assert.match(
    dialogue.ask("ANNOUNCE", PATH, [SDP], DESCRIPTION)[0]!,
    / 403 /,
  );
  assert.match(
    dialogue.ask("SETUP", `${PATH}/streamid=0`, [TCP])[0]!,
    / 404 /,
  );
});

Deno.test("who has announced nothing records nothing", () => {
  const dialogue = new Dialogue({ publishing: true });
  assert.match(
    dialogue.ask("SETUP", "rtsp://h/movie/trackID=0", [TCP])[0]!,
    / 455 /,
  );
  const lines = dialogue.ask("SETUP", "rtsp://h/movie/trackID=0", [
    "Transport: RTP/AVP/TCP",
  ]);
  const session = `Session: ${sessionOf(lines)}`;
  assert.match(
    dialogue.ask("RECORD", "rtsp://h/movie", [session])[0]!,
    / 455 /,
  );
});

Deno.test("a publisher's session does not play", () => {
  const dialogue = announced();
  const lines = dialogue.ask("SETUP", `${PATH}/streamid=0`, [TCP]);
  const session = `Session: ${sessionOf(lines)}`;
  assert.match(dialogue.ask("PLAY", PATH, [session])[0]!, / 455 /);
  assert.match(
    dialogue.ask("SETUP", "rtsp://h/movie/trackID=0", [
      session,
      "Transport: RTP/AVP/TCP",
    ])[0]!,
    / 459 /,
  );
});

Deno.test("a publisher's session ends with its connection, over UDP too", () => {
  const dialogue = announced();
  dialogue.ask("SETUP", `${PATH}/streamid=0`, [
    "Transport: RTP/AVP;unicast;client_port=5000-5001;mode=record",
  ]);
  const [action] = dialogue.connection.end();
  assert.ok(action?.type === "teardown" && action.reason === "connection");
});

Deno.test("publishing has a right of its own", () => {
  const dialogue = new Dialogue({
    publishing: true,
    users: {
      realm: "r",
      find: () => undefined,
      anonymous: {
        mayRead: () => true,
        mayPublish: (path) => path === "/open",
      },
    },
  });
  assert.match(
    dialogue.ask("ANNOUNCE", PATH, [SDP], DESCRIPTION)[0]!,
    / 401 /,
  );
  assert.match(
    dialogue.ask("ANNOUNCE", "rtsp://h/open", [SDP], DESCRIPTION)[0]!,
    / 200 /,
  );
  assert.match(dialogue.ask("DESCRIBE", "rtsp://h/movie")[0]!, / 200 /);
});
