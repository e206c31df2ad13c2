/**
 * A stream that leaves once for a whole group, however many hear it.
 *
 * @module
 */

import {
  DatagramBatch,
  openMulticastReceiver,
  openMulticastSender,
  type UdpSocket,
} from "../../net/mod.ts";
import type { FrameClock } from "./frame_clock.ts";
import type { OutputFigures } from "./output.ts";
import type { PackedFrame } from "./packed_frame.ts";
import {
  type FrameSink,
  isRefusal,
  type Playback,
  type PlayStart,
  type PlayWish,
  type Refusal,
  type ServedMedia,
} from "./playback.ts";
import { RtpStream } from "./rtp_stream.ts";
import { UdpOutput } from "./udp_output.ts";
import { REPORT_BYTES } from "./udp_ports.ts";

/** Where a group's packets go. */
export interface GroupAddress {
  readonly address: string;
  readonly ports: readonly [rtp: number, rtcp: number];
  /** Routers they pass. */
  readonly ttl: number;
}

/** What a group is made of. */
export interface GroupOptions {
  readonly media: ServedMedia;
  readonly to: GroupAddress;
  /** Our own address. */
  readonly hostname: string;
  readonly clock: FrameClock;
  /** Names the server in reports. */
  readonly cname: string;
  readonly random32: () => number;
  /** Hears of reports sent to the group. */
  readonly onReport: (from: string, bytes: Uint8Array) => void;
}

interface Sockets {
  readonly rtp: UdpSocket;
  readonly rtcp: UdpSocket;
  /** Hears the group's reports, our own too. */
  readonly heard: UdpSocket;
}

/**
 * Plays while somebody watches. Who comes first says where it begins; the
 * others join it there, and it stops when the last has paused.
 */
export class MulticastGroup implements FrameSink {
  readonly to: GroupAddress;
  /** Source of its packets. */
  readonly ssrc: number;
  readonly #sockets: Sockets;
  readonly #playback: Playback;
  readonly #output: UdpOutput;
  readonly #playing = new Set<FrameSink>();
  readonly #listening: Promise<void>;

  private constructor(options: GroupOptions, sockets: Sockets) {
    const { media, to, clock, cname, random32 } = options;
    this.to = to;
    this.#sockets = sockets;
    this.#playback = media.open(this, { repeat: false });
    this.ssrc = this.#playback.ssrc ?? random32();
    this.#output = new UdpOutput({
      ports: { ...sockets, listen() {}, forget() {} },
      stream: new RtpStream({ ssrc: this.ssrc, sequence: random32(), cname }),
      clock,
      hostname: to.address,
      clientPorts: to.ports,
    });
    this.#listening = this.#listen(options.onReport);
  }

  /**
   * Opens its sockets; nothing leaves yet.
   *
   * @throws {Error} when the system has no way to the group.
   */
  static async open(options: GroupOptions): Promise<MulticastGroup> {
    const { hostname, to: { address: group, ports, ttl } } = options;
    const opened: UdpSocket[] = [];
    try {
      for (let count = 0; count < 2; count++) {
        opened.push(await openMulticastSender({ hostname, group, ttl }));
      }
      const [rtp, rtcp] = opened as [UdpSocket, UdpSocket];
      const heard = await openMulticastReceiver({
        hostname,
        group,
        port: ports[1],
      });
      opened.push(heard);
      return new MulticastGroup(options, { rtp, rtcp, heard });
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
  }

  /** Number of the next packet. */
  get sequence(): number {
    return this.#output.sequence;
  }

  /** All that has left. */
  figures(): OutputFigures {
    return this.#output.figures();
  }

  /** A frame is due. */
  frame(frame: PackedFrame, timestamp: number): void {
    this.#output.frame(frame, timestamp);
  }

  /** The media is over for all. */
  ended(): void {
    this.#output.ended();
    const playing = [...this.#playing];
    this.#playing.clear();
    for (const sink of playing) sink.ended();
  }

  /** One viewer's part in it; `sink` hears of the end only. */
  join(sink: FrameSink): Playback {
    const group = this.#playback;
    const leave = (): void => {
      if (!this.#playing.delete(sink) || this.#playing.size > 0) return;
      group.pause();
      this.#output.flush();
    };
    return {
      get position(): number | undefined {
        return group.position;
      },
      ssrc: this.ssrc,
      begin: (wish) => {
        leave();
        return this.#begin(wish);
      },
      start: () => {
        this.#playing.add(sink);
        if (this.#playing.size === 1) group.start();
      },
      pause: leave,
      close: leave,
    };
  }

  #begin(wish: PlayWish): PlayStart | Refusal {
    if (this.#playing.size > 0) {
      return {
        from: this.#playback.position ?? "now",
        to: undefined,
        scale: 1,
        speed: 1,
        timestamp: undefined,
        sequence: undefined,
      };
    }
    const start = this.#playback.begin(wish);
    if (isRefusal(start)) return start;
    this.#output.flush();
    if (start.sequence !== undefined) this.#output.join(start.sequence);
    return start;
  }

  async #listen(
    onReport: (from: string, bytes: Uint8Array) => void,
  ): Promise<void> {
    const batch = new DatagramBatch(1, REPORT_BYTES);
    const { heard, rtcp } = this.#sockets;
    while (await heard.receive(batch)) {
      const from = batch.sources[0];
      // The group's reports come back to us.
      if (from === undefined || from.port === rtcp.address.port) continue;
      onReport(from.hostname, batch.datagram(0));
    }
  }

  /** Says goodbye to the group and closes its sockets. */
  async close(): Promise<void> {
    this.#playback.close();
    this.#output.close();
    for (const socket of Object.values(this.#sockets)) socket.close();
    await this.#listening;
  }
}
