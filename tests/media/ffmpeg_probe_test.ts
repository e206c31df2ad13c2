import assert from "node:assert/strict";
import { measureRate, parseVideoInfo } from "../../src/media/ffmpeg_probe.ts";
import type { VideoInfo } from "../../src/media/mod.ts";

const cases: readonly {
  name: string;
  text: string;
  info: VideoInfo | undefined;
}[] = [
  {
    name: "an mp4",
    text: `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a.mp4':
  Duration: 00:00:13.70, start: 0.000000, bitrate: 949 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1620x1080 [SAR 1:1 DAR 3:2], 943 kb/s, 30 fps, 30 tbr, 15360 tbn (default)`,
    info: {
      width: 1620,
      height: 1080,
      fps: 30,
      constantRate: true,
      duration: 13.7,
      frames: 411,
      codec: "h264",
      pixFmt: "yuv420p",
    },
  },
  {
    name: "a picture held upright by a phone, after sound and a cover",
    text: `  Duration: 00:00:02.00, start: 0.000000, bitrate: 949 kb/s
    Stream #0:0(eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 96 kb/s (default)
    Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 300x300, 90k tbr, 90k tbn (attached pic)
    Stream #0:2(eng): Video: hevc (Main) (hvc1 / 0x31637668), yuv420p(tv, bt709), 1920x1080, 8000 kb/s, 24.31 fps, 60 tbr, 600 tbn (default)
      Metadata:
        rotate          : 90
      Side data:
        displaymatrix: rotation of -90.00 degrees`,
    info: {
      width: 1080,
      height: 1920,
      fps: 24.31,
      constantRate: false,
      duration: 2,
      frames: 49,
      codec: "hevc",
      pixFmt: "yuv420p",
    },
  },
  {
    name: "a live stream without a rate",
    text: `Input #0, rtsp, from 'rtsp://127.0.0.1/x':
  Duration: N/A, start: 0.080000, bitrate: N/A
  Stream #0:0: Video: mjpeg (Baseline), yuvj420p(pc, bt470bg/unknown/unknown), 640x480 [SAR 1:1 DAR 4:3], 1k tbr, 90k tbn`,
    info: {
      width: 640,
      height: 480,
      fps: 25,
      constantRate: false,
      duration: undefined,
      frames: undefined,
      codec: "mjpeg",
      pixFmt: "yuvj420p",
    },
  },
  {
    name: "sound alone",
    text: `  Duration: 00:00:02.00
  Stream #0:0: Audio: pcm_s16le, 44100 Hz`,
    info: undefined,
  },
  { name: "nothing", text: "", info: undefined },
];

for (const { name, text, info } of cases) {
  Deno.test(`the description of ${name} is read`, () => {
    assert.deepEqual(parseVideoInfo(text.split("\n")), info);
  });
}

const rates: readonly (readonly [
  string,
  string,
  readonly number[],
  number | undefined,
])[] = [
  ["even frames", "1/30", [0, 1, 2, 3, 4], 30],
  ["every other tick", "1/30", [0, 2, 4, 6, 8], 15],
  ["milliseconds, rounded", "1/1000", [0, 33, 67, 100, 133, 167, 200], 30],
  ["a gap", "1/30", [0, 1, 2, 8, 9, 10], undefined],
  ["frames as they please", "1/1000", [0, 40, 70, 160, 170], undefined],
  ["two frames", "1/30", [0, 1], undefined],
  ["all at once", "1/30", [0, 0, 0, 0], undefined],
  ["nothing", "1/30", [], undefined],
];

for (const [name, base, times, rate] of rates) {
  Deno.test(`the rate is measured: ${name}`, () => {
    const lines = times.map((time) =>
      `0, ${String(time).padStart(10)}, ${time},   1,  26430, 0x1bafca24`
    );
    assert.equal(measureRate([`#tb 0: ${base}`, ...lines]), rate);
  });
}
