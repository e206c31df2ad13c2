import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSource, SourceSpecError } from "../../src/media/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const piece = fc.oneof(
  fc.constantFrom(
    "pattern",
    "camera",
    "chain",
    "rtsp",
    "file",
    "http",
    "://",
    ":",
    "/",
    "@",
    "x",
    "[",
    "]",
    "%",
    "%00",
    "-",
    "640",
    "0",
    "65536",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);

Deno.test("any text is a source or refused with our error", () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      (text) => {
        try {
          const spec = parseSource(text);
          switch (spec.kind) {
            case "pattern":
              assert.ok(spec.width % 2 === 0 && spec.height % 2 === 0);
              assert.ok(spec.fps > 0 && spec.fps <= 240);
              break;
            case "camera":
              assert.ok(Number.isInteger(spec.index) && spec.index <= 255);
              break;
            case "chain":
              assert.ok(spec.port >= 1 && spec.port <= 65535);
              break;
            case "url":
              assert.ok(URL.canParse(spec.url));
              break;
            case "file":
              assert.ok(!spec.path.includes("\0"));
              break;
            case "stdin":
              assert.equal(text, "-");
          }
        } catch (error) {
          assert.ok(error instanceof SourceSpecError, String(error));
        }
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("every pattern in range is read as it was written", () => {
  const side = fc.integer({ min: 32, max: 3840 }).map((half) => half * 2);
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 1, max: 240 }),
      (width, height, fps) => {
        assert.deepEqual(parseSource(`pattern:${width}x${height}@${fps}`), {
          kind: "pattern",
          width,
          height,
          fps,
        });
      },
    ),
    { numRuns: fuzzRuns() },
  );
});
