/**
 * Tries the compiled program as a stranger would, far from this repository:
 * `deno run … scripts/compile_check.ts [BINARY]`. The last line is the sum.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import {
  type JsonEvent,
  type RunningProcess,
  startProcess,
} from "../tests/support/process.ts";
import { descendants, isRunning } from "../tests/support/process_table.ts";
import { settled } from "../tests/support/wait.ts";
import { BareRoot, bareRootMissing } from "./bare_root.ts";
import { ROOT } from "./support.ts";
import { formatTotals } from "./test.ts";

const PEERS = ["A", "B", "C"];
const SECONDS = 3;
const FRAMES_PER_SECOND = 30;

/** The run itself takes its seconds; starting five processes on a slow machine the rest. */
const RUN_LIMIT_MS = 90_000;

/** A page is served by an idle process. */
const PAGE_LIMIT_MS = 10_000;

/** Something that must hold of the program, tried in a folder of its own. */
interface Check {
  name: string;
  run: (binary: string) => Promise<void>;
  /** Why it cannot be tried here. */
  missing?: () => Promise<string | undefined>;
}

const CHECKS: Check[] = [
  { name: "--version prints the version of deno.json", run: checkVersion },
  { name: "doctor finds nothing that fails", run: checkDoctor },
  { name: "help lists the commands", run: checkHelp },
  { name: "chain-run brings every frame to every peer", run: checkChain },
  { name: "the pages are inside, and a signal ends it with 0", run: checkPage },
  {
    name: "all of it works where there is nothing but the C library",
    run: checkBareRoot,
    missing: bareRootMissing,
  },
];

async function checkVersion(binary: string): Promise<void> {
  const { version } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  await using process = startProcess(binary, ["--version"]);
  await expectExit(process);
  assert.match(process.lines.join("\n"), new RegExp(`\\b${version}\\b`));
}

async function checkDoctor(binary: string): Promise<void> {
  await using process = startProcess(binary, ["doctor"]);
  await expectExit(process);
  assert.match(process.lines.join("\n"), /ffmpeg/);
}

async function checkHelp(binary: string): Promise<void> {
  await using process = startProcess(binary, ["help"]);
  await expectExit(process);
  assert.match(process.lines.join("\n"), /^ {2}chain-run /m);
}

