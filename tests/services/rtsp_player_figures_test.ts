import assert from "node:assert/strict";
import { ClockDrift } from "../../src/services/rtsp_player/clock_drift.ts";
import { RateWindow } from "../../src/services/rtsp_player/rate_window.ts";
import { SeededRandom } from "../support/random.ts";

Deno.test("a rate is that of the last two seconds, and of less after the beginning", () => {
  const window = new RateWindow(2000);
  assert.equal(window.perSecond(0), 0);
  let now = 50;
  for (; now < 10_000; now += 40) {
    window.add(1, now);
    if (now > 300) {
      assert.ok(
        Math.abs(window.perSecond(now) - 25) < 2.5,
        `${window.perSecond(now)} at ${now}`,
      );
    }
  }
  assert.equal(window.perSecond(now + 2100), 0);
  window.reset();
  assert.equal(window.perSecond(now), 0);
});

Deno.test("drift is what the clocks do, whatever the network does", () => {
  const random = new SeededRandom(3);
  for (const perMillion of [0, 100, -250]) {
    const drift = new ClockDrift();
    const seconds = 1800;
    for (let index = 0; index < seconds * 24; index++) {
      const sentAt = index * 1000 / 24;
      const late = 5 + 20 * random.next() ** 2;
      drift.add(sentAt, sentAt * (1 + perMillion / 1e6) + late);
    }
    const expected = seconds * 1000 * perMillion / 1e6;
    assert.ok(
      Math.abs(drift.milliseconds - expected) < 5,
      `${drift.milliseconds} for ${expected}`,
    );
    drift.reset();
    assert.equal(drift.milliseconds, 0);
  }
});
