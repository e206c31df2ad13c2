import assert from "node:assert/strict";
import fc from "fast-check";
import { Unmasker } from "../../src/net/websocket_unmask.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** A frame as it stands on the wire: header, key, payload under the key. */
function frame(
  payload: Uint8Array,
  key: readonly number[],
  lengthBytes: 0 | 2 | 8,
): Uint8Array<ArrayBuffer> {
  const header = [0x82];
  if (lengthBytes === 0) header.push(0x80 | payload.length);
  else {
    header.push(0x80 | (lengthBytes === 2 ? 126 : 127));
    for (let byte = lengthBytes - 1; byte >= 0; byte--) {
      header.push(Math.floor(payload.length / 256 ** byte) % 256);
    }
  }
  return Uint8Array.from([
    ...header,
    ...key,
    ...payload.map((byte, at) => byte ^ key[at % 4]!),
  ]);
}

function unmasked(
  payload: Uint8Array,
  lengthBytes: 0 | 2 | 8,
): Uint8Array<ArrayBuffer> {
  const bytes = frame(payload, [0, 0, 0, 0], lengthBytes);
  return bytes;
}

const frames = fc.array(
  fc.record({
    payload: fc.uint8Array({ maxLength: 125 }),
    key: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    lengthBytes: fc.constantFrom<0 | 2 | 8>(0, 2, 8),
  }),
  { minLength: 1, maxLength: 6 },
);

Deno.test("frames lose their mask and their key, however they are cut and aligned", () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
      fc.nat({ max: 7 }),
      (list, cuts, shift) => {
        const wire = list.flatMap(({ payload, key, lengthBytes }) => [
          ...frame(payload, [...key], lengthBytes),
        ]);
        const wanted = Uint8Array.from(
          list.flatMap(({ payload, lengthBytes }) => [
            ...unmasked(payload, lengthBytes),
          ]),
        );
        const unmasker = new Unmasker();
        const result: number[] = [];
        let at = 0;
        for (const cut of [...cuts, wire.length]) {
          const piece = wire.slice(at, at + cut);
          at += piece.length;
          // In a larger buffer at an odd place, as sockets give it.
          const room = new Uint8Array(piece.length + 16);
          const view = room.subarray(shift, shift + piece.length);
          view.set(piece);
          unmasker.push(view);
          result.push(...view);
        }
        assertSameBytes(Uint8Array.from(result), wanted);
      },
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("a long payload is unmasked whole", () => {
  const payload = Uint8Array.from({ length: 70_001 }, (_, at) => at * 7);
  const wire = frame(payload, [1, 2, 3, 255], 8);
  const unmasker = new Unmasker();
  unmasker.push(wire.subarray(0, 33_333));
  unmasker.push(wire.subarray(33_333));
  assertSameBytes(wire, unmasked(payload, 8));
});

Deno.test("frames without a mask are left alone", () => {
  const wire = Uint8Array.of(0x81, 3, 1, 2, 3, 0x81, 1, 200);
  const copy = wire.slice();
  new Unmasker().push(wire);
  assert.deepEqual(wire, copy);
});
