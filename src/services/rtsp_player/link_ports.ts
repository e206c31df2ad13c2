/**
 * The UDP ports of a link: what comes to them from the server.
 *
 * @module
 */

import { DatagramBatch, MAX_DATAGRAM_BYTES } from "../../net/mod.ts";
import type { UdpAddress, UdpSocket } from "../../net/mod.ts";
import { RTP_HEADER_LENGTH, writeRtpHeader } from "../../rtp/mod.ts";
import { openUdpPair } from "./udp_pair.ts";
import type { UdpPair } from "./udp_pair.ts";

/** Datagrams taken from the system at once: a frame of 40 KB. */
const BATCH_DATAGRAMS = 32;

/**
 * Room for one datagram of the standard dialect: a jumbo Ethernet frame. Where
 * one does not fit, all get room for the largest there is. Slots of 64 KB fall
 * on each other in the processor's caches, which costs a tenth of all time.
 */
const USUAL_SLOT_BYTES = 9217;

/** Payload type of the packets of the teaching dialect, and of one that says nothing. */
export const LAB_PAYLOAD_TYPE = 26;

/** Who takes what comes. The bytes are used again after the call. */
export interface PacketTaker {
  rtp(bytes: Uint8Array, now: number, unixTime: number): void;
  rtcp(bytes: Uint8Array, now: number): void;
  /** After the packets of one look at the port for RTP. */
  onPackets(now: number): void;
}

/** A pair of ports. */
export class LinkPorts {
  /** Address that packets must come from. */
  source = "";
  readonly #pair: UdpPair;
  readonly #dialect: "standard" | "lab";
  readonly #taker: PacketTaker;
  #closed = false;

  /**
   * Opens a pair at `hostname`, on `port` and the next when it is stated.
   *
   * @throws {Error} when there is none to be had.
   */
  constructor(
    hostname: string,
    port: number | undefined,
    dialect: "standard" | "lab",
    taker: PacketTaker,
  ) {
    this.#pair = openUdpPair(hostname, port);
    this.#dialect = dialect;
    this.#taker = taker;
  }

  /** The ports' numbers, for RTP and RTCP. */
  get numbers(): readonly [number, number] {
    const { rtp, rtcp } = this.#pair;
    return [rtp.address.port, rtcp.address.port];
  }

  /** Receives until the ports are closed. */
  async run(): Promise<void> {
    const { rtp, rtcp } = this.#pair;
    const taker = this.#taker;
    await Promise.all([
      this.#receive(rtp, this.#dialect === "lab", (batch, now) => {
        const unixTime = Date.now();
        for (let i = 0; i < batch.count; i++) {
          if (batch.sources[i]?.hostname !== this.source) continue;
          taker.rtp(batch.datagram(i), now, unixTime);
        }
        taker.onPackets(now);
      }),
      this.#receive(rtcp, false, (batch, now) => {
        for (let i = 0; i < batch.count; i++) {
          if (batch.sources[i]?.hostname !== this.source) continue;
          taker.rtcp(batch.datagram(i), now);
        }
      }),
    ]);
  }

  async #receive(
    socket: UdpSocket,
    isLab: boolean,
    take: (batch: DatagramBatch, now: number) => void,
  ): Promise<void> {
    let batch = new DatagramBatch(
      BATCH_DATAGRAMS,
      isLab ? MAX_DATAGRAM_BYTES + 1 : USUAL_SLOT_BYTES,
    );
    while (await socket.receive(batch)) {
      if (this.#closed) continue;
      take(batch, performance.now());
      if (batch.slotBytes > MAX_DATAGRAM_BYTES) continue;
      if (batch.lengths.subarray(0, batch.count).includes(batch.slotBytes)) {
        batch = new DatagramBatch(BATCH_DATAGRAMS, MAX_DATAGRAM_BYTES + 1);
      }
    }
  }

  /** Sends a report to the server's port for them. */
  sendReport(bytes: Uint8Array, to: UdpAddress): Promise<void> {
    return this.#pair.rtcp.sendOne(bytes, to);
  }

  /** Opens the way in through firewalls on this side: an empty packet to the server's port. */
  openWayIn(to: UdpAddress): Promise<void> {
    const packet = new Uint8Array(RTP_HEADER_LENGTH);
    writeRtpHeader(packet, 0, {
      payloadType: LAB_PAYLOAD_TYPE,
      marker: false,
      sequence: 0,
      timestamp: 0,
      ssrc: 0,
    });
    return this.#pair.rtp.sendOne(packet, to);
  }

  /** Closes them; what was received and not taken yet is left out. */
  close(): void {
    this.#closed = true;
    this.#pair.rtp.close();
    this.#pair.rtcp.close();
  }
}
