/**
 * Logging: levels, text and JSON lines, flood counter, redaction.
 *
 * @module
 */

export { escapeControls } from "./escape.ts";
export { FloodCounter } from "./flood_counter.ts";
export type { FloodCounterOptions } from "./flood_counter.ts";
export type { LogFields, LogLevel } from "./format.ts";
export { createLogger, LOG_LEVELS, silentLogger } from "./logger.ts";
export type {
  LogFormat,
  Logger,
  LoggerOptions,
  LogThreshold,
} from "./logger.ts";
export { isSecretName, redact } from "./redact.ts";
