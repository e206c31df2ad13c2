import assert from "node:assert/strict";
import { LiveFrames, mjpegResponse } from "../../src/net/http_frames.ts";
import type { FrameHandle } from "../../src/net/http_frames.ts";

/** A pooled buffer that notices wrong use: it is overwritten when the last holder lets go. */
class PooledFrame implements FrameHandle {
  readonly bytes: Uint8Array;
  holders = 1;

  constructor(...bytes: number[]) {
    this.bytes = Uint8Array.from(bytes);
  }

  retain(): void {
    assert.ok(this.holders > 0, "retained after its end");
    this.holders++;
  }

  release(): void {
    assert.ok(this.holders > 0, "released too often");
    if (--this.holders === 0) this.bytes.fill(0xee);
  }
}

function publish(frames: LiveFrames, number: number): PooledFrame {
  const frame = new PooledFrame(number, number);
  frames.publish(frame, number, 1_000_000 + number);
  frame.release();
  return frame;
}

function get(frames: LiveFrames, query = ""): Promise<Response> {
  return frames.respond(new Request(`http://h/frame${query}`));
}

Deno.test("without `after` the newest frame is the answer, with its facts", async () => {
  const frames = new LiveFrames();
  publish(frames, 5);
  publish(frames, 6);
  const response = await get(frames);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/jpeg");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-frame-number"), "6");
  assert.equal(response.headers.get("x-frame-time"), "1000006");
  assert.equal(response.headers.get("x-frame-seq"), "2");
  assert.match(response.headers.get("x-frame-age") ?? "", /^\d+$/);
  assert.deepEqual([...await response.bytes()], [6, 6]);
});

Deno.test("a frame the page has is not sent again: the next one is waited for", async () => {
  const frames = new LiveFrames();
  publish(frames, 0);
  const next = get(frames, "?after=1");
  publish(frames, 1);
  publish(frames, 2);
  const response = await next;
  assert.equal(response.headers.get("x-frame-number"), "1");
  assert.deepEqual([...await response.bytes()], [1, 1]);
});

Deno.test("204 when no frame came in time", async () => {
  const frames = new LiveFrames();
  assert.equal((await get(frames, "?wait=0")).status, 204);
  publish(frames, 0);
  assert.equal((await get(frames, "?after=1&wait=1")).status, 204);
});

Deno.test("numbers that start anew do not stall, nor does a page from an earlier run", async () => {
  const frames = new LiveFrames();
  publish(frames, 400);
  publish(frames, 0);
  const restarted = await get(frames, "?after=1");
  assert.equal(restarted.headers.get("x-frame-number"), "0");
  const earlier = await get(frames, "?after=90000");
  assert.equal(earlier.headers.get("x-frame-seq"), "2");
});

Deno.test("a query that is no number is refused", async () => {
  const frames = new LiveFrames();
  for (const query of ["?after=x", "?after=1e99", "?wait=-1", "?wait=soon"]) {
    assert.equal((await get(frames, query)).status, 400, query);
  }
});

Deno.test("bytes are held while they are the newest, copied once when asked for", () => {
  const frames = new LiveFrames();
  const first = publish(frames, 1);
  assert.equal(first.holders, 1, "the newest is held");
  const second = publish(frames, 2);
  assert.equal(first.holders, 0, "the older one is let go, unread");
  const picture = frames.newest();
  assert.equal(second.holders, 0, "a copied one needs no holding");
  assert.deepEqual([...picture!.bytes], [2, 2]);
  assert.equal(frames.newest()!.bytes, picture!.bytes, "one copy for all");
  const third = publish(frames, 3);
  frames.close();
  assert.equal(third.holders, 0);
});

Deno.test("who waits gets a copy before the buffer is reused", async () => {
  const frames = new LiveFrames();
  const waiting = [frames.next(0, 2000), frames.next(0, 2000)];
  publish(frames, 1);
  publish(frames, 2);
  const [one, other] = await Promise.all(waiting);
  assert.deepEqual([...one!.bytes], [1, 1]);
  assert.equal(one!.bytes, other!.bytes);
});

Deno.test("an answer holds its frame until it has gone, and only so many do", async () => {
  const frames = new LiveFrames();
  const frame = publish(frames, 3);
  const gone = Array.from(
    { length: 6 },
    () => Promise.withResolvers<void>(),
  );
  const answers = await Promise.all(
    gone.map(({ promise }) =>
      frames.respond(new Request("http://h/frame"), { answered: promise })
    ),
  );
  publish(frames, 4);
  // Ours have let go; the rest is lent to the first answers.
  assert.equal(frame.holders, 4);
  for (const answer of answers) {
    const bytes = await answer.bytes();
    assert.equal(bytes.length, Number(answer.headers.get("content-length")));
    assert.ok(bytes.every((byte) => byte === 3));
  }
  for (const { resolve } of gone) resolve();
  await Promise.resolve();
  assert.equal(frame.holders, 0);
  frames.close();
});

Deno.test("closing wakes who waits, with nothing", async () => {
  const frames = new LiveFrames();
  const stop = new AbortController();
  const aborted = frames.next(0, 2000, stop.signal);
  const closed = get(frames);
  stop.abort();
  assert.equal(await aborted, undefined);
  frames.close();
  assert.equal((await closed).status, 204);
  publish(frames, 1);
  assert.equal(frames.newest(), undefined, "published after the end");
});

Deno.test("MJPEG parts carry their length and end with a boundary at once", async () => {
  const frames = new LiveFrames();
  const closing = new AbortController();
  publish(frames, 65);
  const response = mjpegResponse(frames, closing.signal);
  assert.equal(
    response.headers.get("content-type"),
    "multipart/x-mixed-replace; boundary=frame",
  );
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (!text.endsWith("AA\r\n--frame\r\n")) {
    text += (await reader.read()).value;
  }
  assert.equal(
    text,
    "--frame\r\ncontent-type: image/jpeg\r\ncontent-length: 2\r\n" +
      "x-frame-number: 65\r\n\r\nAA\r\n--frame\r\n",
  );
  closing.abort();
  assert.equal((await reader.read()).done, true);
});

Deno.test("an MJPEG client that reads slowly skips to the newest frame", async () => {
  const frames = new LiveFrames();
  const closing = new AbortController();
  const reader = mjpegResponse(frames, closing.signal).body!.getReader();
  publish(frames, 0);
  const decoder = new TextDecoder();
  let seen = "";
  while (!seen.includes("number: 0")) {
    seen += decoder.decode((await reader.read()).value);
  }
  for (let number = 1; number <= 50; number++) publish(frames, number);
  while (!seen.includes("number: 50")) {
    seen += decoder.decode((await reader.read()).value);
  }
  assert.equal(seen.match(/x-frame-number/g)?.length, 2);
  await reader.cancel();
});

Deno.test("an MJPEG stream ends when there will be no more frames", async () => {
  const frames = new LiveFrames();
  const body = mjpegResponse(frames, new AbortController().signal).text();
  frames.close();
  assert.equal(await body, "--frame\r\n");
});
