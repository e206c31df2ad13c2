import assert from "node:assert/strict";
import { parseSignalFile, ScoringBoxLog } from "../../src/referee/mod.ts";

function log(
  lines: readonly (readonly [string, number])[],
  seconds: number,
): string {
  const box = new ScoringBoxLog();
  for (const [line, at] of lines) box.push(new TextEncoder().encode(line), at);
  return box.finish(seconds);
}

Deno.test("lines without a time get the one when they came", () => {
  assert.equal(
    log([["HIT: Left scores on Right!\r\n", 2.5], [
      "Scores -> Fencer 1: MISS, Fencer 2: HIT\n",
      2.7,
    ]], 3),
    [
      " 0.000s | Phrase recording started",
      " 2.500s | HIT: Left scores on Right!",
      "Scores -> Fencer 1: MISS, Fencer 2: HIT",
      " 3.000s | Phrase recording ended",
      "",
    ].join("\n"),
  );
});

Deno.test("the box's own clock is trusted in its distances, and moved to the recording's", () => {
  const text = log([
    ["100.000s | Phrase recording started\n", 0.25],
    ["101.947s | Off-Target: Blade-to-blade contact.\n", 2.4], // 0.2 s late
    ["103.345s | frame 000100 | HIT: Left scores on Right!\n", 3.6],
    ["103.570s | Phrase recording ended\n", 3.9],
  ], 4);
  const { events } = parseSignalFile(new TextEncoder().encode(text));
  assert.deepEqual(
    events.map(({ time, kind }) => [time, kind]),
    [
      [0.25, "recording_started"],
      [2.197, "blade_contact"],
      [3.595, "hit"],
      [3.82, "recording_ended"],
    ],
  );
});

Deno.test("lines may come in any pieces, and the last one without its end", () => {
  const whole = log([["a hit\nanother\nlast", 1]], 2);
  const box = new ScoringBoxLog();
  for (const byte of new TextEncoder().encode("a hit\nanother\nlast")) {
    box.push(Uint8Array.of(byte), 1);
  }
  assert.equal(box.finish(2), whole);
  assert.match(whole, / 1\.000s \| last\n/);
});

Deno.test("a box that never ends its line or never stops takes no memory", () => {
  const box = new ScoringBoxLog();
  for (let i = 0; i < 100; i++) box.push(new Uint8Array(10_000).fill(65), 1);
  for (let i = 0; i < 20_000; i++) box.push(new TextEncoder().encode("x\n"), 1);
  assert.ok(box.length <= 8192);
  assert.ok(box.finish(2).length < 300_000);
});
