import assert from "node:assert/strict";
import fc from "fast-check";
import {
  applyHave,
  ChunkSet,
  parseClientEvent,
  parseSubtitles,
  readHave,
  SignalProtocolError,
  unpackSubtitles,
} from "../../src/signaling/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** Runs something that may throw our protocol error, and no other. */
function orProtocolError(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SignalProtocolError, String(error));
  }
}

Deno.test("what a neighbour says that it has is understood or refused", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: 3 }),
      fc.integer({ min: 1, max: 1200 }),
      (bytes, kind, total) => {
        const frame = new Uint8Array([3, kind, ...bytes]);
        orProtocolError(() => {
          const set = new ChunkSet(total);
          let count = 0;
          applyHave(set, readHave(frame, total), (chunk, has) => {
            assert.ok(chunk < total);
            count += has ? 1 : -1;
          });
          assert.equal(set.count, count);
        });
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("a member's part in a swarm is read whatever it says", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (swarm, from) => {
      for (const value of [swarm, { filmId: "f", from }, { from: [from] }]) {
        orProtocolError(() =>
          void parseClientEvent("peer-status", {
            roomId: "ROOM01",
            state: "idle",
            swarm: value,
          })
        );
      }
    }),
    { numRuns: fuzzRuns(300) },
  );
});

Deno.test("subtitles are read or refused, packed or not", async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "00:01.000 --> 00:02.000",
      "1",
      "",
      "WEBVTT",
      "<i>",
      "{\\a}",
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 20 }),
      fc.anything(),
      async (lines, value) => {
        orProtocolError(() => void parseSubtitles(lines.join("\n")));
        await unpackSubtitles(value);
        await unpackSubtitles({ title: value, deflated: String(lines[0]) });
      },
    ),
    { numRuns: fuzzRuns(200) },
  );
});
