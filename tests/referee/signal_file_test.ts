import assert from "node:assert/strict";
import {
  MAX_SIGNAL_BYTES,
  parseSignalFile,
  type PhraseSignal,
} from "../../src/referee/mod.ts";

function fixture(name: string): Uint8Array {
  return Deno.readFileSync(
    new URL(`../../fixtures/referee/${name}`, import.meta.url),
  );
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function summary({ events }: PhraseSignal): unknown[] {
  return events.map(({ time, kind, side }) => [time, kind, side]);
}

Deno.test("the documents' file: events, scores, label", () => {
  const signal = parseSignalFile(fixture("double_light.txt"));
  assert.equal(signal.format, "text");
  assert.deepEqual(summary(signal), [
    [0, "recording_started", undefined],
    [1.947, "blade_contact", undefined],
    [3.345, "hit", "left"],
    [3.368, "lockout", undefined],
    [3.528, "simultaneous", undefined],
    [3.57, "recording_ended", undefined],
  ]);
  assert.equal(signal.events[1]?.text, "Off-Target: Blade-to-blade contact.");
  assert.deepEqual(signal.scores, {
    left: true,
    right: true,
    source: "scores_line",
  });
  assert.equal(signal.label, "right");
  assert.deepEqual(signal.warnings, []);
});

Deno.test("where HIT and Scores contradict each other the Scores line counts, and it is said", () => {
  const signal = parseSignalFile(fixture("single_light_contradiction.txt"));
  assert.deepEqual(signal.scores, {
    left: false,
    right: true,
    source: "scores_line",
  });
  assert.equal(signal.warnings.length, 1);
  assert.match(
    signal.warnings[0]!,
    /left scored, the Scores line right.*swap_sides/,
  );
});

Deno.test("swap_sides exchanges the fencers and leaves the label alone", () => {
  const signal = parseSignalFile(fixture("double_light.txt"), {
    swapSides: true,
  });
  assert.equal(signal.events[2]?.side, "right");
  assert.equal(signal.label, "right");
  const single = parseSignalFile(fixture("single_light_contradiction.txt"), {
    swapSides: true,
  });
  assert.deepEqual(single.scores, {
    left: true,
    right: false,
    source: "scores_line",
  });
});

Deno.test("newer files have frame numbers, and Windows its line ends", () => {
  const signal = parseSignalFile(fixture("frame_numbers.txt"));
  assert.deepEqual(
    signal.events.map(({ frame, text }) => [frame, text]),
    [
      [0, "Phrase recording started"],
      [100, "HIT: Right scores on Left!"],
      [107, "Phrase recording ended"],
    ],
  );
  assert.deepEqual(signal.scores, {
    left: false,
    right: true,
    source: "scores_line",
  });
  assert.deepEqual(signal.warnings, []);
});

Deno.test("what follows the end of the recording is ignored", () => {
  const signal = parseSignalFile(fixture("after_end.txt"));
  assert.equal(signal.events.at(-1)?.kind, "recording_ended");
  assert.deepEqual(signal.scores, { left: true, right: false, source: "hits" });
});

Deno.test("JSON lines and CSV say the same as text", () => {
  const lines = parseSignalFile(fixture("events.jsonl"));
  assert.equal(lines.format, "json_lines");
  assert.deepEqual(summary(lines), [
    [0, "recording_started", undefined],
    [1.5, "blade_contact", undefined],
    [2.25, "hit", "right"],
    [2.6, "recording_ended", undefined],
  ]);
  assert.equal(lines.events[2]?.frame, 67);
  assert.deepEqual(lines.scores, {
    left: false,
    right: true,
    source: "scores_line",
  });
  const csv = parseSignalFile(fixture("events.csv"));
  assert.equal(csv.format, "csv");
  assert.deepEqual(summary(csv), [
    [0, "recording_started", undefined],
    [1.25, "blade_contact", undefined],
    [2, "hit", "left"],
    [2.1, "hit", "right"],
    [2.5, "recording_ended", undefined],
  ]);
  assert.deepEqual(csv.scores, { left: true, right: true, source: "hits" });
  assert.deepEqual([...lines.warnings, ...csv.warnings], []);
});

Deno.test("sides by colour and number: fencer 1 is the right one", () => {
  const signal = parseSignalFile(
    bytes("time,event,side\n1,hit,green\n2,hit,2\n"),
  );
  assert.deepEqual(summary(signal), [[1, "hit", "right"], [2, "hit", "left"]]);
});

Deno.test("times that go back are sorted and told", () => {
  const signal = parseSignalFile(
    bytes("2.0s | HIT: Left scores on Right!\n1.0s | Lockout\n"),
  );
  assert.deepEqual(signal.events.map(({ time }) => time), [1, 2]);
  assert.match(signal.warnings[0]!, /goes back to 1.000s/);
});

Deno.test("other words of the Scores line are no hits", () => {
  for (const word of ["MISS", "OFF-TARGET", "-", "NO HIT", ""]) {
    const signal = parseSignalFile(
      bytes(`Scores -> Fencer 1: ${word}, Fencer 2: HIT\n`),
    );
    assert.deepEqual(signal.scores, {
      left: true,
      right: false,
      source: "scores_line",
    }, word);
  }
});

Deno.test("whatever the bytes are, there is an answer", () => {
  const texts = [
    new Uint8Array(),
    Uint8Array.of(0xff, 0xfe, 0x20, 0x00),
    new Uint8Array(70_000).fill(0xff),
    bytes('{\n{}\n[1]\n{"time":"x","event":"hit"}'),
    bytes('time,event\n"unclosed'),
    bytes("x".repeat(100_000)),
    new Uint8Array(MAX_SIGNAL_BYTES + 10).fill(0x0a),
  ];
  for (const text of texts) {
    const signal = parseSignalFile(text);
    assert.deepEqual(signal.events, []);
    assert.ok(signal.warnings.length > 0);
    assert.ok(signal.warnings.length <= 21);
  }
});

Deno.test("a file in UTF-16, as Windows writes it, is read", () => {
  const text = "1.0s | HIT: Left scores on Right!\n";
  const utf16 = new Uint8Array(2 + text.length * 2);
  utf16.set([0xff, 0xfe]);
  for (let at = 0; at < text.length; at++) {
    utf16[2 + at * 2] = text.charCodeAt(at);
  }
  assert.deepEqual(summary(parseSignalFile(utf16)), [[1, "hit", "left"]]);
});
