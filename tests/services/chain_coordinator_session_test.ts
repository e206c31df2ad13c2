import assert from "node:assert/strict";
import {
  BINARY_TYPE,
  BinaryHeader,
  readBinaryHeader,
} from "../../src/chain/mod.ts";
import { DatagramBatch, openUdpSocket } from "../../src/net/mod.ts";
import { waitUntil } from "../support/wait.ts";
import {
  ask,
  SessionPeer,
  withCoordinator,
} from "./support/coordinator_scene.ts";

Deno.test("a peer is told who is before it, and again when that changes", async () => {
  await withCoordinator({}, async (_running, context, port) => {
    const a = await SessionPeer.join(port, "A", { udpPort: 10_001 });
    await using b = await SessionPeer.join(port, "B", { udpPort: 10_002 });
    assert.equal(a.answer["session"], true);
    assert.equal(b.answer["name"], "A");
    const first = await a.message("upstream");
    assert.deepEqual([first.name, first.host], [null, "127.0.0.1"]);
    assert.deepEqual(await b.message("upstream"), {
      type: "upstream",
      name: "A",
      host: "127.0.0.1",
      port: 10_001,
    });
    await a[Symbol.asyncDispose]();
    assert.equal((await context.event("departed")).reason, "connection lost");
    assert.deepEqual(
      await b.message("upstream", ({ name }) => name === null),
      first,
    );
  });
});

Deno.test("an existing peer may send from any port, and whoever follows it is told so", async () => {
  await withCoordinator({}, async (_running, _context, port) => {
    await ask(port, '{"type": "register", "name": "A", "port": 10001}');
    await using b = await SessionPeer.join(port, "B");
    const { name, port: from } = await b.message("upstream");
    assert.deepEqual([name, from], ["A", 0]);
  });
});

Deno.test("a peer that comes while a stream runs is told its id and rate", async () => {
  const source = { kind: "pattern", width: 128, height: 96, fps: 24 } as const;
  await withCoordinator(
    { source, durationMs: 20_000 },
    async ({ coordinator }, context, port) => {
      await using a = await SessionPeer.join(port, "A");
      assert.equal(a.messages.some(({ type }) => type === "started"), false);
      coordinator.start();
      const { stream } = await context.event("stream-start");
      await using b = await SessionPeer.join(port, "B");
      for (const peer of [a, b]) {
        assert.deepEqual(await peer.message("started"), {
          type: "started",
          streamId: stream,
          fps: 24,
        });
      }
      await coordinator.stop();
      await b.message("end");
      await using c = await SessionPeer.join(port, "C");
      await c.message("upstream");
      assert.equal(c.messages.some(({ type }) => type === "started"), false);
    },
  );
});

Deno.test("nobody takes the name of a peer that is alive, with a session or without", async () => {
  await withCoordinator({}, async ({ coordinator }, _context, port) => {
    await using a = await SessionPeer.join(port, "A", { udpPort: 10_001 });
    for (const session of [true, false]) {
      const answer = await ask(
        port,
        JSON.stringify({ type: "register", name: "A", port: 666, session }),
      );
      assert.match(answer, /a peer of that name is in the chain/);
    }
    assert.equal(a.answer["assigned"], "A");
    const [view] = coordinator.snapshot().peers;
    assert.deepEqual([view?.port, view?.state], [10_001, "live"]);
  });
});

Deno.test("a claimed address is not where the video goes", async () => {
  await withCoordinator({}, async ({ coordinator }, _context, port) => {
    await ask(
      port,
      '{"type": "register", "name": "A", "port": 10001, "host": "192.0.2.99", "page": "http://192.0.2.99:81/"}',
    );
    assert.equal(coordinator.snapshot().peers[0]?.host, "127.0.0.1");
    assert.equal(coordinator.pageOf("A"), "http://127.0.0.1:81/");
  });
});

Deno.test("reports under another's name, and what is no message, change nothing for others", async () => {
  await withCoordinator({}, async ({ coordinator }, context, port) => {
    await using a = await SessionPeer.join(port, "A");
    await waitUntil(() => coordinator.snapshot().peers[0]?.report);
    using liar = await Deno.connect({ hostname: "127.0.0.1", port });
    const report = { ...coordinator.snapshot().peers[0]!.report, fps: 999 };
    const lines = [
      { type: "register", name: "L", port: 5, ctrl_port: 6, session: true },
      { type: "report", report },
      { type: "report", report: { ...report, name: "L", fps: 1 } },
    ];
    await liar.write(
      new TextEncoder().encode(lines.map((l) => JSON.stringify(l)).join("\n")),
    );
    const viewOf = (name: string) =>
      coordinator.snapshot().peers.find((peer) => peer.name === name);
    await waitUntil(() => viewOf("L")?.report);
    assert.equal(viewOf("A")?.report?.fps, 0);
    await liar.write(new TextEncoder().encode('{"type": "dance"}'));
    assert.equal((await context.event("departed")).peer, "L");
    assert.equal(a.messages.some(({ type }) => type === "end"), false);
    assert.equal(viewOf("A")?.state, "live");
  });
});

Deno.test("a hop that loses frames gets smaller pictures", async () => {
  const source = { kind: "pattern", width: 320, height: 240, fps: 30 } as const;
  const options = { source, adapt: true, durationMs: 30_000 };
  await withCoordinator(options, async ({ coordinator }, context, port) => {
    using socket = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    const sizes = new Map<number, number>();
    const receiving = (async () => {
      const batch = new DatagramBatch(32, 65_508);
      const header = new BinaryHeader();
      while (await socket.receive(batch)) {
        for (let i = 0; i < batch.count; i++) {
          if (readBinaryHeader(batch.datagram(i), header) !== 0) continue;
          if (header.type !== BINARY_TYPE.fragment) continue;
          sizes.set(header.frameNumber, header.frameBytes);
        }
      }
    })();
    const udpPort = socket.address.port;
    await using peer = await SessionPeer.join(port, "A", { udpPort });
    coordinator.start();
    const { stream } = await context.event("stream-start");
    const whole = await waitUntil(() => sizes.get(5), { what: "a frame" });
    let framesLost = 0;
    const losing = setInterval(() => {
      peer.report = {
        state: "playing",
        streamId: Number(stream),
        framesLost: framesLost++,
      };
    }, 200);
    try {
      await waitUntil(() => [...sizes.values()].at(-1)! < whole * 0.8, {
        what: "a coarser picture",
      });
    } finally {
      clearInterval(losing);
    }
    const { congestion } = coordinator.snapshot();
    assert.equal(congestion?.tightAt, "A");
    assert.ok(congestion.detail < 1);
    socket.close();
    await receiving;
  });
});
