import assert from "node:assert/strict";
import { type JsonValue, pythonJson } from "../../src/chain/python_json.ts";
import { fixture } from "./support.ts";

Deno.test("messages are written as Python's json.dumps wrote them", () => {
  const { messages } = fixture<{ messages: Record<string, string> }>(
    "datagrams_python.json",
  );
  assert(Object.keys(messages).length >= 8);
  for (const [name, written] of Object.entries(messages)) {
    assert.equal(pythonJson(JSON.parse(written)), written, name);
  }
});

Deno.test("every kind of value is written as Python writes it", () => {
  const cases: [JsonValue, string][] = [
    [null, "null"],
    [true, "true"],
    [[], "[]"],
    [{}, "{}"],
    [[1, [2], { a: 3 }], '[1, [2], {"a": 3}]'],
    [{ b: 1, a: undefined, c: "" }, '{"b": 1, "c": ""}'],
    [1.5, "1.5"],
    [-0, "0"],
    ['"\\\b\f\n\r\t\u0001/', '"\\"\\\\\\b\\f\\n\\r\\t\\u0001/"'],
    ["é\u2028😀", '"\\u00e9\\u2028\\ud83d\\ude00"'],
  ];
  for (const [value, written] of cases) {
    assert.equal(pythonJson(value), written);
  }
});

Deno.test("numbers that JSON has no word for are refused", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => pythonJson({ value }), RangeError);
  }
});
