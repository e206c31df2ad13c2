import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { encodeMjpegFrame } from "../../src/jpeg/mod.ts";
import type { MjpegContainer } from "../../src/jpeg/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import {
  indexMjpegFile,
  openSource,
  parseSource,
} from "../../src/media/mod.ts";
import type { OpenSourceOptions } from "../../src/media/mod.ts";
import { MjpegFileSource } from "../../src/media/mjpeg_file_source.ts";
import { makeJpegs } from "../support/clips.ts";
import { collect, inFolder, recordingLog } from "./support/sources.ts";

const CONTAINERS: readonly MjpegContainer[] = ["ascii", "binary", "raw"];

async function writeMovie(
  folder: string,
  container: MjpegContainer,
  jpegs: readonly Uint8Array[],
): Promise<string> {
  const path = join(folder, `${container}.mjpeg`);
  const parts = jpegs.map((jpeg) => encodeMjpegFrame(container, jpeg));
  await Deno.writeFile(
    path,
    new Uint8Array(await new Blob(parts).arrayBuffer()),
  );
  return path;
}

function frames(): Promise<Uint8Array<ArrayBuffer>[]> {
  return makeJpegs({ size: "160x120", frames: 30 });
}

/** No ffmpeg may be needed: a path that is none would throw. */
const options: OpenSourceOptions = {
  log: silentLogger,
  ffmpeg: "/nowhere/ffmpeg",
};

for (const container of CONTAINERS) {
  Deno.test(`a ${container} file's frames come byte for byte, without ffmpeg`, () =>
    inFolder(async (folder) => {
      const jpegs = await frames();
      const path = await writeMovie(folder, container, jpegs);
      await using source = await openSource(parseSource(path), options);
      assert.deepEqual(
        [source.label, source.live, source.fps, source.totalFrames],
        [path, false, 24, 30],
      );
      assert.deepEqual([source.width, source.height], [160, 120]);
      for (let reading = 0; reading < 2; reading++) {
        const got = await collect(source);
        assert.deepEqual(got.map((frame) => frame.bytes), jpegs);
        assert.equal(got[0]?.time, 0);
        assert.equal(got[24]?.time, 1_000_000);
      }
    }));

  Deno.test(`a ${container} file that is cut off ends before the cut`, () =>
    inFolder(async (folder) => {
      const jpegs = await frames();
      const path = await writeMovie(folder, container, jpegs);
      await Deno.truncate(path, (await Deno.stat(path)).size - 100);
      const { log, lines } = recordingLog();
      await using source = await openSource(parseSource(path), {
        ...options,
        log,
      });
      assert.equal(source.totalFrames, 29);
      const got = await collect(source);
      assert.deepEqual(got.map((frame) => frame.bytes), jpegs.slice(0, 29));
      assert.match(lines.join("\n"), /dropped a truncated frame/);
    }));

  Deno.test(`a ${container} file that is not indexed to its end is read whole`, () =>
    inFolder(async (folder) => {
      const jpegs = await frames();
      const path = await writeMovie(folder, container, jpegs);
      const index = await indexMjpegFile(path, {
        log: silentLogger,
        maxBytes: 64,
      });
      assert.ok(index !== undefined && !index.complete);
      await using source = new MjpegFileSource(index, {
        log: silentLogger,
        start: 1,
      });
      assert.equal(source.totalFrames, undefined);
      const got = await collect(source);
      assert.deepEqual(got.map((frame) => frame.bytes), jpegs.slice(24));
    }));
}

Deno.test("a file starts over, starts late and ends early when asked", () =>
  inFolder(async (folder) => {
    const jpegs = await frames();
    const path = await writeMovie(folder, "raw", jpegs);
    const play = async (
      more: Partial<OpenSourceOptions>,
    ): Promise<[number[], number | undefined]> => {
      await using source = await openSource(parseSource(path), {
        ...options,
        ...more,
      });
      const numbers = (await collect(source)).map(({ bytes }) =>
        jpegs.findIndex((jpeg) => Buffer.compare(jpeg, bytes) === 0)
      );
      return [numbers, source.totalFrames];
    };
    const all = [...jpegs.keys()];
    assert.deepEqual(await play({ fps: 10, loop: true, duration: 7 }), [
      [...all, ...all, ...all.slice(0, 10)],
      70,
    ]);
    assert.deepEqual(await play({ fps: 10, start: 2.5 }), [all.slice(25), 5]);
    assert.deepEqual(await play({ fps: 10, start: 9 }), [[], 0]);
    assert.deepEqual(await play({ fps: 10, start: 9, loop: true }), [
      [],
      undefined,
    ]);
    assert.deepEqual(await play({ fps: 15, duration: 1 }), [
      all.slice(0, 15),
      15,
    ]);
  }));

