import assert from "node:assert/strict";
import {
  MAX_STDERR_LINE_LENGTH,
  MAX_STDERR_LINES,
  meaningfulLine,
  StderrTail,
} from "../../src/media/ffmpeg_messages.ts";

const cases: readonly {
  name: string;
  lines: string[];
  input?: string;
  says: string | undefined;
}[] = [
  {
    name: "ffmpeg 5 on junk",
    lines: ["file:c.txt: Invalid data found when processing input"],
    input: "file:c.txt",
    says: "it is no video, or damaged",
  },
  {
    name: "ffmpeg 7 on a folder",
    lines: [
      "[in#0 @ 0x5602be322940] Error opening input: Is a directory",
      "Error opening input file file:seq.",
      "Error opening input files: Is a directory",
    ],
    says: "Is a directory",
  },
  {
    name: "ffmpeg 7 on a playlist",
    lines: [
      "[hls @ 0x55a] Format not on whitelist 'mov,mp4'",
      "[in#0 @ 0x55acc349f940] Error opening input: Invalid argument",
      "Error opening input file file:a.m3u8.",
      "Error opening input files: Invalid argument",
    ],
    says: "playlists and picture sequences are not read; give the video itself",
  },
  {
    name: "a cut mp4",
    lines: [
      "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] moov atom not found",
      "file:a.mp4: Invalid data found when processing input",
    ],
    says: "the file is cut off: its index is missing",
  },
  {
    name: "a name before the reason",
    lines: ["rtsp://127.0.0.1:1/x: Connection refused"],
    input: "rtsp://127.0.0.1:1/x",
    says: "Connection refused",
  },
  {
    name: "noise after the reason",
    lines: [
      "[vost#0:0/libx264 @ 0x1] Unknown encoder 'libx264'",
      "[out#0/mp4 @ 0x2] Terminating thread with return code -32 (Broken pipe)",
      "    Last message repeated 1 times",
      "Conversion failed!",
      "",
    ],
    says: "Unknown encoder 'libx264'",
  },
  {
    name: "ffmpeg 7 on an output that cannot be",
    lines: [
      "[out#0/avi @ 0x55782af89cc0] Error opening output file:/x/o.avi: No such file or directory",
      "Error opening output file file:/x/o.avi.",
      "Error opening output files: No such file or directory",
    ],
    input: "file:/x/o.avi",
    says: "No such file or directory",
  },
  {
    name: "ffmpeg 7 on an encoder that it has not",
    lines: [
      "[vost#0:0 @ 0x5556595f98c0] Unknown encoder 'nix'",
      "[vost#0:0 @ 0x5556595f98c0] Error selecting an encoder",
      "Error opening output file -.",
      "Error opening output files: Encoder not found",
    ],
    says: "Unknown encoder 'nix'",
  },
  { name: "silence", lines: ["", "Conversion failed!"], says: undefined },
];

for (const { name, lines, input, says } of cases) {
  Deno.test(`the reason is found: ${name}`, () => {
    assert.equal(meaningfulLine(lines, input), says);
  });
}

Deno.test("the tail gives the same lines however the text is cut", () => {
  const text = "one\r\ntwo\nthree\rfour";
  for (let cut = 0; cut <= text.length; cut++) {
    const tail = new StderrTail();
    tail.push(text.slice(0, cut));
    tail.push(text.slice(cut));
    assert.deepEqual(tail.lines.filter((line) => line !== ""), [
      "one",
      "two",
      "three",
      "four",
    ]);
  }
});

Deno.test("the tail stays bounded under a flood", () => {
  const tail = new StderrTail();
  for (let i = 0; i < 1000; i++) tail.push(`line ${i}\n`);
  tail.push("x".repeat(1_000_000));
  assert.equal(tail.lines.length, MAX_STDERR_LINES + 1);
  assert.equal(tail.lines.at(-2), "line 999");
  assert.equal(tail.lines.at(-1)?.length, MAX_STDERR_LINE_LENGTH);
});
