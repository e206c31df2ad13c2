/**
 * Runs the stages of an analysis one after another: what one of them does
 * wrong costs that stage and nothing else.
 *
 * @module
 */

import {
  type Analysis,
  decideBySignal,
  type Decision,
  type Stage,
  type StageProgress,
  STAGES,
} from "../../referee/mod.ts";
import type {
  AnalysisStage,
  AnalysisStageName,
  FinishedPhrase,
  StageOutcome,
} from "../referee_server/analysis_stage.ts";

/** Why a stage does not run that a plan does not have. */
const ABSENT = "this server has no such stage";

/** What a stage says at its beginning. */
export const STAGE_MESSAGES: Readonly<Record<Stage, string>> = {
  video_reconstruction: "Reconstructing video...",
  fisheye: "Correcting fisheye distortion...",
  yolo: "Tracking fencers...",
  decision: "Deciding...",
  overlay: "Drawing overlay...",
};

/** What it says at its end; the decision says its reason. */
const END_MESSAGES: Readonly<Record<AnalysisStageName, string>> = {
  fisheye: "Fisheye distortion is corrected",
  yolo: "Fencers are tracked",
  decision: "Decided",
  overlay: "Overlay is drawn",
};

/** All stages of an analysis, in their order. */
export const ANALYSIS_STAGES: readonly AnalysisStageName[] = STAGES.filter(
  (stage) => stage !== "video_reconstruction",
);

/**
 * Runs `stages` on a phrase.
 *
 * @throws the signal's reason when it aborts, and nothing else.
 */
export async function runStages(
  stages: readonly AnalysisStage[],
  phrase: FinishedPhrase,
  progress: StageProgress,
  signal: AbortSignal,
): Promise<Analysis> {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const skipped: Partial<Record<AnalysisStageName, string>> = {};
  const artifacts: Record<string, string> = {};
  const warnings: string[] = [];
  const fields: Record<string, unknown> = {};
  let decision: Decision | undefined;
  let offset: number | undefined;
  for (const name of ANALYSIS_STAGES) {
    signal.throwIfAborted();
    const outcome = await runStage(byName.get(name));
    if (outcome.skipped !== undefined) {
      skipped[name] = outcome.skipped;
      progress(name, 1, `Skipped: ${outcome.skipped}`);
    }
    decision = outcome.decision ?? decision;
    offset = outcome.offset ?? offset;
    Object.assign(artifacts, outcome.artifacts);
    Object.assign(fields, outcome.fields);
    warnings.push(...outcome.warnings ?? []);
  }
  decision ??= decideBySignal(phrase.signal);
  return {
    decision,
    skipped,
    artifacts,
    warnings,
    fields,
    ...(offset === undefined ? {} : { offset }),
  };

  async function runStage(
    stage: AnalysisStage | undefined,
  ): Promise<StageOutcome> {
    if (stage === undefined) return { skipped: ABSENT };
    const { name } = stage;
    try {
      progress(name, 0, STAGE_MESSAGES[name]);
      const outcome = await stage.run(phrase, {
        progress: (share, message) => {
          if (share < 1) progress(name, share, message);
        },
        signal,
      });
      if (outcome.skipped === undefined) {
        progress(name, 1, outcome.decision?.reason ?? END_MESSAGES[name]);
      }
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      return {
        skipped: `it failed: ${reason}`,
        warnings: [`The stage "${name}" failed: ${reason}`],
      };
    }
  }
}

/** The analysis where no stage can run, for `reason`: the scoring box alone decides. */
export function withoutStages(
  phrase: Pick<FinishedPhrase, "signal">,
  reason: string,
  progress: StageProgress,
): Analysis {
  const skipped: Partial<Record<AnalysisStageName, string>> = {};
  const decision = decideBySignal(phrase.signal);
  for (const name of ANALYSIS_STAGES) {
    if (name === "decision") {
      progress(name, 0, STAGE_MESSAGES[name]);
      progress(name, 1, decision.reason);
    } else {
      skipped[name] = reason;
      progress(name, 1, `Skipped: ${reason}`);
    }
  }
  return { decision, skipped, artifacts: {}, warnings: [], fields: {} };
}
