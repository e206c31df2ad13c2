import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BlockAssembler,
  CLIENT_EVENTS,
  parseChannelMessage,
  parseClientEvent,
  parseLink,
  readBindingRequest,
  readBindingSuccess,
  readBlock,
  readRelayFrame,
  SignalProtocolError,
  verifyManifest,
} from "../../src/signaling/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";
import { TestRooms } from "../signaling/support.ts";

const FIELDS = [
  "roomId",
  "userName",
  "type",
  "time",
  "volume",
  "speed",
  "at",
  "message",
  "participantId",
  "offer",
  "answer",
  "candidate",
  "metadata",
  "totalChunks",
  "quality",
  "password",
  "token",
  "hostKey",
  "hostClaim",
  "resumable",
  "knockId",
  "admit",
  "knock",
  "sharedControl",
  "waitForBuffering",
  "state",
  "driftMs",
  "bufferedS",
];

const someValue = fc.oneof(
  fc.constantFrom("ROOM01", "a", "b", "play", "seek", "buffering", true, 5),
  fc.jsonValue(),
  fc.double(),
);
const payload = fc.oneof(
  fc.dictionary(fc.constantFrom(...FIELDS), someValue),
  fc.anything(),
);

/** Runs `parse`, which may throw our error and no other. */
function tolerates(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof SignalProtocolError, String(error));
  }
}

Deno.test("an event is read, or refused as one", () => {
  fc.assert(
    fc.property(fc.constantFrom(...CLIENT_EVENTS), payload, (type, value) => {
      tolerates(() => parseClientEvent(type, value));
    }),
    { numRuns: fuzzRuns(1000) },
  );
});

Deno.test("whatever members do, a room has one host, who is in it, and nothing is left behind", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("send" as const),
      who: fc.constantFrom("a", "b", "c", "d"),
      type: fc.constantFrom(...CLIENT_EVENTS),
      value: fc.oneof(
        fc.dictionary(fc.constantFrom(...FIELDS), someValue)
          .map((fields) => ({ roomId: "ROOM01", userName: "x", ...fields })),
        payload,
      ),
    }),
    fc.record({
      kind: fc.constantFrom("connect" as const, "disconnect" as const),
      who: fc.constantFrom("a", "b", "c", "d"),
    }),
    fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.integer({ min: 0, max: 100_000 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rooms = new TestRooms();
      const open = new Set<string>();
      const generations = new Map<string, number>();
      const name = (who: string): string =>
        `${who}${generations.get(who) ?? 0}`;
      for (const one of steps) {
        if (one.kind === "pass") rooms.pass(one.ms);
        else if (one.kind === "send") {
          if (!open.has(name(one.who))) {
            rooms.connect(name(one.who));
            open.add(name(one.who));
          }
          rooms.send(name(one.who), one.type, one.value);
        } else if (one.kind === "disconnect" && open.delete(name(one.who))) {
          rooms.disconnect(name(one.who));
          generations.set(one.who, (generations.get(one.who) ?? 0) + 1);
        }
        for (const id of rooms.disconnected) open.delete(id);
      }
      const last = new Map<string, string>();
      for (const { to, event, payload } of rooms.sent) {
        if (event === "room-joined") {
          const users = payload.users as { isHost: boolean }[];
          assert.equal(users.filter(({ isHost }) => isHost).length, 1);
          last.set(to, String(payload.roomId));
        }
      }
      for (const id of open) rooms.disconnect(id);
      rooms.pass(3_600_000);
      rooms.pass(3_600_000);
      const { rooms: left, users, connections } = rooms.table.figures();
      assert.deepEqual([left, users, connections], [0, 0, 0]);
    }),
    { numRuns: fuzzRuns(300) },
  );
});

Deno.test("frames, STUN and links are read, or refused as such", () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
    .map((given) => Uint8Array.from(given));
  fc.assert(
    fc.property(bytes, fc.nat(3), (given, kind) => {
      given[0] = kind;
      const assembler = new BlockAssembler();
      tolerates(() => assembler.push(readBlock(given)));
      tolerates(() => readRelayFrame(given));
      tolerates(() => readBindingRequest(given));
      tolerates(() => readBindingSuccess(given, new Uint8Array(12)));
    }),
    { numRuns: fuzzRuns(1000) },
  );
  fc.assert(
    fc.property(fc.string(), fc.webUrl({ withFragments: true }), (a, b) => {
      tolerates(() => parseLink(a));
      tolerates(() => parseLink(b));
      tolerates(() => parseChannelMessage(a));
    }),
    { numRuns: fuzzRuns(300) },
  );
});

Deno.test("channel messages of any JSON are read, or refused as such", () => {
  const types = [
    "chunk-request",
    "hash-request",
    "chunk-missing",
    "connections",
    "ping",
    "stream-start",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.jsonValue(),
      (type, data) => {
        tolerates(() => parseChannelMessage(JSON.stringify({ type, data })));
        tolerates(() => parseChannelMessage(JSON.stringify(data)));
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("a manifest of anything is refused as one", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.anything(),
        fc.dictionary(
          fc.constantFrom("filmId", "fileName", "fileSize", "totalChunks"),
          fc.jsonValue(),
        ),
      ),
      async (value) => {
        await assert.rejects(
          verifyManifest(value, new Uint8Array(16), true),
          SignalProtocolError,
        );
      },
    ),
    { numRuns: fuzzRuns(300) },
  );
});
