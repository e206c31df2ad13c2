import assert from "node:assert/strict";
import {
  HOST_GRACE_MS,
  MESSAGE_BURST,
  RESUME_GRACE_MS,
} from "../../src/signaling/mod.ts";
import { TestRooms } from "./support.ts";

const ROOM = { roomId: "ROOM01" };

Deno.test("the first who joins is host, and everybody learns of everybody", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  const [welcome] = rooms.got("b", "room-joined");
  assert.equal(welcome?.userId, "b");
  assert.equal(welcome?.isHost, false);
  assert.deepEqual(
    (welcome?.users as { id: string; isHost: boolean }[])
      .map(({ id, isHost }) => [id, isHost]),
    [["a", true], ["b", false]],
  );
  assert.equal(rooms.got("a", "user-joined").length, 1);
  assert.equal(rooms.got("b", "user-joined").length, 0);
  assert.equal(rooms.table.view("ROOM01")?.userCount, 2);
});

Deno.test("only the host controls, until control is shared; the rest hear of it", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.join("c");
  rooms.send("b", "video-event", { ...ROOM, type: "play", time: 3 });
  assert.equal(rooms.error("b"), "Only host can control video");
  rooms.send("a", "video-event", { ...ROOM, type: "play", time: 3 });
  const [heard] = rooms.got("b", "video-event-received");
  assert.deepEqual(heard, {
    type: "play",
    time: 3,
    volume: 1,
    speed: 1,
    userId: "a",
    timestamp: rooms.now,
  });
  assert.equal(rooms.got("a", "video-event-received").length, 0);
  rooms.send("a", "room-settings", { ...ROOM, sharedControl: true });
  rooms.send("b", "video-event", { ...ROOM, type: "pause", time: 4 });
  assert.equal(rooms.got("a", "video-event-received")[0]?.type, "pause");
});

Deno.test("who comes late learns where the film is and which one it is", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.send("a", "streaming-started", {
    ...ROOM,
    metadata: { sealed: "x" },
    totalChunks: 9,
    quality: "high",
  });
  rooms.send("a", "video-event", { ...ROOM, type: "play", time: 10 });
  rooms.pass(5000);
  rooms.join("b");
  const events = rooms.got("b", "video-event-received");
  assert.deepEqual(events.map(({ type, time }) => [type, time]), [
    ["seek", 15],
    ["play", 15],
  ]);
  assert.equal(rooms.got("b", "streaming-started")[0]?.totalChunks, 9);
  assert.equal(rooms.table.chunksOf("ROOM01"), 9);
});

Deno.test("the host's time of an action counts when it can be true", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  const at = rooms.now - 120;
  rooms.send("a", "video-event", { ...ROOM, type: "play", time: 1, at });
  assert.equal(
    (rooms.got("a", "playback")[0]?.playback as { at: number }).at,
    at,
  );
  for (const lie of [rooms.now - 60_000, rooms.now + 60_000]) {
    rooms.send("a", "video-event", { ...ROOM, type: "play", time: 1, at: lie });
    assert.equal(
      (rooms.got("a", "playback").at(-1)?.playback as { at: number }).at,
      rooms.now,
    );
  }
});

Deno.test("signaling reaches its target and names its sender; nobody outside signals in", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.connect("x");
  rooms.send("a", "webrtc-offer", {
    ...ROOM,
    participantId: "b",
    offer: { sealed: "o" },
  });
  assert.deepEqual(rooms.got("b", "webrtc-offer"), [{
    ...ROOM,
    participantId: "b",
    offer: { sealed: "o" },
    fromUserId: "a",
    timestamp: rooms.now,
  }]);
  rooms.send("x", "webrtc-offer", { ...ROOM, participantId: "b", offer: 1 });
  assert.equal(rooms.error("x"), "User not in room");
  rooms.send("x", "ice-candidate", {
    roomId: "NOROOM",
    participantId: "b",
    candidate: 1,
  });
  assert.equal(rooms.error("x"), "Room not found");
  rooms.send("a", "webrtc-offer", { ...ROOM, participantId: "x", offer: 1 });
  assert.equal(rooms.error("a"), "Participant not in room");
  assert.equal(rooms.got("b", "webrtc-offer").length, 1);
});

