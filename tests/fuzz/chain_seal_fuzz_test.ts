import fc from "fast-check";
import assert from "node:assert/strict";
import {
  BINARY_HEADER_BYTES,
  BinaryFragmenter,
  ChainProtocolError,
  ControlHandshake,
  DatagramSeal,
  type JsonObject,
  parseJsonObject,
  readChainKey,
} from "../../src/chain/mod.ts";
import { pythonJson } from "../../src/chain/python_json.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const NUM_RUNS = fuzzRuns();
const KEY = readChainKey(
  new TextEncoder().encode("correct horse battery staple"),
);
const SEAL = new DatagramSeal(KEY);
const NONCE = "0123456789abcdef0123456789abcdef";
/** What a hop may rewrite: checksum and hop time. */
const REWRITTEN = { from: 4, to: 12 };

function sealedFragment(payload: Uint8Array): Uint8Array {
  const fragmenter = new BinaryFragmenter({
    streamId: 7,
    fragmentBytes: 1000,
    seal: SEAL,
  });
  fragmenter.begin(payload, 3);
  const out = new Uint8Array(fragmenter.datagramBytes);
  return out.subarray(0, fragmenter.write(0, 1, out, 0));
}

/** Both ends of a session. */
function ends() {
  const handshake = new ControlHandshake(KEY, NONCE, NONCE);
  return {
    peer: handshake.session("peer"),
    coordinator: handshake.session("coordinator"),
  };
}

function parse(line: Uint8Array): JsonObject {
  return parseJsonObject(new TextDecoder().decode(line));
}

Deno.test("fuzz: any bytes are unsealed or forged, and stay as they are", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      (bytes, claims) => {
        if (claims && bytes.length >= BINARY_HEADER_BYTES) {
          bytes.set([0, 1, 0, 16], 36);
        }
        const before = bytes.slice();
        assert.match(String(SEAL.check(bytes)), /^(unsealed|forged)$/);
        assert.deepEqual(bytes, before);
      },
    ),
    { numRuns: NUM_RUNS },
  );
});

Deno.test("fuzz: a sealed datagram is forged when any bit of it is another, but for what a hop rewrites", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 1000 }),
      fc.nat(),
      fc.nat(7),
      (payload, place, bit) => {
        const datagram = sealedFragment(payload);
        assert.equal(SEAL.check(datagram), 0);
        const at = place % datagram.length;
        datagram[at]! ^= 1 << bit;
        const mayChange = at >= REWRITTEN.from && at < REWRITTEN.to;
        assert.equal(SEAL.check(datagram) === 0, mayChange);
      },
    ),
    { numRuns: NUM_RUNS },
  );
});

Deno.test("fuzz: a sealed line opens to what was said, once; any other object is refused", () => {
  // What a message is made of: numbers are whole, and "mac" is the seal's.
  const message = fc.dictionary(
    fc.string({ maxLength: 8 }).filter((name) =>
      name !== "mac" && name !== "__proto__"
    ),
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    { maxKeys: 6 },
  );
  fc.assert(
    fc.property(message, fc.string({ maxLength: 64 }), (said, mac) => {
      const { peer, coordinator } = ends();
      const text = new TextEncoder().encode(`${pythonJson(said)}\n`);
      const line = peer.seal(text);
      assert.throws(
        () => ends().coordinator.open({ ...said, mac } as JsonObject),
        ChainProtocolError,
      );
      assert.deepEqual({ ...coordinator.open(parse(line)) }, { ...said });
      assert.throws(() => coordinator.open(parse(line)), ChainProtocolError);
    }),
    { numRuns: NUM_RUNS },
  );
});
