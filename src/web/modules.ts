/**
 * The watch party's cores for its page: the very modules that the program runs,
 * without their types, so that they are written once and need no build.
 *
 * Types are replaced by blanks (as Node does it, with `amaro`), so lines and
 * columns stay and there is no source map.
 *
 * @module
 */

import { type CachedFile, cachedFile } from "./assets.ts";

/** Modules are files of this folder with such names, and nothing else is served. */
const MODULE_PATH = /^\/signaling\/([a-z0-9_]+\.ts)$/;
/** What a page imports as `mod.ts` is a member's part of it, without the server's. */
const PAGE_MODULE = "member.ts";

const cache = new Map<string, Promise<CachedFile | undefined>>();

/**
 * The JavaScript of a core by its URL path, such as `/signaling/mod.ts`;
 * `undefined` when there is none of that name.
 */
export async function serveModule(
  pathname: string,
): Promise<Response | undefined> {
  const file = MODULE_PATH.exec(pathname)?.[1];
  if (file === undefined) return undefined;
  const name = file === "mod.ts" ? PAGE_MODULE : file;
  let cached = cache.get(name);
  if (cached === undefined) {
    cached = strip(name);
    cache.set(name, cached);
    const forget = (): boolean => cache.delete(name);
    // Names that do not exist must not fill the memory.
    cached.then((found) => found ?? forget(), forget);
  }
  const found = await cached;
  return found && new Response(found.bytes, { headers: found.headers });
}

async function strip(name: string): Promise<CachedFile | undefined> {
  let source: string;
  try {
    source = await Deno.readTextFile(
      new URL(`../signaling/${name}`, import.meta.url),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { transformSync } = await import("amaro");
  const { code } = transformSync(source, { mode: "strip-only" });
  return await cachedFile(name, new TextEncoder().encode(code));
}
