/**
 * A program that has ffmpegs running in each way there is, says their numbers,
 * and waits to be killed. Arguments: a video, and a folder to record into.
 *
 * @module
 */

import { join } from "node:path";
import { silentLogger } from "../../../src/log/mod.ts";
import {
  openSource,
  parseSource,
  VideoRecorder,
} from "../../../src/media/mod.ts";
import { ffmpegPath, makeJpeg } from "../../support/clips.ts";
import { waitUntil } from "../../support/wait.ts";
import { ffmpegChildren } from "./sources.ts";

const [video = "", folder = "", ending] = Deno.args;
const options = { log: silentLogger, loop: true };

// one that writes, one that reads and writes, one that only reads
const file = await openSource(parseSource(video), options);
const pattern = await openSource(parseSource("pattern:320x240@24"), options);
await file.frames()[Symbol.asyncIterator]().next();
await pattern.frames()[Symbol.asyncIterator]().next();
const recorder = await VideoRecorder.open(join(folder, "out.mp4"), {
  ffmpeg: await ffmpegPath(),
  fps: 25,
  log: silentLogger,
});
const bytes = await makeJpeg({ size: "320x240" });
for (let i = 0; i < 50; i++) recorder.write({ bytes, time: i * 40_000 });

const pids = await waitUntil(async () => {
  const found = await ffmpegChildren();
  return found.length === 3 && found;
});
console.log(`running ${pids.join(" ")}`);
if (ending === "exit") Deno.exit(0);
setInterval(() => {}, 1000);
