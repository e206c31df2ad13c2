/**
 * UDP by `Deno.listenDatagram` alone, on every system: a datagram a call.
 *
 * @module
 */

import type { DatagramBatch, UdpAddress } from "./datagram_batch.ts";
import type { UdpPath, UdpSocket } from "./udp.ts";

/** A socket as Deno gives it. */
export class PortableUdpSocket implements UdpSocket {
  readonly address: UdpAddress;
  readonly path: UdpPath = "portable";
  /** Deno does not say. */
  readonly receiveBufferBytes = undefined;
  sendErrors = 0;
  readonly #socket: Deno.DatagramConn;
  #closed = false;
  #source: UdpAddress | undefined;
  #destination: Deno.NetAddr = {
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  };

  /** Takes the socket over. */
  constructor(socket: Deno.DatagramConn) {
    this.#socket = socket;
    const address = socket.addr as Deno.NetAddr;
    this.address = { hostname: address.hostname, port: address.port };
  }

  async receive(batch: DatagramBatch): Promise<boolean> {
    const slot = batch.bytes.subarray(0, batch.slotBytes);
    while (!this.#closed) {
      try {
        const [data, from] = await this.#socket.receive(slot);
        batch.starts[0] = 0;
        batch.lengths[0] = data.length;
        batch.sources[0] = this.#sameSource(from as Deno.NetAddr);
        batch.count = 1;
        return true;
      } catch (error) {
        // Some systems report an unreachable peer of an earlier send here
        // (WSAECONNRESET); the socket itself goes on.
        if (error instanceof Deno.errors.Busy) throw error;
        if (error instanceof Deno.errors.BadResource) break;
        if (this.#closed || error instanceof Deno.errors.Interrupted) break;
      }
    }
    batch.count = 0;
    return false;
  }

  #sameSource(from: Deno.NetAddr): UdpAddress {
    const last = this.#source;
    if (last?.port === from.port && last.hostname === from.hostname) {
      return last;
    }
    return this.#source = { hostname: from.hostname, port: from.port };
  }

  async send(
    batch: DatagramBatch,
    first: number,
    count: number,
    to: UdpAddress,
  ): Promise<void> {
    const destination = this.#at(to);
    // Not by way of sendOne: a promise less for each datagram.
    for (let i = first; i < first + count; i++) {
      try {
        await this.#socket.send(batch.datagram(i), destination);
      } catch {
        this.sendErrors++;
      }
    }
  }

  async sendOne(datagram: Uint8Array, to: UdpAddress): Promise<void> {
    try {
      await this.#socket.send(datagram, this.#at(to));
    } catch {
      this.sendErrors++;
    }
  }

  /** Deno's form of an address; the last one is kept, for it is mostly the next one too. */
  #at({ hostname, port }: UdpAddress): Deno.NetAddr {
    if (
      this.#destination.port !== port || this.#destination.hostname !== hostname
    ) this.#destination = { transport: "udp", hostname, port };
    return this.#destination;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
