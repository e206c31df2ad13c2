import assert from "node:assert/strict";
import { ffmpegVersion } from "../../src/media/mod.ts";
import {
  isAtLeast,
  parseFfmpegVersion,
} from "../../src/media/ffmpeg_version.ts";

const banners: readonly (readonly [string, number | undefined, boolean])[] = [
  ["ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", 5, true],
  ["ffmpeg version n7.0-7-gd38bf5e08e-20240407 Copyright", 7, true],
  ["ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright", 4, false],
  ["ffmpeg version 8.0 Copyright", 8, true],
  ["ffmpeg version N-118000-gabc Copyright", undefined, true],
  ["ffmpeg version 2024-04-07-git-ecdc94b97f-full_build", undefined, true],
];

for (const [banner, major, atLeast] of banners) {
  Deno.test(`the version is read from "${banner}"`, () => {
    const version = parseFfmpegVersion(banner);
    assert.ok(version !== undefined);
    assert.equal(version.major, major);
    assert.equal(isAtLeast(version, 5, 1), atLeast);
  });
}

Deno.test("what is no ffmpeg has no version", () => {
  assert.equal(parseFfmpegVersion("bash 5.2"), undefined);
  assert.equal(parseFfmpegVersion(""), undefined);
});

Deno.test("the ffmpeg of this machine says its version", async () => {
  const version = await ffmpegVersion("ffmpeg");
  assert.match(version.text, /\d/);
});

Deno.test("a program that is no ffmpeg is refused", async () => {
  await assert.rejects(ffmpegVersion(Deno.execPath()), {
    name: "MediaError",
    code: "unsupported",
  });
});

Deno.test("a path without a program names the remedy", async () => {
  await assert.rejects(ffmpegVersion("/nowhere/ffmpeg"), {
    name: "MissingProgramError",
    program: "ffmpeg",
    remedy: "Install ffmpeg or pass --ffmpeg <path>",
  });
});
