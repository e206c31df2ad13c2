/**
 * Publishers on a real server, well behaved and hostile, byte by byte.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import {
  decodeRtcpCompound,
  encodeRtcpCompound,
  packetLengthAt,
  packetOffset,
} from "../../src/rtp/mod.ts";
import { packFrame } from "../../src/services/rtsp_server/packed_frame.ts";
import { MAX_ANNOUNCED_TRACKS } from "../../src/services/rtsp_server/publish_rules.ts";
import {
  MAX_PUBLISHERS,
  STALE_PUBLISHER_MS,
} from "../../src/services/rtsp_server/publish_table.ts";
import { makeJpegs } from "../support/clips.ts";
import { fuzzRuns } from "../support/fuzz.ts";
import { SeededRandom } from "../support/random.ts";
import { waitUntil } from "../support/wait.ts";
import {
  framesOf,
  hasBye,
  readArrival,
  rtpOf,
  type RtspClient,
  type RtspScene,
  type SceneOptions,
  withRtspServer,
} from "./support/rtsp_scene.ts";

const LOCAL = { who: "local", takeover: false, graceMs: 30_000 } as const;
const VIDEO = "m=video 0 RTP/AVP 26\r\na=control:streamid=0\r\n";
const SDP = `v=0\r\ns=push\r\n${VIDEO}`;

function withPublishing(
  use: (scene: RtspScene) => Promise<void>,
  options: SceneOptions = {},
): Promise<void> {
  return withRtspServer({ publishing: LOCAL, frames: 2, ...options }, use);
}

/** A publisher that a test plays. */
class Publisher {
  readonly client: RtspClient;
  readonly url: string;
  session = "";
  #sequence = 7;
  #timestamp = 1000;

  constructor(client: RtspClient, url: string) {
    this.client = client;
    this.url = url;
  }

  async announce(sdp = SDP): Promise<number> {
    const headers = { "Content-Type": "application/sdp" };
    const answer = await this.client.request(
      "ANNOUNCE",
      this.url,
      headers,
      sdp,
    );
    return answer.status;
  }

  async setup(
    transport = "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record",
    control = "streamid=0",
  ): Promise<string> {
    const answer = await this.client.request(
      "SETUP",
      `${this.url}/${control}`,
      {
        Transport: transport,
        ...(this.session === "" ? {} : { Session: this.session }),
      },
    );
    this.session = answer.header("Session").split(";")[0] ?? "";
    return answer.header("Transport");
  }

  async record(): Promise<number> {
    const headers = { Session: this.session };
    return (await this.client.request("RECORD", this.url, headers)).status;
  }

  async begin(): Promise<void> {
    assert.equal(await this.announce(), 200);
    await this.setup();
    assert.equal(await this.record(), 200);
  }

  /** The packets of a frame, interleaved on channel 0. */
  packets(jpeg: Uint8Array): ReturnType<typeof packFrame> {
    const frame = packFrame(jpeg, {
      sequence: this.#sequence,
      timestamp: this.#timestamp,
      ssrc: 42,
    });
    this.#sequence += frame.run.count;
    this.#timestamp += 3750;
    return frame;
  }

  async send(jpegs: readonly Uint8Array[]): Promise<void> {
    for (const jpeg of jpegs) await this.client.write(this.packets(jpeg).bytes);
  }
}

async function publisherOf(
  scene: RtspScene,
  path = "/live",
): Promise<Publisher> {
  return new Publisher(await scene.connect(), scene.url(path));
}

function pictures(frames: number): Promise<Uint8Array[]> {
  return makeJpegs({ frames, size: "160x120" });
}

Deno.test("what is published is what viewers get, frame by frame, and a late one gets the newest at once", async () => {
  await withPublishing(async (scene) => {
    const jpegs = await pictures(12);
    const publisher = await publisherOf(scene);
    await publisher.begin();
    await publisher.send(jpegs.slice(0, 6));
    const viewer = await scene.connect();
    const { session } = await viewer.setup(scene.url("/live"));
    await viewer.request("PLAY", scene.url("/live"), { Session: session });
    await viewer.media((arrivals) => framesOf(rtpOf(arrivals)).length >= 1);
    for (const [index, jpeg] of jpegs.slice(6).entries()) {
      await publisher.send([jpeg]);
      await viewer.media((arrivals) =>
        framesOf(rtpOf(arrivals)).length >= 2 + index
      );
    }
    const frames = framesOf(rtpOf(viewer.arrivals));
    assert.equal(frames.length, 7);
    const expected = jpegs.slice(5).map((jpeg) => framesIn(jpeg));
    assert.deepEqual(frames.map(({ jpeg }) => jpeg), expected);
    const steps = frames.slice(2).map(({ timestamp }, index) =>
      timestamp - frames[index + 1]!.timestamp
    );
    assert.deepEqual(new Set(steps), new Set([3750]));
  });
});

