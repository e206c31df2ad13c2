/**
 * Colours, and whether to use them.
 *
 * @module
 */

/** What the decision depends on. */
export interface ColorWorld {
  readonly choice: "auto" | "always" | "never";
  readonly env: (name: string) => string | undefined;
  /** Whether the output is a terminal. */
  readonly isTerminal: boolean;
}

/**
 * Whether to colour an output: the flag, else NO_COLOR (no-color.org), else
 * FORCE_COLOR (force-color.org; 0 and false mean no), else a terminal that is
 * not TERM=dumb.
 */
export function useColor({ choice, env, isTerminal }: ColorWorld): boolean {
  if (choice !== "auto") return choice === "always";
  if ((env("NO_COLOR") ?? "") !== "") return false;
  const force = env("FORCE_COLOR");
  if (force !== undefined && force !== "") {
    return force !== "0" && force !== "false";
  }
  return isTerminal && env("TERM") !== "dumb";
}

/** Colours text, or leaves it alone. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** SGR parameters: on, and what turns it off again (ECMA-48, 8.3.117). */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** A painter that colours when `enabled`. */
export function createPaint(enabled: boolean): Paint {
  const painter =
    ([on, off]: readonly [number, number]) => (text: string): string =>
      enabled && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: painter(CODES.bold),
    dim: painter(CODES.dim),
    red: painter(CODES.red),
    green: painter(CODES.green),
    yellow: painter(CODES.yellow),
    cyan: painter(CODES.cyan),
  };
}
