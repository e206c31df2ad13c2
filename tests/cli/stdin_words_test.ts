import assert from "node:assert/strict";
import { readWords } from "../../src/cli/stdin_words.ts";
import type { InputSource } from "../../src/cli/host.ts";

Deno.test("a background job does not touch its terminal, and stops waiting at the signal", async () => {
  const asked = Promise.withResolvers<void>();
  const source: InputSource = {
    isTerminal: true,
    isForeground: () => {
      asked.resolve();
      return Promise.resolve(false);
    },
    read: () => assert.fail("the terminal was read"),
  };
  const stop = new AbortController();
  const words = readWords(source, stop.signal).next();
  await asked.promise;
  stop.abort();
  assert.deepEqual(await words, { value: undefined, done: true });
});

Deno.test("words are the same however the input is cut", async () => {
  const bytes = new TextEncoder().encode("startVideo\r\n größe 🎬 \n\n\nquit");
  for (let size = 1; size <= bytes.length; size++) {
    let offset = 0;
    const source: InputSource = {
      isTerminal: false,
      isForeground: () => Promise.resolve(true),
      read: (buffer) => {
        const part = bytes.subarray(offset, offset + size);
        offset += part.length;
        buffer.set(part);
        return Promise.resolve(part.length === 0 ? null : part.length);
      },
    };
    const words = await Array.fromAsync(
      readWords(source, new AbortController().signal),
    );
    assert.deepEqual(
      words,
      ["startVideo", "größe 🎬", "quit"],
      `pieces of ${size}`,
    );
  }
});

Deno.test("an input that fails is an input that ends", async () => {
  const source: InputSource = {
    isTerminal: false,
    isForeground: () => Promise.resolve(true),
    read: () => Promise.reject(new Error("EIO")),
  };
  assert.deepEqual(
    await Array.fromAsync(readWords(source, new AbortController().signal)),
    [],
  );
});
