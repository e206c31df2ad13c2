import assert from "node:assert/strict";
import { DirectSender } from "../../src/net/mod.ts";
import { waitUntil } from "../support/wait.ts";
import { HAS_FAST_PATH } from "./support/udp_paths.ts";

const OPTIONS = { ignore: !HAS_FAST_PATH } as const;

async function makePair(hostname = "127.0.0.1") {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [near, far] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname, port }),
  ]);
  listener.close();
  const pair = new DisposableStack();
  for (const conn of [near, far]) {
    pair.defer(() => {
      try {
        conn.close();
      } catch {
        // The test has.
      }
    });
  }
  return { near, far, pair };
}

async function readAll(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    assert.ok(count !== null);
    at += count;
  }
  return bytes;
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test({
    ...OPTIONS,
    name: `bytes go over ${hostname} to the other end of this very connection`,
    async fn() {
      const others = [await makePair(hostname), await makePair(hostname)];
      const { near, far, pair } = await makePair(hostname);
      using closing = new DisposableStack();
      for (const each of [...others.map((other) => other.pair), pair]) {
        closing.use(each);
      }
      for (const conn of [near, far]) {
        const sender = closing.use(DirectSender.of(conn)!);
        assert.equal(sender.send(new TextEncoder().encode("hello")), 5);
      }
      for (const conn of [near, far]) {
        assert.equal(
          new TextDecoder().decode(await readAll(conn, 5)),
          "hello",
        );
      }
    },
  });
}

Deno.test({
  ...OPTIONS,
  name:
    "a full connection takes a part, then nothing; Deno writes on behind it",
  async fn() {
    const { near, far, pair } = await makePair();
    using closing = new DisposableStack();
    closing.use(pair);
    const sender = closing.use(DirectSender.of(near)!);
    const chunk = new Uint8Array(1 << 20);
    let sent = 0;
    let last = chunk.length;
    while (last > 0) {
      for (let index = 0; index < chunk.length; index += 1024) {
        chunk[index] = (sent + index) >> 10;
      }
      last = sender.send(chunk);
      sent += last;
      if (last % 1024 !== 0) break;
    }
    const writing = near.write(new Uint8Array([1, 2, 3]));
    const bytes = await readAll(far, sent + 3);
    for (let index = 0; index < sent; index += 1024) {
      assert.equal(bytes[index], (index >> 10) & 255);
    }
    assert.deepEqual([...bytes.subarray(sent)], [1, 2, 3]);
    assert.equal(await writing, 3);
  },
});

Deno.test({
  ...OPTIONS,
  name:
    "nothing is sent on a broken or closed connection, and nobody dies of it",
  async fn() {
    const { near, far, pair } = await makePair();
    using closing = new DisposableStack();
    closing.use(pair);
    const sender = DirectSender.of(near)!;
    far.close();
    const bytes = new Uint8Array(1000);
    await near.read(bytes); // its end
    await waitUntil(() => sender.send(bytes) === 0);
    await assert.rejects(near.write(bytes));
    sender.close();
    sender.close();
    assert.equal(sender.send(bytes), 0);
  },
});
