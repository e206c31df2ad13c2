import assert from "node:assert/strict";
import { silentLogger } from "../../src/log/mod.ts";
import {
  type ByteSupplier,
  ConnectionWriter,
  type DirectWay,
  MAX_WAITING_BYTES,
  STALL_MS,
} from "../../src/services/rtsp_server/connection_writer.ts";
import { FrameCache } from "../../src/services/rtsp_server/frame_cache.ts";
import {
  FrameClock,
  SLOT_MS,
} from "../../src/services/rtsp_server/frame_clock.ts";
import { FrameStore } from "../../src/services/rtsp_server/frame_store.ts";
import {
  packFrame,
  UnfitFrameError,
} from "../../src/services/rtsp_server/packed_frame.ts";
import { fitSize } from "../../src/services/rtsp_server/converter.ts";
import { makeJpeg, makeJpegs } from "../support/clips.ts";
import { quietFor } from "../support/wait.ts";

Deno.test("the clock calls in order of time, never before it, and forgets when closed", async () => {
  const clock = new FrameClock();
  const start = performance.now();
  const called: [string, number][] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const note = (name: string) => (): void => {
    called.push([name, performance.now() - start]);
  };
  clock.schedule(start + 40, resolve);
  clock.schedule(start + 20, note("later"));
  clock.schedule(start + 20, note("same slot, second"));
  clock.schedule(start, note("now"));
  clock.schedule(start + 9, () => {
    note("first")();
    clock.schedule(start + 12, note("from a task"));
  });
  await promise;
  assert.deepEqual(called.map(([name]) => name), [
    "now",
    "first",
    "from a task",
    "later",
    "same slot, second",
  ]);
  for (const [index, due] of [0, 9, 12, 20, 20].entries()) {
    assert.ok(called[index]![1] >= due - 1, called.join());
  }
  clock.schedule(performance.now() + SLOT_MS, () => assert.fail("closed"));
  clock.close();
  clock.schedule(performance.now(), () => assert.fail("closed"));
});

/** A connection whose writes are taken when the test says so. */
class FakeConn {
  readonly written: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  closed = false;
  ended = false;

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve) =>
      this.#waiting.push(() => {
        this.written.push(bytes.slice());
        resolve(bytes.length);
      })
    );
  }

  async take(): Promise<void> {
    this.#waiting.shift()?.();
    await quietFor(0);
  }

  closeWrite(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }

  get texts(): string[] {
    return this.written.map((bytes) => new TextDecoder().decode(bytes));
  }
}

