/**
 * Where a file lies in the repository, which is what most rules depend on.
 *
 * @module
 */

/**
 * Every folder of `src/` and its level; an import must go to a lower level
 * (or stay in its folder), so two folders of one level never see each other.
 */
export const LEVELS: ReadonlyMap<string, number> = new Map([
  ["bytes", 0],
  ["log", 0],
  ["jpeg", 1],
  ["sdp", 1],
  ["rtp", 2],
  ["vision", 2],
  ["rtsp", 3],
  ["chain", 3],
  ["referee", 3],
  ["signaling", 3],
  ["net", 4],
  ["media", 4],
  ["web", 4],
  ["services", 5],
  ["cli", 6],
]);

/** Levels up to this one are cores: no I/O, no clock, no randomness. */
export const HIGHEST_CORE_LEVEL = 3;

/** Folders of `src/web` whose scripts run in a browser. */
const PAGE_FOLDERS = ["src/web/pages/", "src/web/static/", "src/web/client/"];

const ROOT = new URL("../../", import.meta.url).pathname;

/** What the rules need to know of a file. */
export interface Place {
  /** Path from the repository's root, with `/`. */
  path: string;
  /** The folder below `src/`, when the file is in one. */
  folder: string | undefined;
  /** True for source that a user runs: `src/`, `main.ts`, `mod.ts`. */
  product: boolean;
  /** True for a core: a folder of `src/` at level 3 or below. */
  core: boolean;
  /** True for a script that runs in a browser. */
  page: boolean;
  /** True below `tests/`, `tests/support/` included. */
  test: boolean;
}

/** Tells the place of `filename`: an absolute path, a `file:` URL, or a path from the root. */
export function placeOf(filename: string): Place {
  let path = filename.startsWith("file://")
    ? decodeURIComponent(new URL(filename).pathname)
    : filename.replaceAll("\\", "/");
  if (path.startsWith(ROOT)) path = path.slice(ROOT.length);
  const folder = folderOf(path);
  const level = folder === undefined ? undefined : LEVELS.get(folder);
  return {
    path,
    folder,
    product: path.startsWith("src/") || path === "main.ts" ||
      path === "mod.ts",
    core: level !== undefined && level <= HIGHEST_CORE_LEVEL,
    page: PAGE_FOLDERS.some((prefix) => path.startsWith(prefix)),
    test: path.startsWith("tests/"),
  };
}

/** The folder below `src/` that `path` lies in; `undefined` outside of `src/`. */
export function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/**
 * True when outsiders may import `path` to enter its folder of `src/`: the
 * folder's `mod.ts`; of the services, each subfolder's, and the files that all
 * services share.
 */
export function isEntrance(path: string): boolean {
  return /^src\/(?:[^/]+\/mod|services\/[^/]+|services\/[^/]+\/mod)\.ts$/.test(
    path,
  );
}

/** Resolves the relative import `specifier` of the file `path`, both from the root. */
export function resolveImport(path: string, specifier: string): string {
  const base = new URL(path, "file:///root/");
  return decodeURIComponent(new URL(specifier, base).pathname)
    .replace(/^\/root\//, "");
}
