import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  checkFrame,
  encodeRawFrame,
  FrameFormatError,
  MultipartError,
  MultipartReader,
  parseClientMessage,
  parseServerMessage,
  parseSignalFile,
  RefereeProtocolError,
  SPOOL_HEADER_BYTES,
  SpoolScanner,
  writeSpoolHeader,
} from "../../src/referee/mod.ts";
import { makeJpeg } from "../support/clips.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns() };

const FIELDS = [
  "type",
  "session_id",
  "fps",
  "width",
  "height",
  "frame_number",
  "timestamp",
  "encoding",
  "size",
  "total_frames",
  "filename",
  "result",
  "received",
  "error_code",
  "__proto__",
];

const TYPES = [
  "session_start",
  "frame",
  "session_end",
  "signal",
  "ping",
  "session_abort",
  "session_resume",
  "frame_ack",
  "process_progress",
  "process_complete",
  "session_resumed",
  "error",
];

const value = fc.oneof(
  fc.constantFrom(...TYPES),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 20 }),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.array(fc.integer(), { maxLength: 3 }), { maxLength: 3 }),
);

const message = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.json(),
  fc.tuple(
    fc.constantFrom(...TYPES),
    fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 10 }),
  ).map(([type, rest]) => JSON.stringify({ ...rest, type })),
);

/** Gives something, or throws the error that is meant for it. */
function holds(
  read: () => unknown,
  // deno-lint-ignore no-explicit-any -- any constructor of an error
  ...errors: (new (...given: any[]) => Error)[]
): void {
  try {
    read();
  } catch (error) {
    assert.ok(
      errors.some((one) => error instanceof one),
      `${error instanceof Error ? error.stack : error}`,
    );
  }
}

Deno.test("any text is a message of a client or of a server, or refused as such", () => {
  fc.assert(
    fc.property(message, (text) => {
      holds(() => parseClientMessage(text), RefereeProtocolError);
      holds(() => parseServerMessage(text), RefereeProtocolError);
    }),
    runs,
  );
});

Deno.test("any bytes are a signal file, whatever they say", () => {
  const line = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(
      " 0.000s | Phrase recording started",
      " 3.345s | HIT: Left scores on Right!",
      " 1.0s | frame 000022 | HIT: Simultaneous valid hits!",
      "Scores -> Fencer 1: HIT, Fencer 2: MISS",
      '{"time":1,"event":"HIT","side":"left"}',
      "time,event,side",
      '1.5,"HIT: Left, scores",left',
      "99999999999999999999s | x",
      "-1.000s | HIT: Left scores on Right!",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 500 }),
        fc.array(line, { maxLength: 12 }).map((lines) =>
          new TextEncoder().encode(lines.join("\n"))
        ),
      ),
      fc.boolean(),
      (bytes, swapSides) => {
        const { events, scores } = parseSignalFile(bytes, { swapSides });
        for (const { time } of events) assert.ok(Number.isFinite(time));
        assert.equal(typeof scores.left, "boolean");
      },
    ),
    runs,
  );
});

Deno.test("any bytes are a frame or refused as one", async () => {
  const jpeg = await makeJpeg({ size: "64x48" });
  const limits = { width: 64, height: 48, maxPixels: 100_000 };
  const raw = encodeRawFrame(64, 48, new Uint8Array(64 * 48 * 3));
  fc.assert(
    fc.property(
      fc.constantFrom(
        jpeg,
        raw,
        Uint8Array.of(0x89, 80, 78, 71, 13, 10, 26, 10),
      ),
      fc.nat(),
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom("jpeg", "png", "raw", undefined, "webp"),
      (base, at, put, encoding) => {
        const bytes = base.slice();
        bytes.set(
          put.subarray(0, bytes.length),
          at % Math.max(1, bytes.length - put.length),
        );
        for (const one of [bytes, bytes.subarray(0, at % bytes.length), put]) {
          holds(() => checkFrame(one, encoding, limits), FrameFormatError);
        }
      },
    ),
    runs,
  );
});

Deno.test("a spool with any damage gives the frames before it, and nothing that was never in it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 80 }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.nat(),
      fc.nat(255),
      fc.array(fc.nat(50), { maxLength: 20 }),
      (frames, where, flip, cuts) => {
        const records = frames.map((bytes, number) => {
          const record = new Uint8Array(SPOOL_HEADER_BYTES + bytes.length);
          record.set(bytes, SPOOL_HEADER_BYTES);
          writeSpoolHeader(
            { kind: "jpeg", width: 4, height: 4, number, timestamp: 0, bytes },
            record,
            0,
          );
          return record;
        });
        const spool = new Uint8Array(Buffer.concat(records));
        const at = where % spool.length;
        spool[at]! ^= flip;
        let sound = 0;
        for (let end = 0; sound < records.length; sound++) {
          end += records[sound]!.length;
          if (at < end && flip !== 0) break;
        }
        const scanner = new SpoolScanner();
        let from = 0;
        const found: number[] = [];
        for (const cut of [...cuts, spool.length]) {
          scanner.push(spool.subarray(from, from + cut));
          from += cut;
          for (let one = scanner.next(); one; one = scanner.next()) {
            found.push(one.number);
          }
        }
        assert.deepEqual(found, frames.slice(0, sound).map((_, n) => n));
      },
    ),
    runs,
  );
});

Deno.test("any body is a form or refused as one, however it is cut", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "--b\r\n",
      "--b--\r\n",
      "\r\n",
      'Content-Disposition: form-data; name="video"; filename="a.mp4"\r\n',
      'Content-Disposition: form-data; name="x"\r\n',
      "Content-Type: a/b\r\n",
    ),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 14 }),
      fc.array(fc.nat(30), { maxLength: 20 }),
      (pieces, cuts) => {
        const bytes = new TextEncoder().encode(pieces.join(""));
        holds(() => {
          const reader = new MultipartReader("b");
          let from = 0;
          for (const cut of [...cuts, bytes.length]) {
            reader.push(bytes.subarray(from, from + cut));
            from += cut;
            while (reader.next() !== undefined);
          }
          reader.end();
        }, MultipartError);
      },
    ),
    runs,
  );
});
