import assert from "node:assert/strict";
import { join } from "node:path";
import { MediaError, runFfmpeg, spawnFfmpeg } from "../../src/media/mod.ts";
import type { FfmpegProgress } from "../../src/media/mod.ts";
import { ProgressParser } from "../../src/media/ffmpeg_process.ts";
import { PROGRAM_PERMISSIONS } from "../../scripts/support.ts";
import { ffmpegPath, makeClip } from "../support/clips.ts";
import { isRunning } from "../support/process_table.ts";
import { startProcess } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";
import { inFolder } from "./support/sources.ts";

const ENDLESS = ["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=30"];

Deno.test("stop ends ffmpeg whether its output is read or not", async () => {
  for (const isRead of [false, true]) {
    const process = spawnFfmpeg(
      await ffmpegPath(),
      [...ENDLESS, "-f", "rawvideo", "pipe:1"],
      { stdout: "piped" },
    );
    const reader = isRead ? process.stdout.getReader() : undefined;
    await reader?.read();
    assert.ok(await isRunning(process.pid));
    reader?.releaseLock();
    await process.stop();
    assert.ok(process.stopped);
    assert.equal(await isRunning(process.pid), false);
  }
});

Deno.test("an ffmpeg that ignores SIGTERM is killed", () =>
  inFolder(async (folder) => {
    const stubborn = join(folder, "ffmpeg");
    await Deno.writeTextFile(
      stubborn,
      "#!/bin/sh\ntrap '' TERM\necho ready >&2\nwhile :; do sleep 0.1; done\n",
    );
    await Deno.chmod(stubborn, 0o755);
    const ready = Promise.withResolvers<void>();
    const process = spawnFfmpeg(stubborn, [], {
      onLine: () => ready.resolve(),
    });
    await ready.promise;
    await process.stop();
    assert.equal(await isRunning(process.pid), false);
  }));

Deno.test("the signal ends ffmpeg", async () => {
  const controller = new AbortController();
  await using process = spawnFfmpeg(
    await ffmpegPath(),
    [...ENDLESS, "-f", "null", "-"],
    { signal: controller.signal },
  );
  controller.abort();
  const { success } = await process.exit;
  assert.equal(success, false);
});

Deno.test("ffmpeg is not in our process group", async () => {
  await using process = spawnFfmpeg(
    await ffmpegPath(),
    [...ENDLESS, "-f", "null", "-"],
  );
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${process.pid}/stat`, "/proc/self/stat"],
  }).output();
  const [theirs, ours] = new TextDecoder().decode(stdout).trim().split("\n")
    .map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
  assert.equal(theirs, String(process.pid));
  assert.notEqual(theirs, ours);
});

for (const ending of ["killed", "exit"]) {
  Deno.test(`no ffmpeg outlives us when we ${ending === "exit" ? "exit" : "are killed"}`, () =>
    inFolder(async (folder) => {
      const video = join(folder, "movie.mkv");
      await makeClip(video, {
        codec: "mpeg4",
        pixFmt: "yuv420p",
        frames: 50,
        fps: 25,
      });
      const main = new URL("./support/children_main.ts", import.meta.url);
      await using program = startProcess(Deno.execPath(), [
        "run",
        "--quiet",
        ...PROGRAM_PERMISSIONS,
        main.pathname,
        video,
        folder,
        ending,
      ], { cwd: folder });
      const line = await program.line(/^running \d+ \d+ \d+$/);
      const pids = line.split(" ").slice(1).map(Number);
      if (ending === "killed") program.signal("SIGKILL");
      await program.exited();
      for (const pid of pids) {
        await waitUntil(async () => !await isRunning(pid), {
          within: 5000,
          what: `ffmpeg ${pid} to end`,
        });
      }
      if (ending === "killed") {
        // the recorder met the end of its input and finished the file
        await runFfmpeg(await ffmpegPath(), [
          ...["-i", join(folder, "out.mp4"), "-f", "null", "-"],
        ]);
      }
    }));
}

Deno.test("a run tells its progress and its end", () =>
  inFolder(async (folder) => {
    const video = join(folder, "movie.mkv");
    await makeClip(video, { frames: 50, fps: 25 });
    const reports: FfmpegProgress[] = [];
    await runFfmpeg(await ffmpegPath(), [
      ...["-i", video, "-c:v", "mpeg4", join(folder, "out.mp4")],
    ], { onProgress: (report) => reports.push(report) });
    const last = reports.at(-1);
    assert.equal(last?.frames, 50);
    assert.ok(last.seconds > 1.8 && last.seconds < 2.2, `${last.seconds}`);
  }));

Deno.test("a run that fails says why in one line", async () => {
  await assert.rejects(
    runFfmpeg("ffmpeg", ["-i", "file:/nowhere.mkv", "-f", "null", "-"]),
    (error) => {
      assert.ok(error instanceof MediaError);
      assert.equal(error.code, "ffmpeg_failed");
      assert.match(error.message, /No such file or directory$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    },
  );
});

Deno.test("a run that is aborted throws the reason", async () => {
  const controller = new AbortController();
  const run = runFfmpeg(await ffmpegPath(), [...ENDLESS, "-f", "null", "-"], {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await assert.rejects(run, /^Error: enough$/);
});

Deno.test("progress is read the same however it is cut", () => {
  const text = "frame=1\nout_time_us=N/A\nprogress=continue\n" +
    "frame=50\nfps=0.0\nout_time_us=2000000\nprogress=end\n";
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new ProgressParser();
    const first = parser.push(text.slice(0, cut));
    const second = parser.push(text.slice(cut));
    assert.deepEqual(second ?? first, { frames: 50, seconds: 2 });
  }
});

Deno.test("what is no program cannot be started", () => {
  assert.throws(() => spawnFfmpeg("/nowhere/ffmpeg", []), {
    name: "MissingProgramError",
    remedy: "Install ffmpeg or pass --ffmpeg <path>",
  });
});
