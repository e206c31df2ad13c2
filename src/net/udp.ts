/**
 * UDP in batches: one interface for everything that sends video.
 *
 * A batch holds several datagrams in one buffer, so an implementation can hand
 * them to the kernel in one call, and whoever receives can send on from the
 * very bytes that arrived. This file has the portable implementation on
 * `Deno.listenDatagram`, where a batch is received one datagram at a time.
 *
 * @module
 */

/**
 * Room for one received datagram. IPv4 carries at most 65,507 bytes of UDP
 * payload (RFC 768, RFC 791); one more byte would tell a cut-off datagram.
 */
export const MAX_DATAGRAM_BYTES = 65_507;

/** Where a datagram comes from or goes to: a numeric address and a port. */
export interface UdpAddress {
  /** IPv4 or IPv6 address in text form; a name costs a look-up a datagram. */
  readonly hostname: string;
  /** UDP port. */
  readonly port: number;
}

/**
 * Datagrams in one buffer. Datagram `i` occupies `lengths[i]` bytes from
 * `starts[i]`; its sender is `sources[i]`. The batch is filled by
 * {@linkcode UdpSocket.receive} or by hand, and is reused for the next.
 */
export class DatagramBatch {
  /** All datagrams' bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of each datagram in `bytes`. */
  readonly starts: Uint32Array;
  /** Length of each datagram in bytes. */
  readonly lengths: Uint32Array;
  /** Sender of each received datagram. */
  readonly sources: (UdpAddress | undefined)[];
  /** Bytes between the slots that are received into. */
  readonly slotBytes: number;
  /** Datagrams in the batch now. */
  count = 0;

  /** Room for `capacity` datagrams of at most `slotBytes` each. */
  constructor(capacity: number, slotBytes: number) {
    this.slotBytes = slotBytes;
    this.bytes = new Uint8Array(capacity * slotBytes);
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.sources = new Array(capacity).fill(undefined);
  }

  /** Datagrams that fit. */
  get capacity(): number {
    return this.starts.length;
  }

  /** A view of datagram `index`. */
  datagram(index: number): Uint8Array<ArrayBuffer> {
    const start = this.starts[index] ?? 0;
    return this.bytes.subarray(start, start + (this.lengths[index] ?? 0));
  }

  /** Appends a datagram by copying it behind the last one. */
  append(datagram: Uint8Array): void {
    const last = this.count - 1;
    const start = last < 0
      ? 0
      : (this.starts[last] ?? 0) + (this.lengths[last] ?? 0);
    this.bytes.set(datagram, start);
    this.starts[this.count] = start;
    this.lengths[this.count] = datagram.length;
    this.count++;
  }
}

/** A bound UDP socket. */
export interface UdpSocket extends Disposable {
  /** The address it is bound to, with the real port. */
  readonly address: UdpAddress;
  /** Datagrams that the kernel refused to send. */
  readonly sendErrors: number;
  /**
   * Waits for at least one datagram and fills `batch` with what has arrived.
   * `false` when the socket was closed.
   */
  receive(batch: DatagramBatch): Promise<boolean>;
  /**
   * Sends `count` datagrams of `batch` from index `first`. The bytes must stay
   * as they are until the promise resolves. A datagram that the kernel refuses
   * is counted in `sendErrors`, never thrown: UDP promises nothing.
   */
  send(
    batch: DatagramBatch,
    first: number,
    count: number,
    to: UdpAddress,
  ): Promise<void>;
  /** Sends one datagram from any buffer; otherwise as `send`. */
  sendOne(datagram: Uint8Array, to: UdpAddress): Promise<void>;
  /** Closes the socket; a pending `receive` resolves to `false`. */
  close(): void;
}

class PortableUdpSocket implements UdpSocket {
  readonly address: UdpAddress;
  sendErrors = 0;
  readonly #socket: Deno.DatagramConn;
  #closed = false;
  #destination: Deno.NetAddr = {
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  };

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
        batch.sources[0] = from as Deno.NetAddr;
        batch.count = 1;
        return true;
      } catch (error) {
        // Some systems report an unreachable peer of an earlier send here
        // (WSAECONNRESET); the socket itself goes on.
        if (error instanceof Deno.errors.BadResource) break;
        if (this.#closed || error instanceof Deno.errors.Interrupted) break;
      }
    }
    batch.count = 0;
    return false;
  }

  async send(
    batch: DatagramBatch,
    first: number,
    count: number,
    to: UdpAddress,
  ): Promise<void> {
    for (let i = first; i < first + count; i++) {
      await this.sendOne(batch.datagram(i), to);
    }
  }

  async sendOne(datagram: Uint8Array, to: UdpAddress): Promise<void> {
    if (
      this.#destination.port !== to.port ||
      this.#destination.hostname !== to.hostname
    ) {
      this.#destination = {
        transport: "udp",
        hostname: to.hostname,
        port: to.port,
      };
    }
    try {
      await this.#socket.send(datagram, this.#destination);
    } catch {
      this.sendErrors++;
    }
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

/** What {@linkcode openUdpSocket} is told. */
export interface UdpOptions {
  /** Address to bind. */
  readonly hostname: string;
  /** Port to bind; 0 takes a free one. */
  readonly port: number;
}

/**
 * Binds a UDP socket.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken.
 */
export function openUdpSocket(options: UdpOptions): UdpSocket {
  return new PortableUdpSocket(
    Deno.listenDatagram({
      transport: "udp",
      hostname: options.hostname,
      port: options.port,
    }),
  );
}
