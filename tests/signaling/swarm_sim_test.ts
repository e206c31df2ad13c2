import assert from "node:assert/strict";
import { CHUNK_BYTES } from "../../src/signaling/mod.ts";
import { type SimMember, simulate } from "./swarm_sim.ts";

const MBIT = 1_000_000;

function viewers(count: number, what: SimMember = {}): SimMember[] {
  return Array.from({ length: count }, () => what);
}

/** Chunks a second of a film with so many bits a second. */
function chunkRate(bits: number): number {
  return bits / 8 / CHUNK_BYTES;
}

Deno.test("the host sends a film about once to 8 viewers that play it", () => {
  const { hostFilms, viewers: all } = simulate({
    chunks: 500,
    rate: chunkRate(5 * MBIT),
    hostUplink: 20 * MBIT,
    viewers: viewers(8, { uplink: 20 * MBIT }),
  });
  assert.ok(hostFilms <= 1.3, `${hostFilms} films`);
  for (const { chunks, stalls } of all) {
    assert.equal(chunks, 500);
    assert.equal(stalls, 0);
  }
});

Deno.test("the host sends a film less than twice to 20 viewers", () => {
  const { hostFilms, viewers: all } = simulate({
    chunks: 400,
    hostUplink: 100 * MBIT,
    viewers: viewers(20, { uplink: 100 * MBIT }),
  });
  assert.ok(hostFilms <= 2, `${hostFilms} films`);
  for (const { chunks } of all) assert.equal(chunks, 400);
});

Deno.test("four viewers with 6 Mbit/s uplinks get most of what is possible", () => {
  for (const hostUplink of [6 * MBIT, 20 * MBIT]) {
    const chunks = 400;
    const { viewers: all } = simulate({
      chunks,
      hostUplink,
      viewers: viewers(4, { uplink: 6 * MBIT }),
    });
    const best = Math.min(hostUplink, (hostUplink + 24 * MBIT) / 4);
    for (const { doneAt } of all) {
      const rate = chunks * CHUNK_BYTES * 8000 / doneAt;
      assert.ok(rate >= 0.6 * best, `${rate} of ${best}`);
    }
  }
});

Deno.test("four viewers with 6 Mbit/s uplinks play 3.6 Mbit/s and miss nothing", () => {
  const { viewers: all } = simulate({
    chunks: 300,
    rate: chunkRate(3.6 * MBIT),
    hostUplink: 6 * MBIT,
    viewers: viewers(4, { uplink: 6 * MBIT }),
  });
  for (const { stalls } of all) assert.equal(stalls, 0);
});

Deno.test("one that comes late and one that goes cost the others no stall", () => {
  const member = { uplink: 20 * MBIT };
  const { viewers: all, hostFilms } = simulate({
    chunks: 500,
    rate: chunkRate(5 * MBIT),
    hostUplink: 20 * MBIT,
    viewers: [
      ...viewers(5, member),
      { ...member, joinsAt: 15_000 },
      { ...member, leavesAt: 12_000 },
    ],
  });
  for (const { stalls } of all.slice(0, 5)) assert.equal(stalls, 0);
  assert.equal(all[5]!.chunks, 500);
  assert.ok(hostFilms < 1.4, `${hostFilms} films`);
});

Deno.test("without the host the rest bring together what they hold", () => {
  const { viewers: all } = simulate({
    chunks: 300,
    hostUplink: 20 * MBIT,
    hostLeavesAt: 5000,
    until: 30_000,
    viewers: viewers(6, { uplink: 20 * MBIT }),
  });
  const held = Math.max(...all.map(({ chunks }) => chunks));
  assert.ok(held > 120 && held < 300, `${held} chunks`);
  for (const { chunks } of all) assert.equal(chunks, held);
});

Deno.test("who gives wrong chunks is left by all, and who only takes delays nobody", () => {
  const { viewers: all } = simulate({
    chunks: 400,
    hostUplink: 20 * MBIT,
    viewers: [
      ...viewers(5, { uplink: 20 * MBIT }),
      { uplink: 20 * MBIT, poisons: true },
      { uplink: 20 * MBIT, freeRider: true },
    ],
  });
  for (const { chunks, left } of all.slice(0, 5)) {
    assert.equal(chunks, 400);
    const after = left.get("viewer5");
    assert.ok(after !== undefined && after < 5000, `left after ${after} ms`);
  }
});
