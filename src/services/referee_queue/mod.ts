/**
 * The referee past one machine: recordings on a BullMQ queue in Redis, and the
 * workers that analyse them.
 *
 * @module
 */

export { QueueAnalyzer, type QueueAnalyzerOptions } from "./queue_analyzer.ts";
export { QueueError } from "./redis.ts";
export {
  type RefereeWorker,
  type RefereeWorkerOptions,
  type RefereeWorkerTotals,
  startRefereeWorker,
} from "./worker.ts";
