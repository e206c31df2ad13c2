import assert from "node:assert/strict";
import { DatagramBatch, openUdpSocket } from "../../src/net/udp.ts";
import type { UdpAddress, UdpSocket } from "../../src/net/udp.ts";
import { ListenError } from "../../src/net/listen_error.ts";
import { listenOrExplain } from "../../src/net/listen_error.ts";
import { LOCAL, testPaths } from "./support/udp_paths.ts";

/** Receives `count` datagrams, however many come at a time. */
async function receiveAll(
  socket: UdpSocket,
  count: number,
  into = new DatagramBatch(16, 65_536),
): Promise<{ bytes: Uint8Array; from: UdpAddress | undefined }[]> {
  const all: { bytes: Uint8Array; from: UdpAddress | undefined }[] = [];
  while (all.length < count && await socket.receive(into)) {
    assert.ok(into.count >= 1 && into.count <= into.capacity);
    for (let i = 0; i < into.count; i++) {
      all.push({ bytes: into.datagram(i).slice(), from: into.sources[i] });
    }
  }
  return all;
}

/** Datagrams of these sizes, each filled with its index. */
function batchOf(sizes: readonly number[]): DatagramBatch {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const batch = new DatagramBatch(
    sizes.length,
    Math.ceil(total / sizes.length),
  );
  sizes.forEach((size, i) => batch.append(new Uint8Array(size).fill(i)));
  return batch;
}

testPaths(
  "a part of a batch arrives datagram by datagram as it was",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    const out = batchOf([1, 2, 1400]);
    await sender.send(out, 1, 2, receiver.address);

    const [first, second] = await receiveAll(receiver, 2);
    assert.deepEqual([...first!.bytes], [1, 1]);
    assert.deepEqual(first!.from, sender.address);
    assert.deepEqual(second!.bytes, new Uint8Array(1400).fill(2));
    assert.equal(second!.from, first!.from);
  },
);

const SIZES: Record<string, readonly number[]> = {
  "one of one byte": [1],
  "equal ones": Array(40).fill(1400),
  "equal ones with a shorter last": [...Array(20).fill(1400), 7],
  "a longer one behind shorter ones": [10, 10, 20, 20, 5, 5, 30],
  "empty ones in between": [100, 0, 100, 100, 0, 0, 50],
  "more than 64 KB of equal ones": Array(20).fill(15_872),
  "more than 64 equal ones": Array(150).fill(33),
  "more than any call takes, of every size": Array.from(
    { length: 300 },
    (_, i) => (i * 37) % 101,
  ),
  "some of a largest size": [65_507, 65_507, 1],
};

for (const [name, sizes] of Object.entries(SIZES)) {
  testPaths(
    `a batch of ${name} arrives whole and in order`,
    async (fastPath) => {
      using sender = openUdpSocket({ ...LOCAL, fastPath });
      using receiver = openUdpSocket({ ...LOCAL, fastPath });
      const out = batchOf(sizes);
      const came: { bytes: Uint8Array }[] = [];
      // In portions that fit the default receive buffer of the kernel.
      for (let first = 0; first < sizes.length;) {
        let count = 0;
        let room = 131_072;
        while (first + count < sizes.length) {
          room -= sizes[first + count]! + 1000;
          if (room < 0) break;
          count++;
        }
        await sender.send(out, first, count, receiver.address);
        came.push(...await receiveAll(receiver, count));
        first += count;
      }
      assert.deepEqual(came.map(({ bytes }) => bytes.length), sizes);
      came.forEach(({ bytes }, i) => {
        assert.ok(bytes.every((byte) => byte === (i & 0xff)), `datagram ${i}`);
      });
      assert.equal(sender.sendErrors, 0);
    },
  );
}

testPaths(
  "datagrams that lie apart or overlap leave as they lie",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    const out = new DatagramBatch(4, 100);
    out.bytes.forEach((_, i) => out.bytes[i] = i);
    out.starts.set([300, 0, 5, 200]);
    out.lengths.set([10, 10, 10, 10]);
    out.count = 4;
    await sender.send(out, 0, 4, receiver.address);
    const came = await receiveAll(receiver, 4);
    assert.deepEqual(
      came.map(({ bytes }) => [bytes[0], bytes.length]),
      [[300 & 0xff, 10], [0, 10], [5, 10], [200, 10]],
    );
  },
);

testPaths("no byte beyond a batch's own ever leaves", async (fastPath) => {
  using sender = openUdpSocket({ ...LOCAL, fastPath });
  using receiver = openUdpSocket({ ...LOCAL, fastPath });
  const out = new DatagramBatch(3, 10);
  out.starts.set([25, 4_000_000_000, 0]);
  out.lengths.set([4_000_000_000, 10, 3]);
  await sender.send(out, 0, 3, receiver.address);
  const came = await receiveAll(receiver, 3);
  assert.deepEqual(came.map(({ bytes }) => bytes.length), [5, 0, 3]);
});

