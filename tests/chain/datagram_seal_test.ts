import assert from "node:assert/strict";
import {
  BinaryFragmenter,
  BinaryHeader,
  DatagramSeal,
  decodeFeedback,
  encodeBinaryEnd,
  encodeNack,
  encodeProbe,
  readBinaryHeader,
  readChainKey,
  Relay,
  setHopTime,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

const KEY = readChainKey(new TextEncoder().encode("a secret of this test"));
const SEAL = new DatagramSeal(KEY.derive("datagrams 1"));
const OTHER = new DatagramSeal(KEY.derive("datagrams 2"));
const FRAME = fakeJpeg(1000);

function sealedFragments(frameNumber = 0): Uint8Array[] {
  const fragmenter = new BinaryFragmenter({
    streamId: 7,
    fragmentBytes: 300,
    seal: SEAL,
  });
  const count = fragmenter.begin(FRAME, frameNumber);
  return Array.from({ length: count }, (_, index) => {
    const out = new Uint8Array(fragmenter.datagramBytes);
    return out.subarray(0, fragmenter.write(index, NOW_US, out, 0));
  });
}

Deno.test("what is sealed is read, and believed over a hop that rewrites its time", () => {
  const sealed = [
    ...sealedFragments(),
    encodeBinaryEnd(7, 1, NOW_US, SEAL),
    encodeNack(7, [{ frame: 1, index: 2 }], NOW_US, SEAL),
    encodeProbe("ask", 5, NOW_US, SEAL),
  ];
  for (const datagram of sealed) {
    setHopTime(datagram, NOW_US + 12_345);
    const before = datagram.slice();
    assert.equal(SEAL.check(datagram), 0);
    assert.equal(OTHER.check(datagram), "forged");
    assert.deepEqual(datagram, before);
  }
  assert.equal(readBinaryHeader(sealed[0]!, new BinaryHeader()), 0);
  assert.equal(decodeFeedback(sealed.at(-2)!).type, "nack");
});

Deno.test("a bit that is another is noticed wherever it is, but in the hop time and the sum", () => {
  const [datagram] = sealedFragments();
  assert.ok(datagram);
  for (let at = 0; at < datagram.length; at++) {
    const changed = datagram.slice();
    changed[at]! ^= 1;
    const rewritten = at >= 4 && at < 12;
    assert.equal(SEAL.check(changed) === 0, rewritten, `byte ${at}`);
  }
});

Deno.test("what is too short or open is not sealed", () => {
  const [open] = fragments(FRAME, 0);
  const [sealed] = sealedFragments();
  for (const datagram of [open!, new Uint8Array(0), sealed!.subarray(0, 55)]) {
    assert.equal(SEAL.check(datagram), "unsealed");
  }
});

Deno.test("a relay with a key takes sealed fragments of the announced stream, once", () => {
  const relay = new Relay();
  relay.setSeal(SEAL);
  const datagrams = sealedFragments();
  const take = (datagram: Uint8Array): unknown => {
    const { drop, frame } = relay.receive(datagram.slice(), NOW_US, true);
    frame?.jpeg.release();
    return frame === undefined ? drop : "whole";
  };
  assert.equal(take(datagrams[0]!), "foreign-stream");
  relay.announceStream(7);
  assert.deepEqual(datagrams.map(take), [0, 0, 0, "whole"]);
  assert.equal(take(datagrams[0]!), "duplicate");
  assert.equal(take(fragments(FRAME, 1)[0]!), "unsealed");
  const changed = sealedFragments(1)[0]!.slice();
  changed[60]! ^= 1;
  assert.equal(take(changed), "forged");
  assert.equal(take(new TextEncoder().encode("{}")), "unsealed");
  const { drops } = relay.snapshot(NOW_US);
  assert.deepEqual([drops.forged, drops.unsealed], [1, 2]);
  relay.close();
});
