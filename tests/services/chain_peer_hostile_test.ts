import assert from "node:assert/strict";
import {
  BINARY_HEADER_BYTES,
  BinaryFragmenter,
  DEFAULT_MAX_FRAME_BYTES,
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
} from "../../src/chain/mod.ts";
import { nowMicros, openUdpSocket } from "../../src/net/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  binaryDatagrams,
  type PeerScene,
  receiveInto,
  updateNext,
  withPeer,
} from "./support/peer_scene.ts";

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

/** Waits until the peer has looked at `count` datagrams of this stream. */
async function taken({ running }: PeerScene, count: number): Promise<void> {
  await waitUntil(() => running.peer.report().datagramsReceived >= count, {
    what: `${count} datagrams to be taken`,
  });
}

Deno.test("beside the upstream that the coordinator named, a hostile sender changes nothing", async () => {
  const jpegs = await makeJpegs({ frames: 30, size: "160x120" });
  const junk = new Uint8Array(2000).fill(65);
  await withPeer({ session: true }, async (scene) => {
    using hostile = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    assert.equal(await updateNext(scene, { wire: "binary/1" }), "OK");
    await scene.say({ type: "started", streamId: 5, fps: 30 });
    const sent: Uint8Array[] = [];
    const forwarded: Uint8Array[] = [];
    const forwarding = receiveInto(forwarded, scene.downstream);
    let datagrams = 0;
    for (const [number, jpeg] of jpegs.entries()) {
      const frame = binaryDatagrams(jpeg, number, 5, { fragmentBytes: 1000 });
      sent.push(...frame);
      await scene.send(frame);
      // It even knows the stream's id and what comes next.
      const attack = [
        ...binaryDatagrams(junk, number + 1, 5),
        ...binaryDatagrams(junk, 0, 666),
        encodeBinaryEnd(5, number + 2, nowMicros()),
        encodeBinaryEnd(666, 1, nowMicros()),
        ...encodeStrandcastFrame(junk, { frameNumber: 0 }),
        encodeStrandcastEnd(number + 1),
      ];
      await scene.send(attack, hostile);
      datagrams += frame.length + attack.length;
      await taken(scene, datagrams);
    }
    const during = scene.running.peer.report();
    assert.equal(during.state, "playing");
    assert.equal(during.streamId, 5);
    await scene.send([encodeBinaryEnd(5, 30, nowMicros())]);
    const end = await scene.context.event("stream-end");
    assert.deepEqual([end.frames, end.framesReceived, end.framesLost], [
      30,
      30,
      0,
    ]);
    assert.equal(scene.running.peer.report().invalidFrames, 0);
    assert.equal(
      scene.context.events.filter(({ event }) => event === "stream-start")
        .length,
      1,
    );
    // The next peer sees what came from upstream, and nothing else.
    await waitUntil(() => forwarded.length > sent.length);
    scene.downstream.close();
    await forwarding;
    forwarded.pop(); // the end
    for (const [index, datagram] of forwarded.entries()) {
      assert.deepEqual(datagram.subarray(12), sent[index]?.subarray(12));
    }
    assert.match(
      scene.context.lines.join("\n"),
      /dropped \d+ datagrams? from 127\.0\.0\.1: not from the coordinator/,
    );
  });
});

Deno.test("before the first frame a hostile sender cannot begin a stream either", async () => {
  const [jpeg] = await makeJpegs({ frames: 1, size: "160x120" });
  await withPeer({ session: true }, async (scene) => {
    using hostile = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    const attack = [
      ...binaryDatagrams(jpeg!, 0, 666),
      ...encodeStrandcastFrame(jpeg!, { frameNumber: 0 }),
    ];
    await scene.send(attack, hostile);
    await taken(scene, attack.length);
    assert.equal(scene.running.peer.report().state, "waiting");
    await scene.send(binaryDatagrams(jpeg!, 0, 5));
    await scene.context.event("stream-start");
    assert.equal(scene.running.peer.report().streamId, 5);
  });
});

Deno.test("a new upstream is listened to as soon as the coordinator names it, the old one no more", async () => {
  const jpegs = await makeJpegs({ frames: 3, size: "160x120" });
  await withPeer({ session: true }, async (scene) => {
    using second = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    await scene.send(binaryDatagrams(jpegs[0]!, 0, 5));
    await scene.context.event("stream-start");
    const { hostname, port } = second.address;
    await scene.say({ type: "upstream", name: "B", host: hostname, port });
    await waitUntil(() => scene.running.peer.report().upstream === "B");
    await scene.send(binaryDatagrams(jpegs[1]!, 1, 5), second);
    await waitUntil(() => scene.running.peer.report().frameNumber === 1);
    await scene.send(binaryDatagrams(jpegs[2]!, 2, 5));
    await scene.send(binaryDatagrams(jpegs[2]!, 2, 6));
    await scene.send([encodeBinaryEnd(5, 2, nowMicros())], second);
    await scene.context.event("stream-end");
    assert.equal(scene.running.peer.report().frameNumber, 1);
  });
});

Deno.test("an existing peer before us may send from any port of its host", async () => {
  const [jpeg] = await makeJpegs({ frames: 1, size: "160x120" });
  await withPeer({ session: true }, async (scene) => {
    using other = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    await scene.say({
      type: "upstream",
      name: "old",
      host: "127.0.0.1",
      port: 0,
    });
    await waitUntil(() => scene.running.peer.report().upstream === "old");
    await scene.send(
      [
        ...encodeStrandcastFrame(jpeg!, { frameNumber: 0 }),
        encodeStrandcastEnd(1),
      ],
      other,
    );
    const end = await scene.context.event("stream-end");
    assert.equal(end.framesReceived, 1);
  });
});

/** Frames begun and never finished: many times what the peer holds at once. */
const INCOMPLETE_FRAMES = 30_000;

Deno.test("very many incomplete frames through the socket leave the memory flat", async () => {
  await withPeer({ session: true, framesDir: undefined }, async (scene) => {
    // Each claims the largest frame that is taken at all.
    const frame = new Uint8Array(DEFAULT_MAX_FRAME_BYTES);
    const fragmenter = new BinaryFragmenter({
      streamId: 5,
      fragmentBytes: 400,
    });
    const out = new Uint8Array(BINARY_HEADER_BYTES + 400);
    let early = 0;
    for (let number = 0; number < INCOMPLETE_FRAMES; number++) {
      fragmenter.begin(frame, number);
      const length = fragmenter.write(0, nowMicros(), out, 0);
      await scene.send([out.subarray(0, length)]);
      if (number % 50 === 49) await taken(scene, number + 1);
      if (number === INCOMPLETE_FRAMES / 10) early = Deno.memoryUsage().rss;
    }
    const growth = Deno.memoryUsage().rss - early;
    assert.ok(growth < 40e6, `the memory grew by ${growth} bytes`);
    const [jpeg] = await makeJpegs({ frames: 1, size: "160x120" });
    await scene.send(binaryDatagrams(jpeg!, INCOMPLETE_FRAMES, 5));
    await waitUntil(() =>
      scene.running.peer.report().frameNumber === INCOMPLETE_FRAMES
    );
  });
});
