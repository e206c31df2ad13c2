/**
 * The finished recordings: folders of artifacts with their results.
 *
 * @module
 */

import { join } from "node:path";
import type { Logger } from "../../log/mod.ts";
import type { RefereeResult } from "../../referee/mod.ts";
import type { Retention } from "./options.ts";
import { namesIn, SPOOL_FOLDER } from "./session_folder.ts";

/** The result's file in its folder. */
export const RESULT_FILE = "analysis_result.json";

/** Where the video's pictures are, beside it. */
export const FRAMES_FILE = "frames.json";

/** A finished recording. */
export interface FinishedRecording {
  /** The folder's name, unique. */
  readonly name: string;
  readonly sessionId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly bytes: number;
  readonly winner: RefereeResult["winner"];
  readonly reason: string;
  readonly durationSeconds: number;
  readonly frameCount: number;
  readonly links: Readonly<Record<string, string>>;
}

/** All finished recordings, oldest first. */
export class ResultCatalog {
  readonly #outputDir: string;
  readonly #log: Logger;
  readonly #recordings: FinishedRecording[] = [];

  /** An empty catalogue of a folder; `load` fills it. */
  constructor(outputDir: string, log: Logger) {
    this.#outputDir = outputDir;
    this.#log = log;
  }

  /** Looks through the folder; what is no recording is left alone. */
  async load(): Promise<void> {
    for (const name of await namesIn(this.#outputDir)) {
      if (name === SPOOL_FOLDER) continue;
      try {
        const result = await this.#read(name);
        if (result === undefined) continue;
        this.#recordings.push(
          describe(name, result, await sizeOf(join(this.#outputDir, name))),
        );
      } catch (error) {
        this.#log.warn(`Cannot read the recording "${name}": ${error}`);
      }
    }
    this.#recordings.sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Puts the folder at `path` into its place; it is listed afterwards. */
  async publish(
    path: string,
    name: string,
    result: RefereeResult,
  ): Promise<void> {
    await Deno.rename(path, join(this.#outputDir, name));
    this.#recordings.push(
      describe(name, result, await sizeOf(join(this.#outputDir, name))),
    );
  }

  /** The recordings, newest first. */
  list(): FinishedRecording[] {
    return this.#recordings.toReversed();
  }

  /** The recording of that folder, else the newest of that session. */
  find(idOrName: string): FinishedRecording | undefined {
    return this.#recordings.find(({ name }) => name === idOrName) ??
      this.#recordings.findLast(({ sessionId }) => sessionId === idOrName);
  }

  /** A recording's whole result. */
  async result(
    { name }: FinishedRecording,
  ): Promise<RefereeResult | undefined> {
    return await this.#read(name);
  }

  /** Path of a recording's file; `undefined` for a name that is none in a folder. */
  filePath({ name }: FinishedRecording, file: string): string | undefined {
    return /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(file)
      ? join(this.#outputDir, name, file)
      : undefined;
  }

  /** Removes what is too old or too much; `now` is milliseconds since the Unix epoch. */
  async sweep({ ageMs, bytes }: Retention, now: number): Promise<void> {
    let total = this.#recordings.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of [...this.#recordings]) {
      const old = ageMs !== undefined && now - one.createdAt > ageMs;
      // The newest stays, however large: somebody has just made it.
      const tooMuch = bytes !== undefined && total > bytes &&
        one !== this.#recordings.at(-1);
      if (!old && !tooMuch) continue;
      total -= one.bytes;
      this.#recordings.splice(this.#recordings.indexOf(one), 1);
      await Deno.remove(join(this.#outputDir, one.name), { recursive: true })
        .catch((error) =>
          this.#log.warn(`Cannot remove "${one.name}": ${error}`)
        );
      this.#log.info(
        `removed the recording "${one.name}": ${
          old ? "its time is over" : "there is too much"
        }`,
      );
    }
  }

  async #read(name: string): Promise<RefereeResult | undefined> {
    try {
      const text = await Deno.readTextFile(
        join(this.#outputDir, name, RESULT_FILE),
      );
      return JSON.parse(text) as RefereeResult;
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) return undefined;
      throw error;
    }
  }
}

function describe(
  name: string,
  { session_id, metadata, winner, reason, links }: RefereeResult,
  bytes: number,
): FinishedRecording {
  return {
    name,
    sessionId: session_id,
    createdAt: Date.parse(metadata.created),
    bytes,
    winner,
    reason,
    durationSeconds: metadata.duration_seconds,
    frameCount: metadata.frame_count,
    links,
  };
}

async function sizeOf(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await namesIn(folder)) {
    sum += (await Deno.stat(join(folder, name))).size;
  }
  return sum;
}