function makeWriter(direct?: DirectWay): {
  conn: FakeConn;
  writer: ConnectionWriter;
  closed: string[];
} {
  const conn = new FakeConn();
  const closed: string[] = [];
  const writer = new ConnectionWriter(
    conn as unknown as Deno.TcpConn,
    (reason) => closed.push(reason),
    () => direct,
  );
  return { conn, writer, closed };
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

Deno.test("answers come before frames, and a frame is asked for when there is room", async () => {
  const { conn, writer } = makeWriter();
  let newest = 0;
  let left = 2;
  const supplier: ByteSupplier = {
    take: () => left-- > 0 ? text(`frame ${newest}`) : undefined,
  };
  writer.send(text("one"));
  writer.wake(supplier);
  newest = 1;
  writer.send(text("two"));
  newest = 2;
  for (let count = 0; count < 5; count++) await conn.take();
  assert.deepEqual(conn.texts, ["one", "two", "frame 2", "frame 2"]);
  writer.end("done");
  assert.ok(conn.ended);
  writer.close("done");
});

Deno.test("what the system does not take at once waits in a copy, and nothing passes it", async () => {
  const sent: string[] = [];
  let room = 12;
  let isOpen = true;
  const { conn, writer } = makeWriter({
    send(bytes) {
      const count = Math.min(room, bytes.length);
      room -= count;
      sent.push(new TextDecoder().decode(bytes.subarray(0, count)));
      return count;
    },
    close: () => isOpen = false,
  });
  const frame = text("");
  const frames = [text("frame 1"), text("frame 2"), text("frame 3")];
  let shared = frame;
  writer.wake({
    take(atOnce) {
      assert.ok(atOnce);
      shared = frames.shift() ?? frame;
      return shared === frame ? undefined : shared;
    },
  });
  // The first went whole, five bytes of the second; its buffer is used again.
  frames.push(text("frame 4"));
  assert.deepEqual(sent, ["frame 1", "frame"]);
  shared.fill(0);
  writer.send(text("an answer"));
  room = 100;
  await conn.take();
  assert.deepEqual(conn.texts, [" 2"]);
  assert.deepEqual(sent.slice(2), ["an answer", "frame 3", "frame 4"]);
  writer.close("done");
  assert.ok(!isOpen);
});

Deno.test("a client that takes nothing, or leaves its answers unread, is closed", () => {
  const stalled = makeWriter();
  stalled.writer.send(text("hello"));
  stalled.writer.checkStall(performance.now() + STALL_MS / 2);
  assert.ok(!stalled.conn.closed);
  stalled.writer.checkStall(performance.now() + STALL_MS + 1);
  assert.ok(stalled.conn.closed);
  assert.deepEqual(stalled.closed, ["it takes nothing"]);

  const flooding = makeWriter();
  const answer = new Uint8Array(1000);
  for (let sent = 0; sent <= MAX_WAITING_BYTES + 1000; sent += 1000) {
    flooding.writer.send(answer);
  }
  assert.ok(flooding.conn.closed);
});

async function makeStore(
  jpegs: readonly Uint8Array[],
): Promise<{ store: FrameStore; path: string }> {
  const path = await Deno.makeTempFile();
  const file = await Deno.open(path, { read: true, write: true });
  const store = new FrameStore(file, [], false);
  for (const jpeg of jpegs) await store.append(jpeg);
  return { store, path };
}

Deno.test("a growing store gives what is there and tells of more", async () => {
  const { store, path } = await makeStore([text("a"), text("bc")]);
  try {
    assert.deepEqual(await store.read(1), text("bc"));
    assert.equal(await store.read(2), undefined);
    const grown = store.grown();
    await store.append(text("def"));
    await grown;
    assert.deepEqual(
      await Promise.all([store.read(2), store.read(0)]),
      [text("def"), text("a")],
    );
    store.finish();
    await store.grown();
    assert.ok(store.complete);
  } finally {
    await store.close();
    await Deno.remove(path);
  }
});

Deno.test("the cache packs a frame once and keeps within its bytes", async () => {
  const jpegs = await makeJpegs({ frames: 6, size: "160x120" });
  const { store, path } = await makeStore(jpegs);
  try {
    const one = packFrame(jpegs[0]!);
    const size = one.bytes.length + one.jpeg.length;
    const cache = new FrameCache({ log: silentLogger, maxBytes: size * 3 });
    const [first, same] = await Promise.all([
      cache.load(store, 0),
      cache.load(store, 0),
    ]);
    assert.equal(first, same);
    assert.equal(cache.get(store, 0), first);
    for (let index = 1; index < 6; index++) await cache.load(store, index);
    assert.equal(cache.get(store, 0), undefined);
    assert.ok(cache.get(store, 5) !== undefined);
    assert.ok(cache.bytes > 0 && cache.bytes <= size * 3);
    cache.forget(store);
    assert.equal(cache.bytes, 0);
    assert.equal(cache.get(store, 5), undefined);
  } finally {
    await store.close();
    await Deno.remove(path);
  }
});

Deno.test("a frame that RTP cannot carry says why, and the size that fits", async () => {
  const jpeg = await makeJpeg({ size: "160x120", pixFmt: "yuvj444p" });
  assert.throws(() => packFrame(jpeg), (error) => {
    assert.ok(error instanceof UnfitFrameError);
    assert.equal(error.reason, "sampling");
    return true;
  });
  assert.throws(
    () => packFrame(new Uint8Array(10)),
    (error) => error instanceof UnfitFrameError && error.reason === "damaged",
  );
  assert.deepEqual(fitSize({ width: 3840, height: 2160 }), {
    width: 2040,
    height: 1148,
  });
});
