/**
 * The contact sheet of `demo`: the same picture at every peer.
 *
 * @module
 */

import { contactSheet } from "../../media/mod.ts";
import { framesDirOf } from "../chain_run/mod.ts";

/** Cell of the contact sheet, pixels. */
const CELL_WIDTH = 480;

/**
 * Puts the newest frame that every peer saved side by side into
 * `dir/contact-sheet.jpg`; gives its path, or `undefined` when no frame is at
 * every peer.
 */
export async function makeContactSheet(
  dir: string,
  peers: readonly string[],
): Promise<string | undefined> {
  const saved = await Promise.all(
    peers.map((name) => savedFrames(framesDirOf(dir, name))),
  );
  const common = [...(saved[0] ?? [])]
    .filter((file) => saved.every((files) => files.has(file)))
    .sort()
    .at(-1);
  if (common === undefined) return undefined;
  const cells = await Promise.all(peers.map(async (name) => ({
    caption: `peer ${name}`,
    jpeg: await Deno.readFile(`${framesDirOf(dir, name)}/${common}`),
  })));
  const number = Number(/\d+/.exec(common)?.[0]);
  const sheet = await contactSheet(cells, {
    columns: 2,
    cellWidth: CELL_WIDTH,
    title: `frame ${number} at every peer`,
  });
  const path = `${dir}/contact-sheet.jpg`;
  await Deno.writeFile(path, sheet);
  return path;
}

async function savedFrames(dir: string): Promise<Set<string>> {
  const files = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (/^frame_\d+\.jpg$/.test(name)) files.add(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