/** A JPEG as it comes out of RFC 2435's packets. */
function framesIn(jpeg: Uint8Array): Uint8Array {
  const { bytes, run } = packFrame(jpeg);
  const packets = Array.from({ length: run.count }, (_, index) => {
    const start = packetOffset(run, index);
    return bytes.subarray(start, start + packetLengthAt(run, index));
  });
  return framesOf(rtpOf(packets.map(readArrival)))[0]!.jpeg;
}

Deno.test("a publisher's receiver reports tell it what was lost", async () => {
  await withPublishing(async (scene) => {
    const publisher = await publisherOf(scene);
    await publisher.begin();
    await publisher.send(await pictures(2));
    const { client } = publisher;
    await client.media((arrivals) =>
      arrivals.some(({ kind }) => kind === "rtcp")
    );
    const [report] = client.arrivals.flatMap((each) =>
      each.kind === "rtcp" ? each.packets : []
    );
    assert.equal(report?.type, "receiver-report");
  });
});

Deno.test("viewers are told when their publisher does not come back", async () => {
  await withPublishing(async (scene) => {
    const publisher = await publisherOf(scene);
    await publisher.begin();
    await publisher.send(await pictures(6));
    const viewer = await scene.connect();
    const { session } = await viewer.setup(scene.url("/live"));
    await viewer.request("PLAY", scene.url("/live"), { Session: session });
    await viewer.media((arrivals) => rtpOf(arrivals).length > 0);
    const gone = scene.context.event("publisher-stop");
    await publisher.client.request("TEARDOWN", publisher.url, {
      Session: publisher.session,
    });
    await gone;
    await viewer.media(hasBye);
    const answer = await viewer.request("DESCRIBE", scene.url("/live"));
    assert.equal(answer.status, 404);
  }, { publishing: { ...LOCAL, graceMs: 200 } });
});

Deno.test("a publisher that is silent makes room for who comes next", async () => {
  await withPublishing(async (scene) => {
    const first = await publisherOf(scene);
    await first.begin();
    const second = await publisherOf(scene);
    assert.equal(await second.announce(), 403);
    await waitUntil(async () => await second.announce() === 200 || undefined, {
      what: `${STALE_PUBLISHER_MS} ms of silence`,
    });
    await second.setup();
    assert.equal(await second.record(), 200);
    assert.ok(await first.client.closedByServer());
  });
});

const REFUSED: readonly (readonly [string, string, string, number])[] = [
  ["a stream that is served", "/movie", SDP, 403],
  ["no name", "", SDP, 403],
  ["a hidden name", "/.hidden", SDP, 403],
  ["a name with a way up", "/a/../b", SDP, 403],
  ["a long name", `/${"a".repeat(200)}`, SDP, 403],
  ["a deep name", "/a/b/c/d/e", SDP, 403],
  ["another codec", "/live", SDP.replace(" 26", " 96"), 415],
  ["no video", "/live", "v=0\r\nm=audio 0 RTP/AVP 0\r\n", 415],
  [
    "too many tracks",
    "/live",
    `v=0\r\n${VIDEO.repeat(MAX_ANNOUNCED_TRACKS + 1)}`,
    413,
  ],
];

Deno.test("an announcement that cannot be taken is refused, and the connection goes on", async () => {
  await withPublishing(async (scene) => {
    for (const [what, path, sdp, status] of REFUSED) {
      const publisher = await publisherOf(scene, path);
      assert.equal(await publisher.announce(sdp), status, what);
      const after = await publisher.client.request("OPTIONS", "*");
      assert.equal(after.status, 200, what);
    }
  });
});

Deno.test("methods out of order are refused", async () => {
  await withPublishing(async (scene) => {
    const early = await publisherOf(scene);
    early.session = "0123";
    assert.equal(await early.record(), 454);
    const sound = await publisherOf(scene);
    const sdp = `${SDP}m=audio 0 RTP/AVP 0\r\na=control:streamid=1\r\n`;
    assert.equal(await sound.announce(sdp), 200);
    await sound.setup(undefined, "streamid=1");
    assert.equal(await sound.record(), 455);
  });
});

Deno.test("publishers have a limit", async () => {
  await withPublishing(async (scene) => {
    for (let index = 0; index < MAX_PUBLISHERS; index++) {
      const publisher = await publisherOf(scene, `/live${index}`);
      await publisher.begin();
    }
    const one = await publisherOf(scene, "/more");
    assert.equal(await one.announce(), 453);
  });
});

