/**
 * Flags of the referee's commands: limits as the server names them, the token.
 *
 * @module
 */

import {
  type LimitName,
  LIMITS,
  type LimitSpec,
  type RefereeLimits,
  refereeLimits,
} from "../referee/mod.ts";
import { UsageError } from "./errors.ts";
import { camelCase } from "./flags.ts";

/** Longest token file: a token and a line break. */
const MAX_TOKEN_BYTES = 4096;

/** Shortest token: shorter ones can be guessed. */
const MIN_TOKEN_LENGTH = 8;

/** `max_upload_mb` becomes `max-upload-mb`. */
type Dashed<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}-${Dashed<Tail>}`
  : Name;

/** The row of a limit. */
interface LimitFlag {
  readonly kind: "integer";
  readonly min: number;
  readonly default: number;
  readonly group: "advanced";
  readonly env: string;
  readonly help: string;
}

/** A flag for each limit, under the name that `/health` has for it. */
export const LIMIT_FLAGS: Readonly<Record<Dashed<LimitName>, LimitFlag>> =
  Object.fromEntries(
    Object.entries<LimitSpec>(LIMITS).map(([name, spec]) => [
      dashed(name),
      {
        kind: "integer",
        min: spec.min,
        default: spec.default,
        group: "advanced",
        env: spec.env,
        help: spec.help,
      },
    ]),
  ) as Record<Dashed<LimitName>, LimitFlag>;

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

/** The limits among a command's options. */
export function readLimits(
  options: Readonly<Record<string, unknown>>,
): RefereeLimits {
  return refereeLimits(Object.fromEntries(
    Object.keys(LIMITS).map((name) => [name, options[camelCase(dashed(name))]]),
  ));
}

/** Where the token comes from; `REFEREE_TOKEN` holds the token itself. */
export const TOKEN_FILE_FLAG = {
  kind: "path",
  valueName: "FILE",
  env: "REFEREE_TOKEN_FILE",
  help: "File with the token; without one REFEREE_TOKEN may hold the token",
} as const;

/**
 * The token of `--token-file`, else of the environment; `undefined` when there
 * is none.
 *
 * @throws {UsageError} when it cannot be read, or is too short to be one.
 */
export async function readToken(
  path: string | undefined,
): Promise<string | undefined> {
  if (path !== undefined) {
    return checked(await readText(path, "--token-file"), `"${path}"`);
  }
  const token = Deno.env.get("REFEREE_TOKEN") ?? "";
  return token === "" ? undefined : checked(token, "REFEREE_TOKEN");
}

function checked(text: string, where: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN_BYTES) {
    throw new UsageError(
      `Cannot use the token in ${where}: it is one word of letters, digits and signs`,
    );
  }
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new UsageError(
      `Cannot use the token in ${where}: it can be guessed with less than ${MIN_TOKEN_LENGTH} characters`,
    );
  }
  return token;
}

/**
 * The text of a file that a flag names.
 *
 * @throws {UsageError} when it cannot be read.
 */
export async function readText(path: string, flag: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot use "${path}" for ${flag}: ${
        error instanceof Deno.errors.NotFound
          ? "there is no such file"
          : error instanceof Error
          ? error.message
          : String(error)
      }`,
    );
  }
}
