import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkJpeg,
  hasStandardHuffman,
  parseJpeg,
} from "../../src/jpeg/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { MediaError, openSource, parseSource } from "../../src/media/mod.ts";
import type { OpenSourceOptions } from "../../src/media/mod.ts";
import { resample } from "../../src/media/ffmpeg_file_source.ts";
import { ffmpegPath, makeClip, makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  collect,
  ffmpegChildren,
  inFolder,
  recordingLog,
  writeRaw,
} from "./support/sources.ts";

const options: OpenSourceOptions = { log: silentLogger };

async function ffmpeg(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-nostdin", "-v", "error", "-y", ...args],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

for (const container of ["avi", "mkv", "mov"]) {
  Deno.test(`MJPEG in ${container} is passed on byte for byte`, () =>
    inFolder(async (folder) => {
      const jpegs = await makeJpegs({ size: "320x240", frames: 20 });
      const raw = await writeRaw(folder, jpegs);
      const path = join(folder, `movie.${container}`);
      await ffmpeg("-f", "mjpeg", "-r", "25", "-i", raw, "-c", "copy", path);
      await using source = await openSource(parseSource(path), options);
      assert.deepEqual(
        [source.fps, source.totalFrames, source.width, source.height],
        [25, 20, 320, 240],
      );
      const got = await collect(source);
      assert.deepEqual(got.map((frame) => frame.bytes), jpegs);
      assert.equal(got[10]?.time, 400_000);
    }));
}

Deno.test("any other video becomes baseline 4:2:0 with standard Huffman tables", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mp4");
    await makeClip(path, {
      codec: "mpeg4",
      pixFmt: "yuv420p",
      frames: 30,
      fps: 30,
      size: "162x108",
    });
    await using source = await openSource(parseSource(path), options);
    assert.deepEqual([source.fps, source.totalFrames], [30, 30]);
    const got = await collect(source);
    assert.equal(got.length, 30);
    for (const { bytes } of got) {
      const image = checkJpeg(bytes);
      assert.deepEqual(
        [image.kind, image.layout, image.width, image.height],
        ["baseline", "4:2:0", 162, 108],
      );
      assert.ok(hasStandardHuffman(parseJpeg(bytes)));
    }
  }));

Deno.test("quality makes the frames larger or smaller", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mp4");
    await makeClip(path, { codec: "mpeg4", pixFmt: "yuv420p", frames: 3 });
    const sizes: number[] = [];
    for (const quality of [20, 50, 80, 95]) {
      await using source = await openSource(parseSource(path), {
        ...options,
        quality,
      });
      sizes.push((await collect(source))[2]?.bytes.length ?? 0);
    }
    assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
    assert.ok((sizes[3] ?? 0) > 2 * (sizes[0] ?? 0));
  }));

const conversions: readonly (readonly [number, number])[] = [
  [12, 12],
  [24, 24],
  [48, 48],
];

for (const codec of ["mjpeg", "mpeg4"]) {
  for (const [fps, expected] of conversions) {
    Deno.test(`24 frames/s of ${codec} become ${fps} when asked`, () =>
      inFolder(async (folder) => {
        const path = join(folder, "movie.mkv");
        await makeClip(path, {
          codec,
          pixFmt: codec === "mjpeg" ? "yuvj420p" : "yuv420p",
          frames: 24,
          fps: 24,
          size: "160x120",
        });
        await using source = await openSource(parseSource(path), {
          ...options,
          fps,
        });
        assert.equal(source.fps, fps);
        assert.equal(source.totalFrames, expected);
        const got = await collect(source);
        assert.equal(got.length, expected);
        assert.equal(got.at(-1)?.time, Math.round((expected - 1) * 1e6 / fps));
      }));
  }
}

Deno.test("a video with an uneven rate is made even", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await ffmpeg(
      ...["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=30:duration=4"],
      ...["-vf", "select='lt(n,60)+not(mod(n,6))'", "-fps_mode", "vfr"],
      ...["-c:v", "mpeg4", path],
    );
    await using source = await openSource(parseSource(path), options);
    const got = await collect(source);
    const seconds = got.length / source.fps;
    assert.ok(Math.abs(seconds - 4) < 0.3, `${seconds} s at ${source.fps}`);
  }));

