import assert from "node:assert/strict";
import { join } from "node:path";
import { silentLogger } from "../../src/log/mod.ts";
import {
  fileInput,
  openSource,
  parseSource,
  probeVideo,
  VideoRecorder,
} from "../../src/media/mod.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import { collect, inFolder, recordingLog } from "./support/sources.ts";

const jpegs = await makeJpegs({ size: "162x108", frames: 30 });

for (const ending of ["mkv", "avi", "mov"]) {
  Deno.test(`a recording in .${ending} has the JPEGs untouched`, () =>
    inFolder(async (folder) => {
      const path = join(folder, `out.${ending}`);
      const { log, lines } = recordingLog();
      const ffmpeg = await ffmpegPath();
      const recorder = await VideoRecorder.open(path, { ffmpeg, fps: 15, log });
      jpegs.forEach((bytes, i) =>
        recorder.write({ bytes, time: Math.round(i * 1e6 / 15) })
      );
      assert.deepEqual(await recorder.close(), {
        frames: 30,
        dropped: 0,
        failure: undefined,
      });
      assert.match(lines.join("\n"), /as Motion JPEG, untouched/);
      const info = await probeVideo(ffmpeg, fileInput(path));
      assert.ok(Math.abs((info.duration ?? 0) - 2) < 0.1, `${info.duration}`);
      await using source = await openSource(parseSource(path), {
        log: silentLogger,
      });
      assert.equal(source.fps, 15);
      assert.deepEqual(
        (await collect(source)).map(({ bytes }) => bytes),
        jpegs,
      );
    }));
}

Deno.test("a recording in .mp4 is H.264 of the right length, also with odd sides", () =>
  inFolder(async (folder) => {
    const path = join(folder, "out.mp4");
    const { log, lines } = recordingLog();
    const ffmpeg = await ffmpegPath();
    const odd = await makeJpegs({ size: "161x107", frames: 5 });
    {
      await using recorder = await VideoRecorder.open(path, {
        ffmpeg,
        fps: 15,
        log,
      });
      for (let i = 0; i < 45; i++) {
        const bytes = odd[i % 5] ?? new Uint8Array();
        recorder.write({ bytes, time: Math.round(i * 1e6 / 15) });
      }
    }
    assert.match(lines.join("\n"), /recording to ".*out\.mp4" as H\.264/);
    const info = await probeVideo(ffmpeg, fileInput(path));
    assert.deepEqual(
      [info.codec, info.width, info.height, info.fps, info.duration],
      ["h264", 162, 108, 15, 3],
    );
    assert.match(info.pixFmt, /^yuv420p/);
  }));

Deno.test("lost frames do not make a recording shorter", () =>
  inFolder(async (folder) => {
    const path = join(folder, "out.mkv");
    const ffmpeg = await ffmpegPath();
    const recorder = await VideoRecorder.open(path, {
      ffmpeg,
      fps: 30,
      log: silentLogger,
    });
    const bytes = jpegs[0] ?? new Uint8Array();
    // twenty frames, twenty lost, twenty; each a little early or late
    for (let i = 0; i < 60; i++) {
      if (i >= 20 && i < 40) continue;
      const jitter = (i % 3 - 1) * 8000;
      recorder.write({ bytes, time: Math.round(i * 1e6 / 30) + jitter });
    }
    const result = await recorder.close();
    assert.ok(Math.abs(result.frames - 60) <= 1, `${result.frames}`);
  }));

Deno.test("a pause and a new stream are cut out", () =>
  inFolder(async (folder) => {
    const recorder = await VideoRecorder.open(join(folder, "out.mkv"), {
      ffmpeg: await ffmpegPath(),
      fps: 10,
      log: silentLogger,
    });
    const bytes = jpegs[0] ?? new Uint8Array();
    for (const start of [50e6, 3600e6, 0]) {
      for (let i = 0; i < 10; i++) {
        recorder.write({ bytes, time: start + i * 100_000 });
      }
    }
    assert.equal((await recorder.close()).frames, 30);
  }));

Deno.test("a recorder that is swamped drops frames and says so", () =>
  inFolder(async (folder) => {
    const { log, lines } = recordingLog();
    const recorder = await VideoRecorder.open(join(folder, "out.mkv"), {
      ffmpeg: await ffmpegPath(),
      fps: 1000,
      log,
    });
    const bytes = jpegs[0] ?? new Uint8Array();
    for (let i = 0; i < 500; i++) recorder.write({ bytes, time: i * 1000 });
    const { frames, dropped } = await recorder.close();
    assert.equal(frames + dropped >= 500, true);
    assert.ok(dropped > 0 && frames > 0);
    assert.equal(lines.filter((line) => /loses frames/.test(line)).length, 1);
  }));

Deno.test("a recording that cannot be written fails once, in words", () =>
  inFolder(async (folder) => {
    const { log, lines } = recordingLog();
    const recorder = await VideoRecorder.open(
      join(folder, "absent", "out.mkv"),
      { ffmpeg: await ffmpegPath(), fps: 10, log },
    );
    const bytes = jpegs[0] ?? new Uint8Array();
    for (let i = 0; i < 100; i++) recorder.write({ bytes, time: i * 100_000 });
    const result = await recorder.close();
    assert.match(result.failure ?? "", /No such file or directory/);
    const errors = lines.filter((line) => line.includes("error"));
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /Cannot record to ".*out\.mkv" any more/);
    recorder.write({ bytes, time: 0 });
    assert.equal(await recorder.close(), result);
  }));

Deno.test("another ending is refused by name", async () => {
  await assert.rejects(
    VideoRecorder.open("out.gif", {
      ffmpeg: await ffmpegPath(),
      fps: 10,
      log: silentLogger,
    }),
    {
      code: "unsupported",
      message: /must end in \.mp4, \.mkv, \.avi or \.mov/,
    },
  );
});
