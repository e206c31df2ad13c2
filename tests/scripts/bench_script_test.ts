import assert from "node:assert/strict";
import { planBenches } from "../../scripts/bench.ts";

const SOURCES: Record<string, string> = {
  "tests/bench/chain_bench.ts": 'console.log("| table |");',
  "tests/bench/chain_core_bench.ts": 'Deno.bench("a", () => {});',
  "tests/bench/rtp_bench.ts": 'Deno.bench({ name: "a", fn() {} });',
};

function plan(filter: string): ReturnType<typeof planBenches> {
  return planBenches(Object.keys(SOURCES), filter, (path) => SOURCES[path]!);
}

Deno.test("benches of functions and programs are told apart", () => {
  assert.deepEqual(plan(""), {
    functions: ["tests/bench/chain_core_bench.ts", "tests/bench/rtp_bench.ts"],
    programs: ["tests/bench/chain_bench.ts"],
  });
});

Deno.test("a filter is a part of the file's name, not of its folder", () => {
  assert.deepEqual(plan("chain_b"), {
    functions: [],
    programs: ["tests/bench/chain_bench.ts"],
  });
  assert.deepEqual(plan("tests"), { functions: [], programs: [] });
});
