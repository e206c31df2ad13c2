import assert from "node:assert/strict";
import {
  ChainProtocolError,
  ControlHandshake,
  type ControlSeal,
  encodeSessionMessage,
  encodeUpdateNext,
  parseJsonObject,
  parseSessionMessage,
  parseUpdateNext,
  readChainKey,
} from "../../src/chain/mod.ts";
import { NOW_US } from "./support.ts";

const KEY = readChainKey(new TextEncoder().encode("a secret of this test"));
const P = "11".repeat(16);
const C = "22".repeat(16);

function ends(): { peer: ControlSeal; coordinator: ControlSeal } {
  const handshake = new ControlHandshake(KEY, P, C);
  return {
    peer: handshake.session("peer"),
    coordinator: handshake.session("coordinator"),
  };
}

function read(bytes: Uint8Array): ReturnType<typeof parseJsonObject> {
  return parseJsonObject(new TextDecoder().decode(bytes));
}

function isForged(error: unknown): boolean {
  return error instanceof ChainProtocolError && error.code === "forged";
}

Deno.test("both ends prove that they have the key, and each its own part", () => {
  const handshake = new ControlHandshake(KEY, P, C);
  const other = new ControlHandshake(
    readChainKey(new TextEncoder().encode("another secret, as long")),
    P,
    C,
  );
  const register = { type: "register", name: "A", port: 1, nonce: P };
  const proof = handshake.peerProof(register);
  handshake.check({ proof }, handshake.peerProof({ ...register }));
  for (
    const wrong of [
      handshake.coordinatorProof(),
      other.peerProof(register),
      handshake.peerProof({ ...register, port: 2 }),
      new ControlHandshake(KEY, P, P).peerProof(register),
      "",
    ]
  ) assert.throws(() => handshake.check({ proof: wrong }, proof), isForged);
});

Deno.test("lines of a session are believed in their order, once, from the other end", () => {
  const { peer, coordinator } = ends();
  const leave = encodeSessionMessage({ type: "leave", reason: 'pé "' });
  const first = read(peer.seal(leave));
  const second = read(peer.seal(leave));
  assert.deepEqual(parseSessionMessage(coordinator.open(first)), {
    type: "leave",
    reason: 'pé "',
  });
  assert.throws(() => coordinator.open(first), isForged);
  assert.throws(() => ends().coordinator.open(second), isForged);
  assert.throws(() => ends().peer.open(first), isForged);
  assert.throws(() => ends().coordinator.open(read(leave)), isForged);
  const changed = { ...first, reason: "other" };
  assert.throws(() => ends().coordinator.open(changed), isForged);
});

Deno.test("figures with fractions are the same after being read", () => {
  const { peer, coordinator } = ends();
  const line = encodeSessionMessage({
    type: "started",
    streamId: 7,
    fps: 29.97002997002997,
  });
  const opened = coordinator.open(read(peer.seal(line)));
  assert.deepEqual(parseSessionMessage(opened), {
    type: "started",
    streamId: 7,
    fps: 29.97002997002997,
  });
});

Deno.test("UPDATE_NEXT is believed once, and an older one never again", () => {
  const { peer, coordinator } = ends();
  const message = encodeUpdateNext(undefined, true);
  const first = read(coordinator.sealUpdate(message, NOW_US));
  const second = read(coordinator.sealUpdate(message, NOW_US));
  assert.equal(parseUpdateNext(peer.openUpdate(second)), undefined);
  assert.throws(() => peer.openUpdate(second), isForged);
  assert.throws(() => peer.openUpdate(first), isForged);
  assert.throws(() => peer.openUpdate(read(message)), isForged);
});