async function checkChain(binary: string): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "streamtool_compiled_" });
  try {
    await using process = startProcess(binary, [
      "chain-run",
      `pattern:320x240@${FRAMES_PER_SECOND}`,
      ...["--peers", String(PEERS.length), "--duration", `${SECONDS}s`],
      ...["--port", "0", "--peer-port", "0", "--dir", folder],
      ...["--exit-at-end", "--no-page", "--json"],
    ], { json: true });
    await process.event("listening");
    const children = await descendants(process.pid);
    await expectExit(process, RUN_LIMIT_MS);
    const ends = process.events.filter(({ event }) => event === "end");
    assert.equal(ends.length, 1, "exactly one end event");
    const first = framesOf(folder, "A");
    assert.equal(first.length, SECONDS * FRAMES_PER_SECOND);
    for (const frame of first) assertJpeg(frame);
    for (const peer of PEERS.slice(1)) {
      const frames = framesOf(folder, peer);
      assert.equal(frames.length, first.length, `frames of ${peer}`);
      for (const [index, frame] of frames.entries()) {
        assert.ok(equal(frame, first[index]!), `frame ${index} of ${peer}`);
      }
    }
    for (const child of children) {
      assert.ok(!await isRunning(child), `process ${child} was left behind`);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The ffmpeg that the binary brought to its cache when `doctor` asked for it. */
async function ffmpegInside(binary: string): Promise<string | undefined> {
  await using process = startProcess(binary, ["doctor", "--json"], {
    json: true,
  });
  await expectExit(process);
  const { detail } = await process.event(({ name }) => name === "ffmpeg");
  return /(\/\S+), from this program/.exec(String(detail))?.[1];
}

async function checkBareRoot(binary: string): Promise<void> {
  const ffmpeg = await ffmpegInside(binary);
  assert.ok(ffmpeg, "ffmpeg is inside");
  await using root = await BareRoot.make(binary, [ffmpeg]);
  const run = async (...words: string[]): Promise<string> => {
    const { command, args } = root.command(words);
    await using process = startProcess(command, args);
    await expectExit(process, RUN_LIMIT_MS);
    return process.lines.join("\n");
  };
  assert.match(await run("doctor"), /ffmpeg .*, from this program/);
  await run(
    ...["chain-run", `pattern:320x240@${FRAMES_PER_SECOND}`, "--no-page"],
    ...["--peers", "2", "--duration", "1s", "--dir", "/tmp/chain"],
    "--exit-at-end",
  );
  for (const peer of PEERS.slice(0, 2)) {
    const frames = framesOf(join(root.path, "tmp", "chain"), peer);
    assert.equal(frames.length, FRAMES_PER_SECOND, `frames of ${peer}`);
  }
  await run(
    ...["convert", "pattern:320x240@10", "/tmp/film.mjpeg"],
    ...["--duration", "1s", "--container", "binary"],
  );
  assert.ok(Deno.statSync(join(root.path, "tmp", "film.mjpeg")).size > 1000);
  const demo = await run(
    ...["demo", "--once", "--seconds", "2", "--dir", "/tmp/demo"],
    ...["--page-port", "0"],
  );
  for (const part of ["chain", "rtsp", "referee", "party"]) {
    assert.match(demo, new RegExp(`^✔ ${part} `, "m"));
  }
}

async function checkPage(binary: string): Promise<void> {
  await using process = startProcess(binary, [
    "chain-coordinator",
    "pattern:320x240@10",
    ...["--port", "0", "--page-port", "0", "--json"],
  ], { json: true });
  const { url } = await process.event(isPage);
  const response = await settled(fetch(String(url)), {
    within: PAGE_LIMIT_MS,
    what: `an answer from ${url}`,
  });
  const html = await response.text();
  assert.equal(response.status, 200);
  assert.match(html, /<title>/);
  const style = /href="([^"]+\.css)"/.exec(html)?.[1];
  assert.ok(style, "the page names a style sheet");
  const css = await fetch(new URL(style, String(url)));
  await css.body?.cancel();
  assert.equal(css.status, 200, style);
  process.signal("SIGTERM");
  await expectExit(process);
}

function isPage({ event, url }: JsonEvent): boolean {
  return event === "listening" && String(url).startsWith("http");
}

async function expectExit(
  process: RunningProcess,
  within?: number,
): Promise<void> {
  const { code } = await process.exited(within ? { within } : {});
  assert.equal(code, 0, process.errorLines.join("\n"));
}

/** The saved frames of a peer, in order. */
function framesOf(folder: string, peer: string): Uint8Array[] {
  const frames = join(folder, `peer_${peer}_frames`);
  return [...Deno.readDirSync(frames)]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".jpg"))
    .sort()
    .map((name) => Deno.readFileSync(join(frames, name)));
}

function assertJpeg(bytes: Uint8Array): void {
  const ends = [...bytes.subarray(0, 2), ...bytes.subarray(-2)];
  assert.deepEqual(ends, [0xff, 0xd8, 0xff, 0xd9]);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

async function main([binary = `${ROOT}dist/streamtool`]: readonly string[]) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run, missing } of CHECKS) {
    const why = await missing?.();
    if (why !== undefined) {
      totals.skipped++;
      console.log(`${name} ... skipped: ${why}`);
      continue;
    }
    try {
      await run(resolve(binary));
      totals.passed++;
      console.log(`${name} ... ok`);
    } catch (error) {
      totals.failed++;
      console.log(`${name} ... FAILED\n${error}`);
    }
  }
  console.log(formatTotals(totals));
  return totals.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
