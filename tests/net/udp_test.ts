import assert from "node:assert/strict";
import { DatagramBatch, openUdpSocket } from "../../src/net/udp.ts";
import { ListenError } from "../../src/net/listen_error.ts";
import { listenOrExplain } from "../../src/net/listen_error.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

Deno.test("a batch is sent datagram by datagram and received as it was", async () => {
  using sender = openUdpSocket(LOCAL);
  using receiver = openUdpSocket(LOCAL);
  const out = new DatagramBatch(3, 1400);
  out.append(new Uint8Array([1]));
  out.append(new Uint8Array([2, 2]));
  out.append(new Uint8Array(1400).fill(3));
  await sender.send(out, 1, 2, receiver.address);

  const into = new DatagramBatch(1, 2000);
  assert.equal(await receiver.receive(into), true);
  assert.deepEqual([...into.datagram(0)], [2, 2]);
  assert.equal(into.sources[0]?.port, sender.address.port);
  assert.equal(await receiver.receive(into), true);
  assert.equal(into.datagram(0).length, 1400);
  assert.equal(into.datagram(0)[1399], 3);
});

Deno.test("an empty and a largest datagram arrive", async () => {
  using sender = openUdpSocket(LOCAL);
  using receiver = openUdpSocket(LOCAL);
  const into = new DatagramBatch(1, 65_536);
  await sender.sendOne(new Uint8Array(0), receiver.address);
  await receiver.receive(into);
  assert.equal(into.datagram(0).length, 0);
  await sender.sendOne(new Uint8Array(65_507), receiver.address);
  await receiver.receive(into);
  assert.equal(into.datagram(0).length, 65_507);
  assert.equal(sender.sendErrors, 0);
});

Deno.test("a datagram the kernel refuses is counted, not thrown", async () => {
  using sender = openUdpSocket(LOCAL);
  await sender.sendOne(new Uint8Array(65_508), sender.address);
  assert.equal(sender.sendErrors, 1);
});

Deno.test("closing ends a pending receive with false", async () => {
  const socket = openUdpSocket(LOCAL);
  const pending = socket.receive(new DatagramBatch(1, 100));
  socket.close();
  socket.close();
  assert.equal(await pending, false);
});

Deno.test("a receiver that is not there does not stop the sender", async () => {
  using sender = openUdpSocket(LOCAL);
  const gone = openUdpSocket(LOCAL);
  const address = gone.address;
  gone.close();
  for (let i = 0; i < 5; i++) {
    await sender.sendOne(new Uint8Array([i]), address);
  }
  using receiver = openUdpSocket(LOCAL);
  const into = new DatagramBatch(1, 100);
  await sender.sendOne(new Uint8Array([9]), receiver.address);
  await receiver.receive(into);
  assert.deepEqual([...into.datagram(0)], [9]);
});

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