Deno.test("nobody publishes where that is off", async () => {
  await withRtspServer({ frames: 2 }, async (scene) => {
    const publisher = await publisherOf(scene);
    assert.equal(await publisher.announce(), 405);
  });
});

/** Packets with some bytes overwritten, cut off, repeated, or any bytes at all. */
function hostilePackets(
  jpegs: readonly Uint8Array[],
): fc.Arbitrary<Uint8Array> {
  const real = jpegs.flatMap((jpeg) => {
    const { bytes, run } = packFrame(jpeg, {
      sequence: 1,
      timestamp: 1,
      ssrc: 1,
    });
    return Array.from({ length: run.count }, (_, index) => {
      const start = packetOffset(run, index);
      return bytes.slice(start, start + packetLengthAt(run, index));
    });
  });
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.record({
      packet: fc.constantFrom(...real),
      damage: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 5 }),
      cut: fc.nat(1400),
    }).map(({ packet, damage, cut }) => {
      const bytes = packet.slice(0, Math.max(12, packet.length - cut));
      for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
}

Deno.test("whatever a publisher sends over TCP, the server lives and the next one is served", async () => {
  await withPublishing(async (scene) => {
    const jpegs = await pictures(4);
    const batch = fc.array(
      fc.tuple(fc.constantFrom(0, 1, 9), hostilePackets(jpegs)),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(batch, async (packets) => {
        const publisher = await publisherOf(scene);
        await publisher.begin();
        for (const [channel, bytes] of packets) {
          const head = [0x24, channel, bytes.length >> 8, bytes.length & 255];
          await publisher.client.write(Uint8Array.from([...head, ...bytes]));
        }
        const answer = await publisher.client.request(
          "TEARDOWN",
          publisher.url,
          { Session: publisher.session },
        );
        assert.equal(answer.status, 200);
        await publisher.client.close();
      }),
      { numRuns: fuzzRuns(10) },
    );
    await watchable(scene, await publisherOf(scene, "/next"), jpegs);
  });
});

Deno.test("whatever comes to a publisher's UDP ports, the server lives and its stream goes on", async () => {
  await withPublishing(async (scene) => {
    const jpegs = await pictures(8);
    const publisher = await publisherOf(scene);
    assert.equal(await publisher.announce(), 200);
    const socket = Deno.listenDatagram({
      transport: "udp",
      hostname: "127.0.0.1",
      port: 0,
    });
    const { port } = socket.addr as Deno.NetAddr;
    const transport = await publisher.setup(
      `RTP/AVP;unicast;client_port=${port}-${port + 1};mode=record`,
    );
    assert.equal(await publisher.record(), 200);
    const ports = /server_port=(\d+)-(\d+)/.exec(transport)!.slice(1)
      .map(Number);
    const random = new SeededRandom(5);
    const send = (bytes: Uint8Array, to: number): Promise<number> =>
      socket.send(bytes, {
        transport: "udp",
        hostname: "127.0.0.1",
        port: ports[to]!,
      });
    for (const bytes of fc.sample(hostilePackets(jpegs), 200)) {
      await send(bytes, random.integer(2));
    }
    for (const jpeg of jpegs) {
      const { bytes, run } = publisher.packets(jpeg);
      for (let index = 0; index < run.count; index++) {
        const start = packetOffset(run, index);
        await send(
          bytes.slice(start, start + packetLengthAt(run, index)),
          0,
        );
      }
    }
    const viewer = await scene.connect();
    const { session } = await viewer.setup(scene.url("/live"));
    await viewer.request("PLAY", scene.url("/live"), { Session: session });
    await viewer.media((arrivals) => rtpOf(arrivals).length > 0);
    socket.close();
  });
});

async function watchable(
  scene: RtspScene,
  publisher: Publisher,
  jpegs: readonly Uint8Array[],
): Promise<void> {
  await publisher.begin();
  await publisher.send(jpegs);
  const viewer = await scene.connect();
  const { session } = await viewer.setup(publisher.url);
  await viewer.request("PLAY", publisher.url, { Session: session });
  await viewer.media((arrivals) => rtpOf(arrivals).length > 0);
}

Deno.test("reports and goodbyes of a publisher harm nobody", async () => {
  await withPublishing(async (scene) => {
    const publisher = await publisherOf(scene);
    await publisher.begin();
    const bye = encodeRtcpCompound([
      { type: "receiver-report", ssrc: 42, reports: [] },
      { type: "bye", ssrcs: [42] },
    ]);
    assert.equal(decodeRtcpCompound(bye).length, 2);
    const frame = Uint8Array.from([0x24, 1, 0, bye.length, ...bye]);
    await publisher.client.write(frame);
    await publisher.send(await pictures(4));
    assert.equal(
      (await publisher.client.request("OPTIONS", "*")).status,
      200,
    );
  });
});
