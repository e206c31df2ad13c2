/**
 * Puts completions and the manual page where shells and `man` look for a
 * user's own, by the XDG Base Directory Specification.
 *
 * @module
 */

import { dirname } from "node:path";
import type { CommandContext } from "./command.ts";
import { UsageError } from "./errors.ts";

/** What can be installed. */
export type InstalledDocument = "bash" | "zsh" | "fish" | "man";

/** Where each goes: the variable that names the folder, its default below the home, and the rest. */
const PLACES: Readonly<
  Record<
    InstalledDocument,
    { readonly base: string; readonly fallback: string; readonly rest: string }
  >
> = {
  bash: {
    base: "XDG_DATA_HOME",
    fallback: ".local/share",
    rest: "bash-completion/completions/streamtool",
  },
  zsh: {
    base: "XDG_DATA_HOME",
    fallback: ".local/share",
    rest: "zsh/site-functions/_streamtool",
  },
  fish: {
    base: "XDG_CONFIG_HOME",
    fallback: ".config",
    rest: "fish/completions/streamtool.fish",
  },
  man: {
    base: "XDG_DATA_HOME",
    fallback: ".local/share",
    rest: "man/man1/streamtool.1",
  },
};

/** What else has to be done, where it is not found by itself. */
const REMARKS: Readonly<Partial<Record<InstalledDocument, string>>> = {
  zsh:
    "Once, in ~/.zshrc before compinit: fpath=(~/.local/share/zsh/site-functions $fpath)",
};

/**
 * The path that a document is installed at.
 *
 * @throws {UsageError} without a home folder.
 */
export function placeOf(
  document: InstalledDocument,
  env: (name: string) => string | undefined,
): string {
  const { base, fallback, rest } = PLACES[document];
  const named = env(base);
  const home = env("HOME") ?? env("USERPROFILE");
  // Relative ones are to be ignored, says the specification.
  if (named !== undefined && named.startsWith("/")) return `${named}/${rest}`;
  if (home === undefined || home === "") {
    throw new UsageError(
      "Cannot install without a home folder: HOME is not set",
    );
  }
  return `${home}/${fallback}/${rest}`;
}

/** Writes a document to its place, in place of an older one, and says where it is. */
export async function installDocument(
  document: InstalledDocument,
  text: string,
  context: CommandContext,
): Promise<void> {
  const path = placeOf(document, (name) => Deno.env.get(name));
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text.endsWith("\n") ? text : `${text}\n`);
  context.print(`Installed ${path}`);
  const remark = REMARKS[document];
  if (remark !== undefined) context.print(remark);
  context.emit({ event: "end", path });
}