Deno.test("a rate that a file's header doubles is seen through", () =>
  inFolder(async (folder) => {
    const jpegs = await makeJpegs({ size: "160x120", frames: 30 });
    const raw = await writeRaw(folder, jpegs);
    const path = join(folder, "movie.avi");
    await ffmpeg(
      ...["-f", "mjpeg", "-framerate", "15", "-i", raw, "-c", "copy", path],
    );
    await using source = await openSource(parseSource(path), options);
    assert.deepEqual([source.fps, source.totalFrames], [15, 30]);
    const got = await collect(source);
    assert.deepEqual(got.map((frame) => frame.bytes), jpegs);
  }));

Deno.test("JPEGs that come as they please are encoded at an even rate", () =>
  inFolder(async (folder) => {
    const path = join(folder, "webcam.mkv");
    await ffmpeg(
      ...["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=30:duration=4"],
      ...["-vf", "select='lt(n,60)+not(mod(n,6))'", "-fps_mode", "vfr"],
      ...["-c:v", "mjpeg", path],
    );
    await using source = await openSource(parseSource(path), options);
    const seconds = (await collect(source)).length / source.fps;
    assert.ok(Math.abs(seconds - 4) < 0.3, `${seconds} s at ${source.fps}`);
  }));

Deno.test("a video starts over without losing or doubling a frame", () =>
  inFolder(async (folder) => {
    const kinds = [["mjpeg", "avi"], ["mpeg4", "avi"], ["mpeg4", "mkv"]];
    for (const [codec = "", container] of kinds) {
      const path = join(folder, `${codec}.${container}`);
      await makeClip(path, {
        codec,
        pixFmt: codec === "mjpeg" ? "yuvj420p" : "yuv420p",
        frames: 10,
        fps: 10,
        size: "160x120",
      });
      await using once = await openSource(parseSource(path), options);
      const round = (await collect(once)).map((frame) => frame.bytes);
      assert.equal(round.length, 10);
      await using source = await openSource(parseSource(path), {
        ...options,
        loop: true,
        duration: 3.5,
      });
      assert.equal(source.totalFrames, 35);
      const got = (await collect(source)).map((frame) => frame.bytes);
      assert.deepEqual(got, [
        ...round,
        ...round,
        ...round,
        ...round.slice(0, 5),
      ]);
    }
  }));

Deno.test("a video starts late and ends early when asked", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await makeClip(path, { frames: 20, fps: 10, size: "160x120" });
    await using whole = await openSource(parseSource(path), options);
    const all = (await collect(whole)).map((frame) => frame.bytes);
    await using part = await openSource(parseSource(path), {
      ...options,
      start: 0.5,
      duration: 1,
    });
    assert.equal(part.totalFrames, 10);
    const got = (await collect(part)).map((frame) => frame.bytes);
    assert.deepEqual(got, all.slice(5, 15));
  }));

Deno.test("bare JPEGs are scaled and encoded anew when asked", () =>
  inFolder(async (folder) => {
    const path = await writeRaw(
      folder,
      await makeJpegs({
        size: "320x240",
        frames: 12,
        pixFmt: "yuvj444p",
        huffman: "optimal",
      }),
    );
    const plans: [Partial<OpenSourceOptions>, number, number][] = [
      [{ size: { width: 160, height: 120 } }, 160, 12],
      [{ recode: true }, 320, 12],
      [{ recode: true, fps: 12, loop: true, duration: 2.5 }, 320, 30],
    ];
    for (const [more, width, count] of plans) {
      await using source = await openSource(parseSource(path), {
        ...options,
        ...more,
      });
      assert.equal(source.totalFrames, count);
      assert.equal(source.width, width);
      const got = await collect(source);
      assert.equal(got.length, count);
      for (const { bytes } of got) {
        assert.equal(checkJpeg(bytes).layout, "4:2:0");
        assert.equal(checkJpeg(bytes).width, width);
      }
    }
  }));

