/**
 * What comes over one link: ports, packets, reports and when the stream is over.
 *
 * @module
 */

import type { UdpAddress } from "../../net/mod.ts";
import { RtcpSchedule, RtpProtocolError } from "../../rtp/mod.ts";
import { encodeInterleaved } from "../../rtsp/mod.ts";
import type { ClientAction } from "../../rtsp/mod.ts";
import {
  findJpegMedia,
  mediaDimensions,
  mediaFrameRate,
} from "../../sdp/mod.ts";
import { LAB_PAYLOAD_TYPE, LinkPorts } from "./link_ports.ts";
import type { PlayerFrame } from "./received_frame.ts";
import { MediaReceiver } from "./receiver.ts";
import { SrtpSession } from "./srtp_session.ts";

/** Bits a second that the report interval is computed for: a common camera's. */
const SESSION_BANDWIDTH = 4_000_000;

/** Milliseconds after the first packet when the first report goes out. */
const FIRST_REPORT_MS = 1000;

/** Milliseconds without a packet at a stream's very end after which it is over: not every server says so. */
const END_SILENCE_MS = 1000;

/** Seconds before the stated duration that count as its end. */
const END_MARGIN = 0.5;

/** The teaching dialect says nothing of clocks. */
const LAB_CLOCK_RATE = 90_000;

type Described = Extract<ClientAction, { type: "described" }>;
type Settled = Extract<ClientAction, { type: "transport" }>;

/** What the media needs of its link. */
export interface LinkMediaHost {
  readonly latencyMs: number;
  /** The UDP port that is asked for. */
  readonly rtpPort: number | undefined;
  /** Writes to the connection. */
  readonly write: (bytes: Uint8Array) => void;
  /** Something that goes on beside the link; a fault in it is the link's. */
  readonly run: (task: Promise<void>) => void;
  readonly onFrame: (frame: PlayerFrame) => void;
  /** Packets came over UDP. */
  readonly onPackets: (now: number) => void;
  /** The server said goodbye. */
  readonly onBye: () => void;
}

/** Receives what one link plays. */
export class LinkMedia {
  readonly #host: LinkMediaHost;
  readonly #cname = `streamtool-${crypto.randomUUID().slice(0, 8)}`;
  readonly #ssrc = crypto.getRandomValues(new Uint32Array(1))[0]!;
  #ports: LinkPorts | undefined;
  #receiver: MediaReceiver | undefined;
  #srtp: SrtpSession | undefined;
  #reports: RtcpSchedule | undefined;
  #sendReport: ((bytes: Uint8Array) => void) | undefined;
  #lastPacketAt: number | undefined;
  #duration: number | undefined;

  /** Nothing is open yet. */
  constructor(host: LinkMediaHost) {
    this.#host = host;
  }

  /** The figures' source; `undefined` before the server has described anything. */
  get receiver(): MediaReceiver | undefined {
    return this.#receiver;
  }

  /** Whether packets come encrypted. */
  get encrypted(): boolean {
    return this.#srtp !== undefined;
  }

  /** Whether the stream has an end. */
  get hasDuration(): boolean {
    return this.#duration !== undefined;
  }

  /** What SETUP says of our key; `undefined` where nothing is encrypted. */
  get keyManagement(): string | undefined {
    return this.#srtp?.keyManagement;
  }

  /**
   * Opens UDP ports at `local` for packets from `remote`; the teaching
   * dialect's are as large as there are.
   *
   * @throws {Error} when there are none to be had.
   */
  openPorts(
    local: string,
    remote: string,
    dialect: "standard" | "lab",
  ): readonly [number, number] {
    this.closePorts();
    const { rtpPort, run, onPackets } = this.#host;
    const ports = new LinkPorts(local, rtpPort, dialect, {
      rtp: (bytes, now, unixTime) => this.takeRtp(bytes, now, unixTime),
      rtcp: (bytes, now) => this.takeRtcp(bytes, now),
      onPackets,
    });
    ports.source = remote;
    this.#ports = ports;
    run(ports.run());
    return ports.numbers;
  }

  /** Lets the ports go. */
  closePorts(): void {
    this.#ports?.close();
    this.#ports = undefined;
  }

