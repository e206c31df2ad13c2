import assert from "node:assert/strict";
import { ChainProtocolError } from "../../src/chain/mod.ts";
import {
  amountField,
  integerField,
  parseJsonObject,
  textField,
  wordField,
} from "../../src/chain/strict_json.ts";

Deno.test("an object is read", () => {
  assert.deepEqual(parseJsonObject(' {"a": [1, {"b": "}\\"]"}], "c": {}} '), {
    a: [1, { b: '}"]' }],
    c: {},
  });
});

Deno.test("the same key in different objects, or as a value, is no duplicate", () => {
  const text = '{"a": {"a": "a"}, "b": [{"a": 1}, {"a": 2}], "c": "a"}';
  assert.deepEqual(parseJsonObject(text), JSON.parse(text));
});

Deno.test("what is no JSON object, nests deep or has a key twice is refused", () => {
  const cases = [
    "",
    "null",
    "1",
    '"{}"',
    "[]",
    "{",
    "{}}",
    "{} {}",
    '{"a": NaN}',
    '{"a": Infinity}',
    "{'a': 1}",
    '{"a": 01}',
    '{"a": 1,}',
    '{"a": 1, "a": 1}',
    '{"a" : 1, "b": 2, "\\u0061": 3}',
    '{"x": {"a\\\\": 1, "a\\\\" : 2}}',
    `{"a": ${"[".repeat(16)}${"]".repeat(16)}}`,
    `{"a": ${"[".repeat(60_000)}${"]".repeat(60_000)}}`,
    `${'{"a":'.repeat(17)}1${"}".repeat(17)}`,
  ];
  for (const text of cases) {
    assert.throws(
      () => parseJsonObject(text),
      (error: unknown) =>
        error instanceof ChainProtocolError && error.code === "bad-json" &&
        error.message.length < 200,
      text.slice(0, 50),
    );
  }
});

Deno.test("__proto__ is a key like any other", () => {
  const object = parseJsonObject('{"__proto__": {"port": 1}}');
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
  assert.throws(() => integerField(object, "port"), ChainProtocolError);
});

Deno.test("a field that is not what it should be is named and shown", () => {
  const object = parseJsonObject(
    '{"n": 1.5, "big": 1e300, "neg": -1, "s": "ab", "nil": null, "t": "10"}',
  );
  const cases: [() => unknown, string][] = [
    [() => integerField(object, "n"), '"n" is 1.5 and not a whole number'],
    [() => integerField(object, "big"), '"big" is 1e+300 and not a whole'],
    [() => integerField(object, "neg"), '"neg" is -1 and not a whole number'],
    [() => integerField(object, "t"), '"t" is "10" and not a whole number'],
    [() => integerField(object, "nil"), '"nil" is null and not a whole'],
    [() => integerField(object, "none"), 'it has no "none"'],
    [() => integerField(object, "toString"), '"toString" is'],
    [() => amountField(object, "neg"), '"neg" is -1 and not a number from 0'],
    [() => textField(object, "s", 1), '"s" is "ab" and not text of at most 1'],
    [() => wordField(object, "s", ["x", "y"]), 'not one of "x","y"'],
  ];
  for (const [read, state] of cases) {
    assert.throws(read, (error: unknown) => {
      assert(error instanceof ChainProtocolError);
      assert(error.message.startsWith("Cannot read the message: "));
      assert(error.message.includes(state), error.message);
      return error.code === "bad-field";
    });
  }
});