Deno.test("a video on its side is turned upright", () =>
  inFolder(async (folder) => {
    const flat = join(folder, "flat.mp4");
    const path = join(folder, "turned.mp4");
    await makeClip(flat, {
      codec: "mpeg4",
      pixFmt: "yuv420p",
      frames: 3,
      size: "160x120",
    });
    await ffmpeg(
      ...["-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90", path],
    );
    await using source = await openSource(parseSource(path), options);
    const { width, height } = checkJpeg(
      (await collect(source))[0]?.bytes ?? new Uint8Array(),
    );
    assert.deepEqual([source.width, source.height], [width, height]);
  }));

const hostile: readonly (readonly [string, string, RegExp])[] = [
  [
    "playlist.m3u8",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.ts\n#EXT-X-ENDLIST\n",
    /playlists and picture sequences are not read/,
  ],
  [
    "list.ffconcat",
    "ffconcat version 1.0\nfile secret.ts\n",
    /playlists and picture sequences are not read/,
  ],
  [
    "session.sdp",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n",
    /playlists and picture sequences are not read/,
  ],
  ["notes.txt", "these are words and no video at all\n", /it is no video/],
];

for (const [name, text, words] of hostile) {
  Deno.test(`${name} makes ffmpeg open nothing else`, () =>
    inFolder(async (folder) => {
      await makeClip(join(folder, "clip.mkv"), { frames: 2, fps: 1 });
      await ffmpeg(
        ...["-i", join(folder, "clip.mkv"), "-c:v", "mpeg2video"],
        ...["-r", "25", "-f", "mpegts", join(folder, "secret.ts")],
      );
      const path = join(folder, name);
      await Deno.writeTextFile(path, text);
      await assert.rejects(openSource(parseSource(path), options), (error) => {
        assert.ok(error instanceof MediaError);
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /0x|\n/);
        return true;
      });
    }));
}

Deno.test("a name like a picture sequence is one file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "frame_%03d.png");
    await ffmpeg(
      ...["-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "3", path],
    );
    await assert.rejects(openSource(parseSource(path), options), {
      code: "not_found",
    });
  }));

Deno.test("a truncated video plays as far as it goes, or says why not", () =>
  inFolder(async (folder) => {
    const mkv = join(folder, "movie.mkv");
    await makeClip(mkv, { frames: 20, size: "320x240" });
    await Deno.truncate(mkv, Math.floor((await Deno.stat(mkv)).size / 2));
    await using source = await openSource(parseSource(mkv), options);
    const got = await collect(source);
    assert.ok(got.length > 5 && got.length < 20, `${got.length}`);

    const mp4 = join(folder, "movie.mp4");
    await makeClip(mp4, { codec: "mpeg4", pixFmt: "yuv420p", frames: 20 });
    await Deno.truncate(mp4, Math.floor((await Deno.stat(mp4)).size / 2));
    await assert.rejects(
      openSource(parseSource(mp4), options),
      /its index is missing$/,
    );
  }));

Deno.test("sound without pictures is refused by name", () =>
  inFolder(async (folder) => {
    const path = join(folder, "song.mkv");
    await ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path);
    await assert.rejects(openSource(parseSource(path), options), {
      code: "no_video",
      message: `Cannot read ${JSON.stringify(path)}: there is no picture in it`,
    });
  }));

Deno.test("pictures with two fields in one are encoded anew", () =>
  inFolder(async (folder) => {
    const jpegs = await makeJpegs({ size: "160x64", frames: 4 });
    const doubled = await writeRaw(folder, jpegs);
    const path = join(folder, "fields.avi");
    await ffmpeg("-f", "mjpeg", "-i", doubled, "-c", "copy", path);
    // every packet gets a second picture behind the first, as capture cards do
    const two = await Promise.all(
      jpegs.map((jpeg) => new Blob([jpeg, jpeg]).bytes()),
    );
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, replacePackets(bytes, jpegs, two));
    const { log, lines } = recordingLog();
    await using source = await openSource(parseSource(path), { log });
    const got = await collect(source);
    assert.ok(got.length > 0);
    for (const frame of got) checkJpeg(frame.bytes);
    assert.match(lines.join("\n"), /unusual kind/);
  }));

