import assert from "node:assert/strict";
import {
  mayUpload,
  OWED_MS,
  SwarmWatch,
  UplinkGovernor,
} from "../../src/signaling/mod.ts";

const BLOCK = 16 * 1024;

/** A line that holds `rate` bytes a second; sends as quickly as the governor lets it. */
function run(
  governor: UplinkGovernor,
  rate: number,
  seconds: number,
  begin = 0,
): { readonly rate: number; readonly worstQueueMs: number } {
  let freeAt = begin;
  let sent = 0;
  let worst = 0;
  let nextPing = begin;
  for (let now = begin; now < begin + 1000 * seconds; now++) {
    // What waits in the connection's own buffer is bounded, as it is in a browser.
    while (freeAt - now < 1000 && governor.take("a", BLOCK, now) === 0) {
      freeAt = Math.max(freeAt, now) + BLOCK * 1000 / rate;
      if (now > begin + 500 * seconds) sent += BLOCK;
    }
    if (now < nextPing) continue;
    nextPing = now + 250;
    const queue = Math.max(0, freeAt - now);
    if (now > begin + 500 * seconds) worst = Math.max(worst, queue);
    governor.delay("a", 5000 + 20 + queue, now);
  }
  return { rate: sent / (0.5 * seconds), worstQueueMs: worst };
}

Deno.test("the uplink's rate is found by its queue, used well, and some of it left", () => {
  for (const rate of [125_000, 750_000, 2_500_000]) {
    const governor = new UplinkGovernor();
    assert.equal(governor.rate, Infinity);
    governor.delay("a", 5020, 0); // an idle line
    const found = run(governor, rate, 60);
    assert.ok(found.rate > 0.7 * rate, `${found.rate} of ${rate}`);
    assert.ok(found.rate <= rate * 1.01, `${found.rate} of ${rate}`);
    assert.ok(found.worstQueueMs < 600, `${found.worstQueueMs} ms`);
  }
});

Deno.test("a line that becomes slower, and quick again, is found again", () => {
  const governor = new UplinkGovernor();
  governor.delay("a", 5020, 0);
  run(governor, 2_000_000, 20);
  const slow = run(governor, 400_000, 30, 20_000);
  assert.ok(slow.rate < 410_000 && slow.rate > 250_000, `${slow.rate}`);
  const quick = run(governor, 2_000_000, 60, 50_000);
  assert.ok(quick.rate > 1_000_000, `${quick.rate}`);
});

Deno.test("a cap by hand holds", () => {
  const governor = new UplinkGovernor(200_000);
  const { rate } = run(governor, 10_000_000, 20);
  assert.ok(rate <= 205_000 && rate > 180_000, `${rate}`);
});

Deno.test("who takes and does not give comes last, and not before it had something", () => {
  const governor = new UplinkGovernor(1_000_000);
  governor.received("fair", 50_000_000);
  const got = { rider: 0, fair: 0 };
  for (let now = 0; now < 20_000; now += 5) {
    for (const name of ["rider", "fair"] as const) {
      while (governor.take(name, BLOCK, now) === 0) {
        if (now > 10_000) got[name] += BLOCK;
        if (name === "rider") break;
      }
    }
  }
  assert.equal(governor.exchange("rider").demoted, true);
  assert.equal(governor.exchange("fair").demoted, false);
  assert.ok(got.fair > 4 * got.rider, JSON.stringify(got));
});

Deno.test("a phone plan and a wish to save data are respected", () => {
  assert.equal(mayUpload({}), true);
  assert.equal(mayUpload({ type: "wifi", saveData: false }), true);
  assert.equal(mayUpload({ type: "cellular" }), false);
  assert.equal(mayUpload({ type: "wifi", saveData: true }), false);
});

Deno.test("who owes a chunk too long is left, also when it lets it drip", () => {
  const watch = new SwarmWatch();
  for (const source of ["good", "silent"]) watch.add(source);
  const owed = new Map([["good", 3], ["silent", 3]]);
  for (let now = 0; now < OWED_MS; now += 500) {
    assert.deepEqual(watch.look(owed, now), []);
    watch.landed("good");
  }
  // Whether it still is asked for something changes nothing.
  const left = watch.look(new Map([["good", 3], ["silent", 0]]), OWED_MS);
  assert.deepEqual(left.map(({ source }) => source), ["silent"]);
});

Deno.test("who says again and again that it has what it has not is left", () => {
  const watch = new SwarmWatch();
  watch.add("liar");
  watch.add("forgetful");
  for (let now = 0; now < 9000; now += 1000) watch.missed("liar", now);
  for (let now = 0; now < 90_000; now += 10_000) watch.missed("forgetful", now);
  const left = watch.look(new Map(), 9000);
  assert.deepEqual(left.map(({ source }) => source), ["liar"]);
});
