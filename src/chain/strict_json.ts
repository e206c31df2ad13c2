/**
 * JSON objects from strangers: no key twice, no deep nesting, and fields that
 * are what they should be or an error that says what they are.
 *
 * @module
 */

import { ChainProtocolError } from "./chain_error.ts";

/** A parsed object whose fields are not checked yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Our deepest message, a report over a session, has four levels. */
export const MAX_JSON_DEPTH = 16;

/** Characters of a value that an error message quotes. */
const QUOTED_CHARACTERS = 40;

/**
 * Parses text that must be one JSON object.
 *
 * @throws {ChainProtocolError} `bad-json` when it is not, nests deeper than
 * {@linkcode MAX_JSON_DEPTH}, or has a key twice (two readers could take
 * different ones).
 */
export function parseJsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ChainProtocolError(
      "bad-json",
      `Cannot read the message: it is not JSON (${quoted(text)})`,
      { cause },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ChainProtocolError(
      "bad-json",
      `Cannot read the message: it is ${quoted(text)} and not a JSON object`,
    );
  }
  checkKeysAndDepth(text);
  return value as JsonObject;
}

/** Walks text that `JSON.parse` took, so quotes and brackets are known to match. */
function checkKeysAndDepth(text: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (isKey(text, end)) addKey(open, text.slice(at, end + 1));
        at = end;
        break;
      }
      case "{":
      case "[":
        open.push(new Set());
        if (open.length > MAX_JSON_DEPTH) {
          throw new ChainProtocolError(
            "bad-json",
            `Cannot read the message: it nests deeper than ${MAX_JSON_DEPTH} levels`,
          );
        }
        break;
      case "}":
      case "]":
        open.pop();
        break;
    }
  }
}

/** Native search, for the data of a datagram is a string of 60,000 characters. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (/\s/.test(text[at] ?? "")) at++;
  return text[at] === ":";
}

function addKey(open: Set<string>[], literal: string): void {
  const keys = open.at(-1);
  const key = JSON.parse(literal) as string;
  if (keys?.has(key)) {
    throw new ChainProtocolError(
      "bad-json",
      `Cannot read the message: it has ${quoted(key)} twice`,
    );
  }
  keys?.add(key);
}

/** `value` as an error message shows it: JSON, and short. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= QUOTED_CHARACTERS
    ? text
    : `${text.slice(0, QUOTED_CHARACTERS)}…`;
}

/** The error of a field that is not what it should be. */
export function badField(
  object: JsonObject,
  key: string,
  wanted: string,
): ChainProtocolError {
  return new ChainProtocolError(
    "bad-field",
    key in object
      ? `Cannot read the message: "${key}" is ${
        quoted(object[key])
      } and not ${wanted}`
      : `Cannot read the message: it has no "${key}"`,
  );
}

/**
 * A whole number from `least` to `most`.
 *
 * @throws {ChainProtocolError} `bad-field` when it is anything else.
 */
export function integerField(
  object: JsonObject,
  key: string,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = object[key];
  if (
    typeof value !== "number" || !Number.isSafeInteger(value) ||
    value < least || value > most
  ) {
    throw badField(object, key, `a whole number from ${least} to ${most}`);
  }
  return value;
}

/**
 * A finite number that is not negative.
 *
 * @throws {ChainProtocolError} `bad-field` when it is anything else.
 */
export function amountField(object: JsonObject, key: string): number {
  const value = object[key];
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw badField(object, key, "a number from 0");
  }
  return value;
}

/**
 * Text of at most `most` UTF-16 units.
 *
 * @throws {ChainProtocolError} `bad-field` when it is anything else.
 */
export function textField(
  object: JsonObject,
  key: string,
  most: number,
): string {
  const value = object[key];
  if (typeof value !== "string" || value.length > most) {
    throw badField(object, key, `text of at most ${most} characters`);
  }
  return value;
}

/**
 * One of a few words.
 *
 * @throws {ChainProtocolError} `bad-field` when it is anything else.
 */
export function wordField<Word extends string>(
  object: JsonObject,
  key: string,
  words: readonly Word[],
): Word {
  const value = object[key];
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw badField(object, key, `one of ${words.map((w) => `"${w}"`).join()}`);
  }
  return found;
}

/**
 * An object in the object.
 *
 * @throws {ChainProtocolError} `bad-field` when it is anything else.
 */
export function objectField(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badField(object, key, "an object");
  }
  return value as JsonObject;
}

/** `read`, or `null` where the field is null. */
export function orNull<Value>(
  object: JsonObject,
  key: string,
  read: (object: JsonObject, key: string) => Value,
): Value | null {
  return object[key] === null ? null : read(object, key);
}

/** `read`, or `undefined` where the field is absent. */
export function orAbsent<Value>(
  object: JsonObject,
  key: string,
  read: (object: JsonObject, key: string) => Value,
): Value | undefined {
  return key in object ? read(object, key) : undefined;
}
