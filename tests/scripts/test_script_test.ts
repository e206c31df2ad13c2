import assert from "node:assert/strict";
import {
  formatTotals,
  planStages,
  readFailedFiles,
  readTotals,
} from "../../scripts/test.ts";

Deno.test("the totals are read from the last summary of deno test", () => {
  const cases: [output: string, totals: ReturnType<typeof readTotals>][] = [
    ["ok | 12 passed | 0 failed (26ms)\n", {
      passed: 12,
      failed: 0,
      skipped: 0,
    }],
    ["FAILED | 3 passed (2 steps) | 1 failed (1 step) | 2 ignored (1s)\n", {
      passed: 3,
      failed: 1,
      skipped: 2,
    }],
    [
      "ok | 9 passed | 9 failed (1ms)\nok | 1 passed | 0 failed | 4 ignored | 2 filtered out (1ms)\n",
      { passed: 1, failed: 0, skipped: 4 },
    ],
    ["TS2345 [ERROR]: …\nerror: Type checking failed.\n", undefined],
    ["a test prints: ok | 1 passed | 0 failed\n", undefined],
  ];
  for (const [output, totals] of cases) {
    assert.deepEqual(readTotals(output), totals, output);
  }
});

Deno.test("the last line names skipped tests only when there are some", () => {
  assert.equal(
    formatTotals({ passed: 3, failed: 0, skipped: 0 }),
    "3 passed, 0 failed",
  );
  assert.equal(
    formatTotals({ passed: 3, failed: 1, skipped: 2 }),
    "3 passed, 1 failed, 2 skipped",
  );
});

Deno.test("what shares the machine runs apart from the cores, what cannot share a process alone", () => {
  const stages = planStages([
    "tests/chain/a_test.ts",
    "tests/e2e/b_test.ts",
    "tests/net/c_test.ts",
    "tests/rtp/d_test.ts",
    "tests/services/share_f_test.ts",
    "tests/web/e_test.ts",
    "tests/web/signal_g_test.ts",
    "tests/web/signal_h_test.ts",
  ]);
  assert.deepEqual(
    stages.map((lanes) => lanes.map((runs) => runs.map(({ files }) => files))),
    [
      [[["tests/chain/a_test.ts", "tests/rtp/d_test.ts"]]],
      [
        [["tests/net/c_test.ts"], ["tests/services/share_f_test.ts"]],
        [
          ["tests/e2e/b_test.ts", "tests/web/e_test.ts"],
          ["tests/web/signal_g_test.ts"],
          ["tests/web/signal_h_test.ts"],
        ],
      ],
    ],
  );
  assert.deepEqual(
    stages.flat(2).map(({ flags }) => flags.includes("--parallel")),
    [true, false, false, false, false, false],
  );
  assert.deepEqual(planStages(["tests/net/c_test.ts"]).flat(2).length, 1);
});

Deno.test("the files with a failed test are read from the output, or it says that they cannot be", () => {
  const good = "running 1 test from ./tests/web/a_test.ts\na ... ok (1ms)\n";
  const bad = "running 2 tests from ./tests/web/b_test.ts\n" +
    "b ... ok (1ms)\nc ... FAILED (1s)\n";
  const printing = "running 1 test from ./tests/net/p_test.ts\n" +
    "p ...\n------- output -------\nx\n----- output end -----\np ... FAILED (2ms)\n";
  const parallel = "./tests/rtp/a_test.ts => a ... ok (1ms)\n" +
    "./tests/rtp/b_test.ts => b ... FAILED (1ms)\n";
  const cases: [output: string, files: readonly string[] | undefined][] = [
    [`${good}ok | 1 passed | 0 failed (1ms)\n`, []],
    [
      `${good}${bad}FAILED | 2 passed | 1 failed (1s)\n`,
      ["tests/web/b_test.ts"],
    ],
    [
      `${printing}${bad}FAILED | 1 passed | 2 failed (1s)\n`,
      ["tests/net/p_test.ts", "tests/web/b_test.ts"],
    ],
    [
      `${parallel}FAILED | 1 passed | 1 failed (1s)\n`,
      ["tests/rtp/b_test.ts"],
    ],
    // One more failed than the lines tell: a file did not load.
    [`${bad}FAILED | 1 passed | 2 failed (1s)\n`, undefined],
    [`${good}error: Type checking failed.\n`, undefined],
  ];
  for (const [output, files] of cases) {
    assert.deepEqual(readFailedFiles(output), files, output);
  }
});
