/**
 * A chain peer's stream: what its page shows, taken as any other viewer takes it.
 *
 * @module
 */

import {
  type FrameSource,
  MediaError,
  openSource,
  type OpenSourceOptions,
  type SourceSpec,
  type VideoFrame,
} from "../../media/mod.ts";
import { formatHostPort } from "../../net/mod.ts";

/** A peer that does not answer in so long is not there. */
const ANSWER_TIMEOUT_MS = 5000;

/**
 * Joins the stream of the peer whose page is at this address, and waits for its
 * first picture.
 *
 * @throws {MediaError} when there is no such page, or it ends.
 */
export async function openChainSource(
  { host, port }: Extract<SourceSpec, { kind: "chain" }>,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  const address = formatHostPort(host, port);
  const label = `chain://${address}`;
  const inner = await openSource({ kind: "stdin" }, {
    ...options,
    stdin: await join(label, address, options.signal),
  });
  const { width, height } = inner;
  return {
    label,
    live: true,
    fps: options.fps ?? await measuredRate(address) ?? inner.fps,
    width,
    height,
    totalFrames: undefined,
    frames: () => asTheyCome(inner),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

async function join(
  label: string,
  address: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const leave = new AbortController();
  const giveUp = setTimeout(() => leave.abort(), ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(
      `http://${address}/stream.mjpeg`,
      { signal: AbortSignal.any([leave.signal, ...signal ? [signal] : []]) },
    );
    if (response.ok && response.body !== null) return response.body;
    await response.body?.cancel();
    throw unreadable(label, `its page answers ${response.status}`);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof MediaError) throw error;
    throw unreadable(label, "no peer's page answers there");
  } finally {
    clearTimeout(giveUp);
  }
}

/** The peer's own count of frames a second; `undefined` when it has none yet. */
async function measuredRate(address: string): Promise<number | undefined> {
  try {
    const response = await fetch(`http://${address}/api/peer`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const { fps } = await response.json();
    return typeof fps === "number" && fps >= 1 ? Math.round(fps) : undefined;
  } catch {
    return undefined;
  }
}

/** The chain sets the pace: a frame's time is when it came. */
async function* asTheyCome(source: FrameSource): AsyncGenerator<VideoFrame> {
  let start: number | undefined;
  for await (const { bytes } of source.frames()) {
    const now = performance.now();
    start ??= now;
    yield { bytes, time: Math.round((now - start) * 1000) };
  }
}

function unreadable(label: string, why: string): MediaError {
  return new MediaError("unreadable", `Cannot read ${label}: ${why}`);
}
