/**
 * Secure RTP and RTCP (RFC 3711).
 *
 * ```
 * SRTP   | RTP header | encrypted payload | tag 10 or 4 |
 * SRTCP  | 8 bytes clear | encrypted rest | E(1) index(31) | tag 10 |
 * ```
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";
import { RtpProtocolError } from "./errors.ts";
import { readUint32, RTP_HEADER_LENGTH, writeUint32 } from "./packet.ts";
import { FOR_RTCP, FOR_RTP, SrtpKeys } from "./srtp_keys.ts";
import type { SrtpMaster, SrtpProfile } from "./srtp_keys.ts";

/** Bytes of the tag behind an RTCP packet, in both profiles (RFC 3711 section 5.2, RFC 4568 section 6.2.2). */
const RTCP_TAG_LENGTH = 10;
/** E flag and index. */
const RTCP_INDEX_LENGTH = 4;
/** Clear part of an RTCP compound: first header and SSRC. */
const RTCP_CLEAR_LENGTH = 8;
/** Bytes that {@linkcode SrtpSender.protectRtcp} adds. */
export const SRTCP_OVERHEAD: number = RTCP_INDEX_LENGTH + RTCP_TAG_LENGTH;
/** Packets behind the newest that may still come, each once (section 3.3.2 asks for 64). */
const REPLAY_WINDOW = 1024;
/** Sources of one key; each needs a packet with a right tag to be remembered. */
const MAX_SOURCES = 32;
/** A key is not used for more RTP packets (section 9.2). */
const MAX_RTP_INDEX = 2 ** 48 - 1;
/** A key is not used for more RTCP packets (section 9.2). */
const MAX_RTCP_INDEX = 2 ** 31 - 1;

/** Bytes that {@linkcode SrtpSender.protectRtp} adds behind a packet. */
export function srtpTagLength(profile: SrtpProfile): number {
  return profile === "AES_CM_128_HMAC_SHA1_32" ? 4 : 10;
}

/** Protects what one side sends. */
export class SrtpSender {
  readonly #rtp: SrtpKeys;
  readonly #rtcp: SrtpKeys;
  readonly #tagLength: number;
  readonly #rollover = new Uint8Array(4);
  /** Last sequence number and number of wraps of each source. */
  readonly #sources = new Map<number, { last: number; wraps: number }>();
  #rtcpIndex = 0;

  /** With a master key that nobody else sends under with the same SSRC. */
  constructor(master: SrtpMaster) {
    this.#rtp = new SrtpKeys(master, FOR_RTP);
    this.#rtcp = new SrtpKeys(master, FOR_RTCP);
    this.#tagLength = srtpTagLength(master.profile);
  }

  /** Wraps of the sequence number of `ssrc` so far, as MIKEY tells receivers that join late. */
  rollover(ssrc: number): number {
    return this.#sources.get(ssrc)?.wraps ?? 0;
  }