Deno.test("one index serves several readings at once", () =>
  inFolder(async (folder) => {
    const jpegs = await frames();
    const path = await writeMovie(folder, "binary", jpegs);
    const index = await indexMjpegFile(path, { log: silentLogger });
    const readings = Array.from({ length: 5 }, async (_, i) => {
      await using source = await openSource(parseSource(path), {
        ...options,
        index,
        fps: 10,
        start: i / 10,
      });
      return (await collect(source)).map((frame) => frame.bytes);
    });
    (await Promise.all(readings)).forEach((got, i) =>
      assert.deepEqual(got, jpegs.slice(i))
    );
  }));

Deno.test("a file that becomes shorter while it is read is an error", () =>
  inFolder(async (folder) => {
    const path = await writeMovie(folder, "raw", await frames());
    await using source = await openSource(parseSource(path), options);
    await Deno.truncate(path, 1000);
    await assert.rejects(collect(source), /it became shorter/);
  }));

Deno.test("a damaged length ends the file with a warning", () =>
  inFolder(async (folder) => {
    const jpegs = await frames();
    const path = await writeMovie(folder, "ascii", jpegs.slice(0, 5));
    await Deno.writeTextFile(path, "xxxxx and junk", { append: true });
    const { log, lines } = recordingLog();
    await using source = await openSource(parseSource(path), {
      ...options,
      log,
    });
    assert.equal((await collect(source)).length, 5);
    assert.match(lines.join("\n"), /is damaged/);
  }));

Deno.test("reading twice at a time is refused, and so is reading after the end", () =>
  inFolder(async (folder) => {
    const path = await writeMovie(folder, "raw", await frames());
    const source = await openSource(parseSource(path), options);
    for await (const _frame of source.frames()) {
      await assert.rejects(collect(source), /twice at a time/);
      break;
    }
    await source[Symbol.asyncDispose]();
    await assert.rejects(collect(source), /it is closed/);
  }));

Deno.test("an abort ends the frames without an error", () =>
  inFolder(async (folder) => {
    const path = await writeMovie(folder, "raw", await frames());
    const controller = new AbortController();
    await using source = await openSource(parseSource(path), {
      ...options,
      loop: true,
      signal: controller.signal,
    });
    let count = 0;
    for await (const _frame of source.frames()) {
      if (++count === 50) controller.abort();
    }
    assert.equal(count, 50);
    await assert.rejects(
      openSource(parseSource(path), { ...options, signal: controller.signal }),
      { name: "AbortError" },
    );
  }));

const unreadable: readonly (readonly [
  string,
  (folder: string) => Promise<string>,
  string,
  RegExp,
])[] = [
  [
    "that is not there",
    (folder) => Promise.resolve(join(folder, "no.mjpeg")),
    "not_found",
    /^Cannot read ".*no\.mjpeg": there is no such file$/,
  ],
  [
    "that is a folder",
    (folder) => Promise.resolve(folder),
    "unreadable",
    /it is a folder$/,
  ],
  [
    "that is empty",
    async (folder) => {
      const path = join(folder, "empty.mjpeg");
      await Deno.writeFile(path, new Uint8Array(0));
      return path;
    },
    "unreadable",
    /it is empty$/,
  ],
  [
    "with a single frame that is cut off",
    async (folder) => {
      const path = join(folder, "cut.mjpeg");
      const [jpeg] = await frames();
      await Deno.writeFile(path, jpeg?.subarray(0, 500) ?? new Uint8Array());
      return path;
    },
    "unreadable",
    /it has no whole frame$/,
  ],
  [
    "that is a device",
    () => Promise.resolve("/dev/null"),
    "unreadable",
    /it is no file/,
  ],
];

for (const [name, make, code, words] of unreadable) {
  Deno.test(`a file ${name} is refused in plain words`, () =>
    inFolder(async (folder) => {
      const path = await make(folder);
      await assert.rejects(openSource(parseSource(path), options), (error) => {
        assert.equal((error as { code?: string }).code, code);
        assert.match((error as Error).message, words);
        return true;
      });
    }));
}
