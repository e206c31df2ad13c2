import assert from "node:assert/strict";
import { join } from "node:path";
import { silentLogger } from "../../src/log/mod.ts";
import { frameFileName, FrameFolder, runFfmpeg } from "../../src/media/mod.ts";
import { DiskPace, SLOW_WRITE_MS } from "../../src/media/disk_pace.ts";
import { MAX_QUEUED_FRAMES } from "../../src/media/frame_folder.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import { inFolder, recordingLog } from "./support/sources.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

function bytes(value: number): Uint8Array {
  return new Uint8Array(10).fill(value);
}

Deno.test("frames are saved under their numbers", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "peer_A_frames");
    const frames = await FrameFolder.open(path, { log: silentLogger });
    for (const number of [0, 7, 999_999, 1_000_000]) {
      assert.ok(frames.save(number, bytes(number % 251)));
    }
    const stats = await frames.close();
    assert.deepEqual(stats, { saved: 4, failed: 0, dropped: 0 });
    assert.deepEqual(names(path), [
      "frame_000000.jpg",
      "frame_000007.jpg",
      "frame_1000000.jpg",
      "frame_999999.jpg",
    ]);
    assert.deepEqual(
      await Deno.readFile(join(path, "frame_000007.jpg")),
      bytes(7),
    );
  }));

Deno.test("the plain ffmpeg line makes a video of saved frames", () =>
  inFolder(async (folder) => {
    const jpegs = await makeJpegs({ size: "162x108", frames: 15 });
    const path = join(folder, "peer_A_frames");
    await using frames = await FrameFolder.open(path, { log: silentLogger });
    jpegs.forEach((jpeg, i) => frames.save(i, jpeg));
    await frames.close();
    const { success, stderr } = await new Deno.Command(await ffmpegPath(), {
      args: [
        ...["-framerate", "30", "-i", "peer_A_frames/frame_%06d.jpg"],
        "out.mp4",
      ],
      cwd: folder,
      stdin: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    let count = 0;
    await runFfmpeg(await ffmpegPath(), [
      ...["-i", join(folder, "out.mp4"), "-f", "null", "-"],
    ], { onProgress: (report) => count = report.frames });
    assert.equal(count, 15);
  }));

Deno.test("keep leaves only the newest", () =>
  inFolder(async (folder) => {
    const frames = await FrameFolder.open(folder, {
      log: silentLogger,
      keep: 3,
    });
    // lost frames leave gaps
    for (const number of [0, 1, 2, 5, 6, 10]) frames.save(number, bytes(1));
    await frames.close();
    assert.deepEqual(names(folder), [5, 6, 10].map(frameFileName));
  }));

Deno.test("a new stream starts in a folder without the frames before it", () =>
  inFolder(async (folder) => {
    const others = ["notes.txt", "frame_1.jpg", "frame_000001.png"];
    for (const name of others) {
      await Deno.writeTextFile(join(folder, name), "mine");
    }
    await Deno.mkdir(join(folder, "frame_000099.jpg"));
    const frames = await FrameFolder.open(folder, { log: silentLogger });
    for (let i = 0; i < 20; i++) frames.save(i, bytes(1));
    frames.startStream();
    for (let i = 0; i < 3; i++) frames.save(i, bytes(2));
    await frames.close();
    assert.deepEqual(
      names(folder),
      [...others, "frame_000099.jpg", ...[0, 1, 2].map(frameFileName)].sort(),
    );
    assert.deepEqual(
      await Deno.readFile(join(folder, frameFileName(1))),
      bytes(2),
    );
  }));

/** A disk that was quick often enough. */
function quickDisk(): DiskPace {
  const pace = new DiskPace();
  while (!pace.isQuick) pace.note(0);
  return pace;
}

Deno.test("on a quick disk a frame is there at once, and takes the place of the oldest that is kept", () =>
  inFolder(async (folder) => {
    await using frames = await FrameFolder.open(folder, {
      log: silentLogger,
      keep: 2,
      pace: quickDisk(),
    });
    let done = 0;
    for (let number = 0; number < 4; number++) {
      // Only what was quick is written in place: the first always is.
      frames.save(number, bytes(number), () => done++);
    }
    await frames.close();
    assert.equal(done, 4);
    assert.deepEqual(names(folder), ["frame_000002.jpg", "frame_000003.jpg"]);
    for (const number of [2, 3]) {
      const path = join(folder, frameFileName(number));
      assert.deepEqual(await Deno.readFile(path), bytes(number));
    }
    // The user may have taken what we would have reused.
    await Deno.remove(join(folder, "frame_000002.jpg"));
    frames.save(4, bytes(4));
    await frames.close();
    assert.deepEqual(names(folder), ["frame_000003.jpg", "frame_000004.jpg"]);
  }));

Deno.test("a frame is written while its sender waits only when the disk is quick", () =>
  inFolder(async (folder) => {
    for (const pace of [quickDisk(), new DiskPace()]) {
      const wasQuick = pace.isQuick;
      await using frames = await FrameFolder.open(folder, {
        log: silentLogger,
        pace,
      });
      let isDone = false;
      frames.save(0, bytes(1), () => isDone = true);
      assert.equal(isDone, wasQuick);
    }
  }));

Deno.test("a folder that goes away is told on a quick disk too", () =>
  inFolder(async (folder) => {
    const { log, lines } = recordingLog();
    const path = join(folder, "frames");
    const frames = await FrameFolder.open(path, { log, pace: quickDisk() });
    await Deno.remove(path);
    frames.save(0, bytes(0));
    frames.save(1, bytes(1));
    assert.deepEqual(await frames.close(), { saved: 0, failed: 2, dropped: 0 });
    assert.match(lines[0] ?? "", /the folder is gone/);
  }));

Deno.test("one slow write and the disk must show again that it is quick, for longer each time", () => {
  const pace = quickDisk();
  let before = 0;
  for (let round = 0; round < 12; round++) {
    pace.note(SLOW_WRITE_MS);
    let trial = 0;
    for (; !pace.isQuick; trial++) pace.note(1);
    assert.ok(trial > before || trial === 300, `${trial}`);
    before = trial;
  }
  assert.equal(before, 300);
});

Deno.test("a number that is none is refused", () =>
  inFolder(async (folder) => {
    await using frames = await FrameFolder.open(folder, { log: silentLogger });
    for (const number of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => frames.save(number, bytes(0)), RangeError);
    }
  }));

Deno.test("a burst beyond the queue is dropped and counted, not kept", () =>
  inFolder(async (folder) => {
    const { log, lines } = recordingLog();
    const frames = await FrameFolder.open(folder, { log });
    let taken = 0;
    for (let i = 0; i < 3 * MAX_QUEUED_FRAMES; i++) {
      if (frames.save(i, bytes(0))) taken++;
    }
    const stats = await frames.close();
    assert.equal(stats.saved, taken);
    assert.equal(stats.saved + stats.dropped, 3 * MAX_QUEUED_FRAMES);
    assert.ok(taken <= MAX_QUEUED_FRAMES + 1);
    assert.match(lines[0] ?? "", /too slow/);
    assert.match(lines.at(-1) ?? "", /\d+ of 192 frames were not saved/);
    assert.equal(lines.length, 2);
    // queued bytes are bounded as well
    const large = new Uint8Array(20 * 1024 * 1024);
    await using other = await FrameFolder.open(folder, { log: silentLogger });
    assert.ok(other.save(0, large));
    assert.ok(!other.save(1, large));
  }));

Deno.test("a folder that cannot be made is an error at once", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await assert.rejects(
      FrameFolder.open(join(file, "frames"), { log: silentLogger }),
      { code: "write_failed", message: /it is no folder$/ },
    );
  }));

