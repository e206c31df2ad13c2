import assert from "node:assert/strict";
import {
  formatMediaRange,
  parseMediaRange,
  SdpProtocolError,
} from "../../src/sdp/mod.ts";
import { BAD_RANGES, OTHER_RANGES, RANGES } from "./ranges.ts";

for (const [text, range] of [...RANGES, ...OTHER_RANGES]) {
  Deno.test(`the range "${text}" is read`, () => {
    assert.deepEqual(parseMediaRange(text), range);
  });
}

for (const [text, range] of RANGES) {
  Deno.test(`the range "${text}" is written`, () => {
    assert.equal(formatMediaRange(range), text);
  });
}

for (const text of BAD_RANGES) {
  Deno.test(`the range "${text}" is refused`, () => {
    assert.throws(
      () => parseMediaRange(text),
      (error) =>
        error instanceof SdpProtocolError && error.code === "SDP_BAD_RANGE",
    );
  });
}
