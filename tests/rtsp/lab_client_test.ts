import assert from "node:assert/strict";
import { Player } from "./player.ts";

const URL = "rtsp://127.0.0.1:8554/movie.Mjpeg";
const SETUP =
  "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 40000\n";

function lab(): Player {
  return new Player({ dialect: "lab" }, URL).connect();
}

/** Answers as the dialect's servers do, and waits until the player takes it. */
function answer(player: Player, text: string): void {
  player.sent = [];
  player.hear(text);
  player.wait();
}

Deno.test("a player of the teaching dialect, byte for byte", () => {
  const player = lab();
  assert.deepEqual(player.sent, [SETUP]);
  const steps: [string, string, string][] = [
    ["RTSP/1.0 200 OK\nCSeq: 1\nSession: 123456", "PLAY", "transport"],
    ["RTSP/1.0 200 OK\nCSeq: 2\nSession: 123456", "", "playing"],
  ];
  player.done();
  for (const [text, next, action] of steps) {
    answer(player, text);
    assert.deepEqual(player.doneTypes(), [action]);
    assert.deepEqual(
      player.sent,
      next === ""
        ? []
        : [`${next} movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 123456\n`],
    );
  }
  player.perform(player.session.pause(player.now));
  assert.deepEqual(player.sent, [
    "PAUSE movie.Mjpeg RTSP/1.0\nCSeq: 3\nSession: 123456\n",
  ]);
  answer(player, "RTSP/1.0 200 OK\nCSeq: 3\nSession: 123456\n");
  player.perform(player.session.play({ from: 9 }, player.now));
  answer(player, "RTSP/1.0 200 OK\nCSeq: 4\nSession: 123456\n");
  assert.deepEqual(player.doneTypes(), ["paused", "playing"]);
  player.perform(player.session.teardown(player.now));
  assert.deepEqual(player.sent, [
    "TEARDOWN movie.Mjpeg RTSP/1.0\nCSeq: 5\nSession: 123456\n",
  ]);
  answer(player, "RTSP/1.0 200 OK\nCSeq: 5\nSession: 123456");
  assert.deepEqual(player.doneTypes(), ["ended"]);
});

Deno.test("an answer without Session will do", () => {
  const player = lab();
  answer(player, "RTSP/1.0 200 OK\nCSeq: 1\n");
  assert.deepEqual(player.sent, [
    "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 0\n",
  ]);
});

Deno.test("a blank line is taken where a server sends one", () => {
  const player = lab();
  player.hear("RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 7\r\n\r\n");
  assert.equal(player.sent.length, 2);
});

Deno.test("404 of the teaching dialect is a failure", () => {
  const player = lab();
  answer(player, "RTSP/1.0 404 NOT FOUND\nCSeq: 1\n");
  const failure = player.failure();
  assert.equal(failure.status, 404);
  assert.equal(
    failure.message,
    "Cannot play movie.Mjpeg from 127.0.0.1: the server answers SETUP with 404 NOT FOUND",
  );
});

Deno.test("a server that does not answer, or sends nothing, is a failure", () => {
  const deaf = lab();
  assert.equal(deaf.wait(), 10_000);
  assert.equal(deaf.failure().failure, "no-answer");
  const mute = lab();
  answer(mute, "RTSP/1.0 200 OK\nCSeq: 1\nSession: 1\n");
  answer(mute, "RTSP/1.0 200 OK\nCSeq: 2\nSession: 1\n");
  mute.now += 5000;
  mute.session.mediaReceived(mute.now);
  assert.equal(mute.wait(), 10_000);
  assert.equal(mute.failure().failure, "silent");
});

Deno.test("a name too long for such servers is refused", () => {
  const url = `rtsp://h/${"a".repeat(250)}`;
  const player = new Player({ dialect: "lab" }, url).connect();
  assert.match(player.failure().message, /longer than the 255/);
});

Deno.test("a server that does not know the standard is spoken to in its dialect", () => {
  const reasons: ((player: Player) => void)[] = [
    (player) => assert.equal(player.wait(), 2500),
    (player) => player.perform(player.session.disconnected("closed", 0)),
    (player) => player.hear("\x80nonsense"),
  ];
  for (const reason of reasons) {
    const player = new Player({}, URL).connect();
    player.done();
    player.sent = [];
    reason(player);
    assert.deepEqual(player.doneTypes(), ["fallback", "connect"]);
    assert.equal(player.session.dialect, "lab");
    player.perform(player.session.connected(player.now));
    assert.deepEqual(player.sent, [SETUP]);
  }
});

Deno.test("a server that has answered once is not taken for another kind", () => {
  const player = new Player({}, URL).connect();
  player.answer("200 OK");
  player.perform(player.session.disconnected("closed", 0));
  assert.equal(player.failure().failure, "disconnected");
});

Deno.test("a server that cannot be reached is not asked again in another dialect", () => {
  const player = new Player({}, URL);
  player.perform(player.session.start(0));
  player.perform(player.session.disconnected("connection refused", 0));
  assert.equal(player.failure().failure, "connect");
});
