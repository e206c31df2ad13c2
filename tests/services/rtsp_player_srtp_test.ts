import assert from "node:assert/strict";
import {
  decodeMikey,
  encodeMikey,
  encodeRtcpCompound,
  encodeRtpPacket,
  RtpProtocolError,
  type SrtpMaster,
  SrtpReceiver,
  SrtpSender,
} from "../../src/rtp/mod.ts";
import { describeMjpeg, type SdpDescription } from "../../src/sdp/mod.ts";
import { SrtpSession } from "../../src/services/rtsp_player/srtp_session.ts";
import { SeededRandom } from "../support/random.ts";

const SSRC = 0xbeef;
const CHANCE = new SeededRandom(7);

function random(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => CHANCE.integer(256));
}

function session(): SrtpSession {
  return new SrtpSession(1, 1_000_000, random);
}

function master(profile: SrtpMaster["profile"]): SrtpMaster {
  return { key: random(16), salt: random(14), profile };
}

function mikeyOf(key: SrtpMaster, rollover = 0): string {
  return encodeMikey({
    bundleId: 1,
    streams: [{ ssrc: SSRC, rollover }],
    time: { seconds: 0, fraction: 0 },
    random: random(16),
    master: key,
  }).toBase64();
}

/** A description that offers a key in these ways. */
function described(
  { mikey, crypto }: { mikey?: string; crypto?: string },
): SdpDescription {
  const description = describeMjpeg({
    name: "s",
    sessionId: "1",
    address: "127.0.0.1",
    ...(mikey === undefined ? {} : { mikey }),
  });
  const [media] = description.media;
  const line = crypto === undefined ? [] : [{ name: "crypto", value: crypto }];
  return {
    ...description,
    media: [{ ...media!, attributes: [...media!.attributes, ...line] }],
  };
}

function inline(key: SrtpMaster): string {
  const bytes = new Uint8Array([...key.key, ...key.salt]);
  return `1 ${key.profile} inline:${bytes.toBase64()}|2^31`;
}

/** A packet of the server's, and what it says in clear. */
function packet(key: SrtpMaster): { secret: Uint8Array; clear: Uint8Array } {
  const clear = encodeRtpPacket({
    payloadType: 26,
    marker: true,
    sequence: 7,
    timestamp: 8,
    ssrc: SSRC,
    csrcs: [],
    paddingLength: 0,
    payload: Uint8Array.of(1, 2, 3, 4),
  });
  const secret = new Uint8Array(clear.length + 10);
  secret.set(clear);
  const length = new SrtpSender(key).protectRtp(secret, 0, clear.length);
  return { secret: secret.subarray(0, length), clear };
}

for (
  const profile of [
    "AES_CM_128_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32",
  ] as const
) {
  Deno.test(`the key of a description opens packets of ${profile}, by MIKEY and in clear`, () => {
    const key = master(profile);
    for (const how of [{ mikey: mikeyOf(key) }, { crypto: inline(key) }]) {
      const description = described(how);
      const srtp = session();
      assert.equal(srtp.ready, false);
      srtp.acceptDescription(description, description.media[0]!);
      assert.equal(srtp.ready, true);
      const { secret, clear } = packet(key);
      assert.deepEqual(srtp.openRtp(secret.slice()), clear);
      assert.throws(() => srtp.openRtp(secret.slice()), RtpProtocolError);
    }
  });
}

Deno.test("the key that comes with SETUP is taken in place of the description's", () => {
  const [old, key] = [
    master("AES_CM_128_HMAC_SHA1_80"),
    master("AES_CM_128_HMAC_SHA1_80"),
  ];
  const description = described({ mikey: mikeyOf(old) });
  const srtp = session();
  srtp.acceptDescription(description, description.media[0]!);
  srtp.acceptMikey(mikeyOf(key));
  const { secret, clear } = packet(key);
  assert.deepEqual(srtp.openRtp(secret), clear);
  assert.throws(() => srtp.openRtp(packet(old).secret), RtpProtocolError);
});

Deno.test("keys that cannot be used are refused by name, or passed over", () => {
  const cases = [
    "1 AES_256_CM_HMAC_SHA1_80 inline:AAAA",
    "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
    "1 AES_CM_128_HMAC_SHA1_80 outline",
    "1 AES_CM_128_HMAC_SHA1_80 inline:A",
  ];
  for (const crypto of cases) {
    const description = described({ crypto });
    const srtp = session();
    srtp.acceptDescription(description, description.media[0]!);
    assert.equal(srtp.ready, false, crypto);
  }
  const srtp = session();
  assert.throws(() => srtp.acceptMikey("A"), RtpProtocolError);
  assert.throws(() => srtp.acceptMikey("AAAA"), RtpProtocolError);
  assert.throws(
    () => srtp.openRtcp(new Uint8Array(40)),
    /the server gave no key/,
  );
});

Deno.test("our reports are protected with the key that SETUP announces", () => {
  const srtp = session();
  const { master: ours, streams } = decodeMikey(
    Uint8Array.fromBase64(srtp.keyManagement),
  );
  assert.deepEqual(streams, [{ ssrc: 1, rollover: 0 }]);
  const report = encodeRtcpCompound([
    { type: "receiver-report", ssrc: 1, reports: [] },
  ]);
  const opened = new SrtpReceiver(ours).unprotectRtcp(srtp.protectRtcp(report));
  assert.deepEqual(opened, report);
});
