import assert from "node:assert/strict";
import { makeJpegs } from "../support/clips.ts";
import type { Impairment } from "../support/impairment.ts";
import { LossyRelay } from "../support/lossy_relay.ts";
import { type RunningProcess, startStreamtool } from "../support/process.ts";
import { waitUntil } from "../support/wait.ts";
import {
  CLIP,
  portOf,
  reportsOf,
  savedFrames,
  startChain,
} from "./support/chain.ts";

for (const payload of ["jpeg", "pickle"]) {
  for (const encoding of ["hex", "base64"]) {
    Deno.test(`StrandCast's wire carries every frame as ${payload} in ${encoding}`, async () => {
      const wire = [
        "--wire",
        "strandcast",
        "--payload",
        payload,
        "--data-encoding",
        encoding,
      ];
      await using chain = await startChain(30, wire);
      for (const name of ["A", "B", "C"]) await chain.peer(name);
      const expected = await makeJpegs({ ...CLIP, frames: 30 });
      await chain.coordinator.write("startVideo");
      const reports = reportsOf(await chain.coordinator.event("delivered"));
      assert.deepEqual(
        reports.map(({ wire }) => wire),
        Array(3).fill("strandcast"),
      );
      assert.deepEqual(reports.map(({ framesReceived }) => framesReceived), [
        30,
        30,
        30,
      ]);
      const saved = await waitUntil(async () => {
        const frames = await savedFrames(chain.dir, "C");
        return frames.size === 30 ? frames : undefined;
      });
      for (const [index, jpeg] of expected.entries()) {
        assert.deepEqual(saved.get(index), jpeg);
      }
    });
  }
}

Deno.test("in a mixed chain each hop speaks what its two ends agreed on", async () => {
  await using chain = await startChain(30);
  await chain.peer("A");
  await chain.peer("B", ["--wire", "strandcast"]);
  await chain.peer("C");
  await chain.peer("D");
  await chain.coordinator.write("startVideo");
  const reports = reportsOf(await chain.coordinator.event("delivered"));
  assert.deepEqual(
    reports.map(({ wire, framesReceived }) => [wire, framesReceived]),
    [["binary", 30], ["strandcast", 30], ["strandcast", 30], ["binary", 30]],
  );
});

/**
 * Puts a bad path between `from` and `to`, as the coordinator would name a next
 * peer. What comes over it is not from where the coordinator said, and taken
 * all the same: it is the announced stream, and nothing comes from there.
 */
async function badPath(
  from: RunningProcess,
  to: RunningProcess,
  forward: Impairment,
): Promise<LossyRelay> {
  const relay = new LossyRelay({
    target: { port: await portOf(to, "Video") },
    seed: 7,
    forward,
  });
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: await portOf(from, "Control"),
  });
  await connection.write(new TextEncoder().encode(JSON.stringify({
    cmd: "UPDATE_NEXT",
    next_name: "B",
    next_port: relay.port,
    wire: "binary/1",
  })));
  await connection.read(new Uint8Array(2));
  return relay;
}

Deno.test("reordered and repeated datagrams cost no frame and are counted", async () => {
  await using chain = await startChain(60, ["--fragment-size", "1000"]);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await a.event((event) => event.event === "next" && event.next === "B");
  await using relay = await badPath(a, b, { duplicate: 0.1, reorder: 0.1 });
  await chain.coordinator.write("startVideo");
  const [before, report] = reportsOf(
    await chain.coordinator.event("delivered"),
  );
  assert.equal(report?.framesReceived, 60);
  assert.ok(relay.forward.reordered > 0);
  // Copies of the three ends of the stream count on neither side, and what
  // was overtaken for so long that it was sent again is a copy as well.
  const most = relay.forward.duplicated + (before?.hop?.resent ?? 0);
  const least = relay.forward.duplicated - 3;
  const { duplicates } = report;
  assert.ok(
    duplicates >= least && duplicates <= most,
    `${duplicates} of ${least} to ${most} copies were counted`,
  );
});

Deno.test("corrupt and lost datagrams are sent again, and cost no frame", async () => {
  await using chain = await startChain(60, ["--fragment-size", "1000"]);
  const a = await chain.peer("A");
  const b = await chain.peer("B");
  await a.event((event) => event.event === "next" && event.next === "B");
  await using relay = await badPath(a, b, { loss: 0.02, corrupt: 0.01 });
  await chain.coordinator.write("startVideo");
  const [, report] = reportsOf(await chain.coordinator.event("delivered"));
  const faults = relay.forward.lost + relay.forward.corrupted;
  assert.ok(faults > 0);
  assert.equal(report?.framesReceived, 60);
  assert.ok((report?.hop?.repaired ?? 0) > 0);
  for (const jpeg of (await savedFrames(chain.dir, "B")).values()) {
    assert.deepEqual([...jpeg.slice(-2)], [0xff, 0xd9]);
  }
});

