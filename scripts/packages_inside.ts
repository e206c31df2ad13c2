/**
 * Packages as one module each, for the compiled program: every byte that is
 * embedded is in every process's memory, and of most packages a tenth is used.
 *
 * @module
 */

import { ROOT, runQuiet } from "./support.ts";

/** Modules of packages whose other files are read at run time, and those files, seen from the package's folder. */
const WITH_FILES: Readonly<Record<string, readonly string[]>> = {
  "imagescript/wasm/node/jpeg.js": ["wasm/any/jpeg.wasm"],
};

/**
 * tslib's module for Node takes its helpers from the default export of its
 * script, which a bundle has only under the script's own name.
 */
const TSLIB_DEFAULT = /(\{__extends:[^}]*\}=)(\w+)\.default\b/;

/** Packages with native parts, which stay as they are. */
const NATIVE = /^node-datachannel$/;

/** What a bundled module may expect of Node. */
const PREAMBLE =
  `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);
const __dirname = import.meta.dirname;
`;

/** Packages as modules. */
export interface PackedPackages {
  /** Where the import map leads to now. */
  readonly imports: Record<string, string>;
  /** Files to embed. */
  readonly included: readonly string[];
}

/** What is read of `deno info --json`. */
interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
  }[];
}

/** The packages' modules that the program imports, as its sources name them. */
export function packageImports(modules: readonly ModuleInfo[]): string[] {
  const names = modules.flatMap(({ dependencies = [] }) =>
    dependencies
      .filter(({ code }) => code?.specifier?.startsWith("npm:"))
      .map(({ specifier }) => specifier)
  );
  return [...new Set(names)].sort();
}

/** Makes a module in `folder` of each of `names` that has no native part. */
export async function packPackages(
  names: readonly string[],
  folder: string,
): Promise<PackedPackages> {
  const imports: Record<string, string> = {};
  const included: string[] = [];
  for (const name of names.filter((name) => !NATIVE.test(name))) {
    const files = WITH_FILES[name] ?? [];
    // As deep as it was, so that its files are where it looks for them.
    const base = `${folder}/packages/${name.replace(/\W+/g, "_")}`;
    const path = files.length === 0 ? `${base}.js` : `${base}/wasm/node/m.js`;
    await Deno.mkdir(path.replace(/\/[^/]+$/, ""), { recursive: true });
    await bundle(name, path);
    // Relative to the configuration: in the program both are elsewhere.
    imports[name] = `.${path.slice(folder.length)}`;
    for (const file of files) {
      const target = `${base}/${file}`;
      await Deno.mkdir(target.replace(/\/[^/]+$/, ""), { recursive: true });
      await Deno.copyFile(await cachedFile(name, file), target);
      included.push(target);
    }
  }
  return { imports, included };
}

async function bundle(name: string, output: string): Promise<void> {
  const deno = (...args: string[]): Promise<string> =>
    runQuiet([args[0]!, "--config", `${ROOT}deno.json`, ...args.slice(1)]);
  const keys: string[] = JSON.parse(
    await deno(
      "eval",
      `console.log(JSON.stringify(Object.keys(await import("${name}"))))`,
    ),
  );
  // A CommonJS module has its names at run time only: they are written down here.
  const named = keys
    .filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== "default")
    .map((key, at) =>
      `const n${at} = all.${key}; export { n${at} as ${key} };`
    );
  const entry = output.replace(/\.js$/, "_entry.ts");
  await Deno.writeTextFile(
    entry,
    [
      `import * as all from "${name}";`,
      ...named,
      ...(keys.includes("default") ? ["export default all.default;"] : []),
    ].join("\n"),
  );
  await deno("bundle", "--platform", "deno", "--minify", "-o", output, entry);
  const code = await Deno.readTextFile(output);
  await Deno.writeTextFile(
    output,
    PREAMBLE + code.replace(TSLIB_DEFAULT, "$1($2.default??$2)"),
  );
}

/** A file of the package that a module is of, in Deno's cache. */
async function cachedFile(module: string, file: string): Promise<URL> {
  const resolved = await runQuiet([
    "eval",
    "--config",
    `${ROOT}deno.json`,
    `console.log(import.meta.resolve("${module}"))`,
  ]);
  const root = /^.*\/\d+\.\d+\.\d+[^/]*\//.exec(resolved.trim())?.[0];
  if (root === undefined) {
    throw new Error(`Cannot find the package of "${module}": ${resolved}`);
  }
  return new URL(file, root);
}
