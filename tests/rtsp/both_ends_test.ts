import assert from "node:assert/strict";
import { Dialogue, usualAnswer } from "./dialogue.ts";
import { utf8 } from "./messages.ts";
import { Player } from "./player.ts";
import type { ClientOptions } from "../../src/rtsp/mod.ts";

/** Lets a player and our server talk until neither has anything to say. */
function converse(player: Player, dialogue: Dialogue): void {
  for (let round = 0; round < 50; round++) {
    if (player.sent.length === 0) return;
    for (const text of player.sent.splice(0)) {
      let said = dialogue.say(text);
      if (said === "" && dialogue.connection.nextTimeoutAt() !== undefined) {
        said = dialogue.wait();
      }
      player.perform(player.session.receive(utf8(said), player.now));
      if (
        player.session.dialect === "lab" &&
        player.session.nextTimeoutAt() === player.now + 30
      ) {
        player.wait();
      }
    }
  }
  throw new Error("They never stop");
}

const WAYS: readonly (readonly [
  name: string,
  options: Partial<ClientOptions>,
  dialogue: () => Dialogue,
  url?: string,
])[] = [
  ["over UDP", {}, () => new Dialogue()],
  ["over TCP", { transport: "tcp" }, () => new Dialogue()],
  [
    "over TCP after 461",
    {},
    () =>
      new Dialogue({ transports: { udp: false, tcp: true, multicast: false } }),
  ],
  [
    "with a password",
    { username: "eva", password: "secret" },
    () =>
      new Dialogue({
        users: {
          realm: "r",
          find: () => ({
            password: "secret",
            mayRead: () => true,
            mayPublish: () => false,
          }),
        },
      }),
  ],
  [
    "in the teaching dialect",
    { dialect: "lab" },
    () => new Dialogue(),
    "rtsp://h/movie.Mjpeg",
  ],
];

for (const [name, options, make, url] of WAYS) {
  Deno.test(`our player plays our server ${name}`, () => {
    const dialogue = make();
    const player = new Player(options, url).connect();
    converse(player, dialogue);
    assert.equal(player.session.state, "playing");
    assert.ok(dialogue.doneTypes().includes("start"));
    player.perform(player.session.pause(player.now));
    converse(player, dialogue);
    player.perform(player.session.play({}, player.now));
    converse(player, dialogue);
    assert.deepEqual(dialogue.doneTypes(), ["pause", "play", "start"]);
    player.perform(player.session.teardown(player.now));
    converse(player, dialogue);
    assert.deepEqual(dialogue.doneTypes(), ["teardown"]);
    assert.equal(player.done().at(-1)?.type, "ended");
    assert.equal(dialogue.options.sessions.size, 0);
  });
}

Deno.test("our player hears of the first packet what our server's shell said", () => {
  const dialogue = new Dialogue();
  dialogue.answerWith = (action) =>
    action.type === "play"
      ? {
        type: "playing",
        tracks: [{ track: 0, sequence: 65_535, timestamp: 0xffff_ffff }],
        from: 0,
        to: 60,
      }
      : usualAnswer(action);
  const player = new Player().connect();
  converse(player, dialogue);
  const playing = player.done().find(({ type }) => type === "playing");
  assert.ok(playing?.type === "playing");
  assert.equal(playing.sequence, 65_535);
  assert.equal(playing.timestamp, 0xffff_ffff);
});
