/**
 * A folder whose films can be watched, and nothing outside it.
 *
 * @module
 */

import { basename, dirname, extname, join, sep } from "node:path";

/** Endings of what a folder offers; a file with another can still be named as a source of its own. */
const VIDEO_ENDINGS = new Set(
  (".mjpeg .mjpg .mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .m2ts .flv " +
    ".wmv .ogv .3gp .h264 .hevc").split(" "),
);
/** Films listed of one folder; others are found when somebody asks for them. */
export const MAX_LISTED = 1000;
/** Deepest film that is found, in path segments. */
const MAX_DEPTH = 8;

/** One folder. */
export class Folder {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens the folder at `path`. */
  static async open(path: string): Promise<Folder> {
    return new Folder(await Deno.realPath(path));
  }

  /** The films right in it, by name. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.#root)) {
      if (isVideo(name)) names.push(name);
    }
    const films: string[] = [];
    for (const name of names.sort().slice(0, MAX_LISTED)) {
      const film = await this.#within(join(this.#root, name));
      if (film !== undefined) films.push(film);
    }
    return films;
  }

  /**
   * The film that a stream's path names, with its ending or without; `undefined`
   * when there is none, or it is not really in the folder.
   */
  async find(path: string): Promise<string | undefined> {
    const segments = path.split("/").slice(1);
    if (
      segments.length > MAX_DEPTH ||
      segments.some((segment) =>
        segment === "" || segment.startsWith(".") || /[\\\0:]/.test(segment)
      )
    ) return undefined;
    const wanted = join(this.#root, ...segments);
    return await this.#within(wanted) ??
      await this.#within(await withEnding(wanted));
  }

  async #within(path: string | undefined): Promise<string | undefined> {
    if (path === undefined || !isVideo(path)) return undefined;
    try {
      // A link may lead anywhere: what counts is where it ends.
      const real = await Deno.realPath(path);
      const { isFile } = await Deno.stat(real);
      return isFile && real.startsWith(this.#root + sep) ? path : undefined;
    } catch {
      return undefined;
    }
  }

  /** A film's name within the folder, with slashes. */
  nameOf(file: string): string {
    return file.slice(this.#root.length + 1).replaceAll(sep, "/");
  }
}

function isVideo(name: string): boolean {
  return !basename(name).startsWith(".") &&
    VIDEO_ENDINGS.has(extname(name).toLowerCase());
}

async function withEnding(path: string): Promise<string | undefined> {
  try {
    for await (const { name } of Deno.readDir(dirname(path))) {
      if (isVideo(name) && basename(name, extname(name)) === basename(path)) {
        return join(dirname(path), name);
      }
    }
  } catch {
    // No such folder, no such film.
  }
  return undefined;
}
