/**
 * Makes a package for npm of the compiled program of this machine's system:
 * `deno task compile`, then `deno run -A scripts/npm_package.ts`. What comes of
 * it installs without a network:
 *
 * ```sh
 * npm install --global dist/npm/streamtool-0.1.0.tgz
 * ```
 *
 * The package has the program itself and a script of a few lines that starts
 * it, for npm makes commands of scripts.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "./support.ts";

/** The names that npm has for Deno's. */
const NPM_SYSTEM: Readonly<Record<string, string>> = {
  linux: "linux",
  darwin: "darwin",
  windows: "win32",
};
const NPM_PROCESSOR: Readonly<Record<string, string>> = {
  x86_64: "x64",
  aarch64: "arm64",
};

/** Signals and exit codes are the program's own. */
const LAUNCHER = `#!/usr/bin/env node
"use strict";
const { spawn } = require("node:child_process");
const { join } = require("node:path");
const name = process.platform === "win32" ? "streamtool.exe" : "streamtool";
const child = spawn(join(__dirname, "..", "program", name), process.argv.slice(2), {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error("Cannot start streamtool: " + error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGTERM" ? 143 : 130);
});
`;

/** What a package is made of. */
export interface NpmPackageOptions {
  /** The compiled program. */
  readonly binary: string;
  /** Folder for the package's files and its archive. */
  readonly folder: string;
  readonly version: string;
}

/** Writes the package's files and packs them; the archive's path. */
export async function makeNpmPackage(
  { binary, folder, version }: NpmPackageOptions,
): Promise<string> {
  const inside = join(folder, "streamtool");
  await Deno.mkdir(join(inside, "bin"), { recursive: true });
  await Deno.mkdir(join(inside, "program"), { recursive: true });
  const windows = Deno.build.os === "windows";
  const program = join(
    inside,
    "program",
    windows ? "streamtool.exe" : "streamtool",
  );
  await Deno.copyFile(binary, program);
  if (!windows) await Deno.chmod(program, 0o755);
  await Deno.writeTextFile(join(inside, "bin/streamtool.js"), LAUNCHER);
  for (const name of ["README.md", "LICENSE"]) {
    await Deno.copyFile(ROOT + name, join(inside, name));
  }
  const manifest = {
    name: "streamtool",
    version,
    description: "Moves live video over real protocols, from one program",
    // ffmpeg, which is inside and runs as a program of its own, is GPL-3.0-or-later.
    license: "MIT",
    bin: { streamtool: "bin/streamtool.js" },
    files: ["bin", "program"],
    os: [NPM_SYSTEM[Deno.build.os] ?? Deno.build.os],
    cpu: [NPM_PROCESSOR[Deno.build.arch] ?? Deno.build.arch],
  };
  await Deno.writeTextFile(
    join(inside, "package.json"),
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--silent", "--pack-destination", folder, inside],
    stdin: "null",
  }).output();
  if (!success) {
    throw new Error(
      `Cannot pack with npm: ${new TextDecoder().decode(stderr).trim()}`,
    );
  }
  return join(folder, `streamtool-${version}.tgz`);
}

if (import.meta.main) {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const path = await makeNpmPackage({
    binary: `${ROOT}dist/streamtool`,
    folder: `${ROOT}dist/npm`,
    version,
  });
  console.log(`${path}\nTry: npm install --global ${path}`);
}