Deno.test("a request for the film reaches whoever has it", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.send("b", "join-stream-request", ROOM);
  assert.deepEqual(rooms.got("a", "join-stream-request"), [{
    ...ROOM,
    participantId: "b",
    participantName: "b",
    timestamp: rooms.now,
  }]);
});

Deno.test("when the host leaves the next one is host, then the leaving is told", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.join("c");
  rooms.sent.length = 0;
  rooms.disconnect("a");
  assert.deepEqual(rooms.got("c", "host-changed"), [
    { newHostId: "b", newHostName: "b" },
  ]);
  assert.deepEqual(rooms.eventsOf("b"), ["host-changed", "user-left"]);
  rooms.disconnect("b");
  rooms.disconnect("c");
  assert.equal(rooms.table.view("ROOM01"), undefined);
});

Deno.test("a reconnect with the token is no departure", () => {
  const rooms = new TestRooms();
  rooms.join("a", { resumable: true });
  rooms.join("b");
  const token = rooms.got("a", "room-joined")[0]?.token;
  rooms.disconnect("a");
  assert.equal(rooms.got("b", "user-left").length, 0);
  assert.equal(rooms.got("b", "user-away").length, 1);
  rooms.pass(RESUME_GRACE_MS - 1000);
  rooms.join("a2", { token });
  const welcome = rooms.got("a2", "room-joined")[0];
  assert.equal(welcome?.userId, "a");
  assert.equal(welcome?.isHost, true);
  assert.equal(rooms.got("b", "user-reconnected").length, 1);
  rooms.send("b", "webrtc-offer", { ...ROOM, participantId: "a", offer: 1 });
  assert.equal(rooms.got("a2", "webrtc-offer").length, 1);
  rooms.disconnect("a2");
  rooms.pass(RESUME_GRACE_MS);
  assert.deepEqual(
    rooms.got("b", "host-changed").map(({ newHostId }) => newHostId),
    ["b", "a", "b"],
  );
  assert.equal(rooms.got("b", "user-left").length, 1);
});

Deno.test("when the host is away or leaves, the fullest takes over state and film", () => {
  const rooms = new TestRooms();
  rooms.join("a", { resumable: true });
  const token = rooms.got("a", "room-joined")[0]?.token;
  rooms.send("a", "streaming-started", {
    ...ROOM,
    metadata: "sealed",
    totalChunks: 500,
  });
  for (
    const [id, have, uploads] of [
      ["b", 0, true],
      ["c", 0.25, true],
      ["d", 0.75, true],
      ["e", 1, false],
    ] as const
  ) {
    rooms.join(id);
    rooms.send(id, "peer-status", {
      ...ROOM,
      state: "idle",
      swarm: { filmId: "f", uploads, have, from: [["x", 1]] },
    });
  }
  rooms.send("a", "video-event", { ...ROOM, type: "seek", time: 42 });
  rooms.disconnect("a");
  rooms.pass(HOST_GRACE_MS - 1);
  assert.equal(rooms.got("b", "host-changed").length, 0);
  rooms.pass(1);
  assert.equal(rooms.got("b", "host-changed").at(-1)?.newHostId, "d");
  const moved = rooms.got("d", "streaming-started").at(-1);
  assert.equal(moved?.userId, "d");
  assert.equal(moved?.metadata, "sealed");
  rooms.send("b", "join-stream-request", ROOM);
  assert.equal(rooms.got("d", "join-stream-request").length, 1);
  // The one that was host is host again, and the position is still known.
  rooms.join("a2", { token });
  assert.equal(rooms.got("d", "host-changed").at(-1)?.newHostId, "a");
  const playback = rooms.got("a2", "room-joined")[0]?.playback;
  assert.equal((playback as { position: number }).position, 42);
  // Who leaves in order is followed at once.
  rooms.send("a2", "streaming-started", {
    ...ROOM,
    metadata: "sealed",
    totalChunks: 500,
  });
  rooms.send("a2", "leave-room", ROOM);
  assert.equal(rooms.got("c", "host-changed").at(-1)?.newHostId, "d");
  assert.equal(rooms.got("c", "streaming-started").at(-1)?.userId, "d");
  assert.equal(rooms.got("c", "streaming-stopped").length, 0);
  // With nobody who has any of it the film is over.
  rooms.disconnect("d");
  rooms.disconnect("c");
  assert.equal(rooms.got("b", "streaming-stopped").length, 1);
});

