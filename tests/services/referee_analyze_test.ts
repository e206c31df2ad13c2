import assert from "node:assert/strict";
import { join } from "node:path";
import { refereeLimits } from "../../src/referee/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { makeClip, makeJpegs } from "../support/clips.ts";
import { processUsage } from "../support/process_table.ts";
import { waitUntil } from "../support/wait.ts";
import {
  type Json,
  RawClient,
  SINGLE_LIGHT,
  startReferee,
  type TestReferee,
} from "./support/referee.ts";

interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly content: BlobPart;
}

async function upload(
  { server }: TestReferee,
  parts: readonly Part[],
): Promise<{ status: number; body: Json }> {
  const boundary = "----a-boundary-of-ours";
  const body = new Blob([
    ...parts.flatMap(({ name, filename, content }) => [
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${
        filename === undefined ? "" : `; filename="${filename}"`
      }\r\n\r\n`,
      content,
      "\r\n",
    ]),
    `--${boundary}--\r\n`,
  ]);
  const answer = await fetch(`${server.url}analyze`, {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body,
  });
  return { status: answer.status, body: await answer.json() };
}

async function clip(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(await Deno.makeTempDir({ prefix: "clip_" }), name);
  await makeClip(path, {
    frames: 30,
    size: "160x120",
    fps: 30,
    codec: name.endsWith(".mp4") ? "mpeg4" : "mjpeg",
    pixFmt: name.endsWith(".mp4") ? "yuv420p" : "yuvj420p",
  });
  const bytes = await Deno.readFile(path);
  await Deno.remove(join(path, ".."), { recursive: true });
  return bytes;
}

const SIGNAL = {
  name: "signal",
  filename: "s.txt",
  content: SINGLE_LIGHT as Uint8Array<ArrayBuffer>,
};

Deno.test("a video with its signal gives the result, and both are kept as they came", async () => {
  await using referee = await startReferee();
  for (const name of ["phrase.mp4", "phrase.avi", "phrase.mkv"]) {
    const video = await clip(name);
    const { status, body } = await upload(referee, [
      { name: "video", filename: name, content: video },
      SIGNAL,
      { name: "include_keypoints", content: "false" },
      { name: "save_overlay", content: "false" },
    ]);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.winner, body.status, body.streaming_stats], [
      "right",
      "success",
      null,
    ]);
    assert.deepEqual([body.metadata.frame_count, body.metadata.width], [
      30,
      160,
    ]);
    assert.ok(Math.abs(body.metadata.duration_seconds - 29 / 30) < 0.002);
    assert.equal(body.signal_events[1].frame_index, 15);
    assert.ok(body.artifacts.video.endsWith(`/video${name.slice(6)}`));
    assertSameBytes(await Deno.readFile(body.artifacts.video), video);
    assertSameBytes(await Deno.readFile(body.artifacts.signal), SINGLE_LIGHT);
    const last = `${referee.server.url}results/${
      body.links.result.split("/")[2]
    }/frames/29`;
    const picture = await fetch(last);
    assert.equal(picture.headers.get("content-type"), "image/jpeg");
    const jpeg = await picture.bytes();
    assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    const frames = JSON.parse(await Deno.readTextFile(body.artifacts.frames));
    // The pictures of MJPEG are there as they are; of others they are decoded.
    assert.equal("offsets" in frames, !name.endsWith(".mp4"));
    if ("offsets" in frames) {
      const { offsets, lengths } = frames;
      assertSameBytes(
        jpeg,
        video.subarray(offsets[29], offsets[29] + lengths[29]),
      );
    }
    const beyond = await fetch(last.replace(/29$/, "30"));
    assert.equal(beyond.status, 404);
    await beyond.body?.cancel();
  }
  assert.equal((await referee.artifacts()).length, 3);
  assert.deepEqual(await referee.spooled(), []);
});

Deno.test("existing clients send a form of the browser's kind", async () => {
  await using referee = await startReferee();
  const form = new FormData();
  form.append("video", new Blob([await clip("x.mp4")]), 'a "quoted" name.mp4');
  form.append(
    "signal",
    new Blob([SINGLE_LIGHT as Uint8Array<ArrayBuffer>]),
    "s.csv",
  );
  form.append("save_overlay", "true");
  const answer = await fetch(`${referee.server.url}analyze`, {
    method: "POST",
    body: form,
  });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).winner, "right");
});

Deno.test("the offset that was asked for maps the events, and is told", async () => {
  await using referee = await startReferee({ signalOffset: 0.25 });
  const { body } = await upload(referee, [
    { name: "video", filename: "x.mp4", content: await clip("x.mp4") },
    SIGNAL,
  ]);
  // The hit at 0.500 s is seen at 0.750 s, between frames 22 and 23.
  const { time, frame_index, difference } = body.signal_events[1];
  assert.deepEqual([time, frame_index], [0.5, 22]);
  assert.ok(Math.abs(difference - (0.75 - 22 / 30)) < 1e-3);
  const mapping = JSON.parse(await Deno.readTextFile(body.artifacts.mapping));
  assert.equal(mapping.offset_seconds, 0.25);
  assert.equal(mapping.offset_asked_for_seconds, 0.25);
  assert.equal(mapping.offset_seen_seconds, 0);
  assert.equal(body.metadata.signal_offset_seconds, 0.25);
});

Deno.test("swap_sides exchanges the winner", async () => {
  await using referee = await startReferee();
  const { body } = await upload(referee, [
    { name: "video", filename: "x.mp4", content: await clip("x.mp4") },
    SIGNAL,
    { name: "swap_sides", content: "true" },
  ]);
  assert.equal(body.winner, "left");
});

Deno.test("what is not as it must be has the documents' status", async () => {
  await using referee = await startReferee();
  const video = {
    name: "video",
    filename: "x.mp4",
    content: await clip("x.mp4"),
  };
  const rows: [string, Part[], number, RegExp][] = [
    ["no video", [SIGNAL], 422, /"video".*required/i],
    ["no signal", [video], 422, /"signal".*required/i],
    ["nothing", [], 422, /"video"/],
    [
      "a video without a name",
      [{ ...video, filename: "" }, SIGNAL],
      400,
      /No video file name/,
    ],
    [
      "a signal without a name",
      [video, { ...SIGNAL, filename: "" }],
      400,
      /No signal file name/,
    ],
    [
      "a text in place of a file",
      [{ name: "video", content: "x" }, SIGNAL],
      422,
      /must be a file/,
    ],
    [
      "a switch that is none",
      [video, SIGNAL, { name: "save_overlay", content: "perhaps" }],
      422,
      /save_overlay/,
    ],
    ["two videos", [video, video, SIGNAL], 400, /two videos/],
    [
      "a field beyond all measure",
      [video, { name: "note", content: "x".repeat(5000) }, SIGNAL],
      413,
      /note/,
    ],
    [
      "bytes that are no video",
      [{ ...video, content: "no video" }, SIGNAL],
      500,
      /Cannot read "x\.mp4"/,
    ],
    [
      "an empty video",
      [{ ...video, content: "" }, SIGNAL],
      500,
      /Cannot read "x\.mp4"/,
    ],
  ];
  for (const [name, parts, status, words] of rows) {
    const answer = await upload(referee, parts);
    assert.equal(
      answer.status,
      status,
      `${name}: ${JSON.stringify(answer.body)}`,
    );
    assert.match(
      JSON.stringify(answer.body.detail).replaceAll('\\"', '"'),
      words,
      name,
    );
  }
  const notAForm = await fetch(`${referee.server.url}analyze`, {
    method: "POST",
    body: "{}",
  });
  assert.equal(notAForm.status, 400);
  await notAForm.body?.cancel();
  const cutOff = await fetch(`${referee.server.url}analyze`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=b" },
    body:
      '--b\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\nabc',
  });
  assert.equal(cutOff.status, 400);
  await cutOff.body?.cancel();
  assert.deepEqual(await referee.spooled(), []);
  assert.deepEqual(await referee.artifacts(), []);
});

Deno.test("a playlist as a video opens no other file and no host", async () => {
  await using referee = await startReferee();
  const secret = await Deno.makeTempFile({ suffix: ".mp4" });
  await Deno.writeFile(secret, await clip("x.mp4"));
  let asked = 0;
  const trap = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, () => {
    asked++;
    return new Response("no");
  });
  const host = `http://127.0.0.1:${trap.addr.port}`;
  const playlists = [
    `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${host}/a.ts\n#EXT-X-ENDLIST\n`,
    `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    `ffconcat version 1.0\nfile '${secret}'\n`,
    `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 26\n`,
    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>${host}/</BaseURL></Period></MPD>`,
  ];
  try {
    for (const playlist of playlists) {
      for (const filename of ["x.mp4", "x.m3u8", "x.txt"]) {
        const { status, body } = await upload(referee, [{
          name: "video",
          filename,
          content: playlist,
        }, SIGNAL]);
        assert.equal(status, 500, playlist);
        assert.ok(
          !JSON.stringify(body).includes(referee.folder),
          "no path of ours is told",
        );
      }
    }
    assert.equal(asked, 0);
  } finally {
    await trap.shutdown();
    await Deno.remove(secret);
  }
});

Deno.test("limits of an upload name themselves, and it may break off anywhere", async () => {
  await using referee = await startReferee({
    limits: refereeLimits({
      max_upload_mb: 1,
      max_sessions_per_hour: 4,
      max_video_seconds: 1,
    }),
  });
  const large = await upload(referee, [{
    name: "video",
    filename: "x.mp4",
    content: new Uint8Array(2_000_000),
  }, SIGNAL]);
  assert.equal(large.status, 413);
  assert.match(large.body.detail, /max_upload_mb/);
  // A client that goes in the middle leaves nothing.
  const conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: referee.server.port,
  });
  await conn.write(new TextEncoder().encode(
    `POST /analyze HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n` +
      '--b\r\nContent-Disposition: form-data; name="video"; filename="v.mp4"\r\n\r\nabc',
  ));
  await waitUntil(async () => (await referee.spooled()).length === 1);
  conn.close();
  await waitUntil(async () => (await referee.spooled()).length === 0);
  const path = await Deno.makeTempFile({ suffix: ".mp4" });
  await makeClip(path, {
    frames: 60,
    size: "64x48",
    fps: 30,
    codec: "mpeg4",
    pixFmt: "yuv420p",
  });
  const long = await upload(referee, [{
    name: "video",
    filename: "x.mp4",
    content: await Deno.readFile(path),
  }, SIGNAL]);
  await Deno.remove(path);
  assert.match(long.body.detail, /max_video_seconds/);
  await upload(referee, []);
  const often = await upload(referee, []);
  assert.equal(often.status, 429);
  assert.match(often.body.detail, /max_sessions_per_hour/);
});

Deno.test("a large upload goes to disk as it arrives, not into memory", async () => {
  await using referee = await startReferee();
  const size = 200 * 1024 * 1024;
  const boundary = "b";
  const piece = new Uint8Array(256 * 1024);
  const head = new TextEncoder().encode(
    '--b\r\nContent-Disposition: form-data; name="video"; filename="v.mp4"\r\n\r\n',
  );
  let left = size;
  let begun = false;
  const before = (await processUsage(Deno.pid)).rssBytes;
  let most = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!begun) controller.enqueue(head);
      begun = true;
      if (left <= 0) {
        controller.enqueue(new TextEncoder().encode("\r\n--b--\r\n"));
        controller.close();
        return;
      }
      controller.enqueue(piece);
      left -= piece.length;
      if (left % (20 * 1024 * 1024) === 0) {
        most = Math.max(most, (await processUsage(Deno.pid)).rssBytes);
      }
    },
  });
  const answer = await fetch(`${referee.server.url}analyze`, {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body,
  });
  assert.equal(answer.status, 422); // no signal came
  await answer.body?.cancel();
  assert.ok(most - before < 120e6, `memory grew by ${most - before}`);
});

Deno.test("/stream and /analyze give the same result for the same recording", async () => {
  // The video that a stream became is uploaded.
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 30, size: "160x120" });
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 30,
    width: 160,
    height: 120,
  });
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame("a", number, jpeg);
  }
  await client.say({
    type: "signal",
    session_id: "a",
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  const { result } = await client.until("process_complete");
  const { body } = await upload(referee, [
    {
      name: "video",
      filename: "v.mkv",
      content: await Deno.readFile(result.artifacts.video),
    },
    SIGNAL,
  ]);
  assert.deepEqual(body.decision, result.decision);
  assert.deepEqual(body.signal_events, result.signal_events);
  assert.deepEqual(
    [
      body.metadata.frame_count,
      body.metadata.duration_seconds,
      body.metadata.width,
    ],
    [
      result.metadata.frame_count,
      result.metadata.duration_seconds,
      result.metadata.width,
    ],
  );
});
