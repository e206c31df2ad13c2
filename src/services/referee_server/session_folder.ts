/**
 * A session on disk: what it is, its spool and its signal, in a folder of its
 * own below `.spool`. It is what a resume, and a restart after a crash, goes on from.
 *
 * @module
 */

import { join } from "node:path";
import { folderName, type SessionStart } from "../../referee/mod.ts";

/** The folder of folders, in the output folder. */
export const SPOOL_FOLDER = ".spool";

/** Largest description that is read back. */
const MAX_DESCRIPTION_BYTES = 64 * 1024;

/** How far a session on disk has come. */
export type StoredState = "receiving" | "frames_complete" | "processing";

/** What is written of a session. */
export interface SessionDescription {
  readonly version: 1;
  readonly start: SessionStart;
  /** ISO 8601. */
  readonly created: string;
  readonly state: StoredState;
  /** What the client said at `session_end`. */
  readonly totalFrames: number;
  readonly signal?:
    | { readonly filename: string; readonly swapSides: boolean }
    | undefined;
  readonly warnings: readonly string[];
}

/** A session's folder. */
export class SessionFolder {
  /** The name that the artifacts' folder will have too. */
  readonly name: string;
  readonly #path: string;
  #describing: Promise<void> = Promise.resolve();

  private constructor(outputDir: string, name: string) {
    this.name = name;
    this.#path = join(outputDir, SPOOL_FOLDER, name);
  }

  /** Makes a folder for a session called `id`. */
  static async create(outputDir: string, id: string): Promise<SessionFolder> {
    const random = crypto.randomUUID().slice(0, 8);
    const folder = new SessionFolder(
      outputDir,
      folderName(id, new Date(), random),
    );
    await Deno.mkdir(join(outputDir, SPOOL_FOLDER), { recursive: true });
    await Deno.mkdir(folder.#path);
    return folder;
  }

  /** The folders that an earlier run left, with their descriptions; what is none is removed. */
  static async recover(
    outputDir: string,
  ): Promise<{ folder: SessionFolder; description: SessionDescription }[]> {
    const found = [];
    for (const name of await namesIn(join(outputDir, SPOOL_FOLDER))) {
      const folder = new SessionFolder(outputDir, name);
      const description = await folder.read();
      if (description === undefined) await folder.remove();
      else found.push({ folder, description });
    }
    return found.sort((a, b) =>
      a.description.created < b.description.created ? -1 : 1
    );
  }

  /** Where the frames are. */
  get spoolPath(): string {
    return join(this.#path, "frames.spool");
  }

  /** Where the signal is. */
  get signalPath(): string {
    return join(this.#path, "signal.bin");
  }

  /** Where an upload's video arrives. */
  get uploadPath(): string {
    return join(this.#path, "upload.bin");
  }

  /** Where the artifacts are made; moved to its place when all are there. */
  get artifactsPath(): string {
    return join(this.#path, "artifacts");
  }

  /** A folder for what is thrown away afterwards. */
  get workPath(): string {
    return join(this.#path, "work");
  }

  /** Writes the description; a crash leaves the old one or the new one. */
  describe(description: SessionDescription): Promise<void> {
    const writing = this.#describing.then(() => this.#write(description));
    this.#describing = writing.catch(() => {});
    return writing;
  }

  async #write(description: SessionDescription): Promise<void> {
    const path = join(this.#path, "session.json");
    await Deno.writeTextFile(`${path}.new`, JSON.stringify(description));
    await Deno.rename(`${path}.new`, path);
  }

  /** The description; `undefined` when there is none that makes sense. */
  async read(): Promise<SessionDescription | undefined> {
    try {
      const path = join(this.#path, "session.json");
      const { size } = await Deno.stat(path);
      if (size > MAX_DESCRIPTION_BYTES) return undefined;
      const value = JSON.parse(await Deno.readTextFile(path));
      return value?.version === 1 ? value as SessionDescription : undefined;
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory ||
        error instanceof SyntaxError
      ) return undefined;
      throw error;
    }
  }

  /** Removes the session from the disk. */
  async remove(): Promise<void> {
    await this.#describing;
    try {
      await Deno.remove(this.#path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Names in a folder; none when it is not there. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}
