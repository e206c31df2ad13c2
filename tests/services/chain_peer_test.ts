import assert from "node:assert/strict";
import { join } from "node:path";
import {
  BinaryFragmenter,
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
} from "../../src/chain/mod.ts";
import {
  DatagramBatch,
  nowMicros,
  openUdpSocket,
  type UdpSocket,
} from "../../src/net/mod.ts";
import {
  type ChainPeerOptions,
  type RunningPeer,
  startChainPeer,
} from "../../src/services/chain_peer/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { type TestContext, testContext } from "../support/service.ts";
import { waitUntil } from "../support/wait.ts";

interface Scene {
  readonly dir: string;
  readonly running: RunningPeer;
  readonly context: TestContext;
  /** Sends as the peer before would. */
  readonly upstream: UdpSocket;
  /** Receives as the peer after would. */
  readonly downstream: UdpSocket;
  send(datagrams: readonly Uint8Array[]): Promise<void>;
}

/** A peer between an existing coordinator, an upstream and a downstream of ours. */
async function withPeer(
  options: Partial<ChainPeerOptions>,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (listener.addr as Deno.NetAddr).port;
  using upstream = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  using downstream = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
  const context = testContext();
  const running = await startChainPeer({
    name: "A",
    host: "127.0.0.1",
    udpPort: 0,
    coordinator: { hostname: "127.0.0.1", port },
    pagePort: undefined,
    framesDir: join(dir, "frames"),
    keep: undefined,
    logFile: join(dir, "peer_A.log"),
    record: undefined,
    wire: "auto",
    strandcast: {
      dataEncoding: "hex",
      payload: "jpeg",
      zlibLevel: 6,
      maxDatagram: 60_000,
    },
    ffmpeg: undefined,
    ...options,
  }, context);
  try {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1000));
    await connection.write(new TextEncoder().encode("{}"));
    connection.close();
    await context.event("registered");
    const to = { hostname: "127.0.0.1", port: running.peer.udpPort };
    await body({
      dir,
      running,
      context,
      upstream,
      downstream,
      send: async (datagrams) => {
        for (const datagram of datagrams) await upstream.sendOne(datagram, to);
      },
    });
  } finally {
    context.abort();
    await running.finished;
    await running.close();
    await Deno.remove(dir, { recursive: true });
  }
}

async function updateNext(
  { running, downstream }: Scene,
  extra: Record<string, unknown> = {},
): Promise<string> {
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: running.peer.controlPort,
  });
  await connection.write(new TextEncoder().encode(JSON.stringify({
    cmd: "UPDATE_NEXT",
    next_name: "B",
    next_port: downstream.address.port,
    ...extra,
  })));
  const answer = new Uint8Array(10);
  const count = await connection.read(answer);
  return new TextDecoder().decode(answer.subarray(0, count ?? 0));
}

const STRANDCAST = {
  encoding: "hex",
  payload: "jpeg",
  zlibLevel: 6,
  maxDatagram: 20_000,
} as const;

function binaryDatagrams(
  jpeg: Uint8Array,
  frame: number,
  stream: number,
): Uint8Array[] {
  const fragmenter = new BinaryFragmenter({
    streamId: stream,
    fragmentBytes: 5000,
  });
  const count = fragmenter.begin(jpeg, frame);
  return Array.from({ length: count }, (_, index) => {
    const out = new Uint8Array(fragmenter.datagramBytes);
    return out.subarray(0, fragmenter.write(index, nowMicros(), out, 0));
  });
}

async function receiveAll(
  socket: UdpSocket,
  count: number,
): Promise<Uint8Array[]> {
  const batch = new DatagramBatch(1, 65_536);
  const datagrams: Uint8Array[] = [];
  while (datagrams.length < count && await socket.receive(batch)) {
    datagrams.push(batch.datagram(0).slice());
  }
  return datagrams;
}

