/**
 * A frame as RTP packets, made once however many watch it.
 *
 * @module
 */

import {
  fitToRfc2435,
  JpegError,
  type Rfc2435Profile,
  type Rfc2435Refusal,
} from "../../jpeg/mod.ts";
import {
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  type PacketRun,
  planJpegPackets,
  RTP_HEADER_LENGTH,
} from "../../rtp/mod.ts";
import { writeInterleavedHeader } from "../../rtsp/mod.ts";

/** Bytes of an RTP packet: passes a tunnel within an Ethernet frame of 1500. */
export const MAX_PACKET_BYTES = 1400;
/** Room before every packet for the `$`, channel and length of an interleaved frame. */
export const HEADROOM = 4;

/** What a frame's packets are numbered with. */
export interface PacketNumbers {
  /** Of the first packet. */
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/**
 * Numbers of packets that every viewer numbers anew: in a copy, or where they
 * lie when they leave before anybody else looks at them.
 */
export const NO_NUMBERS: PacketNumbers = {
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
};

/** A JPEG and its packets; read only, but for numbers that are {@linkcode NO_NUMBERS}. */
export interface PackedFrame {
  /** The file, as the teaching dialect sends it whole. */
  readonly jpeg: Uint8Array;
  /** Where the packets lie in `bytes`. */
  readonly run: PacketRun;
  /** Interleaved frames on channel 0, one after another. */
  readonly bytes: Uint8Array;
  /** What the packets in `bytes` are numbered with. */
  readonly numbers: PacketNumbers;
}

/** Why a frame cannot be sent as it is. */
export class UnfitFrameError extends Error {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "UnfitFrameError";
  /** The reason, for programs; "damaged" when it is no sound JPEG. */
  readonly reason: Rfc2435Refusal["reason"] | "damaged";

  /** `message` says it for people. */
  constructor(reason: Rfc2435Refusal["reason"] | "damaged", message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Packetises a JPEG by RFC 2435, re-coding its scan where its Huffman tables
 * are not the standard ones.
 *
 * @throws {UnfitFrameError} when only encoding it anew would help.
 */
export function packFrame(
  jpeg: Uint8Array,
  numbers: PacketNumbers = NO_NUMBERS,
): PackedFrame {
  const profile = fit(jpeg);
  const options = {
    ...numbers,
    maxPayload: MAX_PACKET_BYTES - RTP_HEADER_LENGTH,
    headroom: HEADROOM,
  };
  const bytes = new Uint8Array(planJpegPackets(profile, options).byteLength);
  const run = packetizeJpeg(profile, options, bytes);
  for (let index = 0; index < run.count; index++) {
    writeInterleavedHeader(
      bytes,
      packetOffset(run, index) - HEADROOM,
      0,
      packetLengthAt(run, index),
    );
  }
  return { jpeg, run, bytes, numbers };
}

function fit(jpeg: Uint8Array): Rfc2435Profile {
  try {
    const fitted = fitToRfc2435(jpeg);
    if (fitted.fits) return fitted.profile;
    throw new UnfitFrameError(fitted.reason, fitted.message);
  } catch (error) {
    if (!(error instanceof JpegError)) throw error;
    throw new UnfitFrameError("damaged", error.message);
  }
}
