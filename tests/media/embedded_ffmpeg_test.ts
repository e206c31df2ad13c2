import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  embeddedFfmpeg,
  extractEmbedded,
  parseEmbeddedIndex,
} from "../../src/media/embedded_ffmpeg.ts";

const PROGRAM = new Uint8Array(3 * 1024 * 1024 + 17).map((_, i) => i * 7);
const RUNTIME = new Uint8Array(4096).fill(0x7f);

async function withBinary(
  test: (binary: string, cache: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const binary = join(folder, "streamtool");
  await Deno.writeFile(binary, RUNTIME);
  await Deno.writeFile(binary, PROGRAM, { append: true });
  await Deno.writeFile(binary, RUNTIME, { append: true });
  try {
    await test(binary, join(folder, "cache"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const index = {
  version: "7.0.0",
  offset: RUNTIME.length,
  size: PROGRAM.length,
  sha256: createHash("sha256").update(PROGRAM).digest("hex"),
};

Deno.test("the program in a binary is copied out once and is executable", () =>
  withBinary(async (binary, cache) => {
    const path = await extractEmbedded(binary, index, cache);
    assert.deepEqual(await Deno.readFile(path), PROGRAM);
    const first = await Deno.stat(path);
    assert.equal((first.mode ?? 0) & 0o777, 0o755);
    assert.equal(await extractEmbedded(binary, index, cache), path);
    assert.equal((await Deno.stat(path)).ino, first.ino);
  }));

Deno.test("a program in a binary that is damaged or cut off is not used", () =>
  withBinary(async (binary, cache) => {
    const wrong = [
      { ...index, offset: index.offset + 1 },
      { ...index, size: index.size + 2 * RUNTIME.length },
      { ...index, offset: 1e12 },
    ];
    for (const damaged of wrong) {
      await assert.rejects(
        extractEmbedded(binary, damaged, cache),
        /its checksum is wrong/,
      );
    }
    for await (const entry of Deno.readDir(cache)) {
      const left = [...Deno.readDirSync(join(cache, entry.name))];
      assert.deepEqual(left, []);
    }
  }));

const damaged = [
  "",
  "[]",
  "null",
  JSON.stringify({ ...index, version: "../../x" }),
  JSON.stringify({ ...index, offset: -1 }),
  JSON.stringify({ ...index, size: 0 }),
  JSON.stringify({ ...index, size: 1e12 }),
  JSON.stringify({ ...index, sha256: "abc" }),
];

for (const text of damaged) {
  Deno.test(`the index ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseEmbeddedIndex(text), { name: "MediaError" });
  });
}

Deno.test("an index is read", () => {
  assert.deepEqual(parseEmbeddedIndex(JSON.stringify(index)), index);
});

Deno.test("run from source there is no ffmpeg inside", async () => {
  assert.equal(await embeddedFfmpeg(), undefined);
});
