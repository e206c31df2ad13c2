/**
 * UDP in batches: one interface for everything that sends video, and two
 * implementations that are chosen at run time.
 *
 * A batch holds several datagrams in one buffer, so an implementation can hand
 * them to the kernel in one call, and whoever receives can send on from the
 * very bytes that arrived.
 *
 * @module
 */

import type { DatagramBatch, UdpAddress } from "./datagram_batch.ts";
import { openLinuxUdpSocket } from "./udp_linux.ts";
import { PortableUdpSocket } from "./udp_portable.ts";

export { DatagramBatch, type UdpAddress } from "./datagram_batch.ts";

/**
 * Room for one received datagram. IPv4 carries at most 65,507 bytes of UDP
 * payload (RFC 768, RFC 791); one more byte would tell a cut-off datagram.
 */
export const MAX_DATAGRAM_BYTES = 65_507;

/** Set to anything, this environment variable keeps every socket portable. */
export const NO_FAST_PATH_VARIABLE = "STREAMTOOL_NO_FAST_PATH";

/** How a socket talks to the kernel: many datagrams a call on Linux, or one. */
export type UdpPath = "linux" | "portable";

/** A bound UDP socket. */
export interface UdpSocket extends Disposable {
  /** The address it is bound to, with the real port. */
  readonly address: UdpAddress;
  /** Which implementation this is. */
  readonly path: UdpPath;
  /**
   * Receive buffer as the kernel counts it, bookkeeping included (212,992 is
   * Linux's default); `undefined` where it cannot be asked.
   */
  readonly receiveBufferBytes: number | undefined;
  /** Datagrams that the kernel refused to send. */
  readonly sendErrors: number;
  /**
   * Waits for at least one datagram and fills `batch` with what has arrived:
   * up to its capacity on the fast path, one on the portable one. `false` when
   * the socket was closed.
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

/** What {@linkcode openUdpSocket} is told. */
export interface UdpOptions {
  /** Address to bind. */
  readonly hostname: string;
  /** Port to bind; 0 takes a free one. */
  readonly port: number;
  /**
   * `false` keeps the socket portable. By default the fast path is taken where
   * it can be: on Linux, with `--allow-ffi`, unless the environment has
   * {@linkcode NO_FAST_PATH_VARIABLE}.
   */
  readonly fastPath?: boolean | undefined;
}

/**
 * Binds a UDP socket. Which path it took, it says itself: the fast path is
 * never asked for with a prompt, and what speaks against it is no error.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken.
 */
export function openUdpSocket(options: UdpOptions): UdpSocket {
  const portable = new PortableUdpSocket(
    Deno.listenDatagram({
      transport: "udp",
      hostname: options.hostname,
      port: options.port,
    }),
  );
  const wanted = options.fastPath ?? !isForbidden();
  return wanted ? openLinuxUdpSocket(portable) ?? portable : portable;
}

/** Which path a socket took, for a log. */
export function udpPathText({ path, receiveBufferBytes }: UdpSocket): string {
  return path === "linux"
    ? `UDP: many datagrams a call (Linux), receive buffer ${receiveBufferBytes} bytes`
    : "UDP: a datagram a call (portable)";
}

/** Whether the environment has {@linkcode NO_FAST_PATH_VARIABLE}, as far as we may look. */
export function isForbidden(): boolean {
  const variable = NO_FAST_PATH_VARIABLE;
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" && (Deno.env.get(variable) ?? "") !== "";
}
