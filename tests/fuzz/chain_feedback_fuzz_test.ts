import fc from "fast-check";
import assert from "node:assert/strict";
import {
  BINARY_TYPE,
  ChainProtocolError,
  decodeFeedback,
  encodeNack,
  type FragmentStore,
  MAX_NACK_ENTRIES,
  RepairResponder,
} from "../../src/chain/mod.ts";
import { checksum } from "../../src/chain/binary_checksum.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const NUM_RUNS = fuzzRuns();

/** Any bytes with a header that claims to be feedback and sums up. */
function claiming(bytes: Uint8Array, type: number): Uint8Array {
  const datagram = new Uint8Array(Math.max(40, bytes.length));
  datagram.set(bytes);
  datagram.set([0x53, 0x54, 1, type]);
  new DataView(datagram.buffer).setUint32(4, checksum(datagram));
  return datagram;
}

Deno.test("fuzz: any bytes are feedback, or refused", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.constantFrom(BINARY_TYPE.nack, BINARY_TYPE.keepAlive, undefined),
      (bytes, type) => {
        const datagram = type === undefined ? bytes : claiming(bytes, type);
        try {
          const read = decodeFeedback(datagram);
          if (read.type !== "nack") return;
          assert.ok(read.wanted.length <= MAX_NACK_ENTRIES * 17);
        } catch (error) {
          if (!(error instanceof ChainProtocolError)) throw error;
        }
      },
    ),
    { numRuns: NUM_RUNS },
  );
});

Deno.test("fuzz: whatever is asked for, the answer is bounded and there", () => {
  const bytes = new Uint8Array(50_000);
  const store: FragmentStore = {
    storedStreamId: 7,
    stored: (number) =>
      number >= 100 && number < 116
        ? {
          number,
          bytes,
          total: 37,
          originTimeUs: 0,
          has: (index) => index < 30,
        }
        : undefined,
  };
  const wanted = fc.array(
    fc.record({
      frame: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 98, max: 118 })),
      index: fc.oneof(fc.nat(0xffff), fc.nat(40)),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(fc.array(wanted, { maxLength: 10 }), (questions) => {
      const responder = new RepairResponder();
      let resent = 0;
      questions.forEach((question, i) => {
        const read = decodeFeedback(encodeNack(7, question, i));
        assert.ok(read.type === "nack");
        const answer = responder.answer(read.wanted, store, i * 5000);
        for (const { frame, index } of answer) {
          assert.ok(store.stored(frame)?.has(index));
        }
        resent += answer.length * Math.ceil(bytes.length / 37);
      });
      assert.ok(resent <= 512 * 1024);
    }),
    { numRuns: NUM_RUNS },
  );
});
