/**
 * The project's configuration with no more packages than the program imports,
 * so that a compiled program does not carry what only tests use, or what is
 * loaded only when somebody asks for it.
 *
 * @module
 */

import { packageImports, packPackages } from "./packages_inside.ts";
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
  npm?: Record<string, LockedPackage>;
}

interface LockedPackage {
  dependencies?: string[];
  optionalDependencies?: string[];
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

/** The libraries of node-datachannel: one for each system, and for each C library of Linux. */
const NATIVE_LIBRARY = /^@node-datachannel\/(\w+)-(\w+)(?:-(\w+))?$/;

/**
 * `lock` without the libraries of other systems than `target`, and without
 * packages of types, which a program does not need.
 */
export function onlyFor<L extends Lock>(lock: L, target: string): L {
  const [processor = "", , system = ""] = target.split("-");
  const arch = processor === "aarch64" ? "arm64" : "x64";
  const os = { apple: "darwin", pc: "win32" }[target.split("-")[1] ?? ""] ??
    system;
  const keep = (name: string): boolean => {
    const [, its, processorOf, libc] = NATIVE_LIBRARY.exec(name) ?? [];
    if (its === undefined) return !name.startsWith("@types/");
    return its === os && processorOf === arch && libc !== "musl";
  };
  const nameOf = (key: string): string => key.replace(/(?<=.)@.*$/, "");
  const npm = Object.fromEntries(
    Object.entries(lock.npm ?? {})
      .filter(([key]) => keep(nameOf(key)))
      .map(([key, entry]) => [key, {
        ...entry,
        ...(entry.dependencies &&
          {
            dependencies: entry.dependencies.filter((one) => keep(nameOf(one))),
          }),
        ...(entry.optionalDependencies && {
          optionalDependencies: entry.optionalDependencies
            .filter((one) => keep(nameOf(one))),
        }),
      }]),
  );
  return { ...lock, npm };
}

/**
 * Writes both to `folder`, with the packages as modules, and returns the flags
 * that have `deno` use them, and the files to embed.
 */
export async function writeLeanConfig(
  folder: string,
  target: string,
): Promise<{ flags: string[]; included: readonly string[] }> {
  const info = JSON.parse(await runQuiet(["info", "--json", `${ROOT}main.ts`]));
  const packed = await packPackages(packageImports(info.modules), folder);
  const modules = info.modules.map(
    ({ specifier }: { specifier: string }) => specifier,
  );
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await Deno.readTextFile(ROOT + name));
  const whole = await read("deno.json") as Config;
  // What has become a module is no package any more.
  const rest = Object.fromEntries(
    Object.entries(whole.imports).filter(([name]) =>
      !Object.keys(packed.imports).some((one) =>
        one === name || name.endsWith("/") && one.startsWith(name)
      )
    ),
  );
  const lean = onlyUsed(
    { ...whole, imports: rest },
    onlyFor(await read("deno.lock") as Lock, target),
    modules.filter((specifier: string) =>
      Object.values(rest).some((one) =>
        npmPackage(one) === npmPackage(specifier)
      )
    ),
  );
  const config = `${folder}/deno.json`;
  const lock = `${folder}/deno.lock`;
  const imports = { ...lean.config.imports, ...packed.imports };
  await Deno.writeTextFile(
    config,
    JSON.stringify({ ...lean.config, imports }),
  );
  await Deno.writeTextFile(lock, JSON.stringify(lean.lock));
  return {
    // The modules made of packages have no types.
    flags: ["--config", config, "--lock", lock, "--no-check"],
    included: packed.included,
  };
}
