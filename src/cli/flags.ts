/**
 * The vocabulary of the one flag table: what a flag is, and which type its
 * value has in the options of the command.
 *
 * @module
 */

/** Where help shows a flag. */
export type FlagGroup = "common" | "advanced";

interface FlagBase {
  /** One sentence without a full stop. For a switch that is on by default it says what `--no-…` does. */
  readonly help: string;
  /** `common` by default. */
  readonly group?: FlagGroup;
  /** One letter. */
  readonly short?: string;
  /** Environment variable that sets it. */
  readonly env?: string;
  /** A second one, for documents that name it otherwise; `env` comes first. */
  readonly alsoEnv?: string;
  /** What help calls the value; upper case. */
  readonly valueName?: string;
  /** May be given several times; the value is an array. In the environment commas divide. */
  readonly repeatable?: boolean;
}

/** A switch: `--json`, `--no-json`. */
export interface BooleanFlag extends FlagBase {
  readonly kind: "boolean";
  readonly default?: boolean;
}

/** Any text, or a path (completed with file names). */
export interface TextFlag extends FlagBase {
  readonly kind: "string" | "path";
  readonly default?: string;
}

/** A number; `words` are texts allowed in its place, such as `auto`. */
export interface NumberFlag extends FlagBase {
  readonly kind: "integer" | "number" | "port";
  readonly min?: number;
  readonly max?: number;
  readonly words?: readonly string[];
  readonly default?: number | string;
}

/** `60KB`, `2MiB` in bytes, or `250ms`, `10s` in milliseconds. The default is written as a user would. */
export interface QuantityFlag extends FlagBase {
  readonly kind: "size" | "duration";
  readonly default?: string;
}

/** One of a few words. */
export interface ChoiceFlag extends FlagBase {
  readonly kind: "choice";
  readonly choices: readonly string[];
  /** Other words for some of them, which no help shows. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly default?: string;
}

/** One row of the table. */
export type FlagSpec =
  | BooleanFlag
  | TextFlag
  | NumberFlag
  | QuantityFlag
  | ChoiceFlag;

/** The table: the key is the long name without its dashes. */
export type FlagTable = Readonly<Record<string, FlagSpec>>;

/** A positional argument. */
export interface PositionalSpec {
  /** Its name in the options and, in upper case, in the help. */
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** Takes all that are left; only the last may. */
  readonly variadic?: boolean;
  /** `string` by default; `path` is completed with file names. */
  readonly kind?: "string" | "path" | "port" | "choice";
  readonly choices?: readonly string[];
}

/** `page-port` becomes `pagePort`. */
export type CamelCase<Name extends string> = Name extends
  `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type Words<F> = F extends { readonly words: readonly (infer W)[] } ? W : never;

/** The type of one value of a flag. */
export type FlagValue<F> = F extends { readonly kind: "boolean" } ? boolean
  : F extends { readonly kind: "string" | "path" } ? string
  : F extends { readonly kind: "integer" | "number" | "port" }
    ? number | Words<F>
  : F extends { readonly kind: "size" | "duration" } ? number
  : F extends
    { readonly kind: "choice"; readonly choices: readonly (infer C)[] } ? C
  : never;

type FlagResult<F> = F extends { readonly repeatable: true }
  ? readonly FlagValue<F>[]
  : F extends { readonly kind: "boolean" } ? boolean
  : F extends { readonly default: number | string } ? FlagValue<F>
  : FlagValue<F> | undefined;

type PositionalValue<P> = P extends { readonly kind: "port" } ? number
  : P extends
    { readonly kind: "choice"; readonly choices: readonly (infer C)[] } ? C
  : string;

type PositionalResult<P> = P extends { readonly variadic: true }
  ? readonly PositionalValue<P>[]
  : P extends { readonly required: true } ? PositionalValue<P>
  : PositionalValue<P> | undefined;

/** The values of a whole table. */
export type FlagOptions<F extends FlagTable> = {
  readonly [Name in keyof F & string as CamelCase<Name>]: FlagResult<F[Name]>;
};

/** The values of the positionals. */
export type PositionalOptions<P extends readonly PositionalSpec[]> = {
  readonly [Item in P[number] as CamelCase<Item["name"]>]: PositionalResult<
    Item
  >;
};

/** `page-port` → `pagePort`. */
export function camelCase(name: string): string {
  return name.replace(
    /-([a-z0-9])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

/** What help and errors call the value of a flag; empty for switches. */
export function valueNameOf(flag: FlagSpec): string {
  if (flag.kind === "boolean") return "";
  if (flag.valueName !== undefined) return flag.valueName;
  if (flag.kind === "choice") return flag.choices.join("|");
  const word = {
    string: "TEXT",
    path: "PATH",
    integer: "N",
    number: "N",
    port: "PORT",
    size: "SIZE",
    duration: "TIME",
  }[flag.kind];
  const words = "words" in flag && flag.words !== undefined ? flag.words : [];
  return [...words, word].join("|");
}
