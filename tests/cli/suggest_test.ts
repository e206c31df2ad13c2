import assert from "node:assert/strict";
import {
  didYouMean,
  editDistance,
  suggestions,
} from "../../src/cli/suggest.ts";

Deno.test("edit distance counts inserts, deletes, replacements and swaps", () => {
  const table = [
    ["", "", 0],
    ["", "abc", 3],
    ["port", "port", 0],
    ["prot", "port", 1],
    ["pot", "port", 1],
    ["ports", "port", 1],
    ["kitten", "sitting", 3],
  ] as const;
  for (const [a, b, expected] of table) {
    assert.equal(editDistance(a, b), expected, `${a} ${b}`);
    assert.equal(editDistance(b, a), expected, `${b} ${a}`);
  }
});

Deno.test("near names are suggested, best first, far ones are not", () => {
  const names = ["chain-peer", "chain-run", "chain-coordinator", "rtsp-play"];
  assert.deepEqual(suggestions("chain-per", names), ["chain-peer"]);
  assert.deepEqual(suggestions("peer", names), ["chain-peer"]);
  assert.deepEqual(suggestions("CHAIN-RUN", names), ["chain-run"]);
  assert.deepEqual(suggestions("convert", names), []);
  assert.deepEqual(suggestions("", names), []);
  assert.deepEqual(suggestions("x".repeat(100_000), names), []);
  assert.equal(didYouMean("convert", names), "");
  assert.equal(didYouMean("peer", names), '; did you mean "chain-peer"?');
});
