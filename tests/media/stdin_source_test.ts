import assert from "node:assert/strict";
import {
  encodeMjpegFrame,
  encodeMultipartPart,
  encodeMultipartStart,
} from "../../src/jpeg/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { openSource, parseSource } from "../../src/media/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { collect, recordingLog } from "./support/sources.ts";
import { concat } from "./support/tarball.ts";

const jpegs = await makeJpegs({ size: "160x120", frames: 8 });

/** `bytes` in pieces of `size`. */
function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  size = 1000,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

const forms: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["plain JPEGs", concat(jpegs)],
  [
    "frames with ASCII lengths",
    concat(jpegs.map((jpeg) => encodeMjpegFrame("ascii", jpeg))),
  ],
  [
    "frames with binary lengths",
    concat(jpegs.map((jpeg) => encodeMjpegFrame("binary", jpeg))),
  ],
  [
    "a multipart stream",
    concat([
      encodeMultipartStart("frame"),
      ...jpegs.map((jpeg) => encodeMultipartPart(jpeg, "frame")),
    ]),
  ],
];

for (const [name, bytes] of forms) {
  Deno.test(`standard input may be ${name}`, async () => {
    for (const size of [1, 1000, 1_000_000]) {
      await using source = await openSource(parseSource("-"), {
        log: silentLogger,
        stdin: pipe(bytes, size),
        fps: 10,
      });
      assert.deepEqual(
        [source.label, source.live, source.fps, source.width, source.height],
        ["standard input", false, 10, 160, 120],
      );
      const got = await collect(source);
      assert.deepEqual(got.map((frame) => frame.bytes), jpegs);
    }
  });
}

Deno.test("standard input that is cut off ends before the cut", async () => {
  const { log, lines } = recordingLog();
  await using source = await openSource(parseSource("-"), {
    log,
    stdin: pipe(concat(jpegs).slice(0, -10)),
  });
  assert.equal((await collect(source)).length, 7);
  assert.match(lines.join("\n"), /dropped a truncated frame/);
});

const refused: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "", /it is no MJPEG stream/],
  ["words", "these are words, not pictures", /it is no MJPEG stream/],
  ["half a frame", "\xff\xd8\xff\xe0 and no more", /ended before the first/],
];

for (const [name, text, words] of refused) {
  Deno.test(`standard input with ${name} is refused`, async () => {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    await assert.rejects(
      openSource(parseSource("-"), {
        log: silentLogger,
        stdin: pipe(bytes),
      }),
      (error) => {
        assert.equal((error as { code?: string }).code, "unreadable");
        assert.match((error as Error).message, words);
        return true;
      },
    );
  });
}

Deno.test("standard input that is silent can be left", async () => {
  const half = concat(jpegs).slice(0, concat(jpegs.slice(0, 3)).length + 100);
  let isCancelled = false;
  const stdin = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(half),
    cancel: () => {
      isCancelled = true;
    },
  });
  const controller = new AbortController();
  await using source = await openSource(parseSource("-"), {
    log: silentLogger,
    stdin,
    signal: controller.signal,
  });
  let count = 0;
  for await (const _frame of source.frames()) {
    if (++count === 3) controller.abort();
  }
  assert.equal(count, 3);
  assert.ok(isCancelled);
});

Deno.test("standard input that is silent can be left before the first frame", async () => {
  const controller = new AbortController();
  const opening = openSource(parseSource("-"), {
    log: silentLogger,
    stdin: new ReadableStream(),
    signal: controller.signal,
  });
  controller.abort(new Error("enough"));
  await assert.rejects(opening, /enough/);
});

Deno.test("standard input is scaled when asked", async () => {
  await using source = await openSource(parseSource("-"), {
    log: silentLogger,
    stdin: pipe(concat(jpegs)),
    size: { width: 80, height: 60 },
  });
  assert.equal(source.width, 80);
  assert.equal((await collect(source)).length, jpegs.length);
});