testPaths(
  "what was received is sent on from where it lies",
  async (fastPath) => {
    using source = openUdpSocket({ ...LOCAL, fastPath });
    using relay = openUdpSocket({ ...LOCAL, fastPath });
    using sink = openUdpSocket({ ...LOCAL, fastPath });
    const sizes = Array.from(
      { length: 60 },
      (_, i) => i % 7 === 0 ? 900 : 1000,
    );
    await source.send(batchOf(sizes), 0, sizes.length, relay.address);
    const batch = new DatagramBatch(32, 2048);
    for (let moved = 0; moved < sizes.length; moved += batch.count) {
      await relay.receive(batch);
      await relay.send(batch, 0, batch.count, sink.address);
    }
    const came = await receiveAll(sink, sizes.length);
    assert.deepEqual(
      came.map(({ bytes }) => bytes.length),
      sizes,
    );
    assert.ok(came.every(({ bytes }, i) => bytes.every((byte) => byte === i)));
    assert.deepEqual(came[0]!.from, relay.address);
  },
);

testPaths(
  "one datagram leaves from any buffer, empty or largest",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    const large = new Uint8Array(65_507 + 9).fill(7);
    for (
      const datagram of [
        new Uint8Array(0),
        new Uint8Array([1]),
        large.subarray(4, 4 + 1400),
        large.subarray(9),
      ]
    ) {
      await sender.sendOne(datagram, receiver.address);
      const [came] = await receiveAll(receiver, 1);
      assert.deepEqual(came!.bytes, datagram.slice());
    }
    assert.equal(sender.sendErrors, 0);
  },
);

testPaths(
  "a datagram longer than its slot is cut off at the slot's end",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    await sender.send(batchOf([30, 30, 30, 8]), 0, 4, receiver.address);
    const came = await receiveAll(receiver, 4, new DatagramBatch(8, 20));
    assert.deepEqual(came.map(({ bytes }) => [...bytes]), [
      Array(20).fill(0),
      Array(20).fill(1),
      Array(20).fill(2),
      Array(8).fill(3),
    ]);
  },
);

testPaths("senders are told apart, each by one object", async (fastPath) => {
  using receiver = openUdpSocket({ ...LOCAL, fastPath });
  const senders = Array.from(
    { length: 5 },
    () => openUdpSocket({ ...LOCAL, fastPath }),
  );
  try {
    for (let round = 0; round < 4; round++) {
      for (const [i, sender] of senders.entries()) {
        await sender.sendOne(new Uint8Array([i]), receiver.address);
      }
    }
    const came = await receiveAll(receiver, 20);
    for (const { bytes, from } of came) {
      assert.deepEqual(from, senders[bytes[0]!]!.address);
    }
  } finally {
    for (const sender of senders) sender.close();
  }
});

testPaths(
  "a datagram the kernel refuses is counted, not thrown, and the rest leaves",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    await sender.sendOne(new Uint8Array(65_508), receiver.address);
    assert.equal(sender.sendErrors, 1);
    const out = batchOf([5, 65_508, 5, 6]);
    await sender.send(out, 0, 4, receiver.address);
    assert.equal(sender.sendErrors, 2);
    const came = await receiveAll(receiver, 3);
    assert.deepEqual(came.map(({ bytes }) => bytes.length), [5, 5, 6]);
    // No datagram has this destination; the ones after it still have theirs.
    await sender.send(out, 2, 2, { hostname: "127.0.0.1", port: 0 });
    assert.equal(sender.sendErrors, 4);
    await sender.send(out, 2, 1, { hostname: "::1", port: 9 });
    assert.equal(sender.sendErrors, 5);
    await sender.send(out, 2, 2, receiver.address);
    assert.equal((await receiveAll(receiver, 2)).length, 2);
  },
);

testPaths("a name is as good as an address", async (fastPath) => {
  using sender = openUdpSocket({ ...LOCAL, fastPath });
  using receiver = openUdpSocket({ ...LOCAL, fastPath });
  const to = { hostname: "localhost", port: receiver.address.port };
  await sender.send(batchOf([3, 3]), 0, 2, to);
  await sender.sendOne(new Uint8Array(4), to);
  const came = await receiveAll(receiver, 3);
  assert.deepEqual(came.map(({ bytes }) => bytes.length), [3, 3, 4]);
});

testPaths(
  "an address whose owner changes it is read anew",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    using first = openUdpSocket({ ...LOCAL, fastPath });
    using second = openUdpSocket({ ...LOCAL, fastPath });
    const to = { ...first.address };
    await sender.send(batchOf([1]), 0, 1, to);
    to.port = second.address.port;
    await sender.send(batchOf([2]), 0, 1, to);
    assert.equal((await receiveAll(first, 1))[0]!.bytes.length, 1);
    assert.equal((await receiveAll(second, 1))[0]!.bytes.length, 2);
  },
);

