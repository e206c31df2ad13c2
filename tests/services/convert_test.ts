import assert from "node:assert/strict";
import { join } from "node:path";
import { checkJpeg, MjpegReader } from "../../src/jpeg/mod.ts";
import type { MjpegContainer } from "../../src/jpeg/mod.ts";
import { MediaError, parseSource } from "../../src/media/mod.ts";
import { convertVideo } from "../../src/services/convert/mod.ts";
import type { ConvertOptions } from "../../src/services/convert/mod.ts";
import { ffmpegPath, makeClip, makeJpegs } from "../support/clips.ts";
import { startStreamtool } from "../support/process.ts";
import { testContext } from "../support/service.ts";
import { inFolder } from "../media/support/sources.ts";

async function options(
  source: string,
  out: string,
  more: Partial<ConvertOptions> = {},
): Promise<ConvertOptions> {
  return {
    source: parseSource(source),
    output: { kind: "file", path: out },
    container: "ascii",
    fps: undefined,
    size: undefined,
    quality: 80,
    maxFrameBytes: 20_480,
    start: undefined,
    duration: undefined,
    ffmpeg: await ffmpegPath(),
    onProgress: () => {},
    ...more,
  };
}

/** What the containers are by the documents, written without our writer. */
function byHand(
  container: MjpegContainer,
  jpegs: readonly Uint8Array[],
): Uint8Array {
  const parts = jpegs.flatMap((jpeg) => {
    const { length } = jpeg;
    switch (container) {
      case "ascii":
        return [
          Uint8Array.from(
            String(length).padStart(5, "0"),
            (digit) => digit.charCodeAt(0),
          ),
          jpeg,
        ];
      case "binary":
        return [
          Uint8Array.of(0, 0, length >> 16, (length >> 8) & 255, length & 255),
          jpeg,
        ];
      case "raw":
        return [jpeg];
    }
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function framesOf(
  movie: Uint8Array,
  container: MjpegContainer,
): Uint8Array[] {
  const reader = new MjpegReader(container);
  reader.push(movie);
  reader.end();
  const frames: Uint8Array[] = [];
  for (let frame = reader.next(); frame; frame = reader.next()) {
    frames.push(frame.slice());
  }
  return frames;
}

Deno.test("JPEGs that are small enough are copied byte for byte into each container", async () => {
  const jpegs = await makeJpegs({ size: "160x120", frames: 5 });
  await inFolder(async (folder) => {
    const source = join(folder, "source.mjpeg");
    await Deno.writeFile(source, byHand("raw", jpegs));
    for (const container of ["ascii", "binary", "raw"] as const) {
      const out = join(folder, `movie.${container}`);
      const result = await convertVideo(
        await options(source, out, { container }),
        testContext(),
      );
      const expected = byHand(container, jpegs);
      assert.deepEqual(await Deno.readFile(out), expected);
      const largest = Math.max(...jpegs.map(({ length }) => length));
      assert.deepEqual(result, {
        frames: 5,
        bytes: expected.length,
        shrunk: 0,
        lowestQuality: null,
        largestFrame: largest,
        fps: 24,
        width: 160,
        height: 120,
        seconds: 5 / 24,
      });
    }
  });
});

Deno.test("a video becomes pictures of the size and rate that were asked for", async () => {
  await inFolder(async (folder) => {
    const film = join(folder, "film.mp4");
    await makeClip(film, {
      codec: "mpeg4",
      frames: 60,
      fps: 30,
      size: "320x240",
      pixFmt: "yuv420p",
    });
    const out = join(folder, "movie.Mjpeg");
    const seen: number[] = [];
    const result = await convertVideo(
      await options(film, out, {
        fps: 10,
        size: { width: 176, height: 144 },
        onProgress: ({ frames, totalFrames }) => {
          assert.equal(totalFrames, 20);
          seen.push(frames);
        },
      }),
      testContext(),
    );
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, i) => i + 1));
    assert.equal(result.seconds, 2);
    const frames = framesOf(await Deno.readFile(out), "ascii");
    assert.equal(frames.length, 20);
    for (const frame of frames) {
      const { width, height } = checkJpeg(frame);
      assert.deepEqual([width, height], [176, 144]);
    }
  });
});

