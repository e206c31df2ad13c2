/**
 * From packets to pictures, in either dialect: order, loss, figures, reports.
 * Knows neither sockets nor timers.
 *
 * @module
 */

import { serialDistance } from "../../bytes/mod.ts";
import { JpegError } from "../../jpeg/mod.ts";
import {
  cnameDescription,
  decodeRtcpCompound,
  decodeRtpPacket,
  encodeRtcpCompound,
  JitterBuffer,
  ReceptionStatistics,
  RtpProtocolError,
  unixFromNtp,
} from "../../rtp/mod.ts";
import type { RtpPacket } from "../../rtp/mod.ts";
import { FrameCount } from "./frame_count.ts";
import type { FrameCountOptions, LossSoFar } from "./frame_count.ts";
import { MediaClock } from "./media_clock.ts";
import type { PacketFigures } from "./options.ts";
import { PictureMaker, soundSize } from "./picture_maker.ts";
import type { MadePicture } from "./picture_maker.ts";
import { type PlayerFrame, UnbuiltFrame } from "./received_frame.ts";
import { smooth } from "./smooth.ts";

/** A step back by more than this in the teaching dialect is a server that starts over. */
const LAB_MAX_MISORDER = 50;

/** How far packet 1 may come behind another without being a new beginning. */
const LAB_REORDER_AT_START = 5;

/** How packets are to be read. */
export interface ReceiverOptions extends FrameCountOptions {
  /** Milliseconds to wait for a missing packet. */
  readonly latencyMs: number;
  /** RTP payload type of the video. */
  readonly payloadType: number;
  /** Picture size, where the description tells. */
  readonly dimensions:
    | { readonly width: number; readonly height: number }
    | undefined;
  /** Our own source number, for reports. */
  readonly ssrc: number;
  /** Told of each picture. */
  readonly onFrame: (frame: PlayerFrame) => void;
}

interface Arrived {
  readonly sequence: number;
  /** A view of the datagram until the call that brought it returns; a copy from then on. */
  packet: RtpPacket;
  readonly at: number;
  /** Whether it has gone on its way to a picture. */
  isUsed: boolean;
}

/** Receives one track. */
export class MediaReceiver {
  readonly #options: ReceiverOptions;
  readonly #jitter: JitterBuffer<Arrived>;
  readonly #pictures: PictureMaker;
  readonly #clock: MediaClock;
  readonly #count: FrameCount;
  #statistics: ReceptionStatistics | undefined;
  #ssrc: number | undefined;
  /** The first packet of another source: a second one makes it ours. */
  #stranger: Arrived | undefined;
  #labHighest: number | undefined;
  #labRestarts = 0;
  #invalid = 0;
  #octets = 0;
  /** When the first packet of the frame under way came. */
  #frameBeganAt: number | undefined;
  #assembly: number | undefined;
  /** The newest picture that was handed on. */
  #newest: PlayerFrame | undefined;

