/**
 * UDP on Linux with many datagrams a call: recvmmsg(2) in, sendmmsg(2) with
 * `UDP_SEGMENT` (udp(7)) out, by FFI on the descriptor of the socket that Deno
 * bound.
 *
 * Deno's own `receive` takes the first datagram of a wake-up: it waits in the
 * event loop, without a thread and without polling. One call gets what else
 * has arrived. That is also why `UDP_GRO` is not set: Deno would be handed
 * several datagrams as one, without the word how long each is.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { DatagramBatch, UdpAddress } from "./datagram_batch.ts";
import {
  acquireLibc,
  ERRNO,
  type Libc,
  releaseLibc,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TYPE,
  SOL_SOCKET,
} from "./libc.ts";
import { ReceiveVector, SendVector } from "./message_vector.ts";
import {
  ADDRESS_WORDS,
  DestinationCache,
  encodeSocketAddress,
  type SocketAddress,
  SourceCache,
} from "./socket_address.ts";
import type { UdpPath, UdpSocket } from "./udp.ts";

/** What we ask for, each way: some twenty frames of 178 KB. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** `SOCK_DGRAM`. */
const TYPE_DATAGRAM = 2;
/** `MSG_DONTWAIT`. */
const DO_NOT_WAIT = 0x40;
/** Descriptors looked at: the kernel gives the lowest that is free. */
const MAX_DESCRIPTORS = 65_536;
/**
 * Datagrams sent before the event loop gets its turn. A send that is done at
 * once would let a loop of sends keep everything else waiting. (Deno looks at
 * its sockets with every 61st turn only while there is always a next one.)
 */
const SENDS_A_TURN = 128;
/** Why the kernel does not cut up what it would send whole: too large for the link, no checksums in hardware. */
const SEGMENT_REFUSALS: readonly number[] = [
  ERRNO.invalid,
  ERRNO.inputOutput,
  ERRNO.messageTooLong,
];

/**
 * Batches received without Deno before the event loop gets its turn. Under a
 * flood that never ends, the worst hundredth of timers was 30 to 50 ms late,
 * whether this was 4 or 16.
 */
const RECEIVES_A_TURN = 16;

const RECEIVED: Promise<boolean> = Promise.resolve(true);
const DONE: Promise<void> = Promise.resolve();

class LinuxUdpSocket implements UdpSocket {
  readonly address: UdpAddress;
  readonly path: UdpPath = "linux";
  readonly receiveBufferBytes: number | undefined;
  readonly #portable: UdpSocket;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #sources = new SourceCache();
  readonly #destinations = new DestinationCache();
  #receiving: ReceiveVector | undefined;
  #sending: SendVector | undefined;
  #refused = 0;
  #segmentBelow = Infinity;
  #denoSource: UdpAddress | undefined;
  #source: UdpAddress | undefined;
  #lastCount = 0;
  #waitless = 0;
  #turn = 0;
  #closed = false;

  constructor(portable: UdpSocket, libc: Libc, fd: number) {
    this.#portable = portable;
    this.#libc = libc;
    this.#fd = fd;
    this.address = portable.address;
    enlarge(libc, fd, SO_SNDBUFFORCE, SO_SNDBUF);
    enlarge(libc, fd, SO_RCVBUFFORCE, SO_RCVBUF);
    this.receiveBufferBytes = libc.getOption(fd, SOL_SOCKET, SO_RCVBUF);
  }

  get sendErrors(): number {
    return this.#refused + this.#portable.sendErrors;
  }

