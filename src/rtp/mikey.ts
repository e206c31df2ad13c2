/**
 * MIKEY (RFC 3830) as it sets up SRTP under RTSP (RFC 4567): the pre-shared-key
 * message without encryption and authentication of its own, which TLS has
 * given. It is what GStreamer, MediaMTX and cameras speak.
 *
 * ```
 * HDR   version 1 | type 0 | next | V, PRF | CSB id (32) | #CS | map type 0
 *       { policy (8) | SSRC (32) | ROC (32) } × #CS
 * T     next | type 0 | NTP time (64)
 * RAND  next | length | bytes
 * SP    next | policy | protocol 0 | length (16) | { type | length | value } …
 * KEMAC next | encryption 0 | length (16) | key data … | MAC 0
 *       key data: next | type (4), validity (4) | length (16) | key and salt
 * ```
 *
 * @module
 */

import { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { RtpProtocolError } from "./errors.ts";
import type { NtpTime } from "./ntp.ts";
import { SRTP_KEY_LENGTH, SRTP_SALT_LENGTH } from "./srtp_keys.ts";
import type { SrtpMaster, SrtpProfile } from "./srtp_keys.ts";

/** Largest message read; real ones have about 120 bytes. */
export const MAX_MIKEY_LENGTH = 4096;

const VERSION = 1;
const TYPE_PSK_INIT = 0;
const MAP_SRTP = 0;
const PAYLOAD_LAST = 0;
const PAYLOAD_KEMAC = 1;
const PAYLOAD_T = 5;
const PAYLOAD_SP = 10;
const PAYLOAD_RAND = 11;
const PAYLOAD_EXTENSION = 21;
const KEY_TEK = 2;
const KEY_TEK_WITH_SALT = 3;

/** Parameters of the SRTP policy (section 6.10.1). */
const Parameter = {
  cipher: 0,
  cipherKeyLength: 1,
  authentication: 2,
  authenticationKeyLength: 3,
  rtpEncryption: 7,
  rtcpEncryption: 8,
  rtpAuthentication: 10,
  tagLength: 11,
} as const;

/** Values of parameters we can work with; 4 bytes of authentication key is GStreamer's word for the short tag. */
const KNOWN_VALUES: ReadonlyMap<number, readonly number[]> = new Map([
  [Parameter.cipher, [1]],
  [Parameter.cipherKeyLength, [SRTP_KEY_LENGTH]],
  [Parameter.authentication, [1]],
  [Parameter.authenticationKeyLength, [4, 10, 20]],
  [Parameter.rtpEncryption, [1]],
  [Parameter.rtcpEncryption, [1]],
  [Parameter.rtpAuthentication, [1]],
  [Parameter.tagLength, [4, 10]],
]);

/** A stream of the key: crypto session in MIKEY's words. */
export interface MikeyStream {
  /** The source. */
  readonly ssrc: number;
  /** Wraps of its sequence number so far. */
  readonly rollover: number;
}

/** What a message says. */
export interface MikeyMessage {
  /** Crypto session bundle, any 32 bits. */
  readonly bundleId: number;
  /** The streams the key is for. */
  readonly streams: readonly MikeyStream[];
  /** When it was made. */
  readonly time: NtpTime;
  /** 16 bytes or more. */
  readonly random: Uint8Array;
  /** Key, salt and profile. */
  readonly master: SrtpMaster;
}

/** Writes a message. */
export function encodeMikey(message: MikeyMessage): Uint8Array<ArrayBuffer> {
  const { master, streams, random } = message;
  const writer = new ByteWriter(160);
  writer.uint8(VERSION).uint8(TYPE_PSK_INIT).uint8(PAYLOAD_T).uint8(0)
    .uint32(message.bundleId).uint8(streams.length).uint8(MAP_SRTP);
  for (const { ssrc, rollover } of streams) {
    writer.uint8(0).uint32(ssrc).uint32(rollover);
  }
  writer.uint8(PAYLOAD_RAND).uint8(0).uint32(message.time.seconds)
    .uint32(message.time.fraction);
  writer.uint8(PAYLOAD_SP).uint8(random.length).bytes(random);
  const tag = master.profile === "AES_CM_128_HMAC_SHA1_32" ? 4 : 10;
  const parameters = [
    [Parameter.cipher, 1],
    [Parameter.cipherKeyLength, SRTP_KEY_LENGTH],
    [Parameter.authentication, 1],
    [Parameter.authenticationKeyLength, tag],
    [Parameter.rtpEncryption, 1],
    [Parameter.rtcpEncryption, 1],
    [Parameter.rtpAuthentication, 1],
  ] as const;
  writer.uint8(PAYLOAD_KEMAC).uint8(0).uint8(0).uint16(parameters.length * 3);
  for (const [type, value] of parameters) {
    writer.uint8(type).uint8(1).uint8(value);
  }
  const length = SRTP_KEY_LENGTH + SRTP_SALT_LENGTH;
  writer.uint8(PAYLOAD_LAST).uint8(0).uint16(4 + length);
  writer.uint8(PAYLOAD_LAST).uint8(KEY_TEK << 4).uint16(length)
    .bytes(master.key).bytes(master.salt);
  return writer.uint8(0).finish();
}

/**
 * Reads a message.
 *
 * @throws {RtpProtocolError} when it is cut off, or asks for something else
 * than AES-128 in counter mode with HMAC-SHA-1 under a plain key.
 */
export function decodeMikey(bytes: Uint8Array): MikeyMessage {
  if (bytes.length > MAX_MIKEY_LENGTH) {
    throw unsupported(`${bytes.length} bytes exceed ${MAX_MIKEY_LENGTH}`);
  }
  try {
    return decode(new ByteReader(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RtpProtocolError(
      "MIKEY_TRUNCATED",
      `Cannot read MIKEY message: ${bytes.length} bytes end within it`,
    );
  }
}

function decode(reader: ByteReader): MikeyMessage {
  const version = reader.uint8();
  const type = reader.uint8();
  if (version !== VERSION || type !== TYPE_PSK_INIT) {
    throw unsupported(`version ${version}, type ${type}`);
  }
  let next = reader.uint8();
  reader.skip(1);
  const bundleId = reader.uint32();
  const count = reader.uint8();
  const mapType = reader.uint8();
  if (mapType !== MAP_SRTP) throw unsupported(`map type ${mapType}`);
  const streams: MikeyStream[] = [];
  for (let index = 0; index < count; index++) {
    reader.skip(1);
    streams.push({ ssrc: reader.uint32(), rollover: reader.uint32() });
  }
  let time: NtpTime = { seconds: 0, fraction: 0 };
  let random: Uint8Array = new Uint8Array();
  let profile: SrtpProfile = "AES_CM_128_HMAC_SHA1_80";
  let keys: { key: Uint8Array; salt: Uint8Array } | undefined;
  while (next !== PAYLOAD_LAST) {
    const payload = next;
    next = reader.uint8();
    switch (payload) {
      case PAYLOAD_T: {
        const timeType = reader.uint8();
        // 0 NTP-UTC, 1 NTP, 2 a counter of four bytes.
        time = {
          seconds: reader.uint32(),
          fraction: timeType === 2 ? 0 : reader.uint32(),
        };
        break;
      }
      case PAYLOAD_RAND:
        random = reader.bytes(reader.uint8());
        break;
      case PAYLOAD_SP:
        profile = decodePolicy(reader);
        break;
      case PAYLOAD_KEMAC:
        keys = decodeKemac(reader);
        break;
      case PAYLOAD_EXTENSION:
        reader.skip(1);
        reader.skip(reader.uint16());
        break;
      default:
        throw unsupported(`payload ${payload}`);
    }
  }
  if (keys === undefined) throw unsupported("no key");
  return {
    bundleId,
    streams,
    time,
    random,
    master: { ...keys, profile },
  };
}

function decodePolicy(reader: ByteReader): SrtpProfile {
  reader.skip(1);
  const protocol = reader.uint8();
  if (protocol !== 0) throw unsupported(`security protocol ${protocol}`);
  const parameters = new ByteReader(reader.bytes(reader.uint16()));
  let tagLength = 10;
  while (parameters.remaining > 0) {
    const type = parameters.uint8();
    const value = parameters.bytes(parameters.uint8());
    const known = KNOWN_VALUES.get(type);
    if (known === undefined) continue;
    if (value.length !== 1 || !known.includes(value[0]!)) {
      throw unsupported(`policy parameter ${type} of ${value.join(" ")}`);
    }
    const short = type === Parameter.tagLength ||
      type === Parameter.authenticationKeyLength;
    if (short) tagLength = value[0] === 4 ? 4 : 10;
  }
  return tagLength === 4
    ? "AES_CM_128_HMAC_SHA1_32"
    : "AES_CM_128_HMAC_SHA1_80";
}

function decodeKemac(
  reader: ByteReader,
): { key: Uint8Array; salt: Uint8Array } {
  const encryption = reader.uint8();
  const data = new ByteReader(reader.bytes(reader.uint16()));
  const mac = reader.uint8();
  if (encryption !== 0 || mac !== 0) {
    throw unsupported(`encryption ${encryption} and MAC ${mac} of the key`);
  }
  data.skip(1);
  const kind = data.uint8();
  const type = kind >> 4;
  const validity = kind & 0x0f;
  if ((type !== KEY_TEK && type !== KEY_TEK_WITH_SALT) || validity !== 0) {
    throw unsupported(`a key of type ${type}, validity ${validity}`);
  }
  const key = data.bytes(data.uint16());
  const whole = type === KEY_TEK_WITH_SALT
    ? [key, data.bytes(data.uint16())] as const
    : [
      key.subarray(0, SRTP_KEY_LENGTH),
      key.subarray(SRTP_KEY_LENGTH),
    ] as const;
  if (
    whole[0].length !== SRTP_KEY_LENGTH || whole[1].length !== SRTP_SALT_LENGTH
  ) {
    throw unsupported(
      `a key of ${whole[0].length} and a salt of ${whole[1].length} bytes`,
    );
  }
  return { key: whole[0].slice(), salt: whole[1].slice() };
}

function unsupported(what: string): RtpProtocolError {
  return new RtpProtocolError(
    "MIKEY_UNSUPPORTED",
    `Cannot use MIKEY message: ${what}`,
  );
}
