/**
 * What recvmmsg(2) and sendmmsg(2) read: headers, vectors and addresses in one
 * block of memory that points into itself and into one batch.
 *
 * ```
 * word      0 1        2         4 5      6 7      8 9       10 11     12     14
 * mmsghdr   address →  its size  iovec →  count    control → its size  flags  bytes moved
 * iovec     data →               size (words 2 3)
 * cmsghdr   size                 level (2), type (3), data (4)
 * ```
 *
 * The layout of 64-bit Linux, little-endian: x86-64 and arm64 alike.
 *
 * @module
 */

import type { DatagramBatch } from "./datagram_batch.ts";
import {
  ADDRESS_WORDS,
  type SocketAddress,
  type SourceCache,
} from "./socket_address.ts";

const MESSAGE_WORDS = 16;
const VECTOR_WORDS = 4;
const CONTROL_WORDS = 6;
/** An address's room, a multiple of what the kernel aligns to. */
const NAME_WORDS = 8;

/** `SOL_UDP` and `UDP_SEGMENT` (linux/udp.h, since Linux 4.18). */
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** `CMSG_LEN(2)` and `CMSG_SPACE(2)`. */
const CONTROL_BYTES = 18;
const CONTROL_SPACE = 24;

/** Datagrams a call of sendmmsg takes: enough that the call costs nothing each. */
const MAX_SENT = 128;
/** `UDP_MAX_SEGMENTS` of the kernels that have the fewest. */
const MAX_SEGMENTS = 64;
/** What the kernel cuts into datagrams is one to IPv4 before (RFC 791). */
const MAX_RUN_BYTES = 65_507;

/** Words that begin at an address the kernel may be told. */
interface Block {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly address: number;
}

function newBlock(words: number): Block {
  // Over an ArrayBuffer of its own, so that it never moves.
  const block = new Uint32Array(new ArrayBuffer(words * 4));
  return { words: block, address: addressOf(block) };
}

/** Addresses have 47 bits, so a number holds them. */
function addressOf(view: Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>) {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(view)));
}

function setPointer(words: Uint32Array, at: number, address: number): void {
  words[at] = address % 0x1_0000_0000;
  words[at + 1] = address / 0x1_0000_0000;
}

/** Room for what is received into one batch. */
export class ReceiveVector {
  /** The batch it points into: while this lives, so do the batch's bytes. */
  readonly batch: DatagramBatch;
  /** What recvmmsg is given to fill every slot. */
  readonly all: Uint32Array<ArrayBuffer>;
  /** Likewise, to fill every slot but the first. */
  readonly rest: Uint32Array<ArrayBuffer>;
  readonly #names: number;

  /** Points at every slot of `batch`. */
  constructor(batch: DatagramBatch) {
    const { capacity, slotBytes } = batch;
    const vectors = capacity * MESSAGE_WORDS;
    const names = vectors + capacity * VECTOR_WORDS;
    const { words, address } = newBlock(names + capacity * NAME_WORDS);
    const bytes = addressOf(batch.bytes);
    for (let i = 0; i < capacity; i++) {
      const message = i * MESSAGE_WORDS;
      const vector = vectors + i * VECTOR_WORDS;
      setPointer(words, message, address + (names + i * NAME_WORDS) * 4);
      words[message + 2] = ADDRESS_WORDS * 4;
      setPointer(words, message + 4, address + vector * 4);
      words[message + 6] = 1;
      setPointer(words, vector, bytes + i * slotBytes);
      words[vector + 2] = slotBytes;
    }
    this.batch = batch;
    this.all = words;
    this.rest = words.subarray(MESSAGE_WORDS);
    this.#names = names;
  }