/** An AVI of other packets: chunk "00dc", length, bytes; the index goes. */
function replacePackets(
  avi: Uint8Array,
  before: readonly Uint8Array[],
  after: readonly Uint8Array[],
): Uint8Array {
  const text = new TextDecoder("latin1").decode(avi);
  const first = text.indexOf("00dc");
  const parts: Uint8Array[] = [avi.slice(0, first)];
  for (const packet of after) {
    const header = new Uint8Array(8);
    header.set(new TextEncoder().encode("00dc"));
    new DataView(header.buffer).setUint32(4, packet.length, true);
    parts.push(header, packet, new Uint8Array(packet.length % 2));
  }
  assert.equal(before.length, after.length);
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

Deno.test("without ffmpeg a video that needs it names the remedy", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await makeClip(path, { frames: 2 });
    await assert.rejects(
      openSource(parseSource(path), {
        ...options,
        ffmpeg: join(folder, "absent"),
      }),
      { name: "MissingProgramError", program: "ffmpeg" },
    );
  }));

Deno.test("leaving in mid-stream leaves no process", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await makeClip(path, { frames: 200, codec: "mpeg4", pixFmt: "yuv420p" });
    // by a break
    await using source = await openSource(parseSource(path), {
      ...options,
      loop: true,
    });
    for await (const _frame of source.frames()) {
      assert.equal((await ffmpegChildren(folder)).length, 1);
      break;
    }
    assert.deepEqual(await ffmpegChildren(folder), []);
    // by disposing while nobody reads
    const other = await openSource(parseSource(path), options);
    const reading = other.frames()[Symbol.asyncIterator]();
    await reading.next();
    assert.equal((await ffmpegChildren(folder)).length, 1);
    await other[Symbol.asyncDispose]();
    assert.deepEqual(await ffmpegChildren(folder), []);
    assert.equal((await reading.next()).done, true);
    // by an abort
    const controller = new AbortController();
    await using third = await openSource(parseSource(path), {
      ...options,
      loop: true,
      signal: controller.signal,
    });
    let count = 0;
    for await (const _frame of third.frames()) {
      if (++count === 20) controller.abort();
    }
    assert.ok(count >= 20 && count < 30);
    await waitUntil(async () => (await ffmpegChildren(folder)).length === 0);
  }));

Deno.test("a reader that stops taking frames stops ffmpeg", () =>
  inFolder(async (folder) => {
    const path = join(folder, "movie.mkv");
    await makeClip(path, { frames: 100, size: "640x480" });
    await using source = await openSource(parseSource(path), {
      ...options,
      loop: true,
    });
    const reading = source.frames()[Symbol.asyncIterator]();
    await reading.next();
    const [pid] = await ffmpegChildren(folder);
    assert.ok(pid !== undefined);
    const cpu = async (): Promise<string> =>
      (await new Deno.Command("cut", {
        args: ["-d ", "-f3,14,15", `/proc/${pid}/stat`],
      }).output().then(({ stdout }) => new TextDecoder().decode(stdout)))
        .trim();
    // it sleeps on the full pipe, and goes on sleeping
    const before = await waitUntil(async () => {
      const now = await cpu();
      return now.startsWith("S") && now === await cpu() && now;
    });
    assert.match(before, /^S/);
    await reading.return?.();
  }));

Deno.test("frames are left out and repeated evenly", async () => {
  async function* count(): AsyncGenerator<number> {
    for (let i = 0; i < 6; i++) yield i;
  }
  const rates: readonly (readonly [number, number, number[]])[] = [
    [30, 30, [0, 1, 2, 3, 4, 5]],
    [30, 15, [0, 2, 4]],
    [30, 60, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
    [30, 20, [0, 1, 3, 4]],
    [24, 30, [0, 0, 1, 2, 3, 4, 4, 5]],
  ];
  for (const [from, to, expected] of rates) {
    const got: number[] = [];
    for await (const i of resample(count(), from, to)) got.push(i);
    assert.deepEqual(got, expected, `${from} to ${to}`);
  }
});
