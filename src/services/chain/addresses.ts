/**
 * Which address is whose on a chain of several machines.
 *
 * The coordinator knows a peer by the address its connection came from. On the
 * coordinator's own machine that is a loopback address, which means nothing to
 * a peer elsewhere: such a one is told the address at which it reached the
 * coordinator, for that is the machine the other peer is on.
 *
 * @module
 */

import { formatHostPort, isLoopback } from "../../net/mod.ts";

/** The two ends of a connection to the coordinator, numeric. */
export interface Viewpoint {
  /** Where the connection came from. */
  readonly host: string;
  /** The coordinator's address at which it arrived. */
  readonly coordinatorHost: string;
}

/**
 * An IPv4 address that a socket on all IPv6 addresses shows as an IPv6 one
 * (`::ffff:10.0.0.7`, RFC 4291 section 2.5.5.2), in its own form; any other as it is.
 */
export function plainAddress(hostname: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1] ?? hostname;
}

/** Whether two addresses are the same host's: of one host, IPv4's and IPv6's loopback are, too. */
export function isSameHost(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [plainAddress(one), plainAddress(other)];
  return a === b || (isLoopback(a) && isLoopback(b));
}

/** `host` as the machine at `from` reaches it. */
export function hostSeenFrom(host: string, from: Viewpoint): string {
  return isLoopback(host) && !isLoopback(from.host)
    ? from.coordinatorHost
    : host;
}

/** Whether a socket bound to `hostname` takes what comes to any address. */
export function isAnyAddress(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/**
 * Why a socket bound to `local` cannot send to `host`; `undefined` when it can.
 * One on all IPv6 addresses reaches IPv4 ones as well, but not the other way.
 */
export function whyUnreachable(
  local: string,
  host: string,
): string | undefined {
  const wantsSix = plainAddress(host).includes(":");
  if (wantsSix && !local.includes(":")) {
    return `it listens at ${local}, which speaks no IPv6. Pass --host :: to speak both`;
  }
  if (!wantsSix && local.includes(":") && !isAnyAddress(local)) {
    return `it listens at ${local}, which speaks no IPv4. Pass --host :: to speak both`;
  }
  return undefined;
}

/**
 * The addresses that a server bound to `hostname` is reached at, best first:
 * that one, or for all interfaces the loopback address and then this machine's
 * others. Link-local ones (RFC 4291 section 2.5.6) need a zone and are left out.
 */
export function reachedAt(hostname: string): string[] {
  if (!isAnyAddress(hostname)) return [hostname];
  const others = Deno.networkInterfaces()
    .map(({ address }) => address)
    .filter((address) => !isLoopback(address) && !/^fe80:/i.test(address))
    .filter((address) => hostname === "::" || !address.includes(":"));
  return ["127.0.0.1", ...others];
}

/** `host:port` for each address of {@linkcode reachedAt}. */
export function reachedAtPort(hostname: string, port: number): string[] {
  return reachedAt(hostname).map((address) => formatHostPort(address, port));
}

/** The URLs of a page for each address of {@linkcode reachedAt}. */
export function pageUrls(hostname: string, port: number): string[] {
  return reachedAtPort(hostname, port).map((at) => `http://${at}/`);
}
