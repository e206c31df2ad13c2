import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeWebSocketFrame,
  maskBytes,
  Opcode,
} from "../../src/net/websocket_frame.ts";
import {
  type WebSocketItem,
  WebSocketReader,
} from "../../src/net/websocket_reader.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const LIMIT = 3 * 1024 * 1024;

function reader(masked = true): WebSocketReader {
  return new WebSocketReader({ masked, maxMessageBytes: LIMIT });
}

/** All that a reader gives, with bytes of its own. */
function drain(from: WebSocketReader): WebSocketItem[] {
  const items: WebSocketItem[] = [];
  for (let item = from.next(); item; item = from.next()) {
    items.push(
      "bytes" in item ? { ...item, bytes: item.bytes.slice() } : item,
    );
  }
  return items;
}

/** A frame of any kind, as it stands on the wire. */
function wire(
  opcode: number,
  payload: Uint8Array,
  final: boolean,
  key: number | undefined,
): Uint8Array {
  const frame = encodeWebSocketFrame(opcode, payload, key);
  if (!final) frame[0]! &= 0x7f;
  return frame;
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

const key = fc.integer();
const message = fc.record({
  text: fc.boolean(),
  fragments: fc.array(fc.string({ maxLength: 200 }), {
    minLength: 1,
    maxLength: 4,
  }),
  ping: fc.option(fc.uint8Array({ maxLength: 125 })),
});

Deno.test("messages are the same however their bytes are cut, masked and fragmented", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 40 }),
      fc.boolean(),
      key,
      (messages, cuts, masked, mask) => {
        const pieces: Uint8Array[] = [];
        const wanted: WebSocketItem[] = [];
        for (const { text, fragments, ping } of messages) {
          const use = masked ? mask : undefined;
          for (const [index, fragment] of fragments.entries()) {
            const opcode = index > 0
              ? Opcode.continuation
              : text
              ? Opcode.text
              : Opcode.binary;
            pieces.push(wire(
              opcode,
              encoder.encode(fragment),
              index === fragments.length - 1,
              use,
            ));
            // A control frame may come between fragments.
            if (index === 0 && ping !== null) {
              pieces.push(wire(Opcode.ping, ping, true, use));
              wanted.push({ type: "ping", bytes: ping.slice() });
            }
          }
          const whole = fragments.join("");
          const item: WebSocketItem = text
            ? { type: "text", text: whole }
            : { type: "bytes", bytes: encoder.encode(whole) };
          // A ping behind a whole message comes after it.
          if (fragments.length === 1 && ping !== null) {
            wanted.splice(-1, 0, item);
          } else wanted.push(item);
        }
        const bytes = concat(pieces);
        const one = reader(masked);
        const found: WebSocketItem[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          one.push(bytes.subarray(at, at + cut));
          at += cut;
          found.push(...drain(one));
        }
        assert.deepEqual(found, wanted);
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("whatever comes, it is read or refused with a close code", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.boolean(),
      (bytes, masked) => {
        const one = reader(masked);
        one.push(bytes);
        try {
          drain(one);
        } catch (error) {
          assert.equal((error as Error).name, "WebSocketError");
          assert.ok(
            [1002, 1007, 1009].includes((error as { code: number }).code),
          );
        }
      },
    ),
    { numRuns: fuzzRuns(300) },
  );
});

Deno.test("a mask taken twice is none, at every alignment and length", () => {
  for (let from = 0; from < 9; from++) {
    for (let length = 0; length < 80; length++) {
      const bytes = Uint8Array.from({ length: 100 }, (_, at) => at * 7);
      const before = bytes.slice();
      maskBytes(bytes, from, from + length, 0x12345678);
      for (let at = 0; at < length; at++) {
        const byte = (0x12345678 >>> (8 * (at % 4))) & 255;
        assert.equal(bytes[from + at], before[from + at]! ^ byte);
      }
      maskBytes(bytes, from, from + length, 0x12345678);
      assert.deepEqual(bytes, before);
    }
  }
});

Deno.test("the buffer grows with what arrives, not with what is announced, and shrinks again", () => {
  const one = reader();
  const frame = encodeWebSocketFrame(
    Opcode.binary,
    new Uint8Array(LIMIT).fill(7),
    99,
  );
  one.push(frame.subarray(0, 20));
  assert.deepEqual(drain(one), []);
  one.space();
  assert.ok(one.memoryBytes <= 64 * 1024, `${one.memoryBytes}`);
  one.push(frame.subarray(20));
  const [item] = drain(one);
  assert.ok(item?.type === "bytes" && item.bytes.length === LIMIT);
  assert.ok(item.bytes.every((byte) => byte === 7));
  for (let small = 0; small < 40; small++) {
    one.push(encodeWebSocketFrame(Opcode.text, new Uint8Array(3).fill(97), 5));
    assert.deepEqual(drain(one), [{ type: "text", text: "aaa" }]);
  }
  assert.ok(one.memoryBytes <= 512 * 1024, `${one.memoryBytes}`);
});

Deno.test("a message beyond the limit is refused at its head, fragments together", () => {
  const huge = Uint8Array.of(0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4);
  const one = reader();
  one.push(huge);
  assert.throws(() => one.next(), { name: "WebSocketError", code: 1009 });
  const two = reader();
  const part = new Uint8Array(1024 * 1024);
  assert.throws(() => {
    for (let count = 0; count < 4; count++) {
      two.push(wire(count === 0 ? 2 : 0, part, false, 1));
      assert.deepEqual(drain(two), []);
    }
  }, { name: "WebSocketError", code: 1009 });
});
