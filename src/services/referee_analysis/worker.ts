/**
 * The worker's first module.
 *
 * @module
 */

import { lowerThread } from "../referee/low_priority.ts";
import { servePhrases } from "../referee/stage_worker.ts";
import type { AnalysisConfig } from "./config.ts";
import { FencingPlan } from "./fencing_plan.ts";

lowerThread();
servePhrases<AnalysisConfig>((session, config) =>
  new FencingPlan(session, config)
);
