import assert from "node:assert/strict";
import {
  encodeNack,
  encodeProbe,
  RoundTripProbe,
} from "../../src/chain/mod.ts";
import { NOW_US } from "./support.ts";

const SECOND = 1_000_000;

Deno.test("a round trip is measured once a second, and smoothed", () => {
  const probe = new RoundTripProbe();
  const now = NOW_US + 0.25;
  assert.ok(probe.ask(now));
  assert.equal(probe.ask(now + SECOND / 2), undefined);
  assert.ok(probe.hear(encodeProbe("answer", now, now), now + 4000));
  assert.equal(probe.roundTripUs, 4000);
  const later = now + SECOND;
  assert.ok(probe.ask(later));
  assert.ok(probe.hear(encodeProbe("answer", later, later), later + 12_000));
  assert.equal(probe.roundTripUs, 5000);
});

Deno.test("what is no answer to the question measures nothing", () => {
  const probe = new RoundTripProbe();
  assert.equal(probe.hear(encodeProbe("answer", 5, 5), 6), false);
  probe.ask(NOW_US);
  for (
    const datagram of [
      encodeProbe("answer", NOW_US + 1, NOW_US),
      encodeProbe("ask", NOW_US, NOW_US),
      encodeNack(7, [], NOW_US),
      new Uint8Array(40),
    ]
  ) assert.equal(probe.hear(datagram, NOW_US + 5), false);
  const old = encodeProbe("answer", NOW_US, NOW_US);
  assert.equal(probe.hear(old, NOW_US + 20 * SECOND), false);
  assert.equal(probe.roundTripUs, undefined);
});
