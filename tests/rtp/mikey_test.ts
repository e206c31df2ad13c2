import fc from "fast-check";
import assert from "node:assert/strict";
import {
  decodeMikey,
  encodeMikey,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import type { MikeyMessage } from "../../src/rtp/mod.ts";
import { bytesOf } from "../support/bytes.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const HEADER = "01 00 05 00 e69d51f8 02 00";
const STREAMS = "00 30685760 00000000 00 cafebabe 00000003";
const TIME = "0b 00 ebfe6f2d b1c13fd0";
const RANDOM = "0a 10 c2dde443a84930a5757a7ed9c3a417fb";
const POLICY = "01 00 00 0015 000101 010110 020101 03010a 070101 080101 0a0101";
const KEY = "000102030405060708090a0b0c0d0e0f";
const SALT = "101112131415161718191a1b1c1d";
const KEMAC = `00 00 0022 00 20 001e ${KEY} ${SALT} 00`;

/** As GStreamer and MediaMTX write it, with a key of ours. */
const BYTES = bytesOf(HEADER + STREAMS + TIME + RANDOM + POLICY + KEMAC);

const MESSAGE: MikeyMessage = {
  bundleId: 0xe69d51f8,
  streams: [
    { ssrc: 0x30685760, rollover: 0 },
    { ssrc: 0xcafebabe, rollover: 3 },
  ],
  time: { seconds: 0xebfe6f2d, fraction: 0xb1c13fd0 },
  random: bytesOf("c2dde443a84930a5757a7ed9c3a417fb"),
  master: {
    key: bytesOf(KEY),
    salt: bytesOf(SALT),
    profile: "AES_CM_128_HMAC_SHA1_80",
  },
};

Deno.test("a MIKEY message is read", () => {
  assert.deepEqual(decodeMikey(BYTES), MESSAGE);
});

Deno.test("a MIKEY message is written", () => {
  assert.deepEqual(encodeMikey(MESSAGE), BYTES);
});

Deno.test("the short tag is said and understood", () => {
  const master = {
    ...MESSAGE.master,
    profile: "AES_CM_128_HMAC_SHA1_32",
  } as const;
  const message = { ...MESSAGE, master };
  assert.deepEqual(decodeMikey(encodeMikey(message)), message);
});

const VARIANTS: readonly [name: string, text: string, profile?: string][] = [
  [
    "the salt by itself",
    HEADER + STREAMS + TIME + RANDOM + POLICY +
    `00 00 0024 00 30 0010 ${KEY} 000e ${SALT} 00`,
  ],
  [
    "a full authentication key and the tag's own length",
    HEADER + STREAMS + TIME + RANDOM +
    "01 00 00 0009 000101 030114 0b0104" + KEMAC,
    "AES_CM_128_HMAC_SHA1_32",
  ],
  [
    "parameters nobody needs",
    HEADER + STREAMS + TIME + RANDOM +
    "01 00 00 0009 050100 060100 04010e" + KEMAC,
  ],
  [
    "no policy, and an extension",
    HEADER + STREAMS + TIME + "15 10 c2dde443a84930a5757a7ed9c3a417fb" +
    "01 00 0002 aabb" + KEMAC,
  ],
];

for (const [name, text, profile] of VARIANTS) {
  Deno.test(`a MIKEY message with ${name} is read`, () => {
    const { master } = decodeMikey(bytesOf(text));
    assert.deepEqual(master, {
      ...MESSAGE.master,
      profile: profile ?? "AES_CM_128_HMAC_SHA1_80",
    });
  });
}

const REFUSED: readonly [name: string, text: string][] = [
  ["another version", `02${HEADER.slice(2)}`],
  ["a public key", `01 03 05 00 00000000 00 00`],
  ["another map", "01 00 05 00 00000000 00 01"],
  ["no key", "01 00 00 00 00000000 00 00"],
  ["an unknown payload", "01 00 63 00 00000000 00 00 00"],
  [
    "an encrypted key",
    HEADER + STREAMS + TIME + RANDOM + POLICY +
    KEMAC.replace("00 00 0022", "00 01 0022"),
  ],
  [
    "a signed key",
    HEADER + STREAMS + TIME + RANDOM + POLICY + KEMAC.replace(/00$/, "01"),
  ],
  [
    "a key to derive keys from",
    HEADER + STREAMS + TIME + RANDOM + POLICY +
    KEMAC.replace("00 20 001e", "00 00 001e"),
  ],
  [
    "a key with an index",
    HEADER + STREAMS + TIME + RANDOM + POLICY +
    KEMAC.replace("00 20 001e", "00 21 001e"),
  ],
  [
    "another cipher",
    HEADER + STREAMS + TIME + RANDOM + POLICY.replace("000101", "000102") +
    KEMAC,
  ],
  [
    "a longer key",
    HEADER + STREAMS + TIME + RANDOM + POLICY.replace("010110", "010120") +
    KEMAC,
  ],
  [
    "no encryption",
    HEADER + STREAMS + TIME + RANDOM + POLICY.replace("070101", "070100") +
    KEMAC,
  ],
  [
    "another protocol",
    HEADER + STREAMS + TIME + RANDOM + POLICY.replace("01 00 00", "01 00 01") +
    KEMAC,
  ],
];

for (const [name, text] of REFUSED) {
  Deno.test(`a MIKEY message with ${name} is refused`, () => {
    assert.throws(
      () => decodeMikey(bytesOf(text)),
      (error) =>
        error instanceof RtpProtocolError && error.code === "MIKEY_UNSUPPORTED",
    );
  });
}

Deno.test("a MIKEY message cut off anywhere is refused", () => {
  for (let length = 0; length < BYTES.length; length++) {
    assert.throws(
      () => decodeMikey(BYTES.subarray(0, length)),
      RtpProtocolError,
    );
  }
});

Deno.test("any bytes are a MIKEY message or refused as one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(BYTES.length - 1), fc.nat(255)), {
        maxLength: 6,
      }),
      fc.nat(BYTES.length),
      (damage, length) => {
        const bytes = BYTES.slice(0, length);
        for (const [at, byte] of damage) {
          if (at < length) bytes[at] = byte;
        }
        try {
          const message = decodeMikey(bytes);
          assert.deepEqual(decodeMikey(encodeMikey(message)), message);
        } catch (error) {
          assert.ok(error instanceof RtpProtocolError);
        }
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});
