/**
 * Puts a program into a folder such that nobody ever meets half of it.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** Milliseconds after which a temporary file is nobody's: no download takes an hour. */
const STALE_AFTER = 3_600_000;

/** Temporary files begin so and are swept by age. */
const TEMPORARY_PREFIX = ".streamtool-part-";

/**
 * Creates `path` from what `write` puts into a temporary file beside it: the
 * file gets its name, and its executable bit, only when `check` is content.
 * Several processes may do so at once; each has its own temporary file and the
 * last rename wins with the same content.
 */
export async function installProgram(
  path: string,
  write: (file: Deno.FsFile) => Promise<void>,
  check: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  await Deno.mkdir(folder, { recursive: true });
  await sweep(folder);
  const temporary = temporaryPath(folder);
  try {
    {
      using file = await Deno.open(temporary, {
        write: true,
        createNew: true,
        mode: 0o755,
      });
      await write(file);
    }
    if (Deno.build.os !== "windows") await Deno.chmod(temporary, 0o755);
    await check(temporary);
    await renameOver(temporary, path);
  } finally {
    await Deno.remove(temporary).catch(ignoreNotFound);
  }
}

/** A name in `folder` that no other process uses. */
export function temporaryPath(folder: string): string {
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  return join(folder, TEMPORARY_PREFIX + crypto.randomUUID() + suffix);
}

async function renameOver(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    // Windows does not replace a program that runs; then the same one is there
    const there = await Deno.stat(to).catch(() => undefined);
    if (there?.isFile !== true) throw error;
  }
}

/** Removes what killed processes left behind. */
async function sweep(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.name.startsWith(TEMPORARY_PREFIX)) continue;
    const path = join(folder, entry.name);
    const info = await Deno.stat(path).catch(() => undefined);
    const age = Date.now() - (info?.mtime?.getTime() ?? Date.now());
    if (age > STALE_AFTER) await Deno.remove(path).catch(() => {});
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Writes all of `bytes`; a single write may take only a part of them. */
export async function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    offset += await file.write(bytes.subarray(offset));
  }
}
