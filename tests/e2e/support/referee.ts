/**
 * The referee's commands as processes.
 *
 * @module
 */

import { join } from "node:path";
import {
  type RunningProcess,
  type StartOptions,
  startStreamtool,
} from "../../support/process.ts";
import { makeClip } from "../../support/clips.ts";
import { SINGLE_LIGHT } from "../../services/support/referee.ts";

/** A `referee-serve` that listens. */
export interface ServeProcess extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly port: number;
  /** The page's URL. */
  readonly url: string;
  /** The output folder. */
  readonly folder: string;
}

/** Starts `referee-serve`; without a folder the process' own holds the results. */
export async function startServe(
  { folder, port = 0, args = [], env }: {
    folder?: string;
    port?: number;
    args?: readonly string[];
    env?: Record<string, string>;
  } = {},
): Promise<ServeProcess> {
  const start: StartOptions = env === undefined ? {} : { env };
  const process = startStreamtool([
    "referee-serve",
    ...["--port", String(port), "--output-dir", folder ?? "results"],
    ...args,
  ], start);
  try {
    const page = await process.event(({ label }) => label === "Page");
    const url = String(page.url);
    return {
      process,
      url,
      port: Number(new URL(url).port),
      folder: folder ?? join(process.cwd, "results"),
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

/** A clip and its signal in a folder of their own. */
export interface PhraseFiles extends AsyncDisposable {
  readonly folder: string;
  readonly video: string;
  readonly signal: string;
}

/** Makes them: 320×240 at 30 frames/s, one light. */
export async function makePhrase(frames = 60): Promise<PhraseFiles> {
  const folder = await Deno.makeTempDir({ prefix: "referee_phrase_" });
  const video = join(folder, "phrase.mkv");
  const signal = join(folder, "phrase.txt");
  await makeClip(video, { frames, fps: 30, size: "320x240" });
  await Deno.writeFile(signal, SINGLE_LIGHT);
  return {
    folder,
    video,
    signal,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Starts `referee-send` to a port of this machine. */
export function startSend(
  port: number,
  args: readonly string[],
  options: StartOptions = {},
): RunningProcess {
  return startStreamtool(
    ["referee-send", `127.0.0.1:${port}`, ...args],
    options,
  );
}
