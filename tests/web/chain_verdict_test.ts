import assert from "node:assert/strict";
import { judge } from "../../src/web/pages/chain_verdict.js";
import { MadeUpChain } from "./support/made_up_chain.ts";

function four(): MadeUpChain {
  return new MadeUpChain().join("A", "B", "C", "D");
}

Deno.test("the verdict says whether all peers show the same moment, and why not", () => {
  const cases: [string, MadeUpChain, string, string, RegExp][] = [
    ["no peer", new MadeUpChain(), "none", "No peer in the chain", /^$/],
    ["not started", four(), "none", "4 peers ready, not started", /Start/],
    [
      "all is well",
      four().playTo(90),
      "good",
      "All 4 peers show the same moment",
      /^D is furthest behind the coordinator: 5\.30 ms, less than one frame \(33\.3 ms\)\.$/,
    ],
    [
      "one peer",
      new MadeUpChain().join("A").playTo(90),
      "good",
      "A shows the same moment as the coordinator",
      /0\.80 ms/,
    ],
  ];

  const slow = four().playTo(90);
  slow.peer("C").hopMs = 78;
  cases.push([
    "a slow hop",
    slow,
    "warn",
    "D shows an older moment",
    /more than one frame.*The slowest hop leads to C\.$/,
  ]);

  const lossy = four().playTo(90);
  lossy.peer("B").lost = 1;
  lossy.peer("C").lost = 12;
  cases.push([
    "losses",
    lossy,
    "good",
    "All 4 peers show the same moment",
    /Lost so far: B 1 frame, C 12 frames\.$/,
  ]);

  const silent = four().playTo(90);
  silent.peer("B").state = "silent";
  cases.push(["silence", silent, "bad", "B is silent", /close the gap/]);

  const mixed = four().playTo(90);
  mixed.peer("B").state = "legacy";
  cases.push([
    "a peer that does not report",
    mixed,
    "good",
    "All 3 peers that report show the same moment",
    /B speaks StrandCast and reports nothing\.$/,
  ]);

  const foreign = new MadeUpChain().join("A").playTo(90);
  foreign.peer("A").state = "legacy";
  cases.push([
    "no peer that reports",
    foreign,
    "none",
    "Not known: no peer reports",
    /StrandCast/,
  ]);

  const late = four().playTo(90).join("E");
  cases.push([
    "a peer that has just come",
    late,
    "warn",
    "E has no picture yet",
    /Waiting for a first frame: E\./,
  ]);

  const ended = four().playTo(410);
  ended.state = "ended";
  cases.push([
    "the end",
    ended,
    "good",
    "Every frame arrived at all 4 peers",
    /^411 frames in the stream\.$/,
  ]);

  const short = four().playTo(410);
  short.state = "ended";
  short.peer("D").lost = 2;
  cases.push([
    "the end with losses",
    short,
    "warn",
    "D has not every frame",
    /^D: 409 of 411\.$/,
  ]);

  const ending = four().playTo(410);
  ending.state = "ended";
  ending.peer("D").report = { framesInStream: null };
  cases.push([
    "the end on its way",
    ending,
    "none",
    "Ended at the coordinator",
    /still on its way to D\./,
  ]);

  for (const [what, chain, tone, answer, reason] of cases) {
    const verdict = judge(chain.snapshot());
    assert.equal(verdict.answer, answer, what);
    assert.equal(verdict.tone, tone, what);
    assert.match(verdict.reason, reason, what);
  }
});
