import assert from "node:assert/strict";
import {
  DatagramBatch,
  ListenError,
  openUdpSocket,
} from "../../src/net/mod.ts";
import {
  ChainStateError,
  startChainCoordinator,
} from "../../src/services/chain_coordinator/mod.ts";
import { decodeStrandcastDatagram } from "../../src/chain/mod.ts";
import { testContext } from "../support/service.ts";
import { quietFor, waitUntil } from "../support/wait.ts";
import {
  ask,
  COORDINATOR_OPTIONS,
  withCoordinator,
} from "./support/coordinator_scene.ts";

/** An existing peer's control port that binds when it is told to. */
async function nextUpdate(listener: Deno.TcpListener): Promise<string> {
  using connection = await listener.accept();
  const buffer = new Uint8Array(1000);
  const count = await connection.read(buffer);
  await connection.write(new TextEncoder().encode("OK"));
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

Deno.test("existing peers are answered to the byte", async () => {
  await withCoordinator({}, async (_running, _context, port) => {
    assert.equal(await ask(port, '{"type":"list"}'), "[]");
    assert.equal(
      await ask(
        port,
        '{"type": "register", "name": "A", "port": 10001, "ctrl_port": 20001}',
      ),
      "{}",
    );
    assert.equal(
      await ask(port, '{"type": "register", "name": "B", "port": 10002}\n'),
      '{"name": "A", "port": 10001, "ctrl_port": 20001}',
    );
    assert.equal(
      await ask(port, '{"type": "list"}'),
      '[{"name": "A", "port": 10001, "ctrl_port": 20001}, {"name": "B", "port": 10002, "ctrl_port": 20002}]',
    );
    assert.equal(
      await ask(port, '{"type": "lookup", "name": "B"}'),
      '{"name": "B", "port": 10002, "ctrl_port": 20002}',
    );
    assert.equal(await ask(port, '{"type": "lookup", "name": "Z"}'), "{}");
    assert.equal(
      await ask(port, '{"type": "dance"}'),
      '{"error": "unknown type"}',
    );
    assert.equal(
      await ask(port, '{"type": "register", "name": "", "port": 10003}'),
      '{"name": "B", "port": 10002, "ctrl_port": 20002}',
    );
    assert.match(await ask(port, '{"type": "list"}'), /"name": "peer3"/);
  });
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["no JSON", "hello"],
  ["no port", '{"type": "register", "name": "X"}'],
  ["a port that is none", '{"type": "register", "name": "X", "port": 70000}'],
  ["a name with a path", '{"type": "register", "name": "../x", "port": 10001}'],
  [
    "a name of prototypes",
    '{"type": "register", "name": "a\\u0000b", "port": 1}',
  ],
  ["an array", '[{"type": "list"}]'],
  ["a megabyte", `{"type": "list", "x": "${"y".repeat(1_000_000)}"}`],
];

for (const [what, message] of REFUSED) {
  Deno.test(`${what} at the control port is refused and others are served`, async () => {
    await withCoordinator({}, async (_running, _context, port) => {
      const answer = await ask(port, message).catch(() => "");
      if (answer !== "") assert.match(answer, /^\{"error": /);
      assert.equal(await ask(port, '{"type":"list"}'), "[]");
    });
  });
}

Deno.test("a previous peer whose control port binds late still hears of its next", async () => {
  await withCoordinator({}, async (_running, _context, port) => {
    const reserved = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ctrl = (reserved.addr as Deno.NetAddr).port;
    reserved.close();
    await ask(
      port,
      `{"type": "register", "name": "A", "port": 10001, "ctrl_port": ${ctrl}}`,
    );
    await ask(port, '{"type": "register", "name": "B", "port": 10002}');
    // The first attempt is refused before the port is bound.
    await quietFor(150);
    using late = Deno.listen({ hostname: "127.0.0.1", port: ctrl });
    assert.equal(
      await nextUpdate(late),
      '{"cmd": "UPDATE_NEXT", "next_name": "B", "next_port": 10002}',
    );
  });
});

Deno.test("an existing peer gets the video on StrandCast's wire, ended once", async () => {
  await withCoordinator({}, async ({ coordinator }, context, port) => {
    using socket = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    await ask(
      port,
      `{"type": "register", "name": "A", "port": ${socket.address.port}, "ctrl_port": 1}`,
    );
    coordinator.start();
    const frames = new Set<number>();
    const ends: number[] = [];
    const batch = new DatagramBatch(1, 65_536);
    while (ends.length === 0) {
      await socket.receive(batch);
      const message = decodeStrandcastDatagram(batch.datagram(0));
      if (message.type === "video_frame") frames.add(message.frameNumber);
      if (message.type === "video_end") ends.push(message.frames);
    }
    assert.equal(frames.size, 15);
    assert.deepEqual(ends, [15]);
    assert.equal((await context.event("stream-end")).frames, 15);
  });
});

Deno.test("start and stop say why they cannot", async () => {
  await withCoordinator({}, async ({ coordinator }, context, port) => {
    assert.throws(() => coordinator.start(), ChainStateError);
    await assert.rejects(coordinator.stop(), ChainStateError);
    await ask(port, '{"type": "register", "name": "A", "port": 10001}');
    coordinator.start();
    assert.throws(() => coordinator.start(), /it is playing/);
    await context.event("stream-start");
    await coordinator.stop();
    assert.equal(coordinator.playing, false);
    coordinator.start();
    await waitUntil(() => coordinator.snapshot().framesSent > 0);
  });
});

Deno.test("a source that cannot be read is told and does not end the coordinator", async () => {
  const source = { kind: "file", path: "/nowhere/film.mp4" } as const;
  await withCoordinator({ source }, async ({ coordinator }, context, port) => {
    await ask(port, '{"type": "register", "name": "A", "port": 10001}');
    coordinator.start();
    const end = await context.event("stream-end");
    assert.match(String(end.error), /film\.mp4/);
    assert.equal(coordinator.snapshot().problem, end.error);
    assert.match(await ask(port, '{"type":"list"}'), /"A"/);
  });
});

Deno.test("a taken control port is explained", async () => {
  await withCoordinator({}, async (_running, _context, port) => {
    await assert.rejects(
      startChainCoordinator({ ...COORDINATOR_OPTIONS, port }, testContext()),
      (error: unknown) =>
        error instanceof ListenError && /--port 0/.test(error.message),
    );
  });
});
