import assert from "node:assert/strict";
import { CongestionControl, type PeerReport } from "../../src/chain/mod.ts";

const SECOND = 1_000_000;

/** A report of a peer that plays stream 7, with what matters here. */
function report(
  name: string,
  { lost = 0, withheld = 0, upstream = null, next = null }: {
    lost?: number;
    withheld?: number;
    upstream?: string | null;
    next?: string | null;
  } = {},
): PeerReport {
  const downstream = next === null
    ? null
    : { name: next, host: "127.0.0.1", port: 1, wire: "binary" };
  return {
    name,
    state: "playing",
    streamId: 7,
    framesLost: lost,
    upstream,
    downstream,
    hop: { withheld },
  } as unknown as PeerReport;
}

/** Frames of a second that are sent. */
function sent(control: CongestionControl, fromUs: number): number {
  let count = 0;
  for (let frame = 0; frame < 100; frame++) {
    if (control.take(fromUs + frame * SECOND / 100)) count++;
  }
  return count;
}

Deno.test("while every frame arrives, every frame is sent", () => {
  const control = new CongestionControl(true);
  for (let second = 0; second < 5; second++) {
    control.hear(report("A"), second * SECOND);
    assert.equal(sent(control, second * SECOND), 100);
  }
  assert.deepEqual(control.state(5 * SECOND), {
    share: 1,
    detail: 1,
    tightAt: null,
    framesLeftOut: 0,
  });
});

Deno.test("lost frames leave out whole frames, once a second, down to a floor; silence brings them back", () => {
  const control = new CongestionControl(true);
  control.keepDetail();
  let now = 0;
  control.hear(report("A"), now);
  control.hear(report("A", { lost: 1 }), now += SECOND);
  control.hear(report("A", { lost: 2 }), now += SECOND / 4);
  assert.equal(control.state(now).share, 0.7);
  assert.equal(control.state(now).tightAt, "A");
  assert.equal(sent(control, now), 70);
  assert.equal(control.state(now).framesLeftOut, 30);
  for (let lost = 3; lost < 30; lost++) {
    control.hear(report("A", { lost }), now += SECOND);
  }
  assert.equal(control.state(now).share, 0.2);
  for (let second = 0; second < 30; second++) sent(control, now += SECOND);
  assert.equal(control.state(now).share, 1);
  assert.equal(control.state(now).tightAt, null);
});

Deno.test("pictures get coarser first; frames are left out when half of a picture is still too much", () => {
  const control = new CongestionControl(true);
  let now = 0;
  control.hear(report("A"), now);
  control.hear(report("A", { lost: 1 }), now += SECOND);
  assert.deepEqual(control.state(now), {
    share: 0.7,
    detail: 0.7,
    tightAt: "A",
    framesLeftOut: 0,
  });
  assert.equal(sent(control, now), 100);
  for (let lost = 2; lost < 9; lost++) {
    control.hear(report("A", { lost }), now += SECOND);
  }
  assert.equal(control.state(now).detail, 0.5);
  assert.equal(sent(control, now), 40);
  for (let second = 0; second < 30; second++) sent(control, now += SECOND);
  assert.equal(control.state(now).detail, 1);
});

Deno.test("the tight hop is the first at whose end frames lack, or the one whose sender repeats no more", () => {
  const control = new CongestionControl(false);
  let now = 0;
  const hear = (lost: number[], withheld = 0): void => {
    now += SECOND;
    control.hear(report("A", { lost: lost[0]!, next: "B", withheld }), now);
    control.hear(report("B", { lost: lost[1]!, upstream: "A" }), now);
    control.hear(report("C", { lost: lost[2]!, upstream: "B" }), now);
  };
  hear([0, 0, 0]);
  hear([0, 5, 5]);
  assert.equal(control.state(now).tightAt, "B");
  control.reset();
  hear([0, 0, 0]);
  hear([0, 0, 0], 9);
  assert.equal(control.state(now).tightAt, "B");
  // It only tells: nothing is left out.
  assert.equal(sent(control, now), 100);
});

Deno.test("what was lost while the chain closed over a gap is no congestion", () => {
  const control = new CongestionControl(true);
  control.hear(report("C", { upstream: "B" }), 0);
  control.hear(report("C", { upstream: "A", lost: 9 }), 2 * SECOND);
  control.hear(report("C", { upstream: "A", lost: 12 }), 2.5 * SECOND);
  assert.equal(control.state(2.5 * SECOND).share, 1);
});

Deno.test("another stream is tried in full", () => {
  const control = new CongestionControl(true);
  control.hear(report("A"), 0);
  control.hear(report("A", { lost: 1 }), SECOND);
  assert.equal(control.state(SECOND).share, 0.7);
  control.reset();
  assert.equal(control.state(SECOND).share, 1);
});
