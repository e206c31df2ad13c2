import assert from "node:assert/strict";
import {
  ChainProtocolError,
  ControlReader,
  type JsonObject,
  MAX_CONTROL_MESSAGE_BYTES,
} from "../../src/chain/mod.ts";
import { bytesOf } from "./support.ts";

/** Everything that comes out, and the code of the error that ends it. */
function readAll(chunks: readonly Uint8Array[]): (JsonObject | string)[] {
  const reader = new ControlReader();
  const out: (JsonObject | string)[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let next = reader.next(); next; next = reader.next()) out.push(next);
    }
    if (reader.incomplete) out.push("incomplete");
  } catch (error) {
    assert(error instanceof ChainProtocolError);
    out.push(error.code);
  }
  return out;
}

const STREAMS: [string, string, (object | string)[]][] = [
  ["one object without a newline", '{"type": "list"}', [{ type: "list" }]],
  ["one object with a newline", '{"type": "list"}\r\n', [{ type: "list" }]],
  ["white space before it", ' \n\t{"a": 1}', [{ a: 1 }]],
  ["lines", '{"a": 1}\n{"b": {"c": [2]}}\n', [{ a: 1 }, { b: { c: [2] } }]],
  ["objects with nothing between", '{"a":1}{"b":2}', [{ a: 1 }, { b: 2 }]],
  ["braces and quotes in text", '{"a": "}\\"{\\\\"}', [{ a: '}"{\\' }]],
  ["UTF-8", '{"a": "ä€😀"}', [{ a: "ä€😀" }]],
  ["an object that is not closed", '{"a": {"b": 1}', ["incomplete"]],
  ["text that is not closed", '{"a": "}', ["incomplete"]],
  ["nothing", "", []],
  ["an array", "[1]", ["bad-json"]],
  ["HTTP", "GET / HTTP/1.1\r\n\r\n", ["bad-json"]],
  ["junk after an object", '{"a": 1}x{"b": 2}', [{ a: 1 }, "bad-json"]],
  ["balanced, and no JSON", '{"a": 1}{a}{"b": 2}', [{ a: 1 }, "bad-json"]],
  ["brackets that do not match", '{"a": ]}', ["bad-json"]],
  ["a key twice", '{"a": 1, "a": 2}', ["bad-json"]],
  ["deep nesting", `{"a": ${"[".repeat(99_000)}`, ["bad-json"]],
];

Deno.test("a stream gives its objects, whole, byte by byte and cut anywhere", () => {
  for (const [name, stream, expected] of STREAMS) {
    const bytes = bytesOf(stream);
    assert.deepEqual(readAll([bytes]), expected, name);
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.deepEqual(readAll(single), expected, `${name}, byte by byte`);
    for (let cut = 1; cut < Math.min(bytes.length, 60); cut++) {
      assert.deepEqual(
        readAll([bytes.subarray(0, cut), bytes.subarray(cut)]),
        expected,
        `${name}, cut at ${cut}`,
      );
    }
  }
});

Deno.test("bytes that are no UTF-8 are refused", () => {
  const bytes = bytesOf('{"a": "x"}');
  bytes[7] = 0xff;
  assert.deepEqual(readAll([bytes]), ["bad-json"]);
});

Deno.test("a message of the largest size is read and a byte more is refused", () => {
  const message = (bytes: number): Uint8Array =>
    bytesOf(`{"a": "${"x".repeat(bytes - 9)}"}`);
  const largest = message(MAX_CONTROL_MESSAGE_BYTES);
  assert.equal(largest.length, MAX_CONTROL_MESSAGE_BYTES);
  assert.equal(readAll([largest, largest]).length, 2);
  const tooLarge = message(MAX_CONTROL_MESSAGE_BYTES + 1);
  assert.deepEqual(readAll([tooLarge]), ["too-large"]);
  const half = MAX_CONTROL_MESSAGE_BYTES / 2;
  assert.deepEqual(
    readAll([tooLarge.subarray(0, half), tooLarge.subarray(half)]),
    ["too-large"],
  );
});

Deno.test("after an error every call throws it again and nothing is kept", () => {
  const reader = new ControlReader();
  reader.push(bytesOf("x"));
  assert.throws(() => reader.next(), /begins with "x" and not with "{"/);
  reader.push(bytesOf('{"a": 1}'));
  assert.throws(() => reader.next(), ChainProtocolError);
  assert.equal(reader.incomplete, false);
});
