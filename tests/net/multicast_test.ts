import assert from "node:assert/strict";
import {
  DatagramBatch,
  isMulticastAddress,
  openMulticastReceiver,
  openMulticastSender,
} from "../../src/net/mod.ts";

const GROUP = { hostname: "127.0.0.1", group: "239.255.92.5" } as const;

Deno.test("an address is a group's from 224.0.0.0 to 239.255.255.255", () => {
  for (const yes of ["224.0.0.0", "239.255.255.255", "232.1.2.3"]) {
    assert.ok(isMulticastAddress(yes), yes);
  }
  const others = ["223.1.1.1", "240.0.0.0", "239.1.1", "239.1.1.256", "x", ""];
  for (const no of [...others, "::1", "ff02::1", "239.1.1.1.1"]) {
    assert.ok(!isMulticastAddress(no), no);
  }
});

Deno.test("what is sent to a group comes to all who hear it, and to no other group on the port", async () => {
  using closing = new DisposableStack();
  const sender = closing.use(
    await openMulticastSender({ ...GROUP, ttl: 1 }),
  );
  const other = closing.use(
    await openMulticastSender({ ...GROUP, group: "239.255.92.6", ttl: 1 }),
  );
  const first = closing.use(await openMulticastReceiver({ ...GROUP, port: 0 }));
  const { port } = first.address;
  const second = closing.use(await openMulticastReceiver({ ...GROUP, port }));
  // Heard on the same port, another group's would come first.
  closing.use(
    await openMulticastReceiver({ ...GROUP, group: "239.255.92.6", port }),
  );
  await other.sendOne(new Uint8Array([9]), { hostname: "239.255.92.6", port });
  await sender.sendOne(new Uint8Array([1, 2]), { hostname: GROUP.group, port });
  for (const receiver of [first, second]) {
    const batch = new DatagramBatch(1, 100);
    assert.ok(await receiver.receive(batch));
    assert.deepEqual([...batch.datagram(0)], [1, 2]);
    assert.equal(batch.sources[0]?.port, sender.address.port);
  }
});
