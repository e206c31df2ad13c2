import assert from "node:assert/strict";
import { join } from "node:path";
import {
  decodeRtpPacket,
  LabDepacketizer,
  type RtpPacket,
} from "../../src/rtp/mod.ts";
import { makeJpegs } from "../support/clips.ts";
import { settled } from "../support/wait.ts";
import { type RtspScene, withRtspServer } from "./support/rtsp_scene.ts";

/** A client of the course, with its UDP port. */
class LabClient implements Disposable {
  readonly packets: RtpPacket[] = [];
  readonly #socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  async receive(count: number): Promise<RtpPacket[]> {
    for (let received = 0; received < count; received++) {
      const [bytes] = await settled(this.#socket.receive(), {
        what: "a packet",
      });
      this.packets.push(decodeRtpPacket(bytes.slice()));
    }
    return this.packets.slice(-count);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A 200 of the dialect; the session's six digits are read as zeros. */
function ok(cseq: number, end = "\n", blank = ""): string {
  return `RTSP/1.0 200 OK${end}CSeq: ${cseq}${end}Session: 000000${end}${blank}`;
}

/** Sends each request and compares every byte of its answer. */
async function dialogue(
  scene: RtspScene,
  steps: readonly (readonly [request: string, answer: string])[],
): Promise<void> {
  const client = await scene.connect();
  for (const [request, answer] of steps) {
    await client.write(request);
    const text = await client.bytes(answer.length);
    assert.equal(text.replace(/(?<=Session: )\d{6}/, "000000"), answer);
  }
}

Deno.test("the course's dialogue is answered byte for byte", async () => {
  await withRtspServer({}, async (scene) => {
    using client = new LabClient();
    await dialogue(scene, [
      [
        `SETUP movie.mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= ${client.port}\n`,
        ok(1),
      ],
      ["PLAY movie.mjpeg RTSP/1.0\nCSeq: 2\nSession: 123456\n", ok(2)],
      ["PAUSE movie.mjpeg RTSP/1.0\nCSeq: 3\nSession: 123456\n", ok(3)],
      ["PLAY movie.mjpeg RTSP/1.0\nCSeq: 4\nSession: 123456", ok(4)],
      ["TEARDOWN movie.mjpeg RTSP/1.0\nCSeq: 5\nSession: 123456\n", ok(5)],
    ]);
    await dialogue(scene, [[
      "SETUP none.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n",
      "RTSP/1.0 404 NOT FOUND\nCSeq: 1\n",
    ]]);
  });
});

Deno.test("with CR LF and a blank line the answer has them too", async () => {
  await withRtspServer({}, async (scene) => {
    using client = new LabClient();
    await dialogue(scene, [[
      `SETUP movie.mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= ${client.port}\r\n\r\n`,
      ok(1, "\r\n", "\r\n"),
    ]]);
  });
});

async function setUp(
  scene: RtspScene,
  client: LabClient,
): Promise<(method: string) => Promise<string>> {
  const conn = await scene.connect();
  let cseq = 1;
  await conn.write(
    `SETUP movie.mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= ${client.port}\n`,
  );
  const length = "RTSP/1.0 200 OK\nCSeq: 1\nSession: 123456\n".length;
  await conn.bytes(length);
  return async (method) => {
    await conn.write(
      `${method} movie.mjpeg RTSP/1.0\nCSeq: ${++cseq}\nSession: 1\n`,
    );
    return await conn.bytes(length);
  };
}

Deno.test("each packet is a whole JPEG file, numbered from 1; the film starts over, the numbers go on", async () => {
  await withRtspServer({ frames: 6 }, async (scene) => {
    const jpegs = await makeJpegs({ frames: 6, size: "160x120" });
    using client = new LabClient();
    const say = await setUp(scene, client);
    await say("PLAY");
    const packets = await client.receive(14);
    for (const [index, packet] of packets.entries()) {
      assert.equal(packet.sequence, index + 1);
      assert.equal(packet.payloadType, 26);
      assert.equal(packet.marker, false);
      assert.equal(packet.ssrc, 0);
      assert.deepEqual(packet.payload, new Uint8Array(jpegs[index % 6]!));
    }
  });
});

Deno.test("PAUSE keeps the position, and two clients have their own", async () => {
  await withRtspServer({}, async (scene) => {
    using one = new LabClient();
    using two = new LabClient();
    const sayOne = await setUp(scene, one);
    const sayTwo = await setUp(scene, two);
    await sayOne("PLAY");
    await one.receive(5);
    await sayOne("PAUSE");
    await sayTwo("PLAY");
    const [first] = await two.receive(1);
    assert.equal(first!.sequence, 1);
    assert.deepEqual(first!.payload, one.packets[0]!.payload);
    await sayOne("PLAY");
    await one.receive(5);
    one.packets.reduce((before, packet) => {
      assert.equal(packet.sequence, before.sequence + 1);
      return packet;
    });
    const jpegs = await makeJpegs({ frames: 48, size: "160x120" });
    for (const { sequence, payload } of one.packets) {
      assert.deepEqual(payload, new Uint8Array(jpegs[sequence - 1]!));
    }
  });
});

Deno.test("a frame larger than --max-packet leaves in pieces with the marker on the last", async () => {
  const big = { size: "640x480", frames: 3, q: 2 } as const;
  await withRtspServer({
    maxPacket: 2000,
    prepare: async (dir) => {
      const jpegs = await makeJpegs(big);
      await Deno.writeFile(
        join(dir, "movie.mjpeg"),
        new Uint8Array(jpegs.flatMap((jpeg) => [...jpeg])),
      );
    },
  }, async (scene) => {
    using client = new LabClient();
    const say = await setUp(scene, client);
    await say("PLAY");
    const [jpeg] = await makeJpegs(big);
    const pieces = await client.receive(Math.ceil(jpeg!.length / 1400));
    const depacketizer = new LabDepacketizer();
    const whole = pieces.map((piece) => depacketizer.push(piece));
    assert.deepEqual(whole.at(-1), new Uint8Array(jpeg!));
    assert.equal(pieces.findIndex(({ marker }) => marker), pieces.length - 1);
  });
});