Deno.test("a second connection with the token replaces the first; a wrong token is a stranger", () => {
  const rooms = new TestRooms();
  rooms.join("a", { resumable: true });
  const token = rooms.got("a", "room-joined")[0]?.token;
  rooms.join("b", { token: "guess" });
  assert.equal(rooms.got("b", "room-joined")[0]?.userId, "b");
  rooms.join("a2", { token });
  assert.deepEqual(rooms.disconnected, ["a"]);
  assert.equal(rooms.table.view("ROOM01")?.userCount, 2);
});

Deno.test("after a restart whoever comes first brings the room back, and its host is host again", () => {
  const before = new TestRooms();
  before.join("a", { hostKey: "only the host knows" });
  const { hostClaim } = before.got("a", "room-joined")[0] ?? {};
  const after = new TestRooms();
  after.join("b", { hostClaim });
  after.join("mallory", { hostKey: "a guess" });
  assert.equal(after.got("mallory", "room-joined")[0]?.isHost, false);
  after.join("a", { hostKey: "only the host knows" });
  assert.equal(after.got("b", "host-changed")[0]?.newHostId, "a");
});

Deno.test("a password is asked for, and the host needs none", () => {
  const rooms = new TestRooms();
  rooms.join("a", { hostKey: "k" });
  rooms.send("a", "room-settings", { ...ROOM, password: "open" });
  assert.equal(
    JSON.stringify(rooms.sent).includes('"password":"open"'),
    false,
  );
  rooms.join("b");
  assert.equal(rooms.error("b"), "Password required");
  rooms.join("c", { password: "shut" });
  assert.equal(rooms.error("c"), "Wrong password");
  rooms.join("d", { password: "open" });
  assert.equal(rooms.got("d", "room-joined").length, 1);
  assert.deepEqual(rooms.table.view("ROOM01")?.locked, true);
});

Deno.test("who knocks is let in by the host, or not", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.send("a", "room-settings", { ...ROOM, knock: true });
  rooms.join("b");
  rooms.join("c");
  assert.deepEqual(rooms.got("b", "knocking"), [ROOM]);
  rooms.send("b", "chat-message", { ...ROOM, message: "let me in" });
  assert.equal(rooms.error("b"), "User not in room");
  rooms.send("a", "admit", { ...ROOM, knockId: "b", admit: true });
  rooms.send("a", "admit", { ...ROOM, knockId: "c", admit: false });
  assert.equal(rooms.got("b", "room-joined").length, 1);
  assert.equal(rooms.got("c", "knock-refused").length, 1);
  rooms.send("b", "admit", { ...ROOM, knockId: "c", admit: true });
  assert.equal(rooms.error("b"), "Only host can do that");
});

Deno.test("the film waits for who buffers, for a while, when the room wants that", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  const status = {
    driftMs: null,
    bufferedS: 0,
    downBps: 0,
    upBps: 0,
    path: "rtc",
  };
  const report = (state: string): void =>
    rooms.send("b", "peer-status", { ...ROOM, ...status, state });
  rooms.send("a", "video-event", { ...ROOM, type: "play", time: 0 });
  report("buffering");
  assert.equal(rooms.got("a", "playback").length, 1, "nobody asked for it");
  report("playing");
  rooms.send("a", "room-settings", { ...ROOM, waitForBuffering: true });
  rooms.pass(2000);
  report("buffering");
  const stopped = rooms.got("a", "playback").at(-1)?.playback as {
    waitingFor: string[];
    position: number;
  };
  assert.deepEqual(stopped.waitingFor, ["b"]);
  assert.equal(stopped.position, 2);
  rooms.pass(3000);
  report("playing");
  const on = rooms.got("a", "playback").at(-1)?.playback as typeof stopped;
  assert.deepEqual([on.waitingFor, on.position], [[], 2]);
  report("buffering");
  rooms.pass(60_000);
  const late = rooms.got("a", "playback").at(-1)?.playback as typeof stopped;
  assert.deepEqual(late.waitingFor, [], "not for ever");
});

