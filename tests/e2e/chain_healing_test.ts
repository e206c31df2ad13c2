import assert from "node:assert/strict";
import { join } from "node:path";
import { startStreamtool } from "../support/process.ts";
import { freeTcpPort } from "../support/ports.ts";
import { quietFor, waitUntil } from "../support/wait.ts";
import { countSaved, reportsOf, startChain } from "./support/chain.ts";

Deno.test("a peer killed in mid-stream is bridged, and the ones behind go on", async () => {
  await using chain = await startChain(150);
  await chain.peer("A");
  const b = await chain.peer("B");
  await chain.peer("C");
  await chain.peer("D");
  await chain.coordinator.write("startVideo");
  await b.event("stream-start");
  await waitUntil(async () => await countSaved(chain.dir, "B") > 30);
  b.signal("SIGKILL");
  const departed = await chain.coordinator.event("departed");
  assert.equal(departed.peer, "B");
  const delivered = await chain.coordinator.event("delivered");
  const reports = reportsOf(delivered);
  assert.deepEqual(reports.map(({ name }) => name), ["A", "C", "D"]);
  const [a, c, d] = reports;
  assert.equal(a?.framesReceived, 150);
  assert.equal(a?.downstream?.name, "C");
  assert.equal(c?.upstream, "A");
  for (const peer of [c, d]) {
    const missed = 150 - (peer?.framesReceived ?? 0);
    assert.ok(
      missed <= 30,
      `${peer?.name} missed ${missed} frames, more than 1 s`,
    );
    assert.equal(peer?.framesLost, missed);
  }
});

Deno.test("a peer that joins in mid-stream plays from the next frame and loses none", async () => {
  await using chain = await startChain(120);
  const a = await chain.peer("A");
  await chain.coordinator.write("startVideo");
  await a.event("stream-start");
  await chain.peer("B");
  const [, b] = reportsOf(await chain.coordinator.event("delivered"));
  assert.ok((b?.framesReceived ?? 0) > 0);
  assert.equal(b?.framesLost, 0);
  assert.equal(b?.frameNumber, 119);
});

Deno.test("a peer that leaves and returns is the last of the chain", async () => {
  await using chain = await startChain(30);
  const a = await chain.peer("A");
  await chain.peer("B");
  await a.write("quit");
  assert.equal((await a.exited()).code, 0);
  assert.equal((await chain.coordinator.event("departed")).peer, "A");
  await chain.peer("A");
  await chain.coordinator.write("startVideo");
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(
    reports.map(({ name, framesReceived }) => [name, framesReceived]),
    [["B", 30], ["A", 30]],
  );
});

Deno.test("a second startVideo plays again from frame 0", async () => {
  await using chain = await startChain(20);
  const a = await chain.peer("A");
  for (let round = 0; round < 2; round++) {
    const from = chain.coordinator.events.length;
    await chain.coordinator.write("STARTVIDEO");
    const delivered = await chain.coordinator.event("delivered", { from });
    assert.equal(reportsOf(delivered)[0]?.framesReceived, 20);
  }
  assert.equal(
    a.events.filter(({ event }) => event === "stream-start").length,
    2,
  );
});

Deno.test("peers register again by themselves when the coordinator comes back", async () => {
  await using chain = await startChain(30);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await chain.coordinator.kill();
  await using again = startStreamtool([
    "chain-coordinator",
    join(chain.dir, "clip.mjpeg"),
    ...["--fps", "30", "--port", chain.address.split(":")[1]!, "--no-page"],
    ...["--start-when", "2"],
  ], { cwd: chain.dir });
  const delivered = await again.event("delivered");
  const reports = reportsOf(delivered);
  assert.deepEqual(reports.map(({ name }) => name).sort(), ["A", "B"]);
  for (const { framesReceived } of reports) assert.equal(framesReceived, 30);
  for (const peer of [a, b]) {
    assert.equal(
      peer.events.filter(({ event }) => event === "registered").length,
      2,
    );
  }
});

Deno.test("a peer started before its coordinator waits for it", async () => {
  const port = freeTcpPort();
  await using peer = startStreamtool([
    ...[
      "chain-peer",
      "A",
      "0",
      "--coordinator",
      `127.0.0.1:${port}`,
      "--no-page",
    ],
  ]);
  await peer.line(/Cannot reach the coordinator/);
  await using coordinator = startStreamtool([
    "chain-coordinator",
    "pattern:128x96@30",
    ...[
      "--port",
      String(port),
      "--no-page",
      "--start-when",
      "1",
      "--duration",
      "1s",
    ],
  ]);
  const delivered = await coordinator.event("delivered");
  assert.equal(reportsOf(delivered)[0]?.framesReceived, 30);
});

Deno.test("a peer that stands still is bridged, slows nobody, and comes back as the last", async () => {
  await using chain = await startChain(120);
  await chain.peer("A");
  const b = await chain.peer("B");
  const c = await chain.peer("C");
  await chain.coordinator.write("startVideo");
  await c.event("stream-start");
  b.signal("SIGSTOP");
  const departed = await chain.coordinator.event("departed");
  assert.deepEqual([departed.peer, departed.reason], [
    "B",
    "silent for 900 ms",
  ]);
  const { length } = b.events;
  b.signal("SIGCONT");
  await b.event("registered", { from: length });
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(reports.map(({ name }) => name), ["A", "C", "B"]);
  const [first, second, last] = reports;
  assert.equal(first?.framesReceived, 120);
  assert.equal(second?.framesLost, 120 - (second?.framesReceived ?? 0));
  // 0.9 s of silence, and a little for everybody to hear of it.
  assert.ok((second?.framesLost ?? 120) <= 40, `${second?.framesLost} lost`);
  // It sends to nobody: its old next one is before it now.
  assert.equal(last?.downstream, null);
  assert.equal(last?.upstream, "C");
  assert.equal(last?.frameNumber, 119);
  assert.equal(second?.duplicates, 0);
});

Deno.test("a coordinator that stood still finds its chain as it was", async () => {
  await using chain = await startChain(30);
  await chain.peer("A");
  await chain.peer("B");
  chain.coordinator.signal("SIGSTOP");
  await quietFor(1500);
  chain.coordinator.signal("SIGCONT");
  await chain.coordinator.write("startVideo");
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(
    reports.map(({ name, framesReceived }) => [name, framesReceived]),
    [["A", 30], ["B", 30]],
  );
  assert.equal(
    chain.coordinator.events.some(({ event }) => event === "departed"),
    false,
  );
});
