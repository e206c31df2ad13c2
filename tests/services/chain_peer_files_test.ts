import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeBinaryEnd } from "../../src/chain/mod.ts";
import { MediaError } from "../../src/media/mod.ts";
import { nowMicros } from "../../src/net/mod.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  binaryDatagrams,
  type PeerScene,
  type PeerSceneOptions,
  withPeer,
} from "./support/peer_scene.ts";

Deno.test("a full disk is told once, counted, and the video goes on", async () => {
  const jpegs = await makeJpegs({ frames: 3, size: "320x240" });
  await withPeer({ framesDir: "/proc/streamtool" }, async () => {}).then(
    () => assert.fail("a folder that cannot be made must be an error"),
    (error) => assert.match(String(error), /\/proc\/streamtool/),
  );
  await withPeer({}, async (scene) => {
    await Deno.remove(join(scene.dir, "frames"), { recursive: true });
    await Deno.writeTextFile(join(scene.dir, "frames"), "in the way");
    await scene.send([
      ...jpegs.flatMap((jpeg, frame) => binaryDatagrams(jpeg, frame, 3)),
      encodeBinaryEnd(3, 3, nowMicros()),
    ]);
    const end = await scene.context.event("stream-end");
    assert.equal(end.framesReceived, 3);
    await waitUntil(() => scene.running.peer.report().framesNotSaved === 3);
    const told = scene.context.lines.filter((line) => /save|write/i.test(line));
    assert.equal(told.length, 1, told.join("\n"));
  });
});

Deno.test("names that are paths are refused before anything is made", async () => {
  for (const name of ["../x", "a/b", "", ".hidden", "x\n"]) {
    await assert.rejects(withPeer({ name }, async () => {}), SyntaxError);
  }
});

/** Starting such a peer fails with this. */
async function failureOf(options: PeerSceneOptions): Promise<Error> {
  try {
    await withPeer(options, async () => {});
  } catch (error) {
    return error as Error;
  }
  throw new Error("Cannot show the failure: the peer started");
}

Deno.test("a recording that cannot be is refused at the start, with the remedy", async () => {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ["out.txt", "unsupported", /must end in \.mp4, \.mkv, \.avi or \.mov/],
      ["out", "unsupported", /must end in/],
      [join(dir, "no", "out.mp4"), "write_failed", /its folder is not there/],
      ["/proc/out.mkv", "write_failed", /\. Name a file in a folder that you/],
    ];
    for (const [record, code, words] of cases) {
      const error = await failureOf({ record });
      assert.ok(error instanceof MediaError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, words);
    }
    await withPeer({ record: join(dir, "fine.mp4") }, async () => {});
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** A stream with the times of one that is sent at its rate, but as fast as it is taken. */
async function play(
  scene: PeerScene,
  stream: {
    readonly id: number;
    readonly fps: number;
    readonly jpegs: readonly Uint8Array[];
    readonly lost?: readonly number[];
  },
): Promise<void> {
  const { id, fps, jpegs, lost = [] } = stream;
  await scene.say({ type: "started", streamId: id, fps });
  const startUs = nowMicros();
  const { length } = scene.context.events;
  for (const [number, jpeg] of jpegs.entries()) {
    if (lost.includes(number)) continue;
    await scene.send(binaryDatagrams(jpeg, number, id, {
      fragmentBytes: 60_000,
      nowUs: startUs + number * 1e6 / fps,
    }));
    await waitUntil(() => {
      const { streamId, frameNumber } = scene.running.peer.report();
      return streamId === id && frameNumber === number;
    });
  }
  await scene.send([encodeBinaryEnd(id, jpegs.length, nowMicros())]);
  await waitUntil(() =>
    scene.context.events.slice(length).some(({ event }) =>
      event === "stream-end"
    )
  );
}

/** What ffmpeg sees in a video; anything it complains about is an error. */
async function examine(
  path: string,
): Promise<{ frames: number; seconds: number }> {
  const { stderr } = await new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-v", "level+info", "-xerror", "-i", path],
      ...["-f", "null", "-"],
    ],
    stdin: "null",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  // ffmpeg's own opinion of full-range JPEG, which every MJPEG file gets.
  const complaints = text.split("\n").filter((line) =>
    /\[(warning|error|fatal)\]/.test(line) &&
    !line.includes("deprecated pixel format")
  );
  assert.deepEqual(complaints, []);
  const duration = /Duration: (\d+):(\d+):([\d.]+)/.exec(text);
  const [, hours, minutes, seconds] = duration?.map(Number) ?? [];
  const frames = [...text.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1];
  return {
    frames: Number(frames),
    seconds: hours! * 3600 + minutes! * 60 + seconds!,
  };
}

for (const ending of ["mp4", "mkv", "avi"]) {
  for (const fps of [24, 30]) {
    Deno.test(`a recording in .${ending} at ${fps} frames/s is as long as the stream and plays`, async () => {
      const jpegs = await makeJpegs({ frames: 48, size: "160x120" });
      const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
      try {
        const record = join(dir, `out.${ending}`);
        await withPeer({ session: true, record }, async (scene) => {
          // A frame that is lost is shown longer; the last ones, too.
          await play(scene, { id: 3, fps, jpegs, lost: [20, 21, 47] });
        });
        const { frames, seconds } = await examine(record);
        assert.equal(frames, 48);
        assert.ok(Math.abs(seconds - 48 / fps) < 1 / fps, `${seconds} s`);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  }
}

Deno.test("a second stream of another rate and size follows the first in the recording", async () => {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const record = join(dir, "out.mp4");
    await withPeer({ session: true, record }, async (scene) => {
      const first = await makeJpegs({ frames: 48, size: "160x120" });
      await play(scene, { id: 3, fps: 24, jpegs: first });
      const second = await makeJpegs({ frames: 60, size: "320x240" });
      await play(scene, { id: 4, fps: 30, jpegs: second });
    });
    const { frames, seconds } = await examine(record);
    assert.ok(Math.abs(frames - 2 * 48) <= 1, `${frames} frames`);
    assert.ok(Math.abs(seconds - 4) <= 1 / 24, `${seconds} s`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
