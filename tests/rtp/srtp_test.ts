import assert from "node:assert/strict";
import {
  decodeRtpPacket,
  encodeRtpPacket,
  RtpProtocolError,
  SRTCP_OVERHEAD,
  SrtpReceiver,
  SrtpSender,
  srtpTagLength,
} from "../../src/rtp/mod.ts";
import type { SrtpMaster, SrtpProfile } from "../../src/rtp/mod.ts";
import { deriveSrtpKey, FOR_RTP, SrtpKeys } from "../../src/rtp/srtp_keys.ts";
import { bytesOf } from "../support/bytes.ts";

/** RFC 3711 appendix B.3. */
const MASTER: SrtpMaster = {
  key: bytesOf("E1F97A0D3E018BE0D64FA32C06DE4139"),
  salt: bytesOf("0EC675AD498AFEEBB6960B3AABE6"),
  profile: "AES_CM_128_HMAC_SHA1_80",
};

const PROFILES: readonly SrtpProfile[] = [
  "AES_CM_128_HMAC_SHA1_80",
  "AES_CM_128_HMAC_SHA1_32",
];

function packet(sequence: number, ssrc = 0xcafebabe): Uint8Array<ArrayBuffer> {
  return encodeRtpPacket({
    payloadType: 26,
    marker: false,
    sequence,
    timestamp: 7,
    ssrc,
    csrcs: [],
    payload: Uint8Array.from({ length: 100 }, (_, index) => index),
    paddingLength: 0,
  });
}

/** A packet in the buffer of its own that protection needs. */
function protect(sender: SrtpSender, plain: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(plain.length + 10);
  buffer.set(plain);
  return buffer.slice(0, sender.protectRtp(buffer, 0, plain.length));
}

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RtpProtocolError && error.code === code;
}

Deno.test("session keys are those of RFC 3711 appendix B.3", () => {
  const { key, salt } = MASTER;
  assert.deepEqual(
    deriveSrtpKey(key, salt, 0, 16),
    bytesOf("C61E7A93744F39EE10734AFE3FF7A087"),
  );
  assert.deepEqual(
    deriveSrtpKey(key, salt, 2, 14),
    bytesOf("30CBBC08863D8C85D49DB34A9AE1"),
  );
  assert.deepEqual(
    deriveSrtpKey(key, salt, 1, 94),
    bytesOf(
      `CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
       E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
       6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2`,
    ),
  );
});

Deno.test("RTP and RTCP packets are protected as libsrtp does it", () => {
  const sender = new SrtpSender(MASTER);
  const rtp = bytesOf(`800f1234 decafbad cafebabe ${"ab".repeat(16)}`);
  assert.deepEqual(
    protect(sender, rtp),
    bytesOf(
      `800f1234 decafbad cafebabe 4e55dc4ce79978d88ca4d215949d2402
       b78d6acc99ea179b8dbb`,
    ),
  );
  const rtcp = bytesOf(`81c8000b cafebabe ${"ab".repeat(16)}`);
  assert.deepEqual(
    sender.protectRtcp(rtcp),
    bytesOf(
      `81c8000b cafebabe 7128035be487b9bdbef89041f977a5a8
       80000001 993e08cd54d6c1230798`,
    ),
  );
});

Deno.test("a packet's cipher is the one of its index and source", () => {
  const keys = new SrtpKeys(MASTER, FOR_RTP);
  const stream = (ssrc: number, index: number) => {
    const bytes = new Uint8Array(40);
    keys.crypt(bytes, ssrc, index);
    return String(bytes);
  };
  const streams = [
    stream(1, 0),
    stream(2, 0),
    stream(1, 1),
    stream(1, 0x100),
    stream(1, 0x1_0000),
    stream(1, 2 ** 47),
  ];
  assert.equal(new Set(streams).size, streams.length);
});

for (const profile of PROFILES) {
  Deno.test(`what is protected opens again, wrap after wrap: ${profile}`, () => {
    const master = { ...MASTER, profile };
    const sender = new SrtpSender(master);
    const receiver = new SrtpReceiver(master);
    for (let number = 65_000; number < 65_000 + 140_000; number += 500) {
      const plain = packet(number & 0xffff);
      const secret = protect(sender, plain);
      assert.equal(secret.length, plain.length + srtpTagLength(profile));
      assert.deepEqual(secret.subarray(0, 12), plain.subarray(0, 12));
      assert.notDeepEqual(secret.subarray(12, 112), plain.subarray(12));
      assert.deepEqual(receiver.unprotectRtp(secret), plain);
    }
    assert.equal(sender.rollover(0xcafebabe), 3);
  });
}

Deno.test("contributing sources and extensions stay in clear", () => {
  const plain = bytesOf(
    "911a1234 01020304 deadbeef 00000007 bede0001 10203040 aabbcc",
  );
  const secret = protect(new SrtpSender(MASTER), plain);
  assert.deepEqual(secret.subarray(0, 24), plain.subarray(0, 24));
  assert.notDeepEqual(secret.subarray(24, 27), plain.subarray(24));
  const opened = new SrtpReceiver(MASTER).unprotectRtp(secret);
  assert.deepEqual(decodeRtpPacket(opened), decodeRtpPacket(plain));
});

