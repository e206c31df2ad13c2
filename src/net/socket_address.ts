/**
 * Socket addresses as Linux lays them out (ip(7), ipv6(7)), in 32-bit words.
 *
 * ```
 * word    0               1          2 … 5        6
 * IPv4    family, port    address
 * IPv6    family, port    flow       address      scope
 * ```
 *
 * The family is in the machine's byte order, port and address in the network's.
 * Deno runs on little-endian machines only, so the first word's lower half is
 * the family.
 *
 * @module
 */

import type { UdpAddress } from "./datagram_batch.ts";

/** Room for an address, in words; `sockaddr_in6` has 28 bytes. */
export const ADDRESS_WORDS = 7;

/** `AF_INET`. */
const FAMILY_IPV4 = 2;
/** `AF_INET6`. */
const FAMILY_IPV6 = 10;
/** Bytes of `sockaddr_in` and `sockaddr_in6`. */
const IPV4_BYTES = 16;
const IPV6_BYTES = 28;
/**
 * Places of a {@linkcode SourceCache}: more senders than one socket hears at a
 * time. Two that share a place only cost an object a change.
 */
const SOURCE_PLACES = 256;

/** An address as the kernel takes it. */
export interface SocketAddress {
  /** What it was made of. */
  readonly hostname: string;
  readonly port: number;
  /** The layout above, always with all words. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Bytes that count. */
  readonly bytes: number;
}

/**
 * Encodes a numeric address; `undefined` for anything else: a name, an address
 * with a zone, a port that does not exist.
 */
export function encodeSocketAddress(
  { hostname, port }: UdpAddress,
): SocketAddress | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  const words = new Uint32Array(new ArrayBuffer(ADDRESS_WORDS * 4));
  const view = new DataView(words.buffer);
  view.setUint16(2, port);
  const isIpv6 = hostname.includes(":");
  const address = isIpv6 ? parseIpv6(hostname) : parseIpv4(hostname);
  if (address === undefined) return undefined;
  view.setUint16(0, isIpv6 ? FAMILY_IPV6 : FAMILY_IPV4, true);
  new Uint8Array(words.buffer).set(address, isIpv6 ? 8 : 4);
  const bytes = isIpv6 ? IPV6_BYTES : IPV4_BYTES;
  return { hostname, port, words, bytes };
}

/**
 * Decodes the address at word `at`: the text that Deno gives for it. A family
 * that is neither IPv4 nor IPv6 is the address 0.0.0.0.
 */
export function decodeSocketAddress(
  words: Uint32Array<ArrayBuffer>,
  at: number,
): UdpAddress {
  const start = words.byteOffset + at * 4;
  const view = new DataView(words.buffer, start, IPV6_BYTES);
  const bytes = new Uint8Array(words.buffer, start, IPV6_BYTES);
  const hostname = view.getUint16(0, true) === FAMILY_IPV6
    ? formatIpv6(bytes.subarray(8, 24))
    : bytes.subarray(4, 8).join(".");
  return { hostname, port: view.getUint16(2) };
}

/** Senders heard lately: one object each, so that a packet allocates nothing. */
export class SourceCache {
  readonly #words = new Uint32Array(SOURCE_PLACES * ADDRESS_WORDS);
  readonly #addresses: (UdpAddress | undefined)[] = new Array(SOURCE_PLACES)
    .fill(undefined);

  /** The address at word `at`, which the kernel has just filled in. */
  get(words: Uint32Array<ArrayBuffer>, at: number): UdpAddress {
    const first = words[at]!;
    const second = words[at + 1]!;
    const isIpv6 = (first & 0xffff) === FAMILY_IPV6;
    let hash = Math.imul(first ^ second, 0x9e3779b1);
    if (isIpv6) hash = Math.imul(hash ^ words[at + 5]!, 0x9e3779b1);
    const place = hash >>> 24;
    const known = this.#words;
    const base = place * ADDRESS_WORDS;
    let isSame = known[base] === first && known[base + 1] === second;
    for (let i = 2; isIpv6 && isSame && i < ADDRESS_WORDS; i++) {
      isSame = known[base + i] === words[at + i];
    }
    let address = this.#addresses[place];
    if (!isSame || address === undefined) {
      for (let i = 0; i < ADDRESS_WORDS; i++) known[base + i] = words[at + i]!;
      address = this.#addresses[place] = decodeSocketAddress(words, at);
    }
    return address;
  }
}

/** Destinations, encoded once for each address object. */
export class DestinationCache {
  readonly #encoded = new WeakMap<UdpAddress, SocketAddress>();
  #lastKey: UdpAddress | undefined;
  #last: SocketAddress | undefined;

  /** The encoded form; `undefined` when it has none, see {@linkcode encodeSocketAddress}. */
  get(to: UdpAddress): SocketAddress | undefined {
    let found = to === this.#lastKey ? this.#last : this.#encoded.get(to);
    // The object may be its owner's to change.
    if (found?.port !== to.port || found.hostname !== to.hostname) {
      found = encodeSocketAddress(to);
      if (found === undefined) return undefined;
      this.#encoded.set(to, found);
    }
    this.#lastKey = to;
    this.#last = found;
    return found;
  }
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = parts?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255)
    ? Uint8Array.from(bytes)
    : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  // The parser of URLs knows every form and gives one (RFC 5952, hexadecimal).
  if (!/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const canonical = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  if (canonical === undefined) return undefined;
  const [left = "", right] = canonical.split(/::/);
  const before = left === "" ? [] : left.split(":");
  const after = right === undefined || right === "" ? [] : right.split(":");
  const groups = [
    ...before,
    ...new Array(8 - before.length - after.length).fill("0"),
    ...after,
  ];
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  groups.forEach((group, i) => view.setUint16(i * 2, parseInt(group, 16)));
  return bytes;
}

function formatIpv6(bytes: Uint8Array<ArrayBuffer>): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) &&
    groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.subarray(12).join(".")}`;
  const text = groups.map((group) => group.toString(16)).join(":");
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}