  /**
   * The description came; gives the frame rate that it states.
   *
   * @throws {RtpProtocolError} when it is encrypted in a way we do not know.
   */
  describe({ description, track, duration }: Described): number | undefined {
    const media = findJpegMedia(description)?.media;
    const frameRate = media === undefined ? undefined : mediaFrameRate(media);
    this.#duration = duration;
    this.#srtp = undefined;
    if (track.protocol === "RTP/SAVP" && media !== undefined) {
      this.#srtp = new SrtpSession(
        this.#ssrc,
        Date.now(),
        (length) => crypto.getRandomValues(new Uint8Array(length)),
      );
      this.#srtp.acceptDescription(description, media);
    }
    this.#receiver ??= this.#newReceiver(
      "standard",
      track,
      frameRate,
      media === undefined ? undefined : mediaDimensions(media),
    );
    return frameRate;
  }

  #newReceiver(
    dialect: "standard" | "lab",
    track: { readonly clockRate: number; readonly payloadType: number },
    frameRate?: number,
    dimensions?: { width: number; height: number },
  ): MediaReceiver {
    return new MediaReceiver({
      dialect,
      latencyMs: this.#host.latencyMs,
      clockRate: track.clockRate,
      payloadType: track.payloadType,
      dimensions,
      frameRate,
      ssrc: this.#ssrc,
      onFrame: this.#host.onFrame,
    });
  }

  /**
   * The way packets come is settled; `remote` is the server's address.
   *
   * @throws {RtpProtocolError} when there is no key for what is encrypted.
   */
  settle({ transport, keyManagement }: Settled, remote: string): void {
    this.#reports = undefined;
    this.#sendReport = undefined;
    if (keyManagement !== undefined) this.#srtp?.acceptMikey(keyManagement);
    if (this.#srtp?.ready === false) {
      throw new RtpProtocolError(
        "SRTP_BAD_KEY",
        "Cannot open SRTP packets: the server gives no key",
      );
    }
    switch (transport.kind) {
      case "lab":
        this.#receiver = this.#newReceiver("lab", {
          clockRate: LAB_CLOCK_RATE,
          payloadType: LAB_PAYLOAD_TYPE,
        });
        return;
      case "tcp": {
        const [, channel] = transport.channels;
        this.#sendReport = (bytes) =>
          this.#host.write(encodeInterleaved(channel, bytes));
        break;
      }
      case "udp":
        this.#settleUdp(transport.serverPorts, transport.source ?? remote);
        break;
    }
    this.#reports = new RtcpSchedule({
      weSend: false,
      bandwidth: SESSION_BANDWIDTH,
      firstAt: performance.now() + FIRST_REPORT_MS,
    });
  }

  #settleUdp(
    serverPorts: readonly [number, number] | undefined,
    hostname: string,
  ): void {
    const ports = this.#ports;
    if (ports === undefined) return;
    ports.source = hostname;
    if (serverPorts === undefined) return;
    const [rtpPort, rtcpPort] = serverPorts;
    const to: UdpAddress = { hostname, port: rtcpPort };
    this.#sendReport = (bytes) => this.#host.run(ports.sendReport(bytes, to));
    this.#host.run(ports.openWayIn({ hostname, port: rtpPort }));
    this.#report(performance.now());
  }

  /** Playing begins, or goes on elsewhere: see {@linkcode MediaReceiver.begin}. */
  begin(
    seconds: number,
    sequence: number | undefined,
    timestamp: number | undefined,
  ): void {
    this.#receiver?.begin(seconds, sequence, timestamp);
    this.#lastPacketAt = undefined;
  }

  /** Takes an RTP packet; an encrypted one is opened where it lies. */
  takeRtp(bytes: Uint8Array, now: number, unixTime: number): void {
    this.#lastPacketAt = now;
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const packet = this.#srtp === undefined ? bytes : this.#open(bytes, "rtp");
    if (packet !== undefined) receiver.receiveRtp(packet, now, unixTime);
  }

  /** Takes an RTCP compound. */
  takeRtcp(bytes: Uint8Array, now: number): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const compound = this.#srtp === undefined
      ? bytes
      : this.#open(bytes, "rtcp");
    if (compound === undefined) return;
    if (receiver.receiveRtcp(compound, now) === "bye") this.#host.onBye();
  }

  /** What is not the server's is counted and left out. */
  #open(bytes: Uint8Array, kind: "rtp" | "rtcp"): Uint8Array | undefined {
    try {
      return kind === "rtp"
        ? this.#srtp!.openRtp(bytes)
        : this.#srtp!.openRtcp(bytes);
    } catch (error) {
      if (!(error instanceof RtpProtocolError)) throw error;
      this.#receiver!.refuse();
      return undefined;
    }
  }

  /** Says goodbye to the server. */
  sayGoodbye(now: number): void {
    if (this.#reports !== undefined) this.#report(now, true);
    this.end(now);
  }

  /** What waits for missing packets waits no more. */
  end(now: number): void {
    this.#receiver?.end(now, Date.now());
  }

  /** Nothing is wanted any more. */
  close(): void {
    this.closePorts();
  }

  /** When {@linkcode LinkMedia.handleTimeout} has something to do. */
  nextTimeoutAt(): number {
    return Math.min(
      this.#receiver?.nextTimeoutAt() ?? Infinity,
      this.#reports?.nextTimeoutAt() ?? Infinity,
    );
  }

  /** When a stream that has played to its stated end is over. */
  endAt(): number {
    const duration = this.#duration;
    const receiver = this.#receiver;
    if (
      duration === undefined || receiver === undefined ||
      this.#lastPacketAt === undefined ||
      receiver.mediaTime < duration - END_MARGIN
    ) return Infinity;
    return this.#lastPacketAt + END_SILENCE_MS;
  }

  /** Gives up gaps, and reports. */
  handleTimeout(now: number): void {
    this.#receiver?.handleTimeout(now, Date.now());
    const reports = this.#reports;
    if (reports === undefined || reports.nextTimeoutAt() > now) return;
    reports.sent(this.#report(now), now, Math.random());
  }

  /** Sends a report; gives its size in bytes. */
  #report(now: number, bye = false): number {
    const plain = this.#receiver?.report(now, this.#cname, bye);
    if (plain === undefined) return 0;
    const bytes = this.#srtp?.protectRtcp(plain) ?? plain;
    this.#sendReport?.(bytes);
    return bytes.length;
  }
}
