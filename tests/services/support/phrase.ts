/**
 * Made-up phrases for tests of the whole referee: encoded once, then kept in the
 * system's temporary folder.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createLogger, type Logger } from "../../../src/log/mod.ts";
import { indexMjpegFile } from "../../../src/media/mod.ts";
import {
  type AnalysisConfig,
  createAnalyzer,
  writeSyntheticClip,
} from "../../../src/services/referee_analysis/mod.ts";
import {
  type PhraseOptions,
  SyntheticPhrase,
} from "../../../src/vision/mod.ts";
import { ffmpegPath } from "../../support/clips.ts";
import { RawClient } from "./referee.ts";

/** Small pictures, which a loaded machine encodes soon. */
export const SMALL = { width: 640, height: 360 } as const;

/** A phrase and its file. */
export interface PhraseClip {
  readonly phrase: SyntheticPhrase;
  readonly path: string;
  /** The scoring box's file. */
  readonly signal: string;
}

/** A phrase as a file that ends as `ending` says. */
export async function phraseClip(
  options: PhraseOptions,
  ending: ".mkv" | ".mp4" | ".mjpeg" = ".mkv",
): Promise<PhraseClip> {
  const whole = { ...SMALL, ...options };
  const phrase = new SyntheticPhrase(whole);
  const sources = ["synthetic_motion", "synthetic_phrase", "synthetic_figure"]
    .map((name) =>
      Deno.readTextFileSync(
        new URL(`../../../src/vision/${name}.ts`, import.meta.url),
      )
    );
  const key = createHash("sha256")
    .update(JSON.stringify([await ffmpegPath(), whole, ending, sources]))
    .digest("hex").slice(0, 24);
  const folder = join(tmpdir(), "streamtool-clips");
  const path = join(folder, `phrase_${key}${ending}`);
  try {
    await Deno.stat(path);
  } catch {
    await Deno.mkdir(folder, { recursive: true });
    const made = await Deno.makeTempFile({ dir: folder, suffix: ending });
    await writeSyntheticClip(made, whole, { ffmpeg: await ffmpegPath() });
    await Deno.rename(made, path);
  }
  return { phrase, path, signal: phrase.signalText() };
}

/** The pictures of a phrase as JPEGs. */
export async function phraseJpegs(
  options: PhraseOptions,
): Promise<{ phrase: SyntheticPhrase; jpegs: Uint8Array[]; signal: string }> {
  const { phrase, path, signal } = await phraseClip(options, ".mjpeg");
  const bytes = await Deno.readFile(path);
  const index = await indexMjpegFile(path, { log: quiet() });
  assert.ok(index !== undefined);
  return {
    phrase,
    signal,
    jpegs: index.spans.map(({ offset, length }) =>
      bytes.subarray(offset, offset + length)
    ),
  };
}

function quiet(): Logger {
  return createLogger({
    level: "error",
    format: "text",
    color: false,
    now: () => new Date(),
    write: () => {},
  });
}

/** An analyzer that logs nothing. */
export async function testAnalyzer(
  config: Partial<AnalysisConfig> = {},
): Promise<Awaited<ReturnType<typeof createAnalyzer>>> {
  return await createAnalyzer(
    { ffmpeg: await ffmpegPath(), ...config },
    quiet(),
  );
}

/** Streams a phrase as the documents' client does; the result. */
export async function streamPhrase(
  port: number,
  id: string,
  options: PhraseOptions,
  { signal, first = 0 }: {
    readonly signal?: string;
    /** Seconds of the first frame. */
    readonly first?: number;
  } = {},
  // deno-lint-ignore no-explicit-any -- tests look into it as a client would
): Promise<any> {
  const { phrase, jpegs, signal: own } = await phraseJpegs(options);
  await using client = await RawClient.connect(port);
  const { width, height, fps } = phrase;
  await client.say({
    type: "session_start",
    session_id: id,
    fps,
    width,
    height,
    expected_frames: jpegs.length,
  });
  await client.until("session_started");
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame(id, number, jpeg, { timestamp: first + number / fps });
    await client.until("frame_ack");
  }
  await client.say({
    type: "session_end",
    session_id: id,
    total_frames: jpegs.length,
  });
  await client.until("session_ended");
  const bytes = new TextEncoder().encode(signal ?? own);
  await client.say({
    type: "signal",
    session_id: id,
    filename: "phrase.txt",
    size: bytes.length,
  });
  await client.bytes(bytes);
  return (await client.until("process_complete")).result;
}

/** What `/analyze` answers for a clip. */
export async function analyzeClip(
  url: string,
  { path }: PhraseClip,
  signal: string,
  // deno-lint-ignore no-explicit-any -- tests look into it as a client would
): Promise<any> {
  const form = new FormData();
  form.set(
    "video",
    new File([await Deno.readFile(path)], `phrase${extname(path)}`),
  );
  form.set("signal", new File([signal], "phrase.txt"));
  form.set("include_keypoints", "true");
  const response = await fetch(`${url}analyze`, { method: "POST", body: form });
  return await response.json();
}
