/**
 * From packets to pictures, in either dialect: order, loss, figures, reports.
 * Knows neither sockets nor timers.
 *
 * @module
 */

import { serialDistance } from "../../bytes/mod.ts";
import {
  checkJpeg,
  checkJpegParts,
  JpegError,
  type JpegParts,
} from "../../jpeg/mod.ts";
import {
  cnameDescription,
  decodeRtcpCompound,
  decodeRtpPacket,
  encodeRtcpCompound,
  JitterBuffer,
  JpegDepacketizer,
  LabDepacketizer,
  ReceptionStatistics,
  RtpClock,
  RtpProtocolError,
  unixFromNtp,
} from "../../rtp/mod.ts";
import type { RtpPacket } from "../../rtp/mod.ts";
import { ClockDrift } from "./clock_drift.ts";
import type { PacketFigures } from "./options.ts";
import { type PlayerFrame, UnbuiltFrame } from "./received_frame.ts";

/** A step back by more than this in the teaching dialect is a server that starts over. */
const LAB_MAX_MISORDER = 50;

/** How far packet 1 may come behind another without being a new beginning. */
const LAB_REORDER_AT_START = 5;

/** A latency beyond this, milliseconds, says that the clocks have nothing to do with each other. */
const MAX_CREDIBLE_LATENCY = 60_000;

/** Weight of the newest value in running means. */
const SMOOTHING = 1 / 8;