  receive(batch: DatagramBatch): Promise<boolean> {
    if (this.#closed || this.#waitless >= RECEIVES_A_TURN) {
      this.#waitless = 0;
      return this.#wait(batch);
    }
    // Where several came at once more may have come; after a single one it
    // would be a call for nothing each time.
    if (this.#lastCount < 2) return this.#wait(batch);
    const { all } = this.#vectorOf(batch);
    const received = this.#receiveNow(all, batch.capacity);
    this.#lastCount = received;
    if (received <= 0) {
      this.#waitless = 0;
      return this.#wait(batch);
    }
    this.#waitless++;
    this.#receiving!.enter(0, received, this.#sources);
    return RECEIVED;
  }

  async #wait(batch: DatagramBatch): Promise<boolean> {
    if (!await this.#portable.receive(batch)) return false;
    this.#lastCount = 1;
    batch.sources[0] = this.#knownSource(batch.sources[0]);
    // Closed meanwhile, the descriptor may be another file's by now.
    if (this.#closed || batch.capacity === 1) return true;
    const vector = this.#vectorOf(batch);
    const received = this.#receiveNow(vector.rest, batch.capacity - 1);
    if (received > 0) {
      this.#lastCount += received;
      vector.enter(1, received, this.#sources);
    }
    return true;
  }

  /** The object that the kernel's form of an address gives, for Deno's. */
  #knownSource(from: UdpAddress | undefined): UdpAddress | undefined {
    if (from === this.#denoSource) return this.#source;
    const words = from && encodeSocketAddress(from)?.words;
    this.#denoSource = from;
    return this.#source = words ? this.#sources.get(words, 0) : from;
  }

  #vectorOf(batch: DatagramBatch): ReceiveVector {
    const vector = this.#receiving;
    if (vector?.batch === batch) return vector;
    return this.#receiving = new ReceiveVector(batch);
  }

  #receiveNow(messages: Uint32Array<ArrayBuffer>, count: number): number {
    const { recvmmsg } = this.#libc.call;
    return recvmmsg(this.#fd, messages, count, DO_NOT_WAIT, null);
  }

  send(
    batch: DatagramBatch,
    first: number,
    count: number,
    to: UdpAddress,
  ): Promise<void> {
    const target = this.#closed ? undefined : this.#destinations.get(to);
    if (target === undefined) {
      return this.#portable.send(batch, first, count, to);
    }
    const end = first + count;
    const reached = this.#sendNow(batch, first, end, target);
    return reached < end
      ? this.#sendRest(batch, reached, end, to, target)
      : this.#takeTurn(count);
  }

  sendOne(datagram: Uint8Array, to: UdpAddress): Promise<void> {
    const target = this.#closed ? undefined : this.#destinations.get(to);
    if (target === undefined) return this.#portable.sendOne(datagram, to);
    const length = BigInt(datagram.length);
    const { words, bytes } = target;
    const { sendto } = this.#libc.call;
    const data = datagram as Uint8Array<ArrayBuffer>;
    if (sendto(this.#fd, data, length, DO_NOT_WAIT, words, bytes) < 0) {
      switch (this.#libc.errno) {
        case ERRNO.again:
        case ERRNO.interrupted:
          return this.#portable.sendOne(datagram, to);
        default:
          this.#refused++;
      }
    }
    return this.#takeTurn(1);
  }

  /** Sends what the kernel takes at once; returns the index it came to. */
  #sendNow(
    batch: DatagramBatch,
    first: number,
    end: number,
    to: SocketAddress,
  ): number {
    const vector = this.#sending ??= new SendVector();
    const { datagrams, words } = vector;
    let at = first;
    let tried: number | undefined;
    while (at < end) {
      const messages = vector.fill(batch, at, end, to, this.#segmentBelow);
      const sent = this.#libc.call.sendmmsg(
        this.#fd,
        words,
        messages,
        DO_NOT_WAIT,
      );
      if (sent > 0) {
        tried = undefined;
        for (let i = 0; i < sent; i++) at += datagrams[i]!;
        continue;
      }
      const { errno } = this.#libc;
      if (errno === ERRNO.again) break;
      if (errno === ERRNO.interrupted) continue;
      const { segmentBytes } = vector;
      if (segmentBytes > 0 && SEGMENT_REFUSALS.includes(errno)) {
        tried = this.#segmentBelow;
        this.#segmentBelow = segmentBytes;
        continue;
      }
      // Whole it is refused as well: cutting it up was not what was wrong.
      if (tried !== undefined) this.#segmentBelow = tried;
      tried = undefined;
      this.#refused += datagrams[0]!;
      at += datagrams[0]!;
    }
    return at;
  }

  /** The kernel's buffer is full: Deno waits for room, a datagram at a time. */
  async #sendRest(
    batch: DatagramBatch,
    first: number,
    end: number,
    to: UdpAddress,
    target: SocketAddress,
  ): Promise<void> {
    for (let at = first; at < end && !this.#closed;) {
      await this.#portable.sendOne(batch.datagram(at), to);
      at++;
      if (!this.#closed) at = this.#sendNow(batch, at, end, target);
    }
  }

  #takeTurn(sent: number): Promise<void> {
    this.#turn += sent;
    if (this.#turn < SENDS_A_TURN) return DONE;
    this.#turn = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#portable.close();
    releaseLibc();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The fast path for a socket that Deno bound, which it takes over; `undefined`
 * where there is none. `libc` is given back when the socket closes.
 */
export function openLinuxUdpSocket(
  portable: UdpSocket,
  libc: Libc | undefined = acquireLibc(),
): UdpSocket | undefined {
  if (libc === undefined) return undefined;
  const fd = findDescriptor(libc, portable.address);
  // A call for no message at all tells whether the kernel lets us have it.
  const nothing = new Uint32Array(new ArrayBuffer(64));
  if (
    fd === undefined ||
    libc.call.sendmmsg(fd, nothing, 0, DO_NOT_WAIT) !== 0 ||
    libc.call.recvmmsg(fd, nothing, 0, DO_NOT_WAIT, null) !== 0
  ) {
    releaseLibc();
    return undefined;
  }
  return new LinuxUdpSocket(portable, libc, fd);
}

/** The descriptor of the UDP socket that is bound to `address`. */
function findDescriptor(libc: Libc, address: UdpAddress): number | undefined {
  const wanted = encodeSocketAddress(address)?.words;
  if (wanted === undefined) return undefined;
  const found = new Uint32Array(new ArrayBuffer(ADDRESS_WORDS * 4));
  const length = new Uint32Array(new ArrayBuffer(4));
  for (let fd = 0; fd < MAX_DESCRIPTORS; fd++) {
    length[0] = found.byteLength;
    if (libc.call.getsockname(fd, found, length) !== 0) continue;
    // Neither IPv6's flow nor its scope: Deno's address has none.
    const isSame = wanted.every((word, i) => i === 6 || word === found[i]);
    if (isSame && libc.getOption(fd, SOL_SOCKET, SO_TYPE) === TYPE_DATAGRAM) {
      return fd;
    }
    found.fill(0);
  }
  return undefined;
}

function enlarge(
  libc: Libc,
  fd: number,
  forced: number,
  bounded: number,
): void {
  if (!libc.setOption(fd, SOL_SOCKET, forced, BUFFER_BYTES)) {
    libc.setOption(fd, SOL_SOCKET, bounded, BUFFER_BYTES);
  }
}