testPaths(
  "IPv6 goes both ways, and takes IPv4 where the socket is for both",
  async (fastPath) => {
    using six = openUdpSocket({ hostname: "::1", port: 0, fastPath });
    using both = openUdpSocket({ hostname: "::", port: 0, fastPath });
    using four = openUdpSocket({ ...LOCAL, fastPath });
    const { port } = both.address;
    const out = batchOf([4, 4, 4]);
    await six.send(out, 0, 3, { hostname: "::1", port });
    for (const { from } of await receiveAll(both, 3)) {
      assert.deepEqual(from, six.address);
    }
    await four.send(out, 0, 3, { hostname: "127.0.0.1", port });
    const came = await receiveAll(both, 3);
    for (const { from } of came) {
      assert.deepEqual(from, {
        hostname: "::ffff:127.0.0.1",
        port: four.address.port,
      });
    }
    await both.send(out, 0, 2, came[0]!.from!);
    await both.send(out, 2, 1, four.address);
    assert.equal((await receiveAll(four, 3)).length, 3);
    assert.equal(both.sendErrors + six.sendErrors + four.sendErrors, 0);
  },
);

testPaths(
  "closing ends a pending receive with false, and all after it",
  async (fastPath) => {
    const socket = openUdpSocket({ ...LOCAL, fastPath });
    const batch = new DatagramBatch(4, 100);
    batch.count = 4;
    const pending = socket.receive(batch);
    socket.close();
    socket.close();
    assert.equal(await pending, false);
    assert.equal(batch.count, 0);
    assert.equal(await socket.receive(batch), false);
    await socket.send(batchOf([1, 2]), 0, 2, socket.address);
    await socket.sendOne(new Uint8Array(1), socket.address);
    assert.equal(socket.sendErrors, 3);
  },
);

testPaths(
  "a receive that is closed as its datagram comes touches nothing more",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    const socket = openUdpSocket({ ...LOCAL, fastPath });
    const batch = new DatagramBatch(8, 100);
    const pending = socket.receive(batch);
    await sender.send(batchOf([5, 5, 5]), 0, 3, socket.address);
    // Another's datagram, sent later, has come: by now this one's has as well.
    using witness = openUdpSocket({ ...LOCAL, fastPath });
    await sender.sendOne(new Uint8Array(1), witness.address);
    await receiveAll(witness, 1);
    socket.close();
    // The descriptor's number is free now, and this takes it.
    using other = openUdpSocket({ ...LOCAL, fastPath });
    await sender.sendOne(new Uint8Array(9), other.address);
    await pending;
    assert.equal((await receiveAll(other, 1))[0]!.bytes.length, 9);
  },
);

testPaths(
  "a receiver that is not there does not stop the sender",
  async (fastPath) => {
    using sender = openUdpSocket({ ...LOCAL, fastPath });
    const gone = openUdpSocket({ ...LOCAL, fastPath });
    const address = gone.address;
    gone.close();
    for (let i = 0; i < 5; i++) {
      await sender.sendOne(new Uint8Array([i]), address);
      await sender.send(batchOf([7, 7]), 0, 2, address);
    }
    using receiver = openUdpSocket({ ...LOCAL, fastPath });
    await sender.sendOne(new Uint8Array([9]), receiver.address);
    assert.deepEqual([...(await receiveAll(receiver, 1))[0]!.bytes], [9]);
  },
);

testPaths(
  "neither endless sends nor endless receives keep a timer waiting",
  async (fastPath) => {
    using one = openUdpSocket({ ...LOCAL, fastPath });
    using two = openUdpSocket({ ...LOCAL, fastPath });
    const batch = new DatagramBatch(8, 100);
    let ran = false;
    const timer = setTimeout(() => ran = true, 5);
    const out = batchOf([9, 9]);
    // One goes round and keeps both sides busy without a pause.
    await one.send(out, 0, 2, one.address);
    while (!ran) {
      await one.receive(batch);
      await one.send(batch, 0, batch.count, one.address);
      await two.sendOne(new Uint8Array(1), two.address);
    }
    clearTimeout(timer);
  },
);

Deno.test("a taken port is explained with its remedy", () => {
  using first = openUdpSocket(LOCAL);
  const { hostname, port } = first.address;
  assert.throws(
    () =>
      listenOrExplain(
        hostname,
        port,
        "--port",
        () => openUdpSocket({ hostname, port }),
      ),
    (error: unknown) =>
      error instanceof ListenError &&
      error.message ===
        `Cannot listen on 127.0.0.1:${port}: the port is taken. Stop the program that has it, or pass --port 0 for a free one`,
  );
});
