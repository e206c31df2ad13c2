import assert from "node:assert/strict";
import { join } from "node:path";
import { makeClip, makeJpegs } from "../support/clips.ts";
import { startProcess, startStreamtool } from "../support/process.ts";
import { descendants, isRunning } from "../support/process_table.ts";
import { waitUntil } from "../support/wait.ts";
import { PROGRAM_PERMISSIONS, ROOT } from "../../scripts/support.ts";
import { CLIP, countSaved, savedFrames } from "./support/chain.ts";

/** A chain that plays for ever. */
const ENDLESS = [
  ...["chain-run", "pattern:160x120@30", "--peers", "3", "--no-page"],
  ...["--port", "0", "--peer-port", "0"],
];

/** Waits until all of these processes are gone. */
async function allGone(pids: readonly number[]): Promise<void> {
  await waitUntil(async () => {
    const running = await Promise.all(pids.map((pid) => isRunning(pid)));
    return !running.includes(true);
  }, { what: "the children to end" });
}

Deno.test("chain-run brings every frame to every peer, byte for byte", async () => {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const clip = join(dir, "clip.mjpeg");
    await makeClip(clip, { ...CLIP, frames: 60 });
    const expected = await makeJpegs({ ...CLIP, frames: 60 });
    await using run = startStreamtool([
      "chain-run",
      clip,
      ...["--fps", "30", "--peers", "4", "--port", "0", "--peer-port", "0"],
      ...["--page-port", "0", "--exit-at-end", "--dir", dir],
    ]);
    const end = await run.event("end");
    assert.equal(end.framesSent, 60);
    assert.equal((await run.exited()).code, 0);
    for (const name of ["A", "B", "C", "D"]) {
      const saved = await savedFrames(dir, name);
      assert.equal(saved.size, 60, `peer ${name}`);
      for (const [index, jpeg] of expected.entries()) {
        assert.deepEqual(
          saved.get(index),
          jpeg,
          `peer ${name}, frame ${index}`,
        );
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("chain-run tells which frames are missing at whom, and exits 1", async () => {
  await using run = startStreamtool([
    ...["chain-run", "pattern:160x120@30", "--duration", "3s", "--peers", "3"],
    ...["--port", "0", "--peer-port", "0", "--no-page", "--exit-at-end"],
  ]);
  await run.event(({ event, from }) =>
    event === "stream-start" && from === "C"
  );
  // The newest children are the peers, in order; the middle one dies.
  const peers = run.events
    .filter(({ event, from }) =>
      event === "registered" && from !== "coordinator"
    );
  assert.equal(peers.length, 3);
  await killPeer(run.pid, "B");
  const end = await run.event("end");
  assert.equal((await run.exited()).code, 1);
  assert.equal(end.framesSent, 90);
  assert.equal(end.complete, false);
  assert.match(
    run.errorLines.join("\n"),
    /of 90 frames .*\bB left before the end/,
  );
});

/** Kills the process of one peer of a chain-run. */
async function killPeer(run: number, name: string): Promise<void> {
  for (const pid of await descendants(run)) {
    const command = new Deno.Command("cat", { args: [`/proc/${pid}/cmdline`] });
    const words = new TextDecoder().decode((await command.output()).stdout)
      .split("\0");
    if (words[words.indexOf("chain-peer") + 1] === name) {
      Deno.kill(pid, "SIGKILL");
      return;
    }
  }
  throw new Error(`Cannot kill ${name}: it is not there`);
}

Deno.test("a chain-run that is killed leaves no process behind", async () => {
  await using run = startStreamtool(ENDLESS);
  await run.event(({ event, from }) =>
    event === "stream-start" && from === "C"
  );
  const children = await descendants(run.pid);
  assert.ok(children.length >= 4, `${children.length} children`);
  run.signal("SIGKILL");
  await allGone(children);
});

/** Starts chain-run as a terminal does: a process group of its own. */
function startInGroup(
  args: readonly string[],
): ReturnType<typeof startProcess> {
  return startProcess("setsid", [
    Deno.execPath(),
    ...["run", "--quiet", "--config", `${ROOT}deno.json`],
    ...PROGRAM_PERMISSIONS,
    `${ROOT}main.ts`,
    ...args,
    "--json",
  ], { json: true });
}

/** What Ctrl-C does: a signal to everybody in the group. */
async function interruptGroup(pid: number): Promise<void> {
  await new Deno.Command("kill", { args: ["-INT", "--", `-${pid}`] }).output();
}

Deno.test("Ctrl-C ends a chain-run with 0 and leaves whole files only", async () => {
  await using run = startInGroup(ENDLESS);
  await run.event(({ event, from }) =>
    event === "stream-start" && from === "C"
  );
  await waitUntil(async () => await countSaved(run.cwd, "C") > 10);
  const children = await descendants(run.pid);
  await interruptGroup(run.pid);
  assert.equal((await run.exited({ within: 5000 })).code, 0);
  await allGone(children);
  for (const name of ["A", "B", "C"]) {
    const frames = await savedFrames(run.cwd, name);
    assert.ok(frames.size > 10);
    for (const [number, jpeg] of frames) {
      const edges = [...jpeg.subarray(0, 2), ...jpeg.subarray(-2)];
      assert.deepEqual(edges, [0xff, 0xd8, 0xff, 0xd9], `${name} ${number}`);
    }
    const log = await Deno.readTextFile(join(run.cwd, `peer_${name}.log`));
    assert.match(log, /\n$/);
  }
});

Deno.test("a second Ctrl-C does not wait", async () => {
  await using run = startInGroup(ENDLESS);
  await run.event(({ event, from }) =>
    event === "stream-start" && from === "C"
  );
  const children = await descendants(run.pid);
  // One that stands still would be waited for until the limit.
  const [stopped] = children.slice(-1);
  Deno.kill(stopped!, "SIGSTOP");
  await interruptGroup(run.pid);
  await run.line(/SIGINT/);
  await interruptGroup(run.pid);
  assert.equal((await run.exited({ within: 3000 })).code, 130);
  Deno.kill(stopped!, "SIGCONT");
  await allGone(children);
});

Deno.test("chain-run over a taken port says so and exits 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using run = startStreamtool([
    ...["chain-run", "--pattern", "--no-page", "--peer-port", "0"],
    ...["--port", String(taken.addr.port)],
  ]);
  assert.equal((await run.exited()).code, 1);
  assert.match(String((await run.event("end")).error), /port 0 for a free one/);
});

Deno.test("chain-run of a file that is no video says so and exits 1", async () => {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    const path = join(dir, "film.mp4");
    await Deno.writeTextFile(path, "this is no film\n".repeat(1000));
    for (
      const [file, words] of [[path, /film\.mp4/], [
        `${dir}/none.mp4`,
        /Cannot read .*none\.mp4": there is no such file/,
      ]] as const
    ) {
      await using run = startStreamtool([
        ...["chain-run", file, "--peers", "1", "--no-page", "--exit-at-end"],
        ...["--port", "0", "--peer-port", "0"],
      ]);
      assert.equal((await run.exited()).code, 1);
      assert.match(String((await run.event("end")).error), words);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
