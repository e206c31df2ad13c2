/**
 * The rule `layers`: imports point down only, and a folder is entered through
 * its `mod.ts`.
 *
 * @module
 */

import {
  folderOf,
  isEntrance,
  LEVELS,
  placeOf,
  resolveImport,
} from "./place.ts";

/** What is wrong with `path` importing `specifier`; `undefined` when nothing is. */
export function importProblem(
  path: string,
  specifier: string,
): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const here = placeOf(path);
  const target = resolveImport(here.path, specifier);
  const to = folderOf(target);
  if (here.folder === undefined) {
    if (to === undefined || here.test || isEntrance(target)) {
      return undefined;
    }
    return `Import "src/${to}" through its mod.ts`;
  }
  const from = here.folder;
  const fromLevel = LEVELS.get(from);
  if (fromLevel === undefined) {
    return `The folder "src/${from}" has no level: add it to scripts/lint/place.ts`;
  }
  if (to === from) return undefined;
  if (to === undefined) {
    return `"src/${from}" must not import "${target}", which lies above it`;
  }
  const toLevel = LEVELS.get(to);
  if (toLevel === undefined) {
    return `The folder "src/${to}" has no level: add it to scripts/lint/place.ts`;
  }
  if (toLevel === fromLevel) {
    return `"src/${from}" must not import its sibling "src/${to}" (level ${toLevel})`;
  }
  if (toLevel > fromLevel) {
    return `"src/${from}" (level ${fromLevel}) must not import "src/${to}" (level ${toLevel}): imports point down`;
  }
  if (!isEntrance(target)) {
    return `Import "src/${to}" through its mod.ts`;
  }
  return undefined;
}

/** Static, re-exporting, dynamic and type-only imports are all held to the layers. */
export const layers: Deno.lint.Rule = {
  create(context) {
    function check(source: Deno.lint.Node | null): void {
      if (source?.type !== "Literal" || typeof source.value !== "string") {
        return;
      }
      const problem = importProblem(context.filename, source.value);
      if (problem !== undefined) {
        context.report({ node: source, message: problem });
      }
    }
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
    };
  },
};
