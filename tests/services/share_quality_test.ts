import assert from "node:assert/strict";
import {
  QualityLevels,
  readSubtitles,
  startShareHost,
} from "../../src/services/share/mod.ts";
import { QualityChooser } from "../../src/services/share/quality_choice.ts";
import type { PeerStatus } from "../../src/signaling/mod.ts";
import { ffmpegPath } from "../support/clips.ts";
import { makeFilm } from "../support/films.ts";
import { testContext } from "../support/service.ts";
import { startTestSignal } from "../support/signal.ts";
import { waitUntil } from "../support/wait.ts";

const PATIENT = { within: 60_000 };
const MBIT = 1_000_000;

function status(
  bufferedS: number,
  mbit: number,
  state: PeerStatus["state"] = "playing",
): Pick<PeerStatus, "bufferedS" | "downBps" | "state"> {
  return { bufferedS, downBps: mbit * MBIT, state };
}

/** Looks once a second; gives the seconds at which the level changed, and to which. */
function changes(
  chooser: QualityChooser,
  seconds: number,
  at: (second: number) => readonly ReturnType<typeof status>[],
): [number, number][] {
  const found: [number, number][] = [];
  for (let second = 0; second < seconds; second++) {
    const level = chooser.look(at(second), 1000 * second);
    if (level !== undefined) found.push([second, level]);
  }
  return found;
}

Deno.test("the room goes down to what its slowest viewer can take, and up again when all have plenty", () => {
  const chooser = new QualityChooser(
    [0.8 * MBIT, 1.5 * MBIT, 2.9 * MBIT, 8 * MBIT],
  );
  const found = changes(
    chooser,
    300,
    (second) =>
      second < 30
        ? [status(30, 9), status(1, 2.2, "buffering")]
        : [status(30, 9), status(30, 9)],
  );
  assert.deepEqual(found[0], [3, 1]); // 1.5 of 2.2 Mbit/s, not 2.9
  assert.deepEqual(
    found.slice(1).map(([, level]) => level),
    [0, 1, 2, 3]
      .filter((level) =>
        found.some(([, one], index) => index > 0 && one === level)
      ),
  );
  assert.equal(chooser.level, 3);
  const ups = found.filter(([second]) => second >= 30).map(([second]) =>
    second
  );
  assert.ok(ups[0]! >= 63, `${ups}`); // not at once after it went down
});

Deno.test("a short seek, a paused viewer and the lowest level change nothing", () => {
  const chooser = new QualityChooser([MBIT, 2 * MBIT]);
  assert.deepEqual(
    changes(chooser, 60, (second) => [
      status(second % 5 < 2 ? 1 : 10, 1),
      status(0, 0, "paused"),
      status(0, 0, "idle"),
    ]),
    [],
  );
  chooser.set(0, 0);
  assert.deepEqual(changes(chooser, 60, () => [status(0, 0.1)]), []);
});

Deno.test("levels are made by ffmpeg and take the film's place where it is", async () => {
  const film = await makeFilm({ seconds: 6, size: "854x480" });
  await using server = await startTestSignal();
  const context = testContext();
  const host = await startShareHost({
    file: film,
    server: server.url,
    room: undefined,
    name: "host",
    settings: {},
    uploadLimit: undefined,
    duration: 6,
    ways: ["relay"],
  }, context);
  try {
    host.client.control({ action: "seek", time: 3 });
    await using levels = await QualityLevels.start(host, {
      file: film,
      duration: 6,
      quality: "360p",
      ffmpeg: await ffmpegPath(),
    }, context);
    await context.event("quality", PATIENT);
    assert.equal(levels.on, "360p");
    assert.match(host.client.state.film!.fileName, /\.360p\.mp4$/);
    assert.ok(host.client.state.film!.fileSize < Deno.statSync(film).size);
    assert.equal(host.client.position(), 3);
    assert.match(levels.choose("720p"), /no more than/);
    levels.choose("original");
    await waitUntil(
      () => !host.client.state.film!.fileName.includes("360p"),
      PATIENT,
    );
    assert.equal(host.client.position(), 3);
  } finally {
    host.close();
  }
});

Deno.test("subtitles are read from a file and from the film, and what has none is told", async () => {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const srt = `${folder}/Deutsch.srt`;
    await Deno.writeTextFile(srt, "1\n00:00:01,000 --> 00:00:02,000\nHallo\n");
    const film = await makeFilm();
    const ffmpeg = await ffmpegPath();
    assert.deepEqual(await readSubtitles(srt, film, ffmpeg), {
      title: "Deutsch",
      cues: [[1000, 2000, "Hallo"]],
    });
    const both = `${folder}/both.mkv`;
    const { success } = await new Deno.Command(ffmpeg, {
      args: ["-v", "error", "-i", film, "-i", srt, "-c", "copy", both],
    }).output();
    assert.ok(success);
    const embedded = await readSubtitles("embedded", both, ffmpeg);
    const [start = 0, end = 0, text] = embedded.cues[0] ?? [];
    assert.equal(text, "Hallo");
    // A container may begin its first picture and its text a frame later.
    assert.ok(Math.abs(start - 1000) < 50 && end - start === 1000);
    await assert.rejects(
      readSubtitles("embedded", film, ffmpeg),
      /there is no text track/,
    );
    await assert.rejects(
      readSubtitles(`${folder}/none.srt`, film, ffmpeg),
      /no such file/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
