/**
 * The project's configuration with no more packages than the program imports,
 * so that a compiled program does not carry what only tests use, or what is
 * loaded only when somebody asks for it.
 *
 * @module
 */

import { ROOT, runQuiet } from "./support.ts";

/** What is read of `deno.json`. */
interface Config {
  imports: Record<string, string>;
  compilerOptions: unknown;
  unstable: unknown;
}

/** What is read of `deno.lock`. */
interface Lock {
  specifiers: Record<string, string>;
}

/** `name@version` of an npm specifier: `npm:/imagescript@1.3.1/wasm/x.js`, `npm:ws@8.23.0`. */
export function npmPackage(specifier: string): string | undefined {
  return /^npm:\/?((?:@[^/]+\/)?[^/@]+@[^/]+)/.exec(specifier)?.[1];
}

/** `config` and `lock` with only the packages that `modules` name. */
export function onlyUsed<C extends Config, L extends Lock>(
  config: C,
  lock: L,
  modules: readonly string[],
): { config: Config & { nodeModulesDir: string }; lock: L } {
  const used = new Set(modules.map(npmPackage));
  const keep = (specifier: string): boolean => {
    const name = npmPackage(specifier);
    return name === undefined || used.has(name);
  };
  const specifiers = Object.fromEntries(
    Object.entries(lock.specifiers).filter(([specifier]) => keep(specifier)),
  );
  return {
    config: {
      imports: Object.fromEntries(
        Object.entries(config.imports).filter(([, target]) => keep(target)),
      ),
      compilerOptions: config.compilerOptions,
      unstable: config.unstable,
      nodeModulesDir: "none",
    },
    lock: {
      ...lock,
      specifiers,
      workspace: { dependencies: Object.keys(specifiers) },
    },
  };
}

/** Writes both to `folder` and returns the flags that have `deno` use them. */
export async function writeLeanConfig(folder: string): Promise<string[]> {
  const info = JSON.parse(await runQuiet(["info", "--json", `${ROOT}main.ts`]));
  const modules = info.modules.map(
    ({ specifier }: { specifier: string }) => specifier,
  );
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await Deno.readTextFile(ROOT + name));
  const lean = onlyUsed(
    await read("deno.json") as Config,
    await read("deno.lock") as Lock,
    modules,
  );
  const config = `${folder}/deno.json`;
  const lock = `${folder}/deno.lock`;
  await Deno.writeTextFile(config, JSON.stringify(lean.config));
  await Deno.writeTextFile(lock, JSON.stringify(lean.lock));
  return ["--config", config, "--lock", lock];
}
