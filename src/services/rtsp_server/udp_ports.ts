/**
 * The server's RTP and RTCP ports, one pair for all viewers.
 *
 * @module
 */

import {
  DatagramBatch,
  type UdpAddress,
  type UdpSocket,
} from "../../net/mod.ts";
import { decodeRtcpCompound, RtpProtocolError } from "../../rtp/mod.ts";

/** Room for a received report; compounds are some hundred bytes. */
export const REPORT_BYTES = 2048;

/** Hears of what its viewer reports. */
export interface ReportListener {
  onReport(bytes: Uint8Array): void;
}

/** Gives each viewer's reports to its session. */
export class UdpPorts {
  /** Packets leave here; what arrives (hole punches, junk) is left to the kernel. */
  readonly rtp: UdpSocket;
  /** Reports leave and arrive here. */
  readonly rtcp: UdpSocket;
  readonly #byAddress = new Map<string, ReportListener>();
  readonly #bySource = new Map<string, ReportListener>();
  readonly #receiving: Promise<void>;

  /** Takes the sockets over. */
  constructor(rtp: UdpSocket, rtcp: UdpSocket) {
    this.rtp = rtp;
    this.rtcp = rtcp;
    this.#receiving = this.#receive();
  }

  /** The two ports. */
  get pair(): readonly [rtp: number, rtcp: number] {
    return [this.rtp.address.port, this.rtcp.address.port];
  }

  /** Reports from `address`, or about `ssrc` from its host, are for `listener`. */
  listen(address: UdpAddress, ssrc: number, listener: ReportListener): void {
    this.#byAddress.set(keyOf(address), listener);
    this.#bySource.set(sourceKey(address, ssrc), listener);
  }

  /** `listener` is gone; what has passed to another meanwhile stays. */
  forget(address: UdpAddress, ssrc: number, listener: ReportListener): void {
    const key = keyOf(address);
    if (this.#byAddress.get(key) === listener) this.#byAddress.delete(key);
    const source = sourceKey(address, ssrc);
    if (this.#bySource.get(source) === listener) this.#bySource.delete(source);
  }

  async #receive(): Promise<void> {
    const batch = new DatagramBatch(1, REPORT_BYTES);
    while (await this.rtcp.receive(batch)) {
      const from = batch.sources[0];
      if (from === undefined) continue;
      const bytes = batch.datagram(0);
      const listener = this.#byAddress.get(keyOf(from)) ??
        this.#reportedOn(bytes, from);
      listener?.onReport(bytes);
    }
  }

  /** Some players report from a port other than the one they named: then the report says whom it is about. */
  #reportedOn(bytes: Uint8Array, from: UdpAddress): ReportListener | undefined {
    try {
      for (const packet of decodeRtcpCompound(bytes)) {
        if (packet.type !== "receiver-report") continue;
        for (const { ssrc } of packet.reports) {
          const listener = this.#bySource.get(sourceKey(from, ssrc));
          if (listener !== undefined) return listener;
        }
      }
    } catch (error) {
      if (!(error instanceof RtpProtocolError)) throw error;
    }
    return undefined;
  }

  /** Closes both. */
  async close(): Promise<void> {
    this.rtp.close();
    this.rtcp.close();
    await this.#receiving;
  }
}

function keyOf({ hostname, port }: UdpAddress): string {
  return `${hostname}|${port}`;
}

function sourceKey({ hostname }: UdpAddress, ssrc: number): string {
  return `${hostname}#${ssrc}`;
}