  /** Enters `received` messages into the batch, from slot `first`. */
  enter(first: number, received: number, sources: SourceCache): void {
    const { all: words, batch } = this;
    const { starts, lengths, slotBytes } = batch;
    const end = first + received;
    for (let i = first; i < end; i++) {
      const message = i * MESSAGE_WORDS;
      starts[i] = i * slotBytes;
      lengths[i] = words[message + 14]!;
      batch.sources[i] = sources.get(words, this.#names + i * NAME_WORDS);
      words[message + 2] = ADDRESS_WORDS * 4;
    }
    batch.count = end;
  }
}

/** Room for what leaves in one call. */
export class SendVector {
  /** What sendmmsg is given. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Datagrams of each message. */
  readonly datagrams = new Uint16Array(MAX_SENT);
  /** Size of the datagrams of the first message when it has several, else 0. */
  segmentBytes = 0;
  readonly #address: number;
  readonly #vectors = MAX_SENT * MESSAGE_WORDS;
  readonly #controls = this.#vectors + MAX_SENT * VECTOR_WORDS;
  readonly #name = this.#controls + MAX_SENT * CONTROL_WORDS;
  /** Keeps alive what the vectors point into. */
  #batch: DatagramBatch | undefined;
  #bytes = 0;

  /** A vector with nothing in it. */
  constructor() {
    const { words, address } = newBlock(this.#name + NAME_WORDS);
    for (let i = 0; i < MAX_SENT; i++) {
      const message = i * MESSAGE_WORDS;
      const control = this.#controls + i * CONTROL_WORDS;
      setPointer(words, message, address + this.#name * 4);
      setPointer(words, message + 8, address + control * 4);
      words[control] = CONTROL_BYTES;
      words[control + 2] = SOL_UDP;
      words[control + 3] = UDP_SEGMENT;
    }
    this.words = words;
    this.#address = address;
  }

  /**
   * Points at the datagrams of `batch` from `first` to before `end`, or as many
   * as there is room for, and returns the number of messages. Neighbours of
   * one size (the last may be shorter) are one message, which the kernel
   * cuts up: datagrams of `segmentBelow` bytes or more are left alone.
   */
  fill(
    batch: DatagramBatch,
    first: number,
    end: number,
    to: SocketAddress,
    segmentBelow: number,
  ): number {
    const { words } = this;
    const { starts, lengths } = batch;
    const room = batch.bytes.length;
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#bytes = addressOf(batch.bytes);
    }
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      words[this.#name + i] = to.words[i]!;
    }
    this.segmentBytes = 0;
    let messages = 0;
    let vectors = 0;
    for (let at = first; at < end && vectors < MAX_SENT;) {
      const firstVector = vectors;
      const firstAt = at;
      let size = 0;
      let total = 0;
      let next = -1;
      while (at < end && vectors < MAX_SENT) {
        const start = Math.min(starts[at] ?? 0, room);
        const length = Math.min(lengths[at] ?? 0, room - start);
        if (at === firstAt) size = length;
        else if (
          length === 0 || length > size || total + length > MAX_RUN_BYTES
        ) break;
        if (start === next) {
          words[this.#vectors + (vectors - 1) * VECTOR_WORDS + 2]! += length;
        } else {
          const vector = this.#vectors + vectors++ * VECTOR_WORDS;
          setPointer(words, vector, this.#bytes + start);
          words[vector + 2] = length;
        }
        next = start + length;
        total += length;
        at++;
        if (
          length < size || size === 0 || size >= segmentBelow ||
          at - firstAt === MAX_SEGMENTS
        ) break;
      }
      const message = messages * MESSAGE_WORDS;
      const isRun = at - firstAt > 1;
      words[message + 2] = to.bytes;
      setPointer(
        words,
        message + 4,
        this.#address + (this.#vectors + firstVector * VECTOR_WORDS) * 4,
      );
      words[message + 6] = vectors - firstVector;
      words[message + 10] = isRun ? CONTROL_SPACE : 0;
      if (isRun) {
        words[this.#controls + messages * CONTROL_WORDS + 4] = size;
        if (messages === 0) this.segmentBytes = size;
      }
      this.datagrams[messages++] = at - firstAt;
    }
    return messages;
  }
}
