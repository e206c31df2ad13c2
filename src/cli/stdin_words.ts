/**
 * The words people type while a command runs.
 *
 * @module
 */

import type { InputSource } from "./host.ts";

/** Longest line kept; a longer one is no word and is dropped. */
const MAX_LINE = 4096;

/** Bytes read at a time. */
const READ_SIZE = 4096;

/** Milliseconds between two looks whether a background job has come to the foreground. */
const FOREGROUND_POLL = 3000;

/** Resolves after `milliseconds`, or at once when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, milliseconds);
    signal.addEventListener("abort", stop);
  });
}

/**
 * A terminal belongs to its foreground job: reading it from the background
 * (`streamtool chain-peer A &`) would stop the whole process, so wait.
 */
async function waitForForeground(
  source: InputSource,
  signal: AbortSignal,
): Promise<void> {
  if (!source.isTerminal) return;
  while (!signal.aborted && !await source.isForeground()) {
    await pause(FOREGROUND_POLL, signal);
  }
}

/** Reads once; `null` at the end of input, at an error, and when the signal aborts. */
function readUntil(
  source: InputSource,
  buffer: Uint8Array,
  signal: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve) => {
    const settle = (count: number | null): void => {
      signal.removeEventListener("abort", abort);
      resolve(count);
    };
    const abort = (): void => settle(null);
    signal.addEventListener("abort", abort);
    source.read(buffer).then(settle, abort);
  });
}

/**
 * Lines of `source`, trimmed, without empty ones, until its end or the signal.
 * A read that is under way when the signal comes cannot be called back; what
 * it brings is dropped, and the process does not wait for it.
 */
export async function* readWords(
  source: InputSource,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(READ_SIZE);
  let rest = "";
  let tooLong = false;
  await waitForForeground(source, signal);
  while (!signal.aborted) {
    const count = await readUntil(source, buffer, signal);
    if (signal.aborted) return;
    rest += count === null
      ? decoder.decode()
      : decoder.decode(buffer.subarray(0, count), { stream: true });
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop() ?? "";
    if (count === null) lines.push(rest);
    for (const line of lines) {
      const word = line.trim();
      if (!tooLong && word !== "" && line.length <= MAX_LINE) yield word;
      tooLong = false;
      if (signal.aborted) return;
    }
    if (count === null) return;
    if (rest.length > MAX_LINE) {
      rest = "";
      tooLong = true;
    }
  }
}