Deno.test("packets of a run are protected where they lie", () => {
  const plain = packet(1);
  const buffer = new Uint8Array(300).fill(9);
  buffer.set(plain, 50);
  const length = new SrtpSender(MASTER).protectRtp(buffer, 50, plain.length);
  assert.deepEqual(
    buffer.slice(50, 50 + length),
    protect(new SrtpSender(MASTER), plain),
  );
  assert.ok(buffer.subarray(0, 50).every((byte) => byte === 9));
  assert.ok(buffer.subarray(50 + length).every((byte) => byte === 9));
  assert.throws(
    () => new SrtpSender(MASTER).protectRtp(plain, 0, plain.length),
    RangeError,
  );
});

Deno.test("packets open in any order around a wrap, each once", () => {
  const sender = new SrtpSender(MASTER);
  const numbers = [65_533, 65_534, 65_535, 0, 1, 2];
  const secrets = numbers.map((number) => protect(sender, packet(number)));
  const receiver = new SrtpReceiver(MASTER);
  for (const at of [1, 3, 2, 5, 0, 4]) {
    assert.deepEqual(
      receiver.unprotectRtp(secrets[at]!.slice()),
      packet(numbers[at]!),
    );
  }
  for (const secret of secrets) {
    assert.throws(
      () => receiver.unprotectRtp(secret.slice()),
      refusal("SRTP_REPLAYED"),
    );
  }
});

Deno.test("a packet far behind the newest is taken for a replay", () => {
  const sender = new SrtpSender(MASTER);
  const old = protect(sender, packet(1));
  const receiver = new SrtpReceiver(MASTER);
  receiver.unprotectRtp(protect(sender, packet(2000)));
  assert.throws(() => receiver.unprotectRtp(old), refusal("SRTP_REPLAYED"));
});

Deno.test("who joins late needs the number of wraps", () => {
  const sender = new SrtpSender(MASTER);
  for (const number of [65_000, 10, 65_000]) protect(sender, packet(number));
  protect(sender, packet(20));
  const secret = protect(sender, packet(30));
  const rollovers = new Map([[0xcafebabe, sender.rollover(0xcafebabe)]]);
  assert.deepEqual(
    new SrtpReceiver(MASTER, rollovers).unprotectRtp(secret.slice()),
    packet(30),
  );
  assert.throws(
    () => new SrtpReceiver(MASTER).unprotectRtp(secret),
    refusal("SRTP_BAD_TAG"),
  );
});

Deno.test("a changed byte anywhere is noticed, and nothing is decrypted", () => {
  const secret = protect(new SrtpSender(MASTER), packet(5));
  const receiver = new SrtpReceiver(MASTER);
  for (let at = 1; at < secret.length; at++) {
    const changed = secret.slice();
    changed[at]! ^= 1;
    const before = changed.slice();
    assert.throws(() => receiver.unprotectRtp(changed), RtpProtocolError);
    assert.deepEqual(changed, before);
  }
  assert.deepEqual(receiver.unprotectRtp(secret), packet(5));
});

Deno.test("another key does not open a packet", () => {
  const secret = protect(new SrtpSender(MASTER), packet(5));
  const other = { ...MASTER, key: new Uint8Array(16) };
  assert.throws(
    () => new SrtpReceiver(other).unprotectRtp(secret),
    refusal("SRTP_BAD_TAG"),
  );
});

Deno.test("reports open once, and not when changed", () => {
  const report = bytesOf(`80c90001 00000001 81ca0002 00000001 01016100`);
  const sender = new SrtpSender(MASTER);
  const receiver = new SrtpReceiver(MASTER);
  const secrets = [1, 2, 3].map(() => sender.protectRtcp(report));
  assert.equal(secrets[0]!.length, report.length + SRTCP_OVERHEAD);
  for (const at of [1, 0, 2]) {
    assert.deepEqual(receiver.unprotectRtcp(secrets[at]!.slice()), report);
  }
  assert.throws(
    () => receiver.unprotectRtcp(secrets[0]!.slice()),
    refusal("SRTP_REPLAYED"),
  );
  const changed = sender.protectRtcp(report);
  changed[9]! ^= 1;
  assert.throws(
    () => receiver.unprotectRtcp(changed),
    refusal("SRTP_BAD_TAG"),
  );
});

Deno.test("a report that is only signed opens too", () => {
  // E flag clear: made by hand, as some devices send it.
  const report = bytesOf("80c90001 00000001");
  const keys = new SrtpKeys(MASTER, 3);
  const signed = Uint8Array.from([...report, 0, 0, 0, 9]);
  const secret = Uint8Array.from([...signed, ...keys.tag([signed], 10)]);
  assert.deepEqual(new SrtpReceiver(MASTER).unprotectRtcp(secret), report);
});

Deno.test("packets that are too short are refused", () => {
  const receiver = new SrtpReceiver(MASTER);
  for (const length of [0, 9, 21]) {
    assert.throws(
      () => receiver.unprotectRtp(new Uint8Array(length)),
      refusal("SRTP_TRUNCATED"),
    );
    assert.throws(
      () => receiver.unprotectRtcp(new Uint8Array(length)),
      refusal("SRTP_TRUNCATED"),
    );
  }
  assert.throws(
    () => receiver.unprotectRtp(bytesOf(`8f${"00".repeat(24)}`)),
    refusal("SRTP_TRUNCATED"),
  );
  assert.throws(
    () => new SrtpSender(MASTER).protectRtcp(new Uint8Array(4)),
    refusal("SRTP_TRUNCATED"),
  );
});

Deno.test("keys of another length are refused", () => {
  for (
    const wrong of [
      { key: new Uint8Array(32) },
      { salt: new Uint8Array(12) },
    ]
  ) {
    assert.throws(
      () => new SrtpSender({ ...MASTER, ...wrong }),
      refusal("SRTP_BAD_KEY"),
    );
  }
});
