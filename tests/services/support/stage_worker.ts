/**
 * The worker of `referee_analysis_stage_test.ts`: plans that do as they are told.
 *
 * @module
 */

import { servePhrases } from "../../../src/services/referee/stage_worker.ts";
import type { PhrasePlan } from "../../../src/services/referee_server/analysis_stage.ts";

/** What a plan of this worker is told. */
export interface StageWorkerConfig {
  /** Throws in the stage `yolo`. */
  readonly fails?: boolean;
  /** Ends the whole worker in the stage `yolo`. */
  readonly crashes?: boolean;
  /** Never comes to an end. */
  readonly hangs?: boolean;
  /** Milliseconds of work in the stage `yolo`, without a pause. */
  readonly worksMs?: number;
}

servePhrases<StageWorkerConfig>((session, config): PhrasePlan => {
  const numbers: number[] = [];
  return {
    frame: ({ number }) => void numbers.push(number),
    stages: [
      {
        name: "yolo",
        async run({ recording, framesSeen }, { progress }) {
          progress(0.5, "Looking");
          if (config.fails) throw new Error("The picture is too dark");
          if (config.crashes) {
            setTimeout(() => {
              throw new Error("Out of luck");
            });
          }
          if (config.crashes || config.hangs) await new Promise(() => {});
          const until = performance.now() + (config.worksMs ?? 0);
          while (performance.now() < until);
          await Deno.writeTextFile(`${recording.folder}/tracks.json`, "{}");
          return {
            artifacts: { tracks: "tracks.json" },
            warnings: ["One fencer only"],
            fields: { session, numbers, framesSeen },
          };
        },
      },
      {
        name: "decision",
        run: () =>
          Promise.resolve({
            decision: {
              winner: "left" as const,
              reason: "Right fencer retreated at 0.00s",
              left_pauses: [],
              right_pauses: [],
              blade_analysis: null,
              blade_details: [],
              speed_comparison: null,
              lunge_detected: false,
              confidence: 0.8,
              tier: "high" as const,
              evidence: ["seen"],
            },
          }),
      },
    ],
  };
});