Deno.test("rooms, members and connections are limited", () => {
  const rooms = new TestRooms({
    rooms: 1,
    usersPerRoom: 2,
    connectionsPerAddress: 1,
  });
  rooms.join("a");
  rooms.join("b");
  rooms.join("c");
  assert.equal(rooms.error("c"), "Room is full");
  rooms.send("c", "join-room", { roomId: "OTHER1", userName: "c" });
  assert.match(String(rooms.error("c")), /^Too many rooms/);
  assert.equal(rooms.table.connect("c2", "10.0.0.c"), false);
  rooms.disconnect("c");
  assert.equal(rooms.table.connect("c2", "10.0.0.c"), true);
});

Deno.test("10,000 rooms are served, one more is refused, and all are forgotten", () => {
  const rooms = new TestRooms();
  for (let count = 0; count <= 10_000; count++) {
    rooms.connect(`c${count}`);
    rooms.send(`c${count}`, "join-room", {
      roomId: `R${count}`,
      userName: "x",
    });
  }
  assert.equal(rooms.table.figures().rooms, 10_000);
  assert.match(String(rooms.error("c10000")), /^Too many rooms/);
  for (let count = 0; count <= 10_000; count++) rooms.disconnect(`c${count}`);
  const { rooms: left, users, connections } = rooms.table.figures();
  assert.deepEqual([left, users, connections], [0, 0, 0]);
});

Deno.test("who sends too much is told, then thrown out; time makes it good", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  const chat = (): void =>
    rooms.send("a", "chat-message", { ...ROOM, message: "x" });
  for (let count = 0; count < MESSAGE_BURST + 50; count++) chat();
  assert.equal(rooms.error("a"), "Too many messages, slow down");
  assert.ok(rooms.got("a", "chat-message-received").length <= MESSAGE_BURST);
  rooms.pass(1000);
  const before = rooms.got("a", "chat-message-received").length;
  chat();
  assert.equal(rooms.got("a", "chat-message-received").length, before + 1);
  for (let count = 0; count < 3000; count++) chat();
  assert.deepEqual(rooms.disconnected, ["a"]);
});

Deno.test("an idle room is closed after its time, and its members may go elsewhere", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.pass(29 * 60_000);
  // Who watches is not idle, who only is there is.
  rooms.send("a", "peer-status", { ...ROOM, state: "playing" });
  rooms.pass(29 * 60_000);
  rooms.send("a", "peer-status", { ...ROOM, state: "paused" });
  assert.ok(rooms.table.view("ROOM01"));
  rooms.pass(60_000);
  assert.equal(rooms.table.view("ROOM01"), undefined);
  assert.equal(rooms.got("a", "room-closed").length, 1);
  rooms.send("a", "join-room", { roomId: "OTHER1", userName: "a" });
  assert.equal(rooms.got("a", "room-joined").length, 2);
});

Deno.test("a relay is made between two members only", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.send("b", "relay-open", { ...ROOM, participantId: "a" });
  assert.deepEqual(rooms.relays, [{
    type: "relay",
    roomId: "ROOM01",
    from: { id: "b", socketId: "b" },
    to: { id: "a", socketId: "a" },
  }]);
  rooms.send("b", "relay-open", { ...ROOM, participantId: "nobody" });
  assert.equal(rooms.relays.length, 1);
});

Deno.test("the film is off when its source has left", () => {
  const rooms = new TestRooms();
  rooms.join("a");
  rooms.join("b");
  rooms.send("a", "streaming-started", {
    ...ROOM,
    metadata: 1,
    totalChunks: 3,
    quality: "",
  });
  assert.equal(rooms.table.streamerOf("ROOM01"), "a");
  rooms.disconnect("a");
  assert.equal(rooms.got("b", "streaming-stopped").length, 1);
  assert.equal(rooms.table.chunksOf("ROOM01"), 0);
});
