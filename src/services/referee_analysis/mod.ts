/**
 * The referee's analysis: tracks of both fencers, a decision with its evidence,
 * an overlay. Runs in a worker.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { WorkerAnalyzer } from "../referee/worker_analyzer.ts";
import { type AnalysisConfig, DEFAULT_CONFIG } from "./config.ts";
import { checkModel } from "./model_session.ts";

export type { AnalysisConfig } from "./config.ts";
export { DEFAULT_CONFIG } from "./config.ts";
export { ModelError } from "./model_error.ts";
export { type SyntheticClip, writeSyntheticClip } from "./synthetic_clip.ts";

/**
 * Makes an analyzer; a model is loaded once to see that it can be used.
 *
 * @throws {ModelError} when the model's file cannot be used, with the reason.
 */
export async function createAnalyzer(
  config: Partial<AnalysisConfig>,
  log: Logger,
): Promise<WorkerAnalyzer> {
  const whole = { ...DEFAULT_CONFIG, ...config };
  if (whole.model !== undefined) {
    const { runtime, description } = await checkModel(whole.model);
    log.info(`model "${whole.model}": ${description}, ${runtime}`);
  }
  return new WorkerAnalyzer({
    url: new URL("./worker.ts", import.meta.url),
    config: whole,
    takesFrames: whole.model === undefined,
    modelPath: whole.model,
    log,
  });
}
