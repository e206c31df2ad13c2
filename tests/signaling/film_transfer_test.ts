import assert from "node:assert/strict";
import {
  type Bytes,
  CHUNK_BYTES,
  encodeBlocks,
  type FilmTransport,
  type Frame,
  httpTransport,
  isBlock,
  memoryTransports,
  readBlock,
  SEALED_CHUNK_BYTES,
} from "../../src/signaling/mod.ts";
import { assertSameBytes } from "../support/bytes.ts";
import { settled, waitUntil } from "../support/wait.ts";
import {
  joined,
  makeTestFilm,
  noise,
  random,
  transferTest,
} from "./support.ts";

/** The same transport, with every frame that is sent changed or dropped. */
function changing(
  transport: FilmTransport,
  change: (frame: Frame) => Frame | undefined,
): FilmTransport {
  return {
    kind: transport.kind,
    get bufferedAmount() {
      return transport.bufferedAmount;
    },
    send(frame) {
      const changed = change(frame);
      if (changed !== undefined) transport.send(changed);
    },
    drained: () => transport.drained(),
    listen: (events) => transport.listen(events),
    close: () => transport.close(),
  };
}

for (const size of [1, CHUNK_BYTES, CHUNK_BYTES + 1, 70 * CHUNK_BYTES + 123]) {
  transferTest(`a film of ${size} bytes arrives byte by byte`, async () => {
    const film = await makeTestFilm(noise(size));
    const { receiver, chunks } = film.receiver();
    const [host, viewer] = memoryTransports(queueMicrotask);
    const sender = film.sender();
    sender.attach(host);
    receiver.attach("a", viewer);
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    assert.equal(sender.sentChunks, film.manifest.totalChunks);
    receiver.close();
    await waitUntil(() => sender.open === 0);
  });
}

transferTest(
  "a chunk that was changed on its way is refused and asked for again",
  async () => {
    const film = await makeTestFilm(noise(10 * CHUNK_BYTES));
    const problems: string[] = [];
    const { receiver, chunks } = film.receiver({
      onProblem: (_source, reason) => problems.push(reason),
    });
    const [host, viewer] = memoryTransports(queueMicrotask);
    let changed = false;
    film.sender().attach(changing(host, (frame) => {
      if (changed || typeof frame === "string" || !isBlock(frame)) return frame;
      if (readBlock(frame).chunk !== 4) return frame;
      changed = true;
      const copy = frame.slice();
      copy[500]! ^= 1;
      return copy;
    }));
    receiver.attach("a", viewer);
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    assert.equal(receiver.refusedChunks, 1);
    assert.match(problems[0] ?? "", /changed on its way/);
    receiver.close();
  },
);

transferTest(
  "one with the key who forges chunks is left, and the film comes from the host",
  async () => {
    const film = await makeTestFilm(noise(12 * CHUNK_BYTES));
    const left: string[] = [];
    const { receiver, chunks } = film.receiver({
      onProblem: (source, _reason, gone) => gone && left.push(source),
    });
    const forger = memoryTransports(queueMicrotask);
    film.sender({ read: () => Promise.resolve(noise(CHUNK_BYTES)) })
      .attach(changing(forger[0], (frame) =>
        // Its hashes are signed by the host's key here, which no forger has.
        typeof frame === "string" || isBlock(frame) ? frame : undefined));
    receiver.attach("forger", forger[1]);
    const host = memoryTransports(queueMicrotask);
    film.sender().attach(host[0]);
    receiver.attach("host", host[1]);
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    assert.deepEqual(left, ["forger"]);
    assert.ok(receiver.refusedChunks >= 3);
    receiver.close();
  },
);

transferTest(
  "a source that goes in the middle is replaced by another one",
  async () => {
    const film = await makeTestFilm(noise(20 * CHUNK_BYTES));
    const { receiver, chunks } = film.receiver();
    const first = memoryTransports(queueMicrotask);
    let blocks = 0;
    film.sender().attach(changing(first[0], (frame) => {
      if (typeof frame !== "string" && ++blocks > 20) {
        first[0].close();
        return undefined;
      }
      return frame;
    }));
    receiver.attach("first", first[1]);
    await waitUntil(() => receiver.sources().length === 0);
    assert.ok(receiver.count < 20);
    const second = memoryTransports(queueMicrotask);
    film.sender().attach(second[0]);
    receiver.attach("second", second[1]);
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    receiver.close();
  },
);

