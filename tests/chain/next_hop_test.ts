import assert from "node:assert/strict";
import {
  ChainProtocolError,
  encodeUpdateNext,
  type NextHop,
  parseUpdateNext,
} from "../../src/chain/mod.ts";
import { parseJsonObject } from "../../src/chain/strict_json.ts";
import { fixture, textOf } from "./support.ts";

const B: NextHop = {
  name: "B",
  host: "10.0.0.8",
  port: 10_002,
  wire: "binary",
};

Deno.test("an existing peer is told its next hop in the three keys it knows", () => {
  const { messages } = fixture<{ messages: Record<string, string> }>(
    "datagrams_python.json",
  );
  const text = textOf(encodeUpdateNext(B, false));
  assert.equal(text, messages["update"]);
  assert.deepEqual(parseUpdateNext(parseJsonObject(text)), {
    name: "B",
    host: undefined,
    port: 10_002,
    wire: "strandcast",
  });
});

Deno.test("one of ours reads what was written for it, no next hop included", () => {
  const hops: (NextHop | undefined)[] = [
    B,
    { ...B, wire: "strandcast" },
    { ...B, host: undefined },
    undefined,
  ];
  for (const hop of hops) {
    const object = parseJsonObject(textOf(encodeUpdateNext(hop, true)));
    assert.deepEqual(parseUpdateNext(object), hop);
  }
});

Deno.test("a command that is none is refused", () => {
  const cases: [string, string][] = [
    ["{}", "unknown-type"],
    ['{"cmd": "SHUTDOWN"}', "unknown-type"],
    ['{"cmd": "UPDATE_NEXT"}', "bad-name"],
    ['{"cmd": "UPDATE_NEXT", "next_name": "B"}', "bad-field"],
    ['{"cmd": "UPDATE_NEXT", "next_name": null, "next_port": 1}', "bad-name"],
    ['{"cmd": "UPDATE_NEXT", "next_name": "B", "next_port": 0}', "bad-field"],
    ['{"cmd": "UPDATE_NEXT", "next_name": "B/..", "next_port": 1}', "bad-name"],
    [
      '{"cmd": "UPDATE_NEXT", "next_name": "B", "next_port": 1, "next_host": "x y"}',
      "bad-field",
    ],
  ];
  for (const [text, code] of cases) {
    assert.throws(
      () => parseUpdateNext(parseJsonObject(text)),
      (error: unknown) =>
        error instanceof ChainProtocolError && error.code === code,
      text,
    );
  }
});