Deno.test("a frame larger than its packet is coarser and as near to the limit as need be", async () => {
  const jpegs = await makeJpegs({ frames: 3, q: 2, source: "mandelbrot" });
  assert.ok(jpegs.every(({ length }) => length > 20_480));
  await inFolder(async (folder) => {
    const source = join(folder, "source.mjpeg");
    await Deno.writeFile(source, byHand("raw", jpegs));
    const out = join(folder, "movie.Mjpeg");
    const result = await convertVideo(
      await options(source, out),
      testContext(),
    );
    assert.equal(result.shrunk, 3);
    assert.ok(result.lowestQuality! >= 1 && result.lowestQuality! < 80);
    for (const frame of framesOf(await Deno.readFile(out), "ascii")) {
      assert.ok(frame.length <= 20_480, `${frame.length}`);
      assert.ok(frame.length > 10_000, `${frame.length}`);
      assert.deepEqual(
        [checkJpeg(frame).width, checkJpeg(frame).height],
        [640, 480],
      );
    }
  });
});

Deno.test("five digits hold 99,999 bytes, whatever the packet may be", async () => {
  const [jpeg] = await makeJpegs({
    size: "1280x960",
    q: 2,
    source: "mandelbrot",
  });
  await inFolder(async (folder) => {
    const source = join(folder, "source.mjpeg");
    await Deno.writeFile(source, byHand("raw", [jpeg!, jpeg!]));
    assert.ok(jpeg!.length >= 100_000, `${jpeg!.length}`);
    for (const [container, shrunk] of [["ascii", 2], ["binary", 0]] as const) {
      const result = await convertVideo(
        await options(source, join(folder, container), {
          container,
          maxFrameBytes: 10_000_000,
        }),
        testContext(),
      );
      assert.equal(result.shrunk, shrunk);
    }
    const [frame] = framesOf(
      await Deno.readFile(join(folder, "ascii")),
      "ascii",
    );
    assert.ok(frame!.length < 100_000);
  });
});

Deno.test("what cannot be made to fit is refused with the remedy, and no file is left", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "movie.Mjpeg");
    await assert.rejects(
      convertVideo(
        await options("pattern:640x480@24", out, {
          maxFrameBytes: 3000,
          duration: 1,
        }),
        testContext(),
      ),
      {
        name: "MediaError",
        message:
          /^Cannot put frame 1 of ".*" into 3000 bytes: .* Pass a smaller --size or a larger --max-packet$/,
      },
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("an abort in the middle leaves the old file and nothing else", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "movie.Mjpeg");
    await Deno.writeTextFile(out, "old");
    const context = testContext();
    await assert.rejects(
      convertVideo(
        await options("pattern:160x120@24", out, {
          onProgress: ({ frames }) => frames === 5 && context.abort(),
        }),
        context,
      ),
      { name: "AbortError" },
    );
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      ["movie.Mjpeg"],
    );
    assert.equal(await Deno.readTextFile(out), "old");
  });
});

Deno.test("a file that cannot be written is refused before anything is read", async () => {
  await inFolder(async (folder) => {
    for (
      const [out, why] of [
        [join(folder, "none", "movie"), "its folder is not there"],
        [folder, "it is a folder"],
      ] as const
    ) {
      const failure = await convertVideo(
        await options("pattern:160x120@24", out),
        testContext(),
      ).catch((error) => error);
      assert.ok(failure instanceof MediaError);
      assert.equal(
        failure.message,
        `Cannot write ${JSON.stringify(out)}: ${why}`,
      );
    }
  });
});

Deno.test("the command makes a movie, and refuses what has no end", async () => {
  const decoder = new TextDecoder("latin1");
  await inFolder(async (folder) => {
    await using job = startStreamtool([
      "convert",
      "pattern:160x120@12",
      "movie.Mjpeg",
      "--duration",
      "2s",
    ], { cwd: folder });
    const end = await job.event("end");
    assert.equal((await job.exited()).code, 0);
    assert.deepEqual(
      [end.frames, end.fps, end.container, end.output],
      [24, 12, "ascii", "movie.Mjpeg"],
    );
    const movie = await Deno.readFile(join(folder, "movie.Mjpeg"));
    assert.equal(movie.length, end.bytes);
    assert.match(decoder.decode(movie.subarray(0, 5)), /^\d{5}$/);

    await using endless = startStreamtool(
      ["convert", "pattern", "out.mjpeg"],
      { cwd: folder },
    );
    assert.equal((await endless.exited()).code, 2);
    assert.match(String((await endless.event("end")).error), /--duration/);

    await using wrong = startStreamtool(
      ["convert", "movie.Mjpeg", "out.mjpeg", "--size", "640"],
      { cwd: folder },
    );
    assert.equal((await wrong.exited()).code, 2);
  });
});
