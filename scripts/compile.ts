/**
 * Makes `dist/streamtool`, one file that needs neither Deno nor this
 * repository: `deno task compile [FLAG…]`. Flags go on to `deno compile`,
 * such as `--target aarch64-apple-darwin`.
 *
 * @module
 */

import {
  exists,
  filesBelow,
  knownFlags,
  PROGRAM_PERMISSIONS,
  ROOT,
  runDeno,
} from "./support.ts";

const OUTPUT = "dist/streamtool";

/** What the program reads beside its modules: the pages, their scripts and styles. */
const INCLUDED = ["src/web/static", "src/web/pages"];

/** The arguments of `deno` that make the binary. */
export function compileArguments(
  flags: readonly string[],
  included: readonly string[],
): string[] {
  const output = flags.some((flag) => /^(-o|--output)\b/.test(flag))
    ? []
    : ["--output", OUTPUT];
  return [
    "compile",
    ...(Deno.env.has("CI") ? ["--frozen"] : []),
    ...PROGRAM_PERMISSIONS,
    ...included.flatMap((path) => ["--include", path]),
    ...output,
    ...flags,
    "main.ts",
  ];
}

async function main(flags: readonly string[]): Promise<number> {
  const included = INCLUDED.filter(exists);
  // Leaves out what only the tests import; Deno 2.7 takes it along.
  const slim = await knownFlags("compile", ["--exclude-unused-npm"]);
  const { code } = await runDeno(
    compileArguments([...slim, ...flags], included),
  );
  if (code !== 0) {
    console.error(
      "Cannot compile: see above. Without access to Deno's download host, " +
        "set DENORT_BIN to the runtime of this version of Deno",
    );
    return 1;
  }
  const made = filesBelow("dist", (path) => path.startsWith(OUTPUT));
  for (const path of made) {
    const { size } = Deno.statSync(ROOT + path);
    console.log(`${path}   ${(size / 1e6).toFixed(1)} MB`);
  }
  console.log(`Try: ${OUTPUT} demo`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
