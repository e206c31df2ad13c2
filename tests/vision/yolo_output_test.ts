import assert from "node:assert/strict";
import {
  fillLetterbox,
  letterbox,
  letterboxInput,
  overlap,
  readPeople,
  suppress,
  type YoloLayout,
  yoloLayout,
} from "../../src/vision/mod.ts";
import {
  detectionAnswer,
  endToEndAnswer,
  poseAnswer,
  type TinyPerson,
} from "./support/onnx.ts";

const SHAPES: readonly (readonly [readonly number[], string | undefined])[] = [
  [[1, 56, 8400], "pose"],
  [[1, 56, 2100], "pose"],
  [[1, 84, 8400], "detection"],
  [[1, 5, 8400], "detection"],
  [[1, 300, 57], "end_to_end"],
  [[1, 300, 6], "end_to_end"],
  [[1, 8400, 85], undefined],
  [[1, 1000], undefined],
  [[2, 56, 8400], undefined],
  [[1, 56, 1e9], undefined],
  [[1, 56, NaN], undefined],
  [[1, 0, 57], undefined],
  [[1, 3, 640, 640], undefined],
];

Deno.test("the shape of an answer says what it is", () => {
  for (const [shape, kind] of SHAPES) {
    assert.equal(yoloLayout(shape)?.kind, kind, `[${shape}]`);
  }
});

const PEOPLE: readonly TinyPerson[] = [
  { left: 100, top: 200, right: 160, bottom: 400, score: 0.95 },
  { left: 400, top: 210, right: 470, bottom: 405, score: 0.5 },
];

const ANSWERS: readonly (readonly [readonly number[], Float32Array])[] = [
  [[1, 56, 8400], poseAnswer(PEOPLE)],
  [[1, 84, 8400], detectionAnswer(PEOPLE)],
  [[1, 300, 57], endToEndAnswer(PEOPLE)],
];

Deno.test("all three shapes of answers give the same people, each once", () => {
  const box = letterbox(1920, 1080, 640, 640);
  for (const [shape, data] of ANSWERS) {
    const people = readPeople(data, yoloLayout(shape)!, box);
    assert.deepEqual(
      people.map(({ left, top, right, bottom }) => [
        Math.round(left),
        Math.round(top) + box.top,
        Math.round(right),
        Math.round(bottom) + box.top,
      ]),
      PEOPLE.map(({ left, top, right, bottom }) => [left, top, right, bottom]),
      `[${shape}]`,
    );
    const points = people[0]?.keypoints;
    assert.equal(points === undefined, shape[1] === 84);
    if (points !== undefined) assert.equal(Math.round(points[0]!), 130);
  }
});

Deno.test("other classes, unsure ones and nonsense are no people", () => {
  const box = letterbox(640, 640, 640, 640);
  const layout: YoloLayout = { kind: "end_to_end", boxes: 5, values: 6 };
  const rows = [
    [10, 10, 50, 90, 0.9, 0],
    [10, 10, 50, 90, 0.9, 32], // a ball
    [10, 10, 50, 90, 0.1, 0],
    [10, 10, NaN, 90, 0.9, 0],
    [50, 90, 10, 10, 0.9, 0], // inside out
  ];
  assert.equal(readPeople(rows.flat(), layout, box).length, 1);
  const cat = detectionAnswer([PEOPLE[0]!]);
  cat[(4 + 15) * 8400] = 0.99;
  cat[(4 + 15) * 8400 + 1] = 0.99;
  assert.equal(
    readPeople(cat, yoloLayout([1, 84, 8400])!, box).length,
    0,
  );
});

Deno.test("a letterbox keeps the picture's shape, in the middle, grey around it", () => {
  const box = letterbox(4, 2, 8, 8);
  assert.deepEqual(box, {
    inputWidth: 8,
    inputHeight: 8,
    left: 0,
    top: 2,
    width: 8,
    height: 4,
  });
  const input = letterboxInput(box);
  fillLetterbox(
    box,
    Uint8Array.from({ length: 3 * 32 }, (_, i) => [255, 51, 0][i % 3]!),
    input,
  );
  const at = (x: number, y: number): number[] =>
    [0, 1, 2].map((plane) => Math.round(input[plane * 64 + y * 8 + x]! * 255));
  assert.deepEqual(at(0, 1), [114, 114, 114]);
  assert.deepEqual(at(0, 2), [255, 51, 0]);
  assert.deepEqual(at(7, 5), [255, 51, 0]);
  assert.deepEqual(at(7, 6), [114, 114, 114]);
});

Deno.test("of boxes that mean the same the best one stays", () => {
  const box = (left: number, score: number) => ({
    left,
    top: 0,
    right: left + 10,
    bottom: 10,
    score,
  });
  assert.equal(overlap(box(0, 1), box(5, 1)), 50 / 150);
  assert.equal(overlap(box(0, 1), box(10, 1)), 0);
  const boxes = [box(1, 0.5), box(0, 0.9), box(30, 0.4), box(60, 0.3)];
  assert.deepEqual(
    suppress(boxes, 0.6, 10).map(({ score }) => score),
    [0.9, 0.4, 0.3],
  );
  assert.equal(suppress(boxes, 0.6, 2).length, 2);
});
