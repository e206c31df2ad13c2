import assert from "node:assert/strict";
import { join } from "node:path";
import { openUdpSocket } from "../../src/net/mod.ts";
import { ffmpegPath } from "../support/clips.ts";
import { startProcess, startStreamtool } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";
import { PROGRAM_PERMISSIONS, ROOT } from "../../scripts/support.ts";
import {
  countSaved,
  reportsOf,
  savedFrames,
  startChain,
} from "./support/chain.ts";

/** Command lines that cannot be, what they exit with, and what they say. */
const REFUSED: readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly words: RegExp;
}[] = [
  {
    what: "a peer's name that is a path",
    args: ["chain-peer", "../x"],
    code: 2,
    words: /Cannot name a peer "\.\.\/x": a name is 1 to 64 letters/,
  },
  {
    what: "a recording of an unknown kind",
    args: ["chain-peer", "A", "--record", "out.txt"],
    code: 2,
    words: /its name must end in \.mp4/,
  },
  {
    what: "a recording into a folder that is not there",
    args: ["chain-peer", "A", "0", "--no-page", "--record", "no/out.mp4"],
    code: 1,
    words: /its folder is not there\. Name a file in a folder/,
  },
  {
    what: "a file that is not there",
    args: ["chain-coordinator", "none.mp4", "--port", "0", "--no-page"],
    code: 1,
    words: /Cannot read "none\.mp4": there is no such file/,
  },
];

for (const { what, args, code, words } of REFUSED) {
  Deno.test(`${what} is refused with ${code}, before anything is made`, async () => {
    await using process = startStreamtool(args, { json: false });
    assert.equal((await process.exited()).code, code);
    assert.match(process.errorLines.join("\n"), words);
    const made = [...Deno.readDirSync(process.cwd)].map(({ name }) => name);
    assert.deepEqual(made.filter((name) => !name.endsWith(".log")), []);
  });
}

Deno.test("a taken port is told with the remedy, by coordinator and peer", async () => {
  using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using udp = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  const cases: readonly (readonly [string[], RegExp])[] = [
    [
      ["chain-coordinator", "--port", String(tcp.addr.port), "--no-page"],
      /the port is taken\. Stop the program that has it, or pass --port 0/,
    ],
    [
      [
        "chain-coordinator",
        "--port",
        "0",
        "--page-port",
        String(tcp.addr.port),
      ],
      /pass --page-port 0/,
    ],
    [
      ["chain-peer", "A", String(udp.address.port), "--no-page"],
      /the port is taken\. .*pass the UDP port 0/,
    ],
  ];
  for (const [args, words] of cases) {
    await using process = startStreamtool(args);
    assert.equal((await process.exited()).code, 1);
    assert.match(String((await process.event("end")).error), words);
  }
});

Deno.test("a video that cannot be read is told at startVideo, and the coordinator goes on", async () => {
  await using chain = await startChain(10);
  const { coordinator } = chain;
  await chain.peer("A");
  const clip = join(chain.dir, "clip.mjpeg");
  const video = await Deno.readFile(clip);
  await Deno.writeTextFile(clip, "no video at all");
  await coordinator.write("startVideo");
  const end = await coordinator.event("stream-end");
  assert.match(String(end.error), /clip\.mjpeg/);
  await Deno.writeFile(clip, video);
  await coordinator.write("startVideo");
  const delivered = await coordinator.event(({ event, frames }) =>
    event === "delivered" && frames !== 0
  );
  assert.equal(reportsOf(delivered)[0]?.framesReceived, 10);
});

