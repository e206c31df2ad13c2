import assert from "node:assert/strict";
import { encodeRawFrame } from "../../src/referee/mod.ts";
import {
  concat,
  PNG_SIGNATURE,
  pngChunk,
  pngHeader,
  testPixels,
  testPng,
} from "../referee/support/frames.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import {
  type Json,
  RawClient,
  SINGLE_LIGHT,
  startReferee,
  type TestReferee,
} from "./support/referee.ts";

const [WIDTH, HEIGHT] = [64, 48];

interface Sent {
  readonly bytes: Uint8Array;
  readonly encoding?: string;
}

async function record(
  referee: TestReferee,
  frames: readonly Sent[],
): Promise<Json> {
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 10,
    width: WIDTH,
    height: HEIGHT,
  });
  await client.until("session_started");
  for (const [number, { bytes, encoding }] of frames.entries()) {
    await client.frame("a", number, bytes, {
      encoding,
      timestamp: number / 10,
    });
    assert.equal((await client.next()).status, "received");
  }
  await client.say({
    type: "signal",
    session_id: "a",
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  return (await client.until("process_complete")).result;
}

/** Average grey of each picture, as ffmpeg decodes the video. */
async function greys(path: string): Promise<number[]> {
  const { stdout, stderr, success } = await new Deno.Command(
    await ffmpegPath(),
    {
      args: [
        "-v",
        "error",
        "-i",
        path,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
      ],
    },
  ).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const size = WIDTH * HEIGHT * 3;
  return Array.from({ length: stdout.length / size }, (_, at) => {
    const picture = stdout.subarray(at * size, (at + 1) * size);
    return picture.reduce((sum, value) => sum + value, 0) / size;
  });
}

function grey(number: number): number {
  return 20 + number * 15;
}

function close(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) < 3,
    `${actual} is not near ${expected}`,
  );
}

Deno.test("raw frames become a video of as many pictures, in their order", async () => {
  await using referee = await startReferee();
  const frames = Array.from({ length: 12 }, (_, number): Sent => {
    const pixels = testPixels(WIDTH, HEIGHT, grey(number));
    return {
      bytes: number % 2 === 0 ? pixels : encodeRawFrame(WIDTH, HEIGHT, pixels),
      encoding: "raw",
    };
  });
  const result = await record(referee, frames);
  assert.equal(result.metadata.video_codec, "mjpeg");
  const seen = await greys(result.artifacts.video);
  assert.equal(seen.length, 12);
  for (const [number, value] of seen.entries()) close(value, grey(number));
});

Deno.test("PNGs are kept bit for bit", async () => {
  await using referee = await startReferee();
  const frames = Array.from({ length: 12 }, (_, number): Sent => ({
    bytes: testPng(WIDTH, HEIGHT, grey(number)),
    encoding: "png",
  }));
  const result = await record(referee, frames);
  assert.equal(result.metadata.video_codec, "mpng");
  const seen = await greys(result.artifacts.video);
  assert.equal(seen.length, 12);
  for (const [number, value] of seen.entries()) close(value, grey(number));
  for (const [number, { bytes }] of frames.entries()) {
    const answer = await fetch(
      `${referee.server.url}results/a/frames/${number}`,
    );
    assert.equal(answer.headers.get("content-type"), "image/png");
    assertSameBytes(await answer.bytes(), bytes);
  }
});

Deno.test("JPEG, PNG and raw in one session are one video, and the JPEGs stay theirs", async () => {
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 4, size: `${WIDTH}x${HEIGHT}` });
  const frames = Array.from({ length: 12 }, (_, number): Sent => {
    if (number % 3 === 0) return { bytes: jpegs[number / 3]! };
    return number % 3 === 1
      ? { bytes: testPng(WIDTH, HEIGHT, grey(number)) }
      : { bytes: testPixels(WIDTH, HEIGHT, grey(number)), encoding: "raw" };
  });
  const result = await record(referee, frames);
  const seen = await greys(result.artifacts.video);
  assert.equal(seen.length, 12);
  for (const [number, value] of seen.entries()) {
    if (number % 3 !== 0) close(value, grey(number));
  }
  for (const number of [0, 3, 6, 9]) {
    const answer = await fetch(
      `${referee.server.url}results/a/frames/${number}`,
    );
    assertSameBytes(await answer.bytes(), jpegs[number / 3]!);
  }
});

Deno.test("a PNG that cannot be decoded shifts none of the others", async () => {
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 1, size: `${WIDTH}x${HEIGHT}` });
  const png = testPng(WIDTH, HEIGHT, 77);
  // The chunks are right and what they hold is not.
  const broken = concat(
    PNG_SIGNATURE,
    pngHeader(WIDTH, HEIGHT),
    pngChunk("IDAT", new Uint8Array(50).fill(9)),
    pngChunk("IEND", new Uint8Array()),
  );
  const frames: Sent[] = Array.from({ length: 12 }, (_, number): Sent => ({
    bytes: number === 0
      ? jpegs[0]!
      : number === 5
      ? broken
      : testPng(WIDTH, HEIGHT, grey(number)),
  }));
  frames[11] = { bytes: png };
  const result = await record(referee, frames);
  const { numbers } = JSON.parse(
    await Deno.readTextFile(result.artifacts.frames),
  );
  const seen = await greys(result.artifacts.video);
  assert.equal(seen.length, numbers.length);
  for (const [place, number] of numbers.entries()) {
    if (number !== 0 && number !== 5) {
      close(seen[place]!, number === 11 ? 77 : grey(number));
    }
  }
});