  /** For packets of one description. */
  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#jitter = new JitterBuffer(options.latencyMs);
    this.#pictures = new PictureMaker(options.dialect, options.dimensions);
    this.#clock = new MediaClock(options.clockRate);
    this.#count = new FrameCount(options);
  }

  /** Pictures that came out. */
  get framesReceived(): number {
    return this.#count.complete;
  }

  /** Pictures that did not arrive whole. */
  get framesLost(): number {
    return this.#count.lost;
  }

  /** Number of the newest picture. */
  get frameNumber(): number {
    return this.#count.number;
  }

  /** Payload bytes received. */
  get octets(): number {
    return this.#octets;
  }

  /** Seconds into the stream. */
  get mediaTime(): number {
    return this.#clock.mediaTime;
  }

  /** See `PlayerReport.driftMs`. */
  get driftMs(): number {
    return this.#clock.driftMs;
  }

  /** See `PlayerReport.jitterMs`. */
  get jitterMs(): number | undefined {
    return this.#options.dialect === "lab"
      ? undefined
      : this.#statistics?.jitterMilliseconds;
  }

  /** See `PlayerReport.assemblyMs`. */
  get assemblyMs(): number {
    return this.#assembly ?? 0;
  }

  /** See `PlayerReport.latencyMs`. */
  get latencyMs(): number | undefined {
    return this.#clock.latencyMs;
  }

  /** What the network did. */
  get packets(): PacketFigures {
    const { received, lost, duplicates, reordered, late, restarts } =
      this.#jitter.counts;
    return {
      received,
      lost,
      duplicates,
      reordered,
      late,
      invalid: this.#invalid,
      restarts: restarts + this.#labRestarts,
    };
  }

  /**
   * Playing begins, or goes on elsewhere: what is under way is given up, and
   * media time is `seconds` at `timestamp`, or at the first packet.
   */
  begin(
    seconds: number,
    sequence: number | undefined,
    timestamp: number | undefined,
  ): void {
    this.#giveUp();
    this.#jitter.reset();
    if (sequence !== undefined) this.#jitter.expect(sequence);
    this.#labHighest = undefined;
    this.#clock.begin(seconds, timestamp);
    this.#stranger = undefined;
  }

  /**
   * Takes an RTP packet that arrived at `now` (milliseconds, steady). The bytes
   * may be reused afterwards: what must wait is copied.
   */
  receiveRtp(bytes: Uint8Array, now: number, unixTime: number): void {
    let packet: RtpPacket;
    try {
      packet = decodeRtpPacket(bytes);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (packet.payloadType !== this.#options.payloadType) {
      this.#invalid++;
      return;
    }
    const arrived: Arrived = {
      sequence: packet.sequence,
      packet,
      at: now,
      isUsed: false,
    };
    if (this.#ssrc === packet.ssrc || this.#adopt(arrived)) {
      this.#take(arrived);
      this.#drain(now, unixTime);
    }
    if (!arrived.isUsed) arrived.packet = decodeRtpPacket(bytes.slice());
  }

  /** A packet came that cannot be opened. */
  refuse(): void {
    this.#invalid++;
  }

  /**
   * Takes an RTCP compound; whether it says goodbye for our source.
   */
  receiveRtcp(bytes: Uint8Array, now: number): "bye" | undefined {
    try {
      for (const packet of decodeRtcpCompound(bytes)) {
        if (packet.type === "sender-report") {
          this.#clock.report(packet.rtpTimestamp, unixFromNtp(packet.ntp));
          this.#statistics?.receiveSenderReport(packet.ntp, now);
        } else if (packet.type === "bye") {
          const ours = this.#ssrc === undefined ||
            packet.ssrcs.includes(this.#ssrc) || packet.ssrcs.length === 0;
          if (ours) return "bye";
        }
      }
    } catch (error) {
      this.#refuse(error);
    }
    return undefined;
  }

  /** Our receiver report with our name, and a goodbye at the end. */
  report(now: number, cname: string, bye = false): Uint8Array<ArrayBuffer> {
    const { ssrc } = this.#options;
    const statistics = this.#statistics;
    return encodeRtcpCompound([
      {
        type: "receiver-report",
        ssrc,
        reports: statistics === undefined ? [] : [statistics.report(now)],
      },
      cnameDescription(ssrc, cname),
      ...(bye ? [{ type: "bye", ssrcs: [ssrc] } as const] : []),
    ]);
  }

  /** When a gap is given up. */
  nextTimeoutAt(): number | undefined {
    return this.#jitter.nextTimeoutAt();
  }

  /** Gives up gaps whose time is over. */
  handleTimeout(now: number, unixTime: number): void {
    this.#jitter.handleTimeout(now);
    this.#drain(now, unixTime);
  }

  /** The stream has ended: what waits for missing packets waits no more. */
  end(now: number, unixTime: number): void {
    this.#jitter.flush();
    this.#drain(now, unixTime);
    this.#giveUp();
  }

  /** Whether the packet is of a source we listen to from here on. */
  #adopt(arrived: Arrived): boolean {
    const { ssrc } = arrived.packet;
    const first = this.#ssrc === undefined;
    const before = this.#stranger;
    if (!first && before?.packet.ssrc !== ssrc) {
      this.#stranger = arrived;
      this.#invalid++;
      return false;
    }
    if (!first) {
      this.#giveUp();
      this.#jitter.reset();
      this.#clock.changeSource();
    }
    this.#ssrc = ssrc;
    this.#statistics = new ReceptionStatistics(ssrc, this.#options.clockRate);
    this.#stranger = undefined;
    if (before !== undefined) {
      this.#invalid--;
      this.#take(before);
    }
    return true;
  }

  #take(arrived: Arrived): void {
    const { packet, sequence, at } = arrived;
    this.#statistics?.receive(packet, at);
    this.#octets += packet.payload.length;
    if (this.#options.dialect === "lab") this.#followRestart(sequence);
    this.#jitter.push(arrived, at);
  }

  /** Old servers count from 1 again at the end of their file; the frames go on. */
  #followRestart(sequence: number): void {
    const highest = this.#labHighest;
    const step = highest === undefined
      ? 1
      : serialDistance(sequence, highest, 16);
    const restart = step < -LAB_MAX_MISORDER ||
      (sequence === 1 && step < -LAB_REORDER_AT_START);
    if (restart) {
      this.#jitter.flush();
      this.#drain(undefined, undefined);
      this.#jitter.reset();
      this.#labRestarts++;
    }
    if (step > 0 || restart) this.#labHighest = sequence;
  }

  /** Hands on what is in order; without a time it is when each packet came. */
  #drain(now: number | undefined, unixTime: number | undefined): void {
    for (let one = this.#jitter.pop(); one; one = this.#jitter.pop()) {
      one.isUsed = true;
      this.#frameBeganAt ??= one.at;
      try {
        const made = this.#pictures.push(one.packet);
        if (made !== undefined) this.#finish(made, now ?? one.at, unixTime);
      } catch (error) {
        this.#refuse(error);
      }
    }
  }

  #finish(
    { picture, timestamp }: MadePicture,
    now: number,
    unixTime: number | undefined,
  ): void {
    const beganAt = this.#frameBeganAt ?? now;
    this.#frameBeganAt = undefined;
    const size = this.#sizeOf(picture);
    if (size === undefined) {
      // Its place is used again although the one before stays the newest.
      void this.#newest?.jpeg;
      return;
    }
    const lostBefore = this.#count.add(timestamp, this.#lossSoFar());
    this.#clock.follow(timestamp, now, unixTime);
    this.#assembly = smooth(this.#assembly, now - beganAt);
    this.#newest = new UnbuiltFrame(picture, {
      number: this.#count.number,
      lostBefore,
      mediaTime: this.#clock.mediaTime,
      width: size.width,
      height: size.height,
    });
    this.#options.onFrame(this.#newest);
  }

  /** Size of a picture that is sound; what is not is never shown. */
  #sizeOf(
    picture: MadePicture["picture"],
  ): { readonly width: number; readonly height: number } | undefined {
    try {
      return soundSize(picture);
    } catch (error) {
      this.#refuse(error);
      this.#count.addUnsound();
      return undefined;
    }
  }

  #lossSoFar(): LossSoFar {
    return {
      lostPackets: this.#jitter.counts.lost,
      incompleteFrames: this.#pictures.framesIncomplete,
    };
  }

  /** What is incomplete stays so. */
  #giveUp(): void {
    this.#pictures.flush();
    this.#count.giveUp(this.#lossSoFar());
    this.#frameBeganAt = undefined;
  }

  /** Counts what cannot be read; a fault of ours is thrown on. */
  #refuse(error: unknown): void {
    if (!(error instanceof RtpProtocolError || error instanceof JpegError)) {
      throw error;
    }
    this.#invalid++;
  }
}