Deno.test("StrandCast frames are saved, logged and forwarded byte for byte", async () => {
  const jpegs = await makeJpegs({ frames: 3, size: "320x240" });
  await withPeer({}, async (scene) => {
    assert.equal(await updateNext(scene), "OK");
    const datagrams = [
      ...jpegs.flatMap((jpeg, frameNumber) =>
        encodeStrandcastFrame(jpeg, { ...STRANDCAST, frameNumber })
      ),
      encodeStrandcastEnd(3),
    ];
    await scene.send(datagrams);
    const end = await scene.context.event("stream-end");
    assert.deepEqual([end.frames, end.framesReceived, end.framesLost], [
      3,
      3,
      0,
    ]);
    assert.deepEqual(
      await receiveAll(scene.downstream, datagrams.length),
      datagrams,
    );
    await waitUntil(() => scene.running.peer.report().framesSaved === 3);
    for (const [index, jpeg] of jpegs.entries()) {
      const name = `frame_${String(index).padStart(6, "0")}.jpg`;
      assert.deepEqual(
        await Deno.readFile(join(scene.dir, "frames", name)),
        jpeg,
      );
    }
    const log = await waitUntil(async () => {
      const text = await Deno.readTextFile(join(scene.dir, "peer_A.log"));
      return text.includes("VIDEO_END") ? text : undefined;
    });
    const port = scene.downstream.address.port;
    for (
      const line of [
        "Registered with coordinator. prev=None",
        `Output directory: ${join(scene.dir, "frames")}`,
        `CTRL UPDATE_NEXT -> B:${port}`,
        "RECV_FRAME 0 from coordinator",
        `FORWARDED frame 0 to B:${port}`,
        "VIDEO_END from coordinator, total frames: 3",
      ]
    ) {
      const form = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] /;
      const found = log.split("\n").find((one) => one.endsWith(`] ${line}`));
      assert.ok(
        found !== undefined && form.test(found),
        `no line "${line}" in ${log}`,
      );
    }
  });
});

for (
  const [from, to] of [["binary", "strandcast"], [
    "strandcast",
    "binary",
  ]] as const
) {
  Deno.test(`a hop from ${from} to ${to} packs frames anew and ends the stream`, async () => {
    const [jpeg] = await makeJpegs({ frames: 1, size: "320x240" });
    await withPeer({}, async (scene) => {
      const wire = to === "binary" ? { wire: "binary/1" } : {};
      assert.equal(await updateNext(scene, wire), "OK");
      await scene.send(
        from === "binary"
          ? [
            ...binaryDatagrams(jpeg!, 0, 7),
            encodeBinaryEnd(7, 1, nowMicros()),
          ]
          : [
            ...encodeStrandcastFrame(jpeg!, { ...STRANDCAST, frameNumber: 0 }),
            encodeStrandcastEnd(1),
          ],
      );
      const expected = to === "binary"
        ? binaryCount(jpeg!) + 3
        : encodeStrandcastFrame(jpeg!, {
          ...STRANDCAST,
          frameNumber: 0,
          maxDatagram: 60_000,
        }).length + 1;
      const received = await receiveAll(scene.downstream, expected);
      const first = new TextDecoder("latin1").decode(
        received[0]?.subarray(0, 2),
      );
      assert.equal(first, to === "binary" ? "ST" : '{"');
      if (to === "strandcast") {
        assert.deepEqual(
          received,
          [
            ...encodeStrandcastFrame(jpeg!, {
              ...STRANDCAST,
              frameNumber: 0,
              maxDatagram: 60_000,
            }),
            encodeStrandcastEnd(1),
          ],
        );
      }
    });
  });
}

function binaryCount(jpeg: Uint8Array): number {
  return new BinaryFragmenter({ streamId: 1 }).begin(jpeg, 0);
}

Deno.test("whole frames that are no JPEG are counted and not shown or saved", async () => {
  await withPeer({}, async (scene) => {
    const junk = new Uint8Array(4000).fill(65);
    await scene.send([
      ...binaryDatagrams(junk, 0, 9),
      encodeBinaryEnd(9, 1, nowMicros()),
    ]);
    await scene.context.event("stream-end");
    const report = scene.running.peer.report();
    assert.equal(report.invalidFrames, 1);
    assert.equal(report.framesSaved, 0);
    assert.equal(scene.running.peer.live.newest(), undefined);
  });
});

