/**
 * Words to values: numbers, sizes, durations, ports, choices.
 *
 * @module
 */

import { UsageError } from "./errors.ts";
import type { FlagSpec, PositionalSpec } from "./flags.ts";
import { didYouMean } from "./suggest.ts";

/** Bytes in a unit: KB is 1000 (SI), KiB is 1024 (IEC 80000-13). */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Milliseconds in a unit. */
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** Longest word taken for a number: no sensible one is longer, and a long one is no error message. */
const MAX_NUMBER_LENGTH = 64;

/** Most characters of a bad value repeated in an error. */
const MAX_QUOTED = 60;

/** Words for a switch in the environment and in files. */
const TRUE_WORDS = ["1", "true", "yes", "on"];
const FALSE_WORDS = ["", "0", "false", "no", "off"];

function quoted(raw: string): string {
  return JSON.stringify(
    raw.length > MAX_QUOTED ? `${raw.slice(0, MAX_QUOTED)}…` : raw,
  );
}

function refuse(raw: string, where: string, why: string): UsageError {
  return new UsageError(`Cannot use ${quoted(raw)} for ${where}: ${why}`);
}

/**
 * Bytes in `60000`, `60KB`, `1.5MB` or `2MiB` (any case); `undefined` when it
 * is none of these or no whole number of bytes.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text);
  if (match === null || text.length > MAX_NUMBER_LENGTH) return undefined;
  const unit = SIZE_UNITS[(match[2] ?? "b").toLowerCase()];
  if (unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Milliseconds in `250ms`, `10s`, `2m`, `1.5h` or `1m30s`; `undefined` for
 * anything else. A number without a unit is nothing: it could be either.
 */
export function parseDuration(text: string): number | undefined {
  if (
    text.length > MAX_NUMBER_LENGTH ||
    !/^(?:\d+(?:\.\d+)?(?:ms|s|min|m|h))+$/i.test(text)
  ) {
    return undefined;
  }
  let total = 0;
  for (
    const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h)/gi)
  ) {
    total += Number(amount) * (DURATION_UNITS[unit!.toLowerCase()] ?? NaN);
  }
  const rounded = Math.round(total);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

function range(min: number, max: number): string {
  if (min > -Infinity && max < Infinity) return ` from ${min} to ${max}`;
  if (min > -Infinity) return `, ${min} or more`;
  return max < Infinity ? `, at most ${max}` : "";
}

interface NumberRules {
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  readonly words: readonly string[];
}

function toNumber(
  raw: string,
  where: string,
  rules: NumberRules,
): number | string {
  if (rules.words.includes(raw)) return raw;
  const pattern = rules.whole ? /^[+-]?\d+$/ : /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
  const value = Number(raw);
  const fits = raw.length <= MAX_NUMBER_LENGTH && pattern.test(raw) &&
    value >= rules.min && value <= rules.max &&
    (!rules.whole || Number.isSafeInteger(value));
  if (fits) return value;
  const words = rules.words.map((word) => `"${word}" or `).join("");
  const kind = rules.whole ? "a whole number" : "a number";
  throw refuse(
    raw,
    where,
    `it must be ${words}${kind}${range(rules.min, rules.max)}`,
  );
}

function toChoice(
  raw: string,
  where: string,
  choices: readonly string[],
): string {
  if (choices.includes(raw)) return raw;
  const lower = choices.find((choice) => choice === raw.toLowerCase());
  if (lower !== undefined) return lower;
  throw refuse(
    raw,
    where,
    `it must be one of ${choices.join(", ")}${didYouMean(raw, choices)}`,
  );
}

function toBoolean(raw: string, where: string): boolean {
  const word = raw.trim().toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  throw refuse(raw, where, "it must be true or false");
}

/**
 * The value of a flag written as `raw`.
 *
 * @param where what an error calls the place, `--port` or `STREAMTOOL_PORT`
 * @throws {UsageError} when it is no such value
 */
export function convertFlag(
  flag: FlagSpec,
  raw: string,
  where: string,
): boolean | number | string {
  switch (flag.kind) {
    case "boolean":
      return toBoolean(raw, where);
    case "integer":
    case "number":
    case "port":
      return toNumber(raw, where, {
        whole: flag.kind !== "number",
        min: flag.min ?? (flag.kind === "port" ? 0 : -Infinity),
        max: flag.max ?? (flag.kind === "port" ? 65535 : Infinity),
        words: flag.words ?? [],
      });
    case "size": {
      const bytes = parseSize(raw);
      if (bytes !== undefined) return bytes;
      throw refuse(raw, where, "it must be a size such as 60000, 60KB or 2MiB");
    }
    case "duration": {
      const milliseconds = parseDuration(raw);
      if (milliseconds !== undefined) return milliseconds;
      throw refuse(raw, where, "it must be a time such as 250ms, 10s or 2m");
    }
    case "choice":
      return toChoice(
        flag.synonyms?.[raw.toLowerCase()] ?? raw,
        where,
        flag.choices,
      );
    case "string":
    case "path":
      if (raw.includes("\0")) {
        throw refuse(raw, where, "it contains a zero character");
      }
      if (raw === "") throw refuse(raw, where, "it is empty");
      return raw;
  }
}

/** The value of a positional argument written as `raw`. @throws {UsageError} */
export function convertPositional(
  positional: PositionalSpec,
  raw: string,
): string | number {
  const where = positional.name.toUpperCase().replaceAll("-", "_");
  switch (positional.kind) {
    case "port":
      return toNumber(raw, where, {
        whole: true,
        min: 0,
        max: 65535,
        words: [],
      });
    case "choice":
      return toChoice(raw, where, positional.choices ?? []);
    default:
      if (raw.includes("\0")) {
        throw refuse(raw, where, "it contains a zero character");
      }
      if (raw === "") throw refuse(raw, where, "it is empty");
      return raw;
  }
}