/** A coordinator that knows StrandCast only: answers everybody with the first peer's `{}`. */
function oldCoordinator(): { port: number; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode("{}"));
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    close: async () => {
      listener.close();
      await serving;
    },
  };
}

Deno.test("--wire binary under a coordinator that speaks StrandCast only says so and ends", async () => {
  const old = oldCoordinator();
  try {
    await using peer = startStreamtool([
      ...["chain-peer", "A", "0", "--no-page", "--wire", "binary"],
      ...["--coordinator", `127.0.0.1:${old.port}`],
    ]);
    assert.equal((await peer.exited()).code, 1);
    assert.match(
      String((await peer.event("end")).error),
      /speaks StrandCast's wire only\. Pass --wire auto/,
    );
  } finally {
    await old.close();
  }
});

Deno.test("a peer that speaks StrandCast only is refused by a chain of the binary wire", async () => {
  await using chain = await startChain(10, ["--wire", "binary"]);
  await using peer = startStreamtool([
    ...["chain-peer", "A", "0", "--no-page", "--wire", "strandcast"],
    ...["--coordinator", chain.address],
  ]);
  assert.equal((await peer.exited()).code, 1);
  assert.match(
    String((await peer.event("end")).error),
    /this chain speaks its binary wire only/,
  );
});

/** Whether this machine has an IPv6 loopback address. */
const hasIpv6 = Deno.networkInterfaces().some(({ address }) =>
  address === "::1"
);

Deno.test({
  name: `a chain on ::1${hasIpv6 ? "" : " (skipped: this machine has no ::1)"}`,
  ignore: !hasIpv6,
  async fn() {
    await using chain = await startChain(15, ["--host", "::1"]);
    assert.match(chain.address, /^\[::1\]:\d+$/);
    await chain.peer("A", ["--host", "::1"]);
    const b = await chain.peer("B", ["--host", "::1"]);
    await chain.coordinator.write("startVideo");
    const reports = reportsOf(await chain.coordinator.event("delivered"));
    assert.deepEqual(
      reports.map(({ framesReceived }) => framesReceived),
      [15, 15],
    );
    assert.equal(reports[0]?.downstream?.host, "::1");
    const video = await b.event(({ label }) => label === "Video");
    assert.match(String(video.url), /^udp:\/\/\[::1\]:\d+$/);
  },
});

Deno.test({
  name: `a peer that cannot reach an IPv6 one says so, and what helps helps${
    hasIpv6 ? "" : " (skipped: this machine has no ::1)"
  }`,
  ignore: !hasIpv6,
  async fn() {
    for (const host of ["127.0.0.1", "::"]) {
      await using chain = await startChain(15, ["--host", "::"]);
      const a = await chain.peer("A", ["--host", host]);
      const port = chain.address.split(":")[1];
      await using b = startStreamtool([
        ...["chain-peer", "B", "0", "--no-page", "--host", "::1"],
        ...["--coordinator", `[::1]:${port}`],
      ]);
      await b.event("registered");
      await a.event(({ event, next }) => event === "next" && next === "B");
      if (host !== "::") {
        await a.line(/Cannot send to B from A: .* no IPv6\. Pass --host ::/);
        continue;
      }
      await chain.coordinator.write("startVideo");
      const [, report] = reportsOf(await chain.coordinator.event("delivered"));
      assert.equal(report?.framesReceived, 15);
    }
  },
});

/** An address at which another machine would reach this one. */
const outside = Deno.networkInterfaces().find(({ family, address }) =>
  family === "IPv4" && !address.startsWith("127.")
)?.address;

Deno.test({
  name: `peers on all interfaces find each other at addresses that work${
    outside === undefined ? " (skipped: this machine has no network)" : ""
  }`,
  ignore: outside === undefined,
  async fn() {
    const all = ["--host", "0.0.0.0"];
    await using chain = await startChain(30, all);
    assert.match(chain.address, /^127\.0\.0\.1:/);
    const peersUrls = chain.coordinator.events
      .filter(({ label }) => label === "Peers").map(({ url }) => String(url));
    assert.ok(peersUrls.some((url) => url.includes(`//${outside}:`)));
    // As on three machines: the second comes from outside, the others are here.
    await chain.peer("A", all);
    const port = chain.address.split(":")[1];
    const b = startStreamtool([
      ...["chain-peer", "B", "0", "--no-page", ...all],
      ...["--coordinator", `${outside}:${port}`],
    ], { cwd: chain.dir });
    await using _b = b;
    await b.event("registered");
    await chain.peer("C", all);
    await b.event(({ event, next }) => event === "next" && next === "C");
    await chain.coordinator.write("startVideo");
    const reports = reportsOf(await chain.coordinator.event("delivered"));
    assert.deepEqual(
      reports.map(({ name, framesReceived, downstream }) => [
        name,
        framesReceived,
        downstream?.host,
      ]),
      [["A", 30, outside], ["B", 30, outside], ["C", 30, undefined]],
    );
  },
});