transferTest("a chunk is read before all others, from anywhere", async () => {
  const film = await makeTestFilm(noise(64 * CHUNK_BYTES));
  const sent = new Set<number>();
  const { receiver } = film.receiver();
  const [host, viewer] = memoryTransports(queueMicrotask);
  film.sender().attach(changing(host, (frame) => {
    if (typeof frame !== "string" && isBlock(frame)) {
      sent.add(readBlock(frame).chunk);
    }
    return frame;
  }));
  receiver.attach("a", viewer);
  const bytes = await settled(receiver.read(40));
  assertSameBytes(bytes, await film.read(40));
  assert.ok([...sent].indexOf(40) <= 8, `${[...sent]}`);
  const over = new AbortController();
  receiver.close();
  over.abort();
  await assert.rejects(receiver.read(63, over.signal));
});

transferTest(
  "a host whose file is gone says so, and nothing hangs",
  async () => {
    const film = await makeTestFilm(noise(3 * CHUNK_BYTES));
    let gone = true;
    const { receiver } = film.receiver();
    const [host, viewer] = memoryTransports(queueMicrotask);
    const sender = film.sender({
      read: (chunk) =>
        gone && chunk === 1
          ? Promise.reject(new Error("gone"))
          : film.read(chunk),
    });
    await sender.hashPage(0).catch(() => {});
    sender.attach(host);
    receiver.attach("a", viewer);
    await waitUntil(() => receiver.sources().length === 0, {
      what: "the end of a transport without hashes",
    });
    gone = false;
    const again = memoryTransports(queueMicrotask);
    sender.attach(again[0]);
    receiver.attach("b", again[1]);
    await settled(receiver.complete);
    receiver.close();
  },
);

transferTest("what is sent carries neither the film nor its name", async () => {
  const marker = "the very bytes of the film ".repeat(3000);
  const film = await makeTestFilm(
    new TextEncoder().encode(marker) as Bytes,
  );
  const { receiver, chunks } = film.receiver();
  const [host, viewer] = memoryTransports(queueMicrotask);
  const blocks: Bytes[] = [];
  film.sender().attach(changing(host, (frame) => {
    if (typeof frame !== "string") blocks.push(frame);
    return frame;
  }));
  receiver.attach("a", viewer);
  await settled(receiver.complete);
  assert.equal(new TextDecoder().decode(joined(chunks)), marker);
  for (const block of blocks) {
    assert.doesNotMatch(new TextDecoder("latin1").decode(block), /very bytes/);
  }
  receiver.close();
});

transferTest(
  "the relay over HTTP gives the same film, and is given up when it fails",
  async () => {
    const film = await makeTestFilm(noise(9 * CHUNK_BYTES + 17));
    const sender = film.sender();
    const { receiver, chunks } = film.receiver();
    let requests = 0;
    receiver.attach(
      "http",
      httpTransport(film.manifest, async (request) => {
        if (++requests === 4) throw new Error("once");
        if (request.what === "hashes") {
          return await sender.hashPage(request.page);
        }
        const sealed = await sender.sealed(
          request.start / SEALED_CHUNK_BYTES,
          false,
        );
        assert.equal(request.end - request.start + 1, sealed.length);
        return sealed;
      }),
    );
    await settled(receiver.complete);
    assertSameBytes(joined(chunks), film.bytes);
    receiver.close();
    const second = film.receiver().receiver;
    second.attach(
      "http",
      httpTransport(film.manifest, () => Promise.reject(new Error("never"))),
    );
    await waitUntil(() => second.sources().length === 0);
    second.close();
  },
);

transferTest(
  "junk on a channel ends it, for the host and for the viewer",
  async () => {
    const film = await makeTestFilm(noise(CHUNK_BYTES));
    for (
      const junk of [
        "no json",
        '{"type":"chunk-request","data":{"chunk":-1}}',
        "x".repeat(20_000),
      ]
    ) {
      const [host, viewer] = memoryTransports(queueMicrotask);
      const sender = film.sender();
      sender.attach(host);
      viewer.send(junk);
      await waitUntil(() => sender.open === 0, { what: junk.slice(0, 40) });
    }
    for (
      const junk of [
        "no json",
        Uint8Array.of(1, 2, 3),
        encodeBlocks(0, random(100))[0]!.slice(0, 30),
      ]
    ) {
      const [host, viewer] = memoryTransports(queueMicrotask);
      const { receiver } = film.receiver();
      receiver.attach("a", viewer);
      host.send(junk);
      await waitUntil(() => receiver.sources().length === 0);
      receiver.close();
    }
  },
);