Deno.test("a folder that goes away is reported once and the stream goes on", () =>
  inFolder(async (folder) => {
    const path = join(folder, "frames");
    const { log, lines } = recordingLog();
    const frames = await FrameFolder.open(path, { log });
    await Deno.remove(path);
    for (let i = 0; i < 30; i++) assert.ok(frames.save(i, bytes(0)));
    const stats = await frames.close();
    assert.deepEqual(stats, { saved: 0, failed: 30, dropped: 0 });
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /error.*the folder is gone.*goes on/);
    assert.match(lines[1] ?? "", /30 of 30 frames were not saved/);
  }));

/** Mounts a file system of 64 KB at `folder`, where we may. */
async function mountSmallDisk(folder: string): Promise<boolean> {
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success;
}

Deno.test("a full disk is reported once, leaves no half pictures, and is used again", async (t) => {
  await inFolder(async (folder) => {
    const disk = join(folder, "disk");
    await Deno.mkdir(disk);
    if (!await mountSmallDisk(disk)) {
      await t.step({
        name: "needs the right to mount a small disk",
        ignore: true,
        fn: () => {},
      });
      return;
    }
    try {
      const { log, lines } = recordingLog();
      const frames = await FrameFolder.open(disk, { log });
      const large = new Uint8Array(20_000).fill(1);
      for (let i = 0; i < 10; i++) frames.save(i, large);
      await frames.close();
      const { saved, failed } = frames.stats;
      assert.ok(saved > 0 && failed > 0 && saved + failed === 10);
      assert.match(lines[0] ?? "", /the disk is full/);
      assert.equal(
        lines.filter((line) => line.includes("error")).length,
        1,
      );
      for (const name of names(disk)) {
        assert.equal((await Deno.stat(join(disk, name))).size, large.length);
      }
      frames.startStream();
      frames.save(0, large);
      await frames.close();
      assert.equal(frames.stats.saved, saved + 1);
    } finally {
      await new Deno.Command("umount", { args: [disk] }).output();
    }
  });
});