/** How packets are to be read. */
export interface ReceiverOptions {
  readonly dialect: "standard" | "lab";
  /** Milliseconds to wait for a missing packet. */
  readonly latencyMs: number;
  /** Ticks of the timestamp a second. */
  readonly clockRate: number;
  /** RTP payload type of the video. */
  readonly payloadType: number;
  /** Picture size, where the description tells. */
  readonly dimensions:
    | { readonly width: number; readonly height: number }
    | undefined;
  /** Frames a second, where the description tells. */
  readonly frameRate: number | undefined;
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
  readonly #jpeg: JpegDepacketizer;
  readonly #lab = new LabDepacketizer();
  readonly #drift = new ClockDrift();
  #clock: RtpClock;
  #statistics: ReceptionStatistics | undefined;
  #ssrc: number | undefined;
  /** The first packet of another source: a second one makes it ours. */
  #stranger: Arrived | undefined;
  #labHighest: number | undefined;
  #labRestarts = 0;
  #invalid = 0;
  #octets = 0;
  #number = 0;
  #frames = 0;
  #framesLost = 0;
  /** Incomplete frames and lost packets up to the newest frame. */
  #seenIncomplete = 0;
  #seenLost = 0;
  #lastTimestamp: number | undefined;
  /** Where media time is counted from. */
  #base: {
    seconds: number;
    timestamp: number | undefined;
    at: number | undefined;
  };
  #mediaTime = 0;
  /** When the first packet of the frame under way came. */
  #frameBeganAt: number | undefined;
  #assembly: number | undefined;
  #latency: number | undefined;
  /** The newest picture that was handed on. */
  #newest: PlayerFrame | undefined;
  /** Pictures since the newest that came whole and are no JPEG. */
  #unsound = 0;

  /** For packets of one description. */
  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#jitter = new JitterBuffer(options.latencyMs);
    this.#jpeg = new JpegDepacketizer(
      options.dimensions === undefined
        ? {}
        : { dimensions: options.dimensions },
    );
    this.#clock = new RtpClock(options.clockRate);
    this.#base = { seconds: 0, timestamp: undefined, at: undefined };
  }

  /** Pictures that came out. */
  get framesReceived(): number {
    return this.#frames;
  }

  /** Pictures that did not arrive whole. */
  get framesLost(): number {
    return this.#framesLost;
  }

  /** Number of the newest picture. */
  get frameNumber(): number {
    return this.#number;
  }

  /** Payload bytes received. */
  get octets(): number {
    return this.#octets;
  }

  /** Seconds into the stream. */
  get mediaTime(): number {
    return this.#mediaTime;
  }

  /** See `PlayerReport.driftMs`. */
  get driftMs(): number {
    return this.#drift.milliseconds;
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
    return this.#latency;
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
    this.#base = { seconds, timestamp, at: undefined };
    this.#mediaTime = seconds;
    this.#stranger = undefined;
    this.#drift.reset();
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
      this.#count(error);
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
          this.#clock.update(packet.rtpTimestamp, unixFromNtp(packet.ntp));
          this.#statistics?.receiveSenderReport(packet.ntp, now);
        } else if (packet.type === "bye") {
          const ours = this.#ssrc === undefined ||
            packet.ssrcs.includes(this.#ssrc) || packet.ssrcs.length === 0;
          if (ours) return "bye";
        }
      }
    } catch (error) {
      this.#count(error);
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
      this.#drift.reset();
      this.#clock = new RtpClock(this.#options.clockRate);
      this.#base = {
        seconds: this.#mediaTime,
        timestamp: undefined,
        at: undefined,
      };
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
      for (let one = this.#jitter.pop(); one; one = this.#jitter.pop()) {
        this.#pushLab(one, one.at, undefined);
      }
      this.#jitter.reset();
      this.#labRestarts++;
    }
    if (step > 0 || restart) this.#labHighest = sequence;
  }

  #drain(now: number, unixTime: number): void {
    for (let one = this.#jitter.pop(); one; one = this.#jitter.pop()) {
      if (this.#options.dialect === "lab") this.#pushLab(one, now, unixTime);
      else this.#pushJpeg(one, now, unixTime);
    }
  }

  #pushJpeg(arrived: Arrived, now: number, unixTime: number): void {
    const { packet, at } = arrived;
    arrived.isUsed = true;
    this.#frameBeganAt ??= at;
    try {
      const frame = this.#jpeg.pushForParts(packet);
      if (frame === undefined) return;
      this.#finish(frame.parts, frame.timestamp, now, unixTime);
    } catch (error) {
      this.#count(error);
    }
  }

  #pushLab(
    arrived: Arrived,
    now: number,
    unixTime: number | undefined,
  ): void {
    const { packet, at } = arrived;
    arrived.isUsed = true;
    this.#frameBeganAt ??= at;
    try {
      const jpeg = this.#lab.push(packet);
      // A whole file in one packet is a view of that packet.
      if (jpeg !== undefined) {
        this.#finish(new Uint8Array(jpeg), undefined, now, unixTime);
      }
    } catch (error) {
      this.#count(error);
    }
  }

  #finish(
    picture: JpegParts | Uint8Array<ArrayBuffer>,
    timestamp: number | undefined,
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
    const lostBefore = this.#lostBefore(timestamp) + this.#unsound;
    this.#unsound = 0;
    this.#framesLost += lostBefore;
    this.#number += lostBefore + 1;
    this.#frames++;
    this.#follow(timestamp, now, unixTime);
    this.#assembly = smooth(this.#assembly, now - beganAt);
    this.#newest = new UnbuiltFrame(picture, {
      number: this.#number,
      lostBefore,
      mediaTime: this.#mediaTime,
      ...size,
    });
    this.#options.onFrame(this.#newest);
  }

  /** Size of a picture that is sound; what is not is never shown. */
  #sizeOf(
    picture: JpegParts | Uint8Array,
  ): { width: number; height: number } | undefined {
    try {
      if (!(picture instanceof Uint8Array)) checkJpegParts(picture);
      const { width, height } = picture instanceof Uint8Array
        ? checkJpeg(picture)
        : picture;
      return { width, height };
    } catch (error) {
      this.#count(error);
      this.#unsound++;
      return undefined;
    }
  }

  /** Frames that should have come between the one before and this. */
  #lostBefore(timestamp: number | undefined): number {
    const { frameRate, clockRate, dialect } = this.#options;
    const lostInAll = this.#jitter.counts.lost;
    const lost = Math.max(0, lostInAll - this.#seenLost);
    this.#seenLost = Math.max(this.#seenLost, lostInAll);
    const source = dialect === "lab" ? this.#lab : this.#jpeg;
    const incomplete = source.framesIncomplete - this.#seenIncomplete;
    this.#seenIncomplete = source.framesIncomplete;
    const last = this.#lastTimestamp;
    this.#lastTimestamp = timestamp;
    if (lost === 0) return incomplete;
    if (dialect === "lab") return incomplete > 0 ? incomplete : lost;
    if (
      frameRate === undefined || last === undefined || timestamp === undefined
    ) {
      return incomplete;
    }
    // A frame of which not one packet came shows in the timestamps only.
    const frames = Math.round(
      serialDistance(timestamp, last, 32) * frameRate / clockRate,
    ) - 1;
    return Math.max(incomplete, Math.min(frames, lost));
  }

  #follow(
    timestamp: number | undefined,
    now: number,
    unixTime: number | undefined,
  ): void {
    const { clockRate } = this.#options;
    const base = this.#base;
    base.at ??= now;
    if (timestamp === undefined) {
      this.#mediaTime = base.seconds + (now - base.at) / 1000;
      return;
    }
    base.timestamp ??= timestamp;
    const ticks = serialDistance(timestamp, base.timestamp, 32);
    const seconds = base.seconds + ticks / clockRate;
    // 32 bits of a 90 kHz clock last 13 hours: the base moves along.
    this.#base = { seconds, timestamp, at: base.at };
    this.#mediaTime = Math.max(0, seconds);
    this.#drift.add(seconds * 1000, now);
    const sentAt = this.#clock.unixTime(timestamp);
    if (sentAt === undefined || unixTime === undefined) return;
    const latency = unixTime - sentAt;
    this.#latency = Math.abs(latency) > MAX_CREDIBLE_LATENCY
      ? undefined
      : smooth(this.#latency, latency);
  }

  /** What is incomplete stays so. */
  #giveUp(): void {
    this.#jpeg.flush();
    const { framesIncomplete } = this.#options.dialect === "lab"
      ? this.#lab
      : this.#jpeg;
    this.#framesLost += framesIncomplete - this.#seenIncomplete + this.#unsound;
    this.#seenIncomplete = framesIncomplete;
    this.#unsound = 0;
    this.#seenLost = this.#jitter.counts.lost;
    this.#lastTimestamp = undefined;
    this.#frameBeganAt = undefined;
  }

  #count(error: unknown): void {
    if (!(error instanceof RtpProtocolError || error instanceof JpegError)) {
      throw error;
    }
    this.#invalid++;
  }
}

function smooth(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + (value - mean) * SMOOTHING;
}
