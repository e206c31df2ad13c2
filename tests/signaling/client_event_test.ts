import assert from "node:assert/strict";
import {
  CLIENT_EVENTS,
  type ClientEvent,
  MAX_PAYLOAD_LENGTH,
  parseClientEvent,
  SignalProtocolError,
} from "../../src/signaling/mod.ts";

const ROOM = { roomId: "ROOM01" };

Deno.test("a name is cut, cleaned and needed", () => {
  const join = (userName: unknown): ClientEvent =>
    parseClientEvent("join-room", { ...ROOM, userName });
  for (
    const [given, name] of [
      ["Anna", "Anna"],
      ["  Anna ", "Anna"],
      ["a\u0000b\nc\u202ed", "abcd"],
      ["x".repeat(50), "x".repeat(20)],
      ["😀".repeat(30), "😀".repeat(20)],
    ] as const
  ) {
    const event = join(given);
    assert.equal(event.type === "join-room" && event.userName, name);
  }
  for (const bad of ["", "   ", "\u0000", 5, null, undefined, {}]) {
    assert.throws(
      () => join(bad),
      /^SignalProtocolError: Room ID and user name are required$/,
    );
  }
});

for (
  const [type, value] of [
    ["join-room", undefined],
    ["join-room", { roomId: "", userName: "x" }],
    ["join-room", { roomId: "a b", userName: "x" }],
    ["join-room", { roomId: "x".repeat(65), userName: "x" }],
    ["join-room", { ...ROOM, userName: "x", password: 5 }],
    ["video-event", { ...ROOM, type: "explode" }],
    ["video-event", { ...ROOM, type: "seek" }],
    ["video-event", { ...ROOM, type: "seek", time: -1 }],
    ["video-event", { ...ROOM, type: "seek", time: NaN }],
    ["video-event", { ...ROOM, type: "seek", time: "5" }],
    ["video-event", { ...ROOM, type: "speed", speed: 100 }],
    ["video-event", { ...ROOM, type: "volume", volume: 2 }],
    ["chat-message", { ...ROOM, message: "" }],
    ["chat-message", { ...ROOM, message: "x".repeat(5000) }],
    ["webrtc-offer", { ...ROOM, participantId: "a" }],
    ["webrtc-offer", { ...ROOM, offer: 1 }],
    ["ice-candidate", {
      ...ROOM,
      participantId: "a",
      candidate: "x".repeat(MAX_PAYLOAD_LENGTH),
    }],
    ["streaming-started", { ...ROOM, metadata: 1, totalChunks: -1 }],
    ["streaming-started", { ...ROOM, totalChunks: 1 }],
    ["peer-status", { ...ROOM, state: "dancing" }],
    ["admit", { ...ROOM }],
    ["chat-message", []],
    ["chat-message", "x"],
    ["chat-message", null],
  ] as const
) {
  Deno.test(`${type} ${JSON.stringify(value)?.slice(0, 60)} is refused`, () => {
    assert.throws(() => parseClientEvent(type, value), SignalProtocolError);
  });
}

Deno.test("every event needs an object", () => {
  for (const type of CLIENT_EVENTS) {
    for (const value of [undefined, null, 5, "x", []]) {
      assert.throws(() => parseClientEvent(type, value), SignalProtocolError);
    }
  }
});
