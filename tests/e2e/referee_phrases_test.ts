import assert from "node:assert/strict";
import { SCENARIOS } from "../../src/vision/mod.ts";
import { phraseClip } from "../services/support/phrase.ts";
import { startSend, startServe } from "./support/referee.ts";

/** What each scenario's loser is said to have done. */
const DOES = {
  right_retreats: "retreated",
  left_retreats: "retreated",
  right_pauses: "paused",
  left_pauses: "paused",
  chase: "retreated",
} as const;

Deno.test("referee-send of each scenario ends in the right winner, with a reason in the documents' words", async () => {
  await using server = await startServe();
  for (const scenario of SCENARIOS) {
    const clip = await phraseClip({ scenario, seed: 1 });
    const signal = await Deno.makeTempFile({ suffix: ".txt" });
    try {
      await Deno.writeTextFile(signal, clip.signal);
      await using sender = startSend(server.port, [
        ...["--video", clip.path, "--signal", signal],
        ...["--session-id", scenario],
      ]);
      const { result } = await sender.event("result", { within: 60_000 });
      assert.equal((await sender.exited()).code, 0);
      // deno-lint-ignore no-explicit-any -- the result is whatever came
      const { winner, reason, artifacts } = result as any;
      const wanted = clip.phrase.script.winner;
      assert.equal(winner, wanted, `${scenario}: ${reason}`);
      if (scenario === "simultaneous") assert.match(reason, /^No call: /);
      else {
        const loser = wanted === "left" ? "Right" : "Left";
        assert.match(
          reason,
          new RegExp(`^${loser} fencer ${DOES[scenario]} at \\d\\.\\d\\ds$`),
        );
      }
      assert.ok("tracks" in artifacts && "overlay" in artifacts);
    } finally {
      await Deno.remove(signal);
    }
  }
});
