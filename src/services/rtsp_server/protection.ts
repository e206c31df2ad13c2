/**
 * SRTP of one viewer: its packets protected, its reports opened.
 *
 * @module
 */

import {
  decodeMikey,
  packetLengthAt,
  packetOffset,
  type PacketRun,
  retargetPackets,
  RtpProtocolError,
  type SrtpMaster,
  SrtpReceiver,
  SrtpSender,
  srtpTagLength,
} from "../../rtp/mod.ts";
import { writeInterleavedHeader } from "../../rtsp/mod.ts";
import {
  HEADROOM,
  type PackedFrame,
  type PacketNumbers,
} from "./packed_frame.ts";

/** Largest growth of a packet, bytes. */
export const MAX_TAG_BYTES = 10;

/** Packets in a buffer, as {@linkcode PackedFrame} has them. */
export interface PacketBytes {
  readonly run: PacketRun;
  readonly bytes: Uint8Array;
}

/** Protects what one viewer gets. */
export class Protection {
  readonly #sender: SrtpSender;
  readonly #receiver: SrtpReceiver;
  readonly #tagLength: number;
  #buffer = new Uint8Array(0);

  /** `ours` protects packets and reports, `theirs` the viewer's reports. */
  constructor(ours: SrtpMaster, theirs: SrtpMaster) {
    this.#sender = new SrtpSender(ours);
    this.#receiver = new SrtpReceiver(theirs);
    this.#tagLength = srtpTagLength(ours.profile);
  }

  /**
   * A copy of the frame's packets with these numbers, protected; good until the
   * next call. `channel` stands in front of each packet.
   */
  protect(
    frame: PackedFrame,
    numbers: PacketNumbers,
    channel: number,
  ): PacketBytes {
    const tag = this.#tagLength;
    const { run } = frame;
    const secure: PacketRun = {
      ...run,
      stride: run.stride + tag,
      packetLength: run.packetLength + tag,
      lastLength: run.lastLength + tag,
      byteLength: run.byteLength + run.count * tag,
    };
    if (this.#buffer.length < secure.byteLength) {
      this.#buffer = new Uint8Array(Math.ceil(secure.byteLength * 1.25));
    }
    const out = this.#buffer;
    for (let index = 0; index < run.count; index++) {
      const from = packetOffset(run, index);
      out.set(
        frame.bytes.subarray(from, from + packetLengthAt(run, index)),
        packetOffset(secure, index),
      );
    }
    retargetPackets(out, secure, numbers);
    for (let index = 0; index < run.count; index++) {
      const at = packetOffset(secure, index);
      const length = this.#sender.protectRtp(
        out,
        at,
        packetLengthAt(run, index),
      );
      writeInterleavedHeader(out, at - HEADROOM, channel, length);
    }
    return { run: secure, bytes: out.subarray(0, secure.byteLength) };
  }

  /** A report, protected. */
  protectReport(compound: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#sender.protectRtcp(compound);
  }

  /** The viewer's report in clear; `undefined` when it is none, or not its. */
  openReport(bytes: Uint8Array): Uint8Array | undefined {
    try {
      return this.#receiver.unprotectRtcp(bytes.slice());
    } catch (error) {
      if (error instanceof RtpProtocolError) return undefined;
      throw error;
    }
  }
}

/**
 * The key in a player's KeyMgmt header; `undefined` when it cannot be used.
 * `base64` is well formed, as the header's reader has seen to.
 */
export function readPlayerKey(base64: string): SrtpMaster | undefined {
  try {
    return decodeMikey(Uint8Array.fromBase64(base64)).master;
  } catch (error) {
    if (error instanceof RtpProtocolError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
