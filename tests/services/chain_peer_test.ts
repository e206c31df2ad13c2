import assert from "node:assert/strict";
import { join } from "node:path";
import {
  BinaryFragmenter,
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
} from "../../src/chain/mod.ts";
import { nowMicros } from "../../src/net/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { waitUntil } from "../support/wait.ts";
import {
  binaryDatagrams,
  receiveAll,
  updateNext,
  withPeer,
} from "./support/peer_scene.ts";

const STRANDCAST = {
  encoding: "hex",
  payload: "jpeg",
  zlibLevel: 6,
  maxDatagram: 20_000,
} as const;

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
