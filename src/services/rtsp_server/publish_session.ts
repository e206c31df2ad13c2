/**
 * One publisher: its packets on their way to pictures.
 *
 * @module
 */

import {
  DatagramBatch,
  MAX_DATAGRAM_BYTES,
  openPortPair,
  type UdpSocket,
} from "../../net/mod.ts";
import { encodeInterleaved, type ServerAction } from "../../rtsp/mod.ts";
import {
  findJpegMedia,
  mediaDimensions,
  mediaFrameRate,
  type SdpDescription,
} from "../../sdp/mod.ts";
import { MediaReceiver } from "../rtsp_player/mod.ts";
import type { ConnectionWriter } from "./connection_writer.ts";
import type { PushedFrame } from "./publish_feed.ts";
import type { SetupConnection } from "./session_table.ts";

/** Milliseconds to wait for a missing packet: what the player waits by default. */
const REORDER_MS = 100;
/** Datagrams taken from the system at once. */
const BATCH_DATAGRAMS = 8;
/** Milliseconds between receiver reports (RFC 3550 section 6.2). */
const REPORT_MS = 5000;

type Setup = Extract<ServerAction, { type: "setupTransport" }>;

/** How a track comes. */
type Way =
  | {
    readonly kind: "udp";
    readonly rtp: UdpSocket;
    readonly rtcp: UdpSocket;
    readonly done: Promise<unknown>;
  }
  | { readonly kind: "tcp" };

/** What a publisher's session is made with. */
export interface PublishSessionOptions {
  readonly id: string;
  /** As it was announced. */
  readonly path: string;
  readonly description: SdpDescription;
  readonly connection: SetupConnection;
  readonly user: string | undefined;
  /** Our address, for UDP. */
  readonly host: string;
  /** Names the server in reports. */
  readonly cname: string;
  readonly random32: () => number;
  /** A packet came over UDP. */
  readonly onLife: (now: number) => void;
  readonly onFrame: (frame: PushedFrame) => void;
  /** Something of ours went wrong with it. */
  readonly onFault: (error: unknown) => void;
}

/** A session that takes pictures. */
export class PublishSession {
  readonly id: string;
  readonly path: string;
  readonly user: string | undefined;
  /** Frames a second, where the announcement says it. */
  readonly announcedFps: number | undefined;
  readonly #options: PublishSessionOptions;
  readonly #receiver: MediaReceiver;
  /** The track that is JPEG; the others are taken and thrown away. */
  readonly #track: number;
  readonly #ways = new Map<number, Way>();
  #sendReport: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #reportAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #recording = false;
  #closed = false;
  #heardAt = performance.now();
  readonly #closing: Promise<unknown>[] = [];

  /** For an announcement with a JPEG video in it. */
  constructor(options: PublishSessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.path = options.path;
    this.user = options.user;
    const { media, codec, index } = findJpegMedia(options.description)!;
    this.#track = index;
    this.announcedFps = mediaFrameRate(media);
    this.#receiver = new MediaReceiver({
      dialect: "standard",
      latencyMs: REORDER_MS,
      clockRate: codec.clockRate,
      payloadType: codec.payloadType,
      dimensions: mediaDimensions(media),
      frameRate: this.announcedFps,
      ssrc: options.random32(),
      onFrame: options.onFrame,
    });
  }

  /** Address of the publisher. */
  get address(): string {
    return this.#options.connection.address;
  }

  /** Its connection's writing side. */
  get writer(): ConnectionWriter {
    return this.#options.connection.writer;
  }

  /** How the video comes. */
  get transport(): "udp" | "tcp" {
    return this.#ways.get(this.#track)?.kind ?? "tcp";
  }

  /** Whether the video's track is set up. */
  get hasVideo(): boolean {
    return this.#ways.has(this.#track);
  }

  /** When the last packet came, milliseconds. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Pictures that came, and those that did not arrive whole. */
  get figures(): { framesReceived: number; framesLost: number } {
    const { framesReceived, framesLost } = this.#receiver;
    return { framesReceived, framesLost };
  }

  /**
   * Opens what a track needs; gives the ports of UDP.
   *
   * @throws {ListenError} when there are none.
   */
  setup({ track, transport }: Setup): readonly [number, number] | undefined {
    const { host, connection } = this.#options;
    this.#closeWay(this.#ways.get(track));
    if (transport.kind !== "udp") {
      this.#ways.set(track, { kind: "tcp" });
      if (track === this.#track && transport.kind === "tcp") {
        const [, channel] = transport.channels;
        this.#sendReport = (bytes) =>
          connection.writer.send(encodeInterleaved(channel, bytes));
      }
      return undefined;
    }
    const [rtp, rtcp] = openPortPair({
      hostname: host,
      port: 0,
      flag: "--rtp-port",
    });
    const done = Promise.all([
      this.#receive(rtp, (bytes) => this.receiveRtp(track, bytes)),
      this.#receive(rtcp, (bytes) => this.receiveRtcp(track, bytes)),
    ]).catch((error) => this.#options.onFault(error));
    this.#ways.set(track, { kind: "udp", rtp, rtcp, done });
    if (track === this.#track) {
      const to = {
        hostname: connection.address,
        port: transport.clientPorts[1],
      };
      this.#sendReport = (bytes) => void rtcp.sendOne(bytes, to);
    }
    return [rtp.address.port, rtcp.address.port];
  }

  /** Pictures may come from now on. */
  record(): void {
    this.#recording = true;
    this.#heardAt = performance.now();
    this.#receiver.begin(this.#receiver.mediaTime, undefined, undefined);
  }

  /** What comes is not wanted. */
  pause(): void {
    this.#recording = false;
  }

  /** Takes an RTP packet. */
  receiveRtp(track: number, bytes: Uint8Array): void {
    if (!this.#recording || this.#closed) return;
    const now = performance.now();
    this.#heardAt = now;
    if (track !== this.#track) return;
    this.#receiver.receiveRtp(bytes, now, Date.now());
    this.#arm();
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MS;
      this.#sendReport?.(this.#receiver.report(now, this.#options.cname));
    }
  }

  /** Takes reports. */
  receiveRtcp(track: number, bytes: Uint8Array): void {
    if (this.#closed || track !== this.#track) return;
    this.#receiver.receiveRtcp(bytes, performance.now());
  }

  /** Closes its ports; `closed` settles when they are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const way of this.#ways.values()) this.#closeWay(way);
    this.#receiver.end(performance.now(), Date.now());
  }

  /** Settles when nothing is left of it. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #closeWay(way: Way | undefined): void {
    if (way?.kind !== "udp") return;
    way.rtp.close();
    way.rtcp.close();
    this.#closing.push(way.done);
  }

  async #receive(
    socket: UdpSocket,
    take: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const { address } = this;
    const batch = new DatagramBatch(BATCH_DATAGRAMS, MAX_DATAGRAM_BYTES + 1);
    while (await socket.receive(batch)) {
      let heard = false;
      for (let index = 0; index < batch.count; index++) {
        if (batch.sources[index]?.hostname !== address) continue;
        take(batch.datagram(index));
        heard = true;
      }
      if (heard) this.#options.onLife(performance.now());
    }
  }

  /** Gaps are given up in time. */
  #arm(): void {
    const at = this.#receiver.nextTimeoutAt() ?? Infinity;
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      if (this.#closed) return;
      this.#receiver.handleTimeout(performance.now(), Date.now());
      this.#arm();
    }, Math.max(1, at - performance.now()));
  }
}
