/**
 * Fields of a JSON object, checked one by one.
 *
 * An object of a peer is never spread or copied into one of ours: `__proto__`
 * is a name like any other then.
 *
 * @module
 */

import { RefereeProtocolError } from "./error.ts";

/** Longest id or file name that is taken, in UTF-16 units. */
export const MAX_NAME_LENGTH = 256;

/** Reads the fields of one message. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #type: string;

  /** `type` is the message's, for errors. */
  constructor(object: Readonly<Record<string, unknown>>, type: string) {
    this.#object = object;
    this.#type = type;
  }

  /** The value, `undefined` when it is missing; `null` counts as missing, as Python writes it. */
  #value(name: string): unknown {
    return Object.hasOwn(this.#object, name)
      ? this.#object[name] ?? undefined
      : undefined;
  }

  #refuse(name: string, what: string): RefereeProtocolError {
    const id = this.#value("session_id");
    const state = this.#value(name) === undefined ? "is missing" : "is not";
    return new RefereeProtocolError(
      "INVALID_MESSAGE",
      `Cannot read ${this.#type}: "${name}" must be ${what} and ${state}`,
      {
        sessionId: typeof id === "string" && id.length <= MAX_NAME_LENGTH
          ? id
          : null,
      },
    );
  }

  /** A text of 1 to {@linkcode MAX_NAME_LENGTH} characters. */
  name(name: string): string {
    const value = this.#value(name);
    if (
      typeof value !== "string" || value === "" ||
      value.length > MAX_NAME_LENGTH
    ) {
      throw this.#refuse(name, `a text of 1 to ${MAX_NAME_LENGTH} characters`);
    }
    return value;
  }

  /** Such a text, when it is there. */
  optionalName(name: string): string | undefined {
    return this.#value(name) === undefined ? undefined : this.name(name);
  }

  /** A finite number above `above`. */
  number(name: string, above = -Infinity): number {
    const value = this.#value(name);
    if (
      typeof value !== "number" || !Number.isFinite(value) || value <= above
    ) {
      throw this.#refuse(
        name,
        above === -Infinity ? "a number" : `a number above ${above}`,
      );
    }
    return value;
  }

  /** A whole number from `min` to 2^53 − 1. */
  integer(name: string, min = 0): number {
    const value = this.#value(name);
    if (!Number.isSafeInteger(value) || (value as number) < min) {
      throw this.#refuse(name, `a whole number from ${min}`);
    }
    return value as number;
  }

  /** Such a number, when it is there. */
  optionalInteger(name: string, min = 0): number | undefined {
    return this.#value(name) === undefined
      ? undefined
      : this.integer(name, min);
  }

  /** `true` only when it is there and true. */
  flag(name: string): boolean {
    const value = this.#value(name);
    if (value === undefined) return false;
    if (typeof value !== "boolean") throw this.#refuse(name, "true or false");
    return value;
  }
}

/**
 * One JSON object.
 *
 * @throws {RefereeProtocolError} `INVALID_MESSAGE` for anything else.
 */
export function parseObject(
  text: string,
): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      "Cannot read the message: it is not JSON",
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      "Cannot read the message: it is not a JSON object",
    );
  }
  return value as Readonly<Record<string, unknown>>;
}
