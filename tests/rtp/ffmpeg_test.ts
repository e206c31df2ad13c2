import { quietFor } from "../support/wait.ts";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fitToRfc2435 } from "../../src/jpeg/mod.ts";
import {
  decodeRtpPacket,
  JPEG_CLOCK_RATE,
  JpegDepacketizer,
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  planJpegPackets,
} from "../../src/rtp/mod.ts";
import { describeMjpeg, formatSdp } from "../../src/sdp/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { decodeJpegs, ffmpegPath, makeJpegs } from "../support/clips.ts";

const FRAMES = 12;

/** A UDP socket on a port that ffmpeg may use with the one above it for RTCP. */
function bind(): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
}

function portOf(socket: Deno.DatagramConn): number {
  const address = socket.addr;
  assert.ok(address.transport === "udp");
  return address.port;
}

/** A hash of each picture, all of one size. */
async function pictureHashes(
  jpegs: readonly Uint8Array[],
): Promise<string[]> {
  const pixels = await decodeJpegs(jpegs);
  const size = pixels.length / jpegs.length;
  return jpegs.map((_, index) =>
    createHash("sha256").update(
      pixels.subarray(index * size, (index + 1) * size),
    ).digest("hex")
  );
}

Deno.test("ffmpeg's RTP comes out as the pictures that went in", async () => {
  const jpegs = await makeJpegs({ frames: FRAMES, size: "320x240" });
  const folder = await Deno.makeTempDir();
  const input = `${folder}/in.mjpeg`;
  await Deno.writeFile(
    input,
    new Uint8Array(await new Blob(jpegs).arrayBuffer()),
  );
  const socket = bind();
  const child = new Deno.Command(await ffmpegPath(), {
    args: [
      ..."-nostdin -loglevel error -re -f mjpeg -framerate 24 -i".split(" "),
      input,
      ..."-c:v copy -f rtp".split(" "),
      `rtp://127.0.0.1:${portOf(socket)}?pkt_size=1200`,
    ],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const depacketizer = new JpegDepacketizer();
  const received: Uint8Array<ArrayBuffer>[] = [];
  while (received.length < FRAMES) {
    const [datagram] = await socket.receive();
    const frame = depacketizer.push(decodeRtpPacket(datagram));
    if (frame !== undefined) received.push(frame.jpeg);
  }
  assert.equal((await child.status).code, 0);
  socket.close();
  await Deno.remove(folder, { recursive: true });
  assert.equal(depacketizer.framesIncomplete, 0);
  assertSameBytes(
    await decodeJpegs(received),
    await decodeJpegs(jpegs),
    "pictures",
  );
});

for (const pixFmt of ["yuvj420p", "yuvj422p"]) {
  Deno.test(`ffmpeg decodes our packets without a warning: ${pixFmt}`, async () => {
    const jpegs = await makeJpegs({ frames: FRAMES, size: "320x240", pixFmt });
    const folder = await Deno.makeTempDir();
    const reserve = bind();
    const port = portOf(reserve);
    const description = formatSdp(describeMjpeg({
      name: "test",
      sessionId: "1",
      address: "127.0.0.1",
    })).replace("m=video 0", `m=video ${port}`)
      .replace("c=IN IP4 0.0.0.0", "c=IN IP4 127.0.0.1");
    await Deno.writeTextFile(`${folder}/in.sdp`, description);
    reserve.close();
    const child = new Deno.Command(await ffmpegPath(), {
      args: [
        ..."-nostdin -loglevel warning -analyzeduration 0 -protocol_whitelist file,rtp,udp -i"
          .split(" "),
        `${folder}/in.sdp`,
        ..."-c:v copy -frames:v".split(" "),
        String(FRAMES),
        ..."-f image2".split(" "),
        `${folder}/%03d.jpg`,
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const socket = bind();
    const done = child.output();
    let over = false;
    done.then(() => over = true);
    const out = new Uint8Array(1 << 20);
    // ffmpeg says nothing when it listens: frames go out until it has enough.
    for (let index = 0, sequence = 65_500; !over; index++) {
      const fit = fitToRfc2435(jpegs[index % FRAMES]!);
      assert.ok(fit.fits);
      const options = {
        sequence,
        timestamp: (index * JPEG_CLOCK_RATE / 25) >>> 0,
        ssrc: 0x1234_5678,
        maxPayload: 1200,
      };
      assert.ok(planJpegPackets(fit.profile, options).byteLength <= out.length);
      const run = packetizeJpeg(fit.profile, options, out);
      for (let packet = 0; packet < run.count; packet++) {
        const start = packetOffset(run, packet);
        await socket.send(
          out.subarray(start, start + packetLengthAt(run, packet)),
          { transport: "udp", hostname: "127.0.0.1", port },
        ).catch((error) => {
          // Nobody listens yet, or no more.
          if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        });
      }
      sequence = (sequence + run.count) & 0xffff;
      // ffmpeg plays in real time.
      await quietFor(20);
    }
    socket.close();
    const { code, stderr } = await done;
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) =>
      // What ffmpeg says of every stream whose first packets it did not see,
      // and of its own image writer.
      !/max delay reached|RTP: missed|deprecated pixel|^$|Could not find codec|dropping frame|Guessing|not contain an image sequence/
        .test(line)
    );
    assert.equal(code, 0, said.join("\n"));
    assert.deepEqual(said, []);
    const files = await Promise.all(jpegs.map((_, index) => {
      const number = String(index + 1).padStart(3, "0");
      return Deno.readFile(`${folder}/${number}.jpg`);
    }));
    const sent = new Set(await pictureHashes(jpegs));
    for (const [index, hash] of (await pictureHashes(files)).entries()) {
      assert.ok(sent.has(hash), `picture ${index} was never sent`);
    }
    await Deno.remove(folder, { recursive: true });
  });
}