  /**
   * Protects the RTP packet of `length` bytes at `offset` where it lies, and
   * writes its tag behind it. Returns the new length. Packets of a source are
   * to come in order.
   *
   * @throws {RangeError} when the tag does not fit.
   * @throws {RtpProtocolError} when the key has been used up, or it is no RTP.
   */
  protectRtp(buffer: Uint8Array, offset: number, length: number): number {
    const end = offset + length;
    if (end + this.#tagLength > buffer.length) {
      throw new RangeError(
        `Cannot protect RTP packet: its tag ends at ${
          end + this.#tagLength
        }, the buffer at ${buffer.length}`,
      );
    }
    const packet = buffer.subarray(offset, end);
    const header = rtpHeaderLength(packet);
    const ssrc = readUint32(packet, 8);
    const index = this.#nextIndex(ssrc, (packet[2]! << 8) | packet[3]!);
    this.#rtp.crypt(packet.subarray(header), ssrc, index);
    writeUint32(this.#rollover, 0, Math.floor(index / 0x1_0000));
    buffer.set(
      this.#rtp.tag([packet, this.#rollover], this.#tagLength),
      end,
    );
    return length + this.#tagLength;
  }

  /**
   * The RTCP compound, protected.
   *
   * @throws {RtpProtocolError} when the key has been used up, or it is no RTCP.
   */
  protectRtcp(compound: Uint8Array): Uint8Array<ArrayBuffer> {
    if (compound.length < RTCP_CLEAR_LENGTH) throw truncated(compound.length);
    if (this.#rtcpIndex >= MAX_RTCP_INDEX) throw exhausted();
    const out = new Uint8Array(compound.length + SRTCP_OVERHEAD);
    out.set(compound);
    const index = ++this.#rtcpIndex;
    const end = compound.length;
    this.#rtcp.crypt(
      out.subarray(RTCP_CLEAR_LENGTH, end),
      readUint32(out, 4),
      index,
    );
    writeUint32(out, end, (0x8000_0000 | index) >>> 0);
    const signed = out.subarray(0, end + RTCP_INDEX_LENGTH);
    out.set(this.#rtcp.tag([signed], RTCP_TAG_LENGTH), signed.length);
    return out;
  }

  #nextIndex(ssrc: number, sequence: number): number {
    let source = this.#sources.get(ssrc);
    if (source === undefined) {
      source = { last: sequence, wraps: 0 };
      this.#sources.set(ssrc, source);
    }
    if (sequence < source.last && source.last - sequence > 0x8000) {
      source.wraps++;
    }
    source.last = sequence;
    const index = source.wraps * 0x1_0000 + sequence;
    if (index > MAX_RTP_INDEX) throw exhausted();
    return index;
  }
}

/** Which indices of a source have come (section 3.3.2). */
class ReplayWindow {
  highest = -1;
  readonly #seen = new Float64Array(REPLAY_WINDOW);

  has(index: number): boolean {
    return index <= this.highest - REPLAY_WINDOW ||
      this.#seen[index % REPLAY_WINDOW] === index + 1;
  }

  add(index: number): void {
    this.#seen[index % REPLAY_WINDOW] = index + 1;
    if (index > this.highest) this.highest = index;
  }
}

/** Opens what the other side sends. */
export class SrtpReceiver {
  readonly #rtp: SrtpKeys;
  readonly #rtcp: SrtpKeys;
  readonly #tagLength: number;
  readonly #rollover = new Uint8Array(4);
  readonly #rtpWindows = new Map<number, ReplayWindow>();
  readonly #rtcpWindows = new Map<number, ReplayWindow>();
  readonly #startRollovers: ReadonlyMap<number, number>;

  /** `rollovers` are those of streams joined late, by SSRC. */
  constructor(
    master: SrtpMaster,
    rollovers: ReadonlyMap<number, number> = new Map(),
  ) {
    this.#rtp = new SrtpKeys(master, FOR_RTP);
    this.#rtcp = new SrtpKeys(master, FOR_RTCP);
    this.#tagLength = srtpTagLength(master.profile);
    this.#startRollovers = rollovers;
  }

  /**
   * Checks and decrypts an RTP packet where it lies; returns it without its tag.
   *
   * @throws {RtpProtocolError} `SRTP_BAD_TAG` when it was changed or is of
   * another key, `SRTP_REPLAYED` when it came before. It is left untouched then.
   */
  unprotectRtp(bytes: Uint8Array): Uint8Array {
    const end = bytes.length - this.#tagLength;
    if (end < RTP_HEADER_LENGTH) throw truncated(bytes.length);
    const packet = bytes.subarray(0, end);
    const header = rtpHeaderLength(packet);
    const ssrc = readUint32(packet, 8);
    const window = this.#rtpWindows.get(ssrc) ?? new ReplayWindow();
    const index = this.#guessIndex(
      window,
      ssrc,
      (packet[2]! << 8) | packet[3]!,
    );
    if (window.has(index)) throw replayed();
    writeUint32(this.#rollover, 0, Math.floor(index / 0x1_0000));
    this.#check(
      this.#rtp.tag([packet, this.#rollover], this.#tagLength),
      bytes.subarray(end),
    );
    this.#rtp.crypt(packet.subarray(header), ssrc, index);
    window.add(index);
    remember(this.#rtpWindows, ssrc, window);
    return packet;
  }

