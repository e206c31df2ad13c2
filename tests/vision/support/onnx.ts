/**
 * Writes tiny ONNX models, byte by byte (onnx.proto, protocol buffers version 2).
 *
 * @module
 */

/** ONNX's numbers for the types of values. */
const FLOAT = 1;
const INT64 = 7;

/** A field of a message: its number and its value. */
type Field = readonly [
  number,
  number | string | Uint8Array | readonly Field[],
];

/** Encodes a message. */
function message(fields: readonly Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === "number") {
      return concat([varint(number << 3), varint(value)]);
    }
    const bytes = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof Uint8Array
      ? value
      : message(value);
    return concat([varint(number << 3 | 2), varint(bytes.length), bytes]);
  });
  return concat(parts);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 | 128);
  }
  return Uint8Array.of(...bytes, rest);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function tensor(
  name: string,
  dims: readonly number[],
  data: Float32Array | BigInt64Array,
): Field {
  return [5, [
    ...dims.map((dim): Field => [1, dim]),
    [2, data instanceof Float32Array ? FLOAT : INT64],
    [8, name],
    [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]];
}

function value(
  field: number,
  name: string,
  dims: readonly number[],
): Field {
  const shape: Field[] = dims.map((dim): Field => [1, [[1, dim]]]);
  return [field, [[1, name], [2, [[1, [[1, FLOAT], [2, shape]]]]]]];
}

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly (readonly [string, number])[] = [],
): Field {
  return [1, [
    ...inputs.map((input): Field => [1, input]),
    [2, output],
    [4, type],
    // 2 is an attribute that is an integer.
    ...attributes.map(([name, i]): Field => [
      5,
      [[1, name], [3, i], [20, 2]],
    ]),
  ]];
}

/** What a tiny model does. */
export interface TinyModel {
  /** Shape of the answer. */
  readonly output: readonly number[];
  /** The answer, whatever the picture. */
  readonly answer: Float32Array;
  /** Side of the picture. */
  readonly side?: number;
  /** Fails for pictures brighter than this, from 0 to 1. */
  readonly failsAbove?: number;
}

/**
 * A model that answers the same to every picture; it looks at the picture all the
 * same: `answer + 0 * mean(picture)`. One that fails reads beyond a list of two
 * numbers.
 */
export function tinyModel(
  { output, answer, side = 640, failsAbove }: TinyModel,
): Uint8Array {
  const nodes: Field[] = [
    node("ReduceMean", ["images"], "mean", [["keepdims", 0]]),
    node("Mul", ["mean", "zero"], "nothing"),
    node("Add", ["answer", "nothing"], "plain"),
  ];
  const values: Field[] = [
    tensor("zero", [], Float32Array.of(0)),
    tensor("answer", output, answer),
  ];
  if (failsAbove === undefined) {
    nodes.push(node("Identity", ["plain"], "output0"));
  } else {
    nodes.push(
      node("Mul", ["mean", "scale"], "scaled"),
      // 7 is int64: from the limit on the index is beyond the list.
      node("Cast", ["scaled"], "index", [["to", INT64]]),
      node("Gather", ["list", "index"], "picked"),
      node("Add", ["plain", "picked"], "output0"),
    );
    values.push(
      tensor("scale", [], Float32Array.of(2 / failsAbove)),
      tensor("list", [2], Float32Array.of(0, 0)),
    );
  }
  return message([
    [1, 8], // version of the format
    [8, [[1, ""], [2, 13]]], // operators of version 13
    [7, [
      ...nodes,
      [2, "tiny"],
      ...values,
      value(11, "images", [1, 3, side, side]),
      value(12, "output0", output),
    ]],
  ]);
}

/** A person for an answer: box in pixels of the input, sureness, points. */
export interface TinyPerson {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly score: number;
}

/** 17 points in the middle of a box, one below the other. */
export function pointsOf(
  { left, top, right, bottom }: TinyPerson,
): number[] {
  return Array.from({ length: 17 }, (_, k) => [
    (left + right) / 2,
    top + (bottom - top) * (k + 0.5) / 17,
    0.9,
  ]).flat();
}

/** The answer of a pose model: [1, 56, boxes]; each person is there twice, as raw models have it. */
export function poseAnswer(
  people: readonly TinyPerson[],
  boxes = 8400,
): Float32Array {
  return columns(people, 56, boxes, pointsOf);
}

/** The answer of a detection model: [1, 84, boxes]. */
export function detectionAnswer(
  people: readonly TinyPerson[],
  boxes = 8400,
): Float32Array {
  return columns(people, 84, boxes, () => []);
}

function columns(
  people: readonly TinyPerson[],
  values: number,
  boxes: number,
  more: (person: TinyPerson) => number[],
): Float32Array {
  const answer = new Float32Array(values * boxes);
  for (const [i, person] of people.entries()) {
    const { left, top, right, bottom, score } = person;
    for (const twin of [0, 1]) {
      const row = [
        (left + right) / 2 + 2 * twin,
        (top + bottom) / 2,
        right - left,
        bottom - top,
        score - 0.1 * twin,
        ...more(person),
      ];
      for (const [k, number] of row.entries()) {
        answer[k * boxes + 7 * i + twin] = number;
      }
    }
  }
  return answer;
}

/** The answer of an end-to-end model: [1, 300, 57]. */
export function endToEndAnswer(people: readonly TinyPerson[]): Float32Array {
  const answer = new Float32Array(300 * 57);
  for (const [i, person] of people.entries()) {
    const { left, top, right, bottom, score } = person;
    answer.set(
      [left, top, right, bottom, score, 0, ...pointsOf(person)],
      57 * i,
    );
  }
  return answer;
}
