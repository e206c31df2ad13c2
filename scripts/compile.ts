/**
 * Makes `dist/streamtool`, one file that needs neither Deno nor ffmpeg nor this
 * repository: `deno task compile [--slim] [--target TARGET] [FLAG…]`.
 *
 * `--slim` leaves ffmpeg out: 120 MB less, and the program looks for one on
 * PATH or fetches it when it needs it. With `--target` the file is named after
 * it. Other flags go on to `deno compile`. `dist/checksums.sha256` has the sums
 * of all that is in `dist`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { baseRuntime } from "./base_runtime.ts";
import { writeLeanConfig } from "./lean_config.ts";
import { joinFfmpeg, packageFor, staticFfmpeg } from "./ffmpeg_inside.ts";
import {
  exists,
  filesBelow,
  PROGRAM_PERMISSIONS,
  PROGRAM_V8_FLAGS,
  ROOT,
  runDeno,
} from "./support.ts";

const OUTPUT = "dist/streamtool";
const CHECKSUMS = "dist/checksums.sha256";

/** What the program reads beside its modules: the pages, their scripts and styles, and the cores that a page runs. */
const INCLUDED = [
  "src/web/static",
  "src/web/pages",
  "src/signaling",
  // A worker's first module, which nothing imports.
  "src/services/referee_analysis/worker.ts",
];

/** Tells the program where in its binary ffmpeg is; there while it is compiled. */
const FFMPEG_INDEX = "src/media/embedded_ffmpeg.json";

/** What the command line asks for. */
export interface CompileRequest {
  /** Without ffmpeg. */
  readonly slim: boolean;
  /** Deno's name of the system to compile for; this machine's when `undefined`. */
  readonly target: string | undefined;
  /** The flags of `deno compile`. */
  readonly flags: readonly string[];
}

/** Reads the flags of `deno task compile`. */
export function readRequest(args: readonly string[]): CompileRequest {
  const flags = args.filter((arg) => arg !== "--slim");
  const at = flags.findIndex((flag) => /^--target\b/.test(flag));
  const target = at < 0
    ? undefined
    : /=(.*)/.exec(flags[at]!)?.[1] ?? flags[at + 1];
  return { slim: flags.length < args.length, target, flags };
}

/** The arguments of `deno` that make the binary. */
export function compileArguments(
  { flags, target }: CompileRequest,
  included: readonly string[],
): string[] {
  const output = flags.some((flag) => /^(-o|--output)\b/.test(flag))
    ? []
    : ["--output", target === undefined ? OUTPUT : `${OUTPUT}-${target}`];
  return [
    "compile",
    PROGRAM_V8_FLAGS,
    ...PROGRAM_PERMISSIONS,
    ...included.flatMap((path) => ["--include", path]),
    ...output,
    ...flags,
    "main.ts",
  ];
}

/**
 * Makes a runtime with ffmpeg behind it in `folder`, and the index of it in the
 * source tree; `undefined`, and a line that says why, when that cannot be.
 */
async function runtimeWithFfmpeg(
  target: string | undefined,
  folder: string,
): Promise<string | undefined> {
  const system = target ?? Deno.build.target;
  const ffmpegPackage = packageFor(system);
  const runtime = await baseRuntime(target, folder);
  if (ffmpegPackage === undefined || runtime === undefined) {
    console.error(
      `Leaves ffmpeg out: it cannot be put into a program for ${system}. ` +
        "The program fetches one when it needs it",
    );
    return undefined;
  }
  const ffmpeg = await staticFfmpeg(ffmpegPackage);
  const output = `${folder}/runtime`;
  const { version } = ffmpegPackage;
  const index = await joinFfmpeg({ runtime, ffmpeg, version, output });
  await Deno.writeTextFile(ROOT + FFMPEG_INDEX, JSON.stringify(index));
  return output;
}

/** Writes the sums of the programs in `dist`, as `sha256sum --check` reads them. */
async function writeChecksums(programs: readonly string[]): Promise<void> {
  let lines = "";
  for (const path of programs) {
    const hash = createHash("sha256");
    using file = await Deno.open(ROOT + path);
    for await (const chunk of file.readable) hash.update(chunk);
    lines += `${hash.digest("hex")}  ${path.slice("dist/".length)}\n`;
  }
  await Deno.writeTextFile(ROOT + CHECKSUMS, lines);
}

async function main(args: readonly string[]): Promise<number> {
  const request = readRequest(args);
  const folder = await Deno.makeTempDir({ prefix: "streamtool_compile_" });
  let code: number;
  try {
    const runtime = request.slim
      ? undefined
      : await runtimeWithFfmpeg(request.target, folder);
    const lean = await writeLeanConfig(
      folder,
      request.target ?? Deno.build.target,
    );
    const included = [
      ...INCLUDED,
      ...(runtime === undefined ? [] : [FFMPEG_INDEX]),
    ].filter(exists).concat(lean.included);
    ({ code } = await runDeno(
      compileArguments(
        { ...request, flags: [...lean.flags, ...request.flags] },
        included,
      ),
      runtime === undefined ? {} : { env: { DENORT_BIN: runtime } },
    ));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    code = 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(ROOT + FFMPEG_INDEX).catch(() => {});
  }
  if (code !== 0) {
    console.error(
      "Cannot compile: see above. Without access to Deno's download host, " +
        "set DENORT_BIN to the runtime of this version of Deno; " +
        "without access to npm, leave ffmpeg out with --slim",
    );
    return 1;
  }
  const made = filesBelow("dist", (path) => path.startsWith(OUTPUT));
  await writeChecksums(made);
  for (const path of made) {
    const { size } = Deno.statSync(ROOT + path);
    console.log(`${path}   ${(size / 1e6).toFixed(1)} MB`);
  }
  console.log(`Try: ${OUTPUT} demo`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