  /**
   * Checks and decrypts an RTCP compound where it lies; returns it without
   * index and tag.
   *
   * @throws {RtpProtocolError} as {@linkcode SrtpReceiver.unprotectRtp}.
   */
  unprotectRtcp(bytes: Uint8Array): Uint8Array {
    const end = bytes.length - SRTCP_OVERHEAD;
    if (end < RTCP_CLEAR_LENGTH) throw truncated(bytes.length);
    const word = readUint32(bytes, end);
    const index = word & 0x7fff_ffff;
    const ssrc = readUint32(bytes, 4);
    const window = this.#rtcpWindows.get(ssrc) ?? new ReplayWindow();
    if (window.has(index)) throw replayed();
    const signed = bytes.subarray(0, end + RTCP_INDEX_LENGTH);
    this.#check(
      this.#rtcp.tag([signed], RTCP_TAG_LENGTH),
      bytes.subarray(signed.length),
    );
    if (word > 0x7fff_ffff) {
      this.#rtcp.crypt(bytes.subarray(RTCP_CLEAR_LENGTH, end), ssrc, index);
    }
    window.add(index);
    remember(this.#rtcpWindows, ssrc, window);
    return bytes.subarray(0, end);
  }

  #check(expected: Uint8Array, actual: Uint8Array): void {
    if (!timingSafeEqual(expected, actual)) {
      throw new RtpProtocolError(
        "SRTP_BAD_TAG",
        "Cannot open SRTP packet: its tag is wrong",
      );
    }
  }

  /** The index nearest to the newest one (section 3.3.1). */
  #guessIndex(window: ReplayWindow, ssrc: number, sequence: number): number {
    if (window.highest < 0) {
      return (this.#startRollovers.get(ssrc) ?? 0) * 0x1_0000 + sequence;
    }
    const last = window.highest % 0x1_0000;
    const step = ((sequence - last) << 16) >> 16;
    const index = window.highest + step;
    // Before the first wrap there is nothing a packet could be older than.
    return index < 0 ? index + 0x1_0000 : index;
  }
}

/** Header, CSRCs and extension: what SRTP leaves in clear. */
function rtpHeaderLength(packet: Uint8Array): number {
  if (packet.length < RTP_HEADER_LENGTH) throw truncated(packet.length);
  let length = RTP_HEADER_LENGTH + 4 * (packet[0]! & 0x0f);
  if ((packet[0]! & 0x10) !== 0) {
    if (length + 4 > packet.length) throw truncated(packet.length);
    length += 4 + 4 * ((packet[length + 2]! << 8) | packet[length + 3]!);
  }
  if (length > packet.length) throw truncated(packet.length);
  return length;
}

function remember(
  windows: Map<number, ReplayWindow>,
  ssrc: number,
  window: ReplayWindow,
): void {
  if (windows.has(ssrc)) return;
  windows.set(ssrc, window);
  const [oldest] = windows.keys();
  if (windows.size > MAX_SOURCES && oldest !== undefined) {
    windows.delete(oldest);
  }
}

function truncated(length: number): RtpProtocolError {
  return new RtpProtocolError(
    "SRTP_TRUNCATED",
    `Cannot read SRTP packet: ${length} bytes are too few`,
  );
}

function replayed(): RtpProtocolError {
  return new RtpProtocolError(
    "SRTP_REPLAYED",
    "Cannot open SRTP packet: it came before, or is too old to tell",
  );
}

function exhausted(): RtpProtocolError {
  return new RtpProtocolError(
    "SRTP_KEY_EXHAUSTED",
    "Cannot protect SRTP packet: the key has been used for as many as it may",
  );
}
