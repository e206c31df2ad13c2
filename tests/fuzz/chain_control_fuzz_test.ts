import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ChainProtocolError,
  ControlReader,
  type JsonObject,
  parseControlRequest,
  parseListAnswer,
  parseRegisterAnswer,
  parseSessionMessage,
  parseUpdateNext,
} from "../../src/chain/mod.ts";
import { bytesOf, crashers } from "../chain/support.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** The objects of a stream that comes in these pieces, then the error's code. */
function readAll(pieces: readonly Uint8Array[]): unknown[] {
  const reader = new ControlReader();
  const out: unknown[] = [];
  try {
    for (const piece of pieces) {
      reader.push(piece);
      for (let next = reader.next(); next; next = reader.next()) out.push(next);
    }
    out.push(reader.incomplete);
  } catch (error) {
    if (!(error instanceof ChainProtocolError)) throw error;
    out.push(error.code);
  }
  return out;
}

function parseAll(object: JsonObject): void {
  for (
    const parse of [
      parseControlRequest,
      parseRegisterAnswer,
      parseSessionMessage,
      parseUpdateNext,
    ]
  ) {
    try {
      parse(object);
    } catch (error) {
      if (!(error instanceof ChainProtocolError)) throw error;
    }
  }
}

/** The same whole and cut at `cut`, and every object parses or throws our error. */
function check(bytes: Uint8Array, cut = 1): void {
  const whole = readAll([bytes]);
  const at = cut % (bytes.length + 1);
  assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), whole);
  for (const object of whole) {
    if (typeof object === "object") parseAll(object as JsonObject);
  }
  try {
    parseListAnswer(bytes);
  } catch (error) {
    if (!(error instanceof ChainProtocolError)) throw error;
  }
}

const WORDS = [
  ...["type", "name", "port", "ctrl_port", "wire", "host", "page", "session"],
  ...["register", "list", "lookup", "report", "end", "started", "fps"],
  ...["cmd", "UPDATE_NEXT", "next_name", "next_port", "next_host"],
  ...["stream_id", "frames", "reason", "upstream", "assigned", "error"],
  ...["binary/1", "http://a/", "A", "../x", "__proto__", "127.0.0.1"],
];
const word = fc.constantFrom(...WORDS);
const value = fc.oneof(
  word,
  fc.integer(),
  fc.double(),
  fc.constantFrom(10_001, 65_536, -1, 0, null, true),
  fc.array(word, { maxLength: 3 }),
  fc.dictionary(word, fc.integer(), { maxKeys: 3 }),
);
const message = fc.dictionary(word, value, { maxKeys: 8 })
  .map((object) => JSON.stringify(object));

Deno.test("control streams: junk and messages parse or throw our error, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: message },
          {
            weight: 1,
            arbitrary: fc.string({ unit: "binary", maxLength: 20 }),
          },
          { weight: 1, arbitrary: fc.constantFrom("\n", "{", "}", '"', "\\") },
        ),
        { maxLength: 6 },
      ),
      fc.nat(),
      (parts, cut) => check(bytesOf(parts.join("")), cut),
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("control streams: bytes parse or throw our error, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(),
      (bytes, cut) => check(Uint8Array.of(0x7b, ...bytes), cut),
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("control messages: every mix of fields parses or throws our error", () => {
  const type = fc.constantFrom(
    ...["register", "list", "lookup", "report", "end"],
    ...["started", "upstream", "leave"],
  );
  fc.assert(
    fc.property(
      type,
      fc.dictionary(word, value, { maxKeys: 10 }),
      (type, fields) => parseAll({ ...fields, type, cmd: "UPDATE_NEXT" }),
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("control streams: what once broke the reader does no more", () => {
  for (const { bytes } of crashers("chain_control")) check(bytes);
});
