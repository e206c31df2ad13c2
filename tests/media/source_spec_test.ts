import assert from "node:assert/strict";
import {
  MAX_SOURCE_LENGTH,
  parseSource,
  SourceSpecError,
} from "../../src/media/mod.ts";
import type { SourceSpec } from "../../src/media/mod.ts";

const accepted: readonly (readonly [string, SourceSpec])[] = [
  ["movie.mjpeg", { kind: "file", path: "movie.mjpeg" }],
  ["/a b/movie.Mjpeg", { kind: "file", path: "/a b/movie.Mjpeg" }],
  ["C:\\clips\\movie.mp4", { kind: "file", path: "C:\\clips\\movie.mp4" }],
  ["./camera:0", { kind: "file", path: "./camera:0" }],
  ["patterns.mp4", { kind: "file", path: "patterns.mp4" }],
  ["-movie", { kind: "file", path: "-movie" }],
  ["file:///a%20b.mp4", { kind: "file", path: "/a b.mp4" }],
  ["file:///C:/clips/a.mp4", { kind: "file", path: "C:/clips/a.mp4" }],
  ["-", { kind: "stdin" }],
  ["camera:0", { kind: "camera", index: 0 }],
  ["camera:12", { kind: "camera", index: 12 }],
  ["pattern", { kind: "pattern", width: 640, height: 480, fps: 24 }],
  ["pattern:320x240", { kind: "pattern", width: 320, height: 240, fps: 24 }],
  [
    "pattern:1620x1080@29.97",
    { kind: "pattern", width: 1620, height: 1080, fps: 29.97 },
  ],
  ["chain://127.0.0.1:10001", {
    kind: "chain",
    host: "127.0.0.1",
    port: 10001,
  }],
  ["chain://[::1]:10001/", { kind: "chain", host: "::1", port: 10001 }],
  ["rtsp://u:p@cam/live?x=1", {
    kind: "url",
    url: "rtsp://u:p@cam/live?x=1",
    scheme: "rtsp",
  }],
  ["HTTPS://Host/a.mp4", {
    kind: "url",
    url: "https://host/a.mp4",
    scheme: "https",
  }],
];

for (const [text, spec] of accepted) {
  Deno.test(`the source ${text} is understood`, () => {
    assert.deepEqual(parseSource(text), spec);
  });
}

const refused: readonly (readonly [string, string, RegExp])[] = [
  ["", "empty", /give a video file/],
  ["a".repeat(MAX_SOURCE_LENGTH + 1), "too_long", /4097 characters/],
  ["a\0b", "bad_character", /control byte/],
  ["a\nb", "bad_character", /control byte/],
  ["camera:", "bad_camera", /"camera:0"/],
  ["camera:256", "bad_camera", /from 0 to 255/],
  ["camera:-1", "bad_camera", /a number/],
  ["camera:/dev/video0", "bad_camera", /a number/],
  ["pattern:", "bad_pattern", /pattern:640x480@24/],
  ["pattern:640", "bad_pattern", /pattern:640x480@24/],
  ["pattern:641x480", "bad_pattern", /even/],
  ["pattern:32x480", "bad_pattern", /from 64/],
  ["pattern:99998x480", "bad_pattern", /to 7680/],
  ["pattern:640x480@0", "bad_pattern", /above 0/],
  ["pattern:640x480@241", "bad_pattern", /at most 240/],
  ["chain://host", "bad_chain", /chain:\/\/host:port/],
  ["chain://host:0", "bad_chain", /chain:\/\/host:port/],
  ["chain://host:65536", "bad_chain", /chain:\/\/host:port/],
  ["chain://ho st:1", "bad_chain", /chain:\/\/host:port/],
  ["rtsp:///path", "bad_url", /no URL/],
  ["http://", "bad_url", /no URL/],
  ["ftp://host/a.mp4", "unknown_scheme", /rtsp, rtsps, http, https/],
  ["concat://a", "unknown_scheme", /not known/],
  ["file://host/a.mp4", "bad_url", /names the host "host"/],
  ["file:///a%00b", "bad_character", /control byte/],
  ["file:///a%E0", "bad_url", /no file URL/],
];

for (const [text, code, words] of refused) {
  Deno.test(`the source ${JSON.stringify(text.slice(0, 30))} is refused as ${code}`, () => {
    assert.throws(() => parseSource(text), (error) => {
      assert.ok(error instanceof SourceSpecError);
      assert.equal(error.code, code);
      assert.match(error.message, words);
      assert.match(error.message, /^Cannot use source "/);
      return true;
    });
  });
}

Deno.test("a long source is shortened in the message", () => {
  assert.throws(
    () => parseSource(`ftp://${"x".repeat(1000)}`),
    (error) => error instanceof SourceSpecError && error.message.length < 250,
  );
});
