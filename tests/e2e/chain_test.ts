import assert from "node:assert/strict";
import { join } from "node:path";
import type { PeerReport } from "../../src/chain/mod.ts";
import { makeClip, makeJpegs } from "../support/clips.ts";
import type { Impairment } from "../support/impairment.ts";
import { LossyRelay } from "../support/lossy_relay.ts";
import { type RunningProcess, startStreamtool } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";

const CLIP = { size: "320x240", fps: 30 } as const;

interface Chain extends AsyncDisposable {
  readonly dir: string;
  readonly coordinator: RunningProcess;
  /** `host:port` that peers register at. */
  readonly address: string;
  peer(name: string, args?: readonly string[]): Promise<RunningProcess>;
}

/** A coordinator with a clip; peers come as the test wants them. */
async function startChain(
  frames: number,
  args: readonly string[] = [],
): Promise<Chain> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const clip = join(dir, "clip.mjpeg");
  await makeClip(clip, { ...CLIP, frames });
  const processes: RunningProcess[] = [];
  const coordinator = startStreamtool([
    "chain-coordinator",
    clip,
    ...["--fps", "30", "--port", "0", "--no-page"],
    ...args,
  ], { cwd: dir });
  processes.push(coordinator);
  const { url } = await coordinator.event((event) => event.label === "Peers");
  const address = String(url).replace("tcp://", "");
  return {
    dir,
    coordinator,
    address,
    async peer(name, peerArgs = []) {
      const peer = startStreamtool([
        ...["chain-peer", name, "0", "--coordinator", address, "--no-page"],
        ...peerArgs,
      ], { cwd: dir });
      processes.push(peer);
      await peer.event("registered");
      return peer;
    },
    async [Symbol.asyncDispose]() {
      for (const process of processes) await process[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

async function savedFrames(
  dir: string,
  name: string,
): Promise<Map<number, Uint8Array>> {
  const saved = new Map<number, Uint8Array>();
  const folder = join(dir, `peer_${name}_frames`);
  for await (const { name: file } of Deno.readDir(folder)) {
    const number = Number(/^frame_(\d{6})\.jpg$/.exec(file)?.[1]);
    saved.set(number, await Deno.readFile(join(folder, file)));
  }
  return saved;
}

function reportsOf(event: Record<string, unknown>): PeerReport[] {
  return event.peers as PeerReport[];
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

Deno.test("a peer killed in mid-stream is bridged, and the ones behind go on", async () => {
  await using chain = await startChain(150);
  await chain.peer("A");
  const b = await chain.peer("B");
  await chain.peer("C");
  await chain.peer("D");
  await chain.coordinator.write("startVideo");
  await b.event("stream-start");
  await waitUntil(async () =>
    (await savedFrames(chain.dir, "B").catch(() => new Map())).size > 30
  );
  b.signal("SIGKILL");
  const departed = await chain.coordinator.event("departed");
  assert.equal(departed.peer, "B");
  const delivered = await chain.coordinator.event("delivered");
  const reports = reportsOf(delivered);
  assert.deepEqual(reports.map(({ name }) => name), ["A", "C", "D"]);
  const [a, c, d] = reports;
  assert.equal(a?.framesReceived, 150);
  assert.equal(a?.downstream?.name, "C");
  assert.equal(c?.upstream, "A");
  for (const peer of [c, d]) {
    const missed = 150 - (peer?.framesReceived ?? 0);
    assert.ok(
      missed <= 30,
      `${peer?.name} missed ${missed} frames, more than 1 s`,
    );
    assert.equal(peer?.framesLost, missed);
  }
});

Deno.test("a peer that joins in mid-stream plays from the next frame and loses none", async () => {
  await using chain = await startChain(120);
  const a = await chain.peer("A");
  await chain.coordinator.write("startVideo");
  await a.event("stream-start");
  await chain.peer("B");
  const [, b] = reportsOf(await chain.coordinator.event("delivered"));
  assert.ok((b?.framesReceived ?? 0) > 0);
  assert.equal(b?.framesLost, 0);
  assert.equal(b?.frameNumber, 119);
});

Deno.test("a peer that leaves and returns is the last of the chain", async () => {
  await using chain = await startChain(30);
  const a = await chain.peer("A");
  await chain.peer("B");
  await a.write("quit");
  assert.equal((await a.exited()).code, 0);
  assert.equal((await chain.coordinator.event("departed")).peer, "A");
  await chain.peer("A");
  await chain.coordinator.write("startVideo");
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(
    reports.map(({ name, framesReceived }) => [name, framesReceived]),
    [["B", 30], ["A", 30]],
  );
});

Deno.test("a second startVideo plays again from frame 0", async () => {
  await using chain = await startChain(20);
  const a = await chain.peer("A");
  for (let round = 0; round < 2; round++) {
    const from = chain.coordinator.events.length;
    await chain.coordinator.write("STARTVIDEO");
    const delivered = await chain.coordinator.event("delivered", { from });
    assert.equal(reportsOf(delivered)[0]?.framesReceived, 20);
  }
  assert.equal(
    a.events.filter(({ event }) => event === "stream-start").length,
    2,
  );
});

Deno.test("peers register again by themselves when the coordinator comes back", async () => {
  await using chain = await startChain(30);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await chain.coordinator.kill();
  await using again = startStreamtool([
    "chain-coordinator",
    join(chain.dir, "clip.mjpeg"),
    ...["--fps", "30", "--port", chain.address.split(":")[1]!, "--no-page"],
    ...["--start-when", "2"],
  ], { cwd: chain.dir });
  const delivered = await again.event("delivered");
  const reports = reportsOf(delivered);
  assert.deepEqual(reports.map(({ name }) => name).sort(), ["A", "B"]);
  for (const { framesReceived } of reports) assert.equal(framesReceived, 30);
  for (const peer of [a, b]) {
    assert.equal(
      peer.events.filter(({ event }) => event === "registered").length,
      2,
    );
  }
});

Deno.test("a peer started before its coordinator waits for it", async () => {
  const reserved = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (reserved.addr as Deno.NetAddr).port;
  reserved.close();
  await using peer = startStreamtool([
    ...[
      "chain-peer",
      "A",
      "0",
      "--coordinator",
      `127.0.0.1:${port}`,
      "--no-page",
    ],
  ]);
  await peer.line(/Cannot reach the coordinator/);
  await using coordinator = startStreamtool([
    "chain-coordinator",
    "pattern:128x96@30",
    ...[
      "--port",
      String(port),
      "--no-page",
      "--start-when",
      "1",
      "--duration",
      "1s",
    ],
  ]);
  const delivered = await coordinator.event("delivered");
  assert.equal(reportsOf(delivered)[0]?.framesReceived, 30);
});

for (const payload of ["jpeg", "pickle"]) {
  for (const encoding of ["hex", "base64"]) {
    Deno.test(`StrandCast's wire carries every frame as ${payload} in ${encoding}`, async () => {
      const wire = [
        "--wire",
        "strandcast",
        "--payload",
        payload,
        "--data-encoding",
        encoding,
      ];
      await using chain = await startChain(30, wire);
      for (const name of ["A", "B", "C"]) await chain.peer(name);
      const expected = await makeJpegs({ ...CLIP, frames: 30 });
      await chain.coordinator.write("startVideo");
      const reports = reportsOf(await chain.coordinator.event("delivered"));
      assert.deepEqual(
        reports.map(({ wire }) => wire),
        Array(3).fill("strandcast"),
      );
      assert.deepEqual(reports.map(({ framesReceived }) => framesReceived), [
        30,
        30,
        30,
      ]);
      const saved = await waitUntil(async () => {
        const frames = await savedFrames(chain.dir, "C");
        return frames.size === 30 ? frames : undefined;
      });
      for (const [index, jpeg] of expected.entries()) {
        assert.deepEqual(saved.get(index), jpeg);
      }
    });
  }
}

Deno.test("in a mixed chain each hop speaks what its two ends agreed on", async () => {
  await using chain = await startChain(30);
  await chain.peer("A");
  await chain.peer("B", ["--wire", "strandcast"]);
  await chain.peer("C");
  await chain.peer("D");
  await chain.coordinator.write("startVideo");
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(
    reports.map(({ wire, framesReceived }) => [wire, framesReceived]),
    [["binary", 30], ["strandcast", 30], ["strandcast", 30], ["binary", 30]],
  );
});

/** Puts a bad path between `from` and `to`, as the coordinator would name a next peer. */
async function badPath(
  from: RunningProcess,
  to: RunningProcess,
  forward: Impairment,
): Promise<LossyRelay> {
  const portOf = async (
    process: RunningProcess,
    label: string,
  ): Promise<number> =>
    Number(
      new URL(
        String((await process.event((event) => event.label === label)).url),
      ).port,
    );
  const relay = new LossyRelay({
    target: { port: await portOf(to, "Video") },
    seed: 7,
    forward,
  });
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: await portOf(from, "Control"),
  });
  await connection.write(new TextEncoder().encode(JSON.stringify({
    cmd: "UPDATE_NEXT",
    next_name: "B",
    next_port: relay.port,
    wire: "binary/1",
  })));
  await connection.read(new Uint8Array(2));
  return relay;
}

Deno.test("reordered and repeated datagrams cost no frame and are counted", async () => {
  await using chain = await startChain(60, ["--fragment-size", "1000"]);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await a.event((event) => event.event === "next" && event.next === "B");
  await using relay = await badPath(a, b, { duplicate: 0.1, reorder: 0.1 });
  await chain.coordinator.write("startVideo");
  const [, report] = reportsOf(await chain.coordinator.event("delivered"));
  assert.equal(report?.framesReceived, 60);
  assert.ok(relay.forward.reordered > 0);
  // Copies of the three ends of the stream count on neither side.
  const difference = relay.forward.duplicated - (report?.duplicates ?? 0);
  assert.ok(
    difference >= 0 && difference <= 3,
    `${difference} copies were not counted`,
  );
});

Deno.test("corrupt and lost datagrams cost their own frames only", async () => {
  await using chain = await startChain(60, ["--fragment-size", "1000"]);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await a.event((event) => event.event === "next" && event.next === "B");
  await using relay = await badPath(a, b, { loss: 0.002, corrupt: 0.002 });
  await chain.coordinator.write("startVideo");
  const [, report] = reportsOf(await chain.coordinator.event("delivered"));
  const faults = relay.forward.lost + relay.forward.corrupted;
  assert.ok(faults > 0);
  const lost = report?.framesLost ?? 0;
  assert.equal(lost + (report?.framesReceived ?? 0), 60);
  assert.ok(
    lost > 0 && lost <= faults,
    `${lost} frames lost by ${faults} faults`,
  );
  for (const jpeg of (await savedFrames(chain.dir, "B")).values()) {
    assert.deepEqual([...jpeg.slice(-2)], [0xff, 0xd9]);
  }
});

Deno.test("a slow peer does not slow the ones before it", async () => {
  await using chain = await startChain(60);
  await chain.peer("A");
  const b = await chain.peer("B");
  await chain.coordinator.write("startVideo");
  await b.event("stream-start");
  b.signal("SIGSTOP");
  const delivered = await chain.coordinator.event("delivered");
  b.signal("SIGCONT");
  const a = reportsOf(delivered).find(({ name }) => name === "A");
  assert.equal(a?.framesReceived, 60);
});

Deno.test("a recording has every frame and the right length", async () => {
  await using chain = await startChain(45);
  const a = await chain.peer("A", ["--record", "out.mkv"]);
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("delivered");
  await a.write("quit");
  assert.equal((await a.exited()).code, 0);
  const { stderr, code } = await new Deno.Command("ffmpeg", {
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
  const { code, stderr } = await new Deno.Command("ffmpeg", {
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
