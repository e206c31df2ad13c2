/**
 * TCP on Linux without a promise a write: send(2) by FFI on the descriptor of a
 * connection that Deno opened. What the kernel takes at once, and as a rule it
 * takes a video frame, is gone when the call returns: the buffer can be used
 * again, and the event loop is not asked.
 *
 * @module
 */

import {
  acquireLibc,
  type Libc,
  releaseLibc,
  SO_TYPE,
  SOL_SOCKET,
} from "./libc.ts";
import { ADDRESS_WORDS, encodeSocketAddress } from "./socket_address.ts";
import { isForbidden } from "./udp.ts";

/** `SOCK_STREAM`. */
const TYPE_STREAM = 1;
/** `MSG_DONTWAIT` and `MSG_NOSIGNAL`: neither wait nor be ended by a viewer that has gone. */
const FLAGS = 0x40 | 0x4000;
/**
 * Descriptors looked at, a millisecond's worth: the kernel gives the lowest that
 * is free, and a server has a few thousand connections at most.
 */
const MAX_DESCRIPTORS = 8192;

/** Sends what the kernel takes at once. */
export class DirectSender implements Disposable {
  readonly #libc: Libc;
  readonly #fd: number;
  #closed = false;

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /**
   * For a connection in clear, whose descriptor stays Deno's; `undefined` where
   * there is no such way: another system, no `--allow-ffi`, or the variable that
   * forbids the fast paths. It must be closed before the connection is.
   */
  static of(conn: Deno.TcpConn): DirectSender | undefined {
    const libc = isForbidden() ? undefined : acquireLibc();
    if (libc === undefined) return undefined;
    const fd = findDescriptor(libc, conn);
    if (fd !== undefined) return new DirectSender(libc, fd);
    releaseLibc();
    return undefined;
  }

  /**
   * Sends as much of `bytes` as there is room for; gives how much that was. 0
   * too when the connection is broken: who then writes to it hears of it.
   */
  send(bytes: Uint8Array): number {
    if (this.#closed) return 0;
    const { sendto } = this.#libc.call;
    const data = bytes as Uint8Array<ArrayBuffer>;
    const sent = sendto(this.#fd, data, BigInt(data.length), FLAGS, null, 0);
    return Math.max(0, sent);
  }

  /** Sends no more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    releaseLibc();
  }

  /** As {@linkcode DirectSender.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The descriptor of the connection between these two addresses. */
function findDescriptor(
  libc: Libc,
  { localAddr, remoteAddr }: Deno.TcpConn,
): number | undefined {
  const local = encodeSocketAddress(localAddr)?.words;
  const remote = encodeSocketAddress(remoteAddr)?.words;
  if (local === undefined || remote === undefined) return undefined;
  const { getsockname, getpeername } = libc.call;
  for (let fd = 0; fd < MAX_DESCRIPTORS; fd++) {
    if (
      hasAddress(getpeername, fd, remote) &&
      hasAddress(getsockname, fd, local) &&
      libc.getOption(fd, SOL_SOCKET, SO_TYPE) === TYPE_STREAM
    ) return fd;
  }
  return undefined;
}

type AddressCall = Libc["call"]["getsockname"];

const found = new Uint32Array(new ArrayBuffer(ADDRESS_WORDS * 4));
const foundLength = new Uint32Array(new ArrayBuffer(4));

function hasAddress(
  call: AddressCall,
  fd: number,
  wanted: Uint32Array,
): boolean {
  found.fill(0);
  foundLength[0] = found.byteLength;
  if (call(fd, found, foundLength) !== 0) return false;
  // Neither IPv6's flow nor its scope: Deno's address has none.
  return wanted.every((word, index) => index === 6 || word === found[index]);
}
