import assert from "node:assert/strict";
import { RepairRequester, WHOLE_FRAME } from "../../src/chain/mod.ts";

const TOTAL = 10;
const MS = 1000;

/** Frames of ten fragments, and who watches them. */
class Scene {
  readonly got = new Map<number, Set<number>>();
  newest = -1;
  oldestOpen = 0;
  now = 0;
  readonly requester: RepairRequester;

  constructor() {
    const { got } = this;
    const newest = (): number => this.newest;
    const oldestOpen = (): number => this.oldestOpen;
    this.requester = new RepairRequester({
      get newest() {
        return newest();
      },
      get oldestOpen() {
        return oldestOpen();
      },
      progressOf(frame) {
        const size = got.get(frame)?.size ?? 0;
        if (size === 0) return "absent";
        return size === TOTAL ? "settled" : "partial";
      },
      totalOf: () => TOTAL,
      has: (frame, index) => got.get(frame)?.has(index) ?? false,
    }, 16);
  }

  take(frame: number, indices: readonly number[], isRepair = false): void {
    for (const index of indices) {
      const got = this.got.get(frame) ?? new Set();
      this.got.set(frame, got.add(index));
      this.newest = Math.max(this.newest, frame);
      this.requester.arrived(frame, index, TOTAL, isRepair, this.now);
    }
  }

  takeAllBut(frame: number, lost: readonly number[]): void {
    this.take(frame, ALL.filter((index) => !lost.includes(index)));
  }

  /** Lets time pass up to the next look, and looks. */
  look(): { frame: number; index: number }[] {
    const { nextLookUs } = this.requester;
    assert.ok(nextLookUs !== undefined);
    this.now = Math.max(this.now, nextLookUs);
    return this.requester.look(this.now);
  }

  /** All questions until no more are asked. */
  lookOn(): { frame: number; index: number }[] {
    const all: { frame: number; index: number }[] = [];
    for (let looks = 0; this.requester.nextLookUs !== undefined; looks++) {
      assert.ok(looks < 1000, "it looks for ever");
      all.push(...this.look());
    }
    return all;
  }
}

const ALL = Array.from({ length: TOTAL }, (_, index) => index);

Deno.test("nothing is looked for while everything comes in order", () => {
  const scene = new Scene();
  for (let frame = 0; frame < 50; frame++) scene.take(frame, ALL);
  assert.equal(scene.requester.nextLookUs, undefined);
});

Deno.test("a gap is asked for after some patience, and what comes late before that is not", () => {
  const scene = new Scene();
  scene.take(0, [0, 1, 3, 4]);
  assert.deepEqual(scene.requester.look(scene.now), []);
  assert.deepEqual(scene.look(), [{ frame: 0, index: 2 }]);

  const overtaken = new Scene();
  overtaken.take(0, [0, 1, 3, 4]);
  overtaken.now = 2 * MS;
  overtaken.take(0, [2]);
  assert.deepEqual(overtaken.lookOn(), []);
  assert.equal(overtaken.requester.figures.reordered, 1);
});

Deno.test("the end of a frame is missed when the next one comes, and the last one's when the stream ends", () => {
  const scene = new Scene();
  scene.takeAllBut(0, [8, 9]);
  assert.equal(scene.requester.nextLookUs, undefined);
  scene.takeAllBut(1, [9]);
  assert.deepEqual(scene.look(), [
    { frame: 0, index: 8 },
    { frame: 0, index: 9 },
  ]);
  scene.take(0, [8, 9], true);
  scene.look();
  assert.equal(scene.requester.nextLookUs, undefined);
  scene.requester.ended(3, scene.now);
  assert.deepEqual(scene.look(), [
    { frame: 1, index: 9 },
    { frame: 2, index: WHOLE_FRAME },
  ]);
});

Deno.test("a frame of which nothing came is asked for as a whole", () => {
  const scene = new Scene();
  scene.take(0, ALL);
  scene.take(2, ALL);
  assert.deepEqual(scene.look(), [{ frame: 1, index: WHOLE_FRAME }]);
  scene.take(1, ALL, true);
  scene.look();
  assert.equal(scene.requester.nextLookUs, undefined);
  assert.equal(scene.requester.figures.repaired, TOTAL);
});

Deno.test("what never comes is asked for a bounded number of times, ever more slowly", () => {
  const scene = new Scene();
  scene.takeAllBut(0, [4]);
  scene.take(1, ALL);
  const times: number[] = [];
  while (scene.requester.nextLookUs !== undefined) {
    if (scene.look().length > 0) times.push(scene.now);
  }
  assert.ok(times.length >= 5 && times.length <= 10, `${times}`);
  const waits = times.slice(1).map((time, i) => time - times[i]!);
  assert.ok(waits.every((wait) => wait >= 10 * MS), `${waits}`);
  assert.ok(waits.at(-1)! > waits[0]!, `${waits}`);
  assert.equal(scene.requester.figures.missed, 1);
});

Deno.test("a wrong guess makes patient", () => {
  const scene = new Scene();
  const before = patience(scene, 0);
  scene.take(1, [0, 2]);
  scene.look();
  scene.now += 12 * MS;
  scene.take(1, [1, ...ALL.slice(3)]);
  scene.lookOn();
  assert.ok(patience(scene, 2) > before + 5 * MS);
});

function patience(scene: Scene, frame: number): number {
  scene.take(frame, [0, 2]);
  const wait = scene.requester.nextLookUs! - scene.now;
  scene.take(frame, [1, ...ALL.slice(3)]);
  scene.lookOn();
  return wait;
}

Deno.test("the round trip is measured by what was asked for once", () => {
  const scene = new Scene();
  scene.takeAllBut(0, [4]);
  scene.take(1, ALL);
  scene.look();
  scene.now += 7 * MS;
  scene.take(0, [4], true);
  assert.equal(scene.requester.figures.roundTripUs, 7 * MS);
  assert.equal(scene.requester.figures.repaired, 1);
});

Deno.test("another stream begins with nothing missing", () => {
  const scene = new Scene();
  scene.takeAllBut(0, [4]);
  scene.take(1, ALL);
  scene.requester.reset();
  assert.equal(scene.requester.nextLookUs, undefined);
  assert.deepEqual(scene.requester.look(1e9), []);
});