Deno.test("a second stream plays again and counts afresh", async () => {
  const jpegs = await makeJpegs({ frames: 2, size: "320x240" });
  await withPeer({}, async (scene) => {
    for (const stream of [11, 12]) {
      await scene.send([
        ...jpegs.flatMap((jpeg, frame) => binaryDatagrams(jpeg, frame, stream)),
        encodeBinaryEnd(stream, 2, nowMicros()),
      ]);
      await waitUntil(() => {
        const { state, streamId } = scene.running.peer.report();
        return state === "ended" && streamId === stream;
      });
      assert.equal(scene.running.peer.report().framesReceived, 2);
    }
  });
});

Deno.test("hostile datagrams leave the stream and the memory alone", async () => {
  const jpegs = await makeJpegs({ frames: 2, size: "320x240" });
  await withPeer({}, async (scene) => {
    const first = binaryDatagrams(jpegs[0]!, 0, 5);
    const hostile: Uint8Array[] = [
      new Uint8Array(65_507).fill(0x7b),
      new Uint8Array(0),
      new Uint8Array([0x53]),
      new TextEncoder().encode('{"type": "video_frame", "frame_num": 1e99}'),
      ...binaryDatagrams(jpegs[1]!, 0xffff_fff0, 6).slice(0, 1),
      first[0]!.slice(0, 30),
    ];
    const corrupt = first[0]!.slice();
    corrupt[60] = corrupt[60]! ^ 0xff;
    await scene.send([
      first[0]!,
      ...hostile,
      corrupt,
      first[0]!,
      ...first.slice(1),
    ]);
    await scene.send([
      ...binaryDatagrams(jpegs[1]!, 1, 5),
      encodeBinaryEnd(5, 2, nowMicros()),
    ]);
    const end = await scene.context.event("stream-end");
    assert.equal(end.framesReceived, 2);
    const report = scene.running.peer.report();
    assert.equal(report.duplicates, 1);
    assert.ok(report.corrupt >= 4, `corrupt is ${report.corrupt}`);
  });
});

Deno.test("junk at the control port is closed and a right word still heard", async () => {
  await withPeer({}, async (scene) => {
    for (
      const junk of [
        "junk\n",
        '{"cmd": "EXPLODE"}',
        '{"cmd":',
        "\0".repeat(100_000),
      ]
    ) {
      using connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: scene.running.peer.controlPort,
      });
      await connection.write(new TextEncoder().encode(junk)).catch(() => 0);
      await connection.closeWrite().catch(() => {});
      const answer = await connection.read(new Uint8Array(10)).catch(() =>
        null
      );
      assert.equal(answer, null);
    }
    assert.equal(await updateNext(scene), "OK");
    assert.equal(scene.running.peer.report().downstream?.name, "B");
  });
});

Deno.test("a full disk is told once, counted, and the video goes on", async () => {
  const jpegs = await makeJpegs({ frames: 3, size: "320x240" });
  await withPeer({ framesDir: "/proc/streamtool" }, async () => {}).then(
    () => assert.fail("a folder that cannot be made must be an error"),
    (error) => assert.match(String(error), /\/proc\/streamtool/),
  );
  await withPeer({}, async (scene) => {
    await Deno.remove(join(scene.dir, "frames"), { recursive: true });
    await Deno.writeTextFile(join(scene.dir, "frames"), "in the way");
    await scene.send([
      ...jpegs.flatMap((jpeg, frame) => binaryDatagrams(jpeg, frame, 3)),
      encodeBinaryEnd(3, 3, nowMicros()),
    ]);
    const end = await scene.context.event("stream-end");
    assert.equal(end.framesReceived, 3);
    await waitUntil(() => scene.running.peer.report().framesNotSaved === 3);
    const told = scene.context.lines.filter((line) => /save|write/i.test(line));
    assert.equal(told.length, 1, told.join("\n"));
  });
});

Deno.test("names that are paths are refused before anything is made", async () => {
  for (const name of ["../x", "a/b", "", ".hidden", "x\n"]) {
    await assert.rejects(withPeer({ name }, async () => {}), SyntaxError);
  }
});
