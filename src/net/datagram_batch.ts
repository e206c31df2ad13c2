/**
 * Several datagrams in one buffer.
 *
 * @module
 */

/** Where a datagram comes from or goes to: a numeric address and a port. */
export interface UdpAddress {
  /** IPv4 or IPv6 address in text form; a name costs a look-up a datagram. */
  readonly hostname: string;
  /** UDP port. */
  readonly port: number;
}

/**
 * Datagrams in one buffer. Datagram `i` occupies `lengths[i]` bytes from
 * `starts[i]`; its sender is `sources[i]`. The batch is filled by a socket's
 * `receive` or by hand, and is reused for the next.
 *
 * A longer datagram than a slot is cut off, so a receiver makes its slots one
 * byte longer than what it takes. Slots that stay short of their length cost
 * no memory: the system gives a page when it is first written.
 */
export class DatagramBatch {
  /** All datagrams' bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of each datagram in `bytes`. */
  readonly starts: Uint32Array;
  /** Length of each datagram in bytes. */
  readonly lengths: Uint32Array;
  /**
   * Sender of each received datagram; the same object again while the sender
   * is the same.
   */
  readonly sources: (UdpAddress | undefined)[];
  /** Bytes between the slots that are received into. */
  readonly slotBytes: number;
  /** Datagrams in the batch now. */
  count = 0;
  readonly #views: (Uint8Array<ArrayBuffer> | undefined)[];

  /** Room for `capacity` datagrams of at most `slotBytes` each. */
  constructor(capacity: number, slotBytes: number) {
    this.slotBytes = slotBytes;
    // Over an ArrayBuffer of its own, however small, the bytes never move:
    // the engine keeps short typed arrays among its own objects otherwise.
    this.bytes = new Uint8Array(new ArrayBuffer(capacity * slotBytes));
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.sources = new Array(capacity).fill(undefined);
    this.#views = new Array(capacity).fill(undefined);
  }

  /** Datagrams that fit. */
  get capacity(): number {
    return this.starts.length;
  }

  /**
   * A view of datagram `index`: the same object again while the datagram in
   * that place has the same length, so that a stream of packets allocates
   * nothing.
   */
  datagram(index: number): Uint8Array<ArrayBuffer> {
    const start = this.starts[index] ?? 0;
    const length = this.lengths[index] ?? 0;
    let view = this.#views[index];
    if (view?.length !== length || view.byteOffset !== start) {
      view = this.bytes.subarray(start, start + length);
      this.#views[index] = view;
    }
    return view;
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
