/**
 * One log record as a line of text for people or of JSON for programs.
 *
 * @module
 */

import { escapeControls, escapeControlsInJson } from "./escape.ts";
import { isSecretName, redact, REDACTED } from "./redact.ts";

/** Severity of a line. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts that belong to a message: shown as `key=value`, or as keys of the JSON object. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What a logger hands to a formatter. */
export interface LogRecord {
  readonly time: Date;
  readonly level: LogLevel;
  /** Who speaks, `chain-peer B`; empty for the program itself. */
  readonly component: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Longest text kept of one message or value, in UTF-16 units: a hostile peer's name is no novel. */
const MAX_TEXT = 2000;

/** Deepest object shown inside a field. */
const MAX_DEPTH = 3;

/** Most entries of an array or object shown inside a field. */
const MAX_ENTRIES = 32;

/** Keys of the JSON object that are ours; a field of the same name gets an underscore behind it. */
const RESERVED = new Set(["time", "level", "component", "message"]);

/** SGR colours of the level words. */
const LEVEL_COLOR: Readonly<Record<LogLevel, number>> = {
  debug: 90,
  info: 36,
  warn: 33,
  error: 31,
};

/** Longest text searched for secrets; longer than {@link MAX_TEXT} so that no cut falls inside a URL shown. */
const MAX_SEARCHED = 4 * MAX_TEXT;

function cleanText(text: string): string {
  return clip(
    text.length <= MAX_SEARCHED
      ? redact(text)
      : redact(text.slice(0, MAX_SEARCHED)),
  );
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** Any value as plain JSON data: bounded, without secrets, cycles or code being run beyond getters. */
function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return `function ${value.name}`;
  }
  if (value === null) return null;
  if (value instanceof Error) {
    return cleanText(`${value.name}: ${value.message}`);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  }
  if (value instanceof URL) return cleanText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `${value.byteLength} bytes`;
  }
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((item) => plain(item, depth + 1));
  }
  return plainFields(value as LogFields, depth + 1);
}

function plainFields(
  fields: LogFields,
  depth: number,
): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, MAX_ENTRIES);
  return Object.fromEntries(
    entries.map((
      [key, value],
    ) => [key, isSecretName(key) ? REDACTED : plain(value, depth)]),
  );
}

function clock(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${
    two(time.getSeconds())
  }.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

function paint(code: number, text: string, color: boolean): string {
  return color ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"'=]+$/.test(text) ? text : JSON.stringify(text);
}

/**
 * `12:03:04.123 warn  chain-peer B  dropped 3 datagrams from=127.0.0.1:9`,
 * local time, without a line break.
 */
export function formatText(record: LogRecord, color: boolean): string {
  const parts = [
    paint(2, clock(record.time), color),
    " ",
    paint(LEVEL_COLOR[record.level], record.level.padEnd(5), color),
    " ",
  ];
  if (record.component !== "") {
    parts.push(paint(1, escapeControls(clip(record.component)), color), "  ");
  }
  parts.push(escapeControls(cleanText(record.message)));
  for (const [key, value] of Object.entries(plainFields(record.fields, 0))) {
    if (value === undefined) continue;
    parts.push(
      " ",
      paint(2, `${escapeControls(clip(key))}=`, color),
      escapeControls(fieldText(value)),
    );
  }
  return parts.join("");
}

/** One JSON object: `time` (ISO 8601, UTC), `level`, `component`, `message`, then the fields. */
export function formatJson(record: LogRecord): string {
  const line: Record<string, unknown> = {
    time: record.time.toISOString(),
    level: record.level,
    ...(record.component === "" ? {} : { component: clip(record.component) }),
    message: cleanText(record.message),
  };
  for (const [key, value] of Object.entries(plainFields(record.fields, 0))) {
    line[RESERVED.has(key) ? `${key}_` : key] = value;
  }
  return escapeControlsInJson(JSON.stringify(line));
}