/** Why no small disk can be mounted here; `undefined` when one can. */
const noDisk = await (async (): Promise<string | undefined> => {
  if (Deno.build.os !== "linux") return "only Linux has tmpfs";
  const { success } = await new Deno.Command("unshare", {
    args: ["-m", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success ? undefined : "mounting is not permitted here";
})();

Deno.test({
  name:
    `a full disk is told once and counted, no file is half, the video goes on${
      noDisk === undefined ? "" : ` (skipped: ${noDisk})`
    }`,
  ignore: noDisk !== undefined,
  async fn() {
    await using chain = await startChain(30);
    const disk = join(chain.dir, "disk");
    const found = join(chain.dir, "peer_found_frames");
    await Deno.mkdir(disk);
    // Nobody but this shell and its children sees what it mounts.
    await using peer = startProcess("unshare", [
      ...["-m", "sh", "-c"],
      'mount -t tmpfs -o size=100k none "$0" && "$@"; code=$?; cp -r "$0" "$DEST"; exit $code',
      disk,
      ...[Deno.execPath(), "run", "--quiet", "--config", `${ROOT}deno.json`],
      ...[...PROGRAM_PERMISSIONS, `${ROOT}main.ts`],
      ...["chain-peer", "A", "0", "--coordinator", chain.address, "--no-page"],
      ...["--frames-dir", disk, "--json"],
    ], { cwd: chain.dir, json: true, env: { DEST: found } });
    await peer.event("registered");
    const b = await chain.peer("B");
    await chain.coordinator.write("startVideo");
    const [report, next] = reportsOf(
      await chain.coordinator.event("delivered"),
    );
    assert.equal(report?.framesReceived, 30);
    assert.equal(next?.framesReceived, 30);
    await peer.write("quit");
    const { framesSaved, framesNotSaved } = await peer.event("end");
    assert.equal((await peer.exited()).code, 0);
    assert.ok(Number(framesNotSaved) > 0 && Number(framesSaved) > 0);
    assert.equal(Number(framesSaved) + Number(framesNotSaved), 30);
    const told = peer.errorLines.filter((line) => /disk is full/.test(line));
    assert.equal(told.length, 1, peer.errorLines.join("\n"));
    const saved = await savedFrames(chain.dir, "found");
    assert.equal(saved.size, framesSaved);
    for (const jpeg of saved.values()) {
      assert.deepEqual([...jpeg.slice(-2)], [0xff, 0xd9]);
    }
    await b.write("quit");
  },
});

Deno.test("a peer that is interrupted finishes its recording and exits 0", async () => {
  await using chain = await startChain(150);
  const a = await chain.peer("A", ["--record", "out.mp4"]);
  await chain.coordinator.write("startVideo");
  await waitUntil(async () => await countSaved(chain.dir, "A") > 20);
  a.signal("SIGINT");
  assert.equal((await a.exited({ within: 5000 })).code, 0);
  assert.equal((await chain.coordinator.event("departed")).reason, "left");
  const { framesSaved } = await a.event("end");
  const { code, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "error", "-xerror", "-i", "out.mp4", "-f", "null", "-"],
    cwd: chain.dir,
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(await countSaved(chain.dir, "A"), framesSaved);
});

Deno.test("a recording has every frame and the right length", async () => {
  await using chain = await startChain(45);
  const a = await chain.peer("A", ["--record", "out.mkv"]);
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("delivered");
  await a.write("quit");
  assert.equal((await a.exited()).code, 0);
  const { stderr, code } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "info", "-i", join(chain.dir, "out.mkv"), "-f", "null", "-"],
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  assert.match(text, /frame=\s*45 /);
  assert.match(text, /Duration: 00:00:01\.[45]/);
});

Deno.test("the document's ffmpeg line makes a video of the saved frames", async () => {
  await using chain = await startChain(30);
  await chain.peer("A");
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("delivered");
  await waitUntil(async () => (await savedFrames(chain.dir, "A")).size === 30);
  const { code, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: [
      ...[
        "-v",
        "error",
        "-framerate",
        "30",
        "-i",
        "peer_A_frames/frame_%06d.jpg",
      ],
      "out.mp4",
    ],
    cwd: chain.dir,
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});
