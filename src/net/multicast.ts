/**
 * Sockets that send to a multicast group, and that hear what is sent to one
 * (RFC 1112).
 *
 * @module
 */

import type { UdpSocket } from "./udp.ts";
import { PortableUdpSocket } from "./udp_portable.ts";

/** Which group, and through which of our addresses. */
export interface MulticastOptions {
  /** Our address on the network of the group; all zeros leave it to the routes. */
  readonly hostname: string;
  /** IPv4 address of the group. */
  readonly group: string;
}

/** Whether `text` is the address of an IPv4 group (224.0.0.0/4). */
export function isMulticastAddress(text: string): boolean {
  const parts = text.split(".").map(Number);
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
    parts.every((part) => part <= 255) && parts[0]! >= 224 && parts[0]! <= 239;
}

/**
 * A socket whose datagrams to the group pass `ttl` routers, and come to
 * listeners on this machine too.
 *
 * @throws {Error} when the system has no way to the group.
 */
export async function openMulticastSender(
  { hostname, group, ttl }: MulticastOptions & { readonly ttl: number },
): Promise<UdpSocket> {
  // Bound to an address, the system sends through its interface.
  const socket = listen(hostname, 0);
  try {
    const membership = await socket.joinMulticastV4(group, hostname);
    await membership.setTTL(ttl);
    await membership.setLoopback(true);
    return new PortableUdpSocket(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * A socket that hears what is sent to a port of the group; others on this
 * machine may hear it too.
 *
 * @throws {Error} when the system has no way to the group, or somebody keeps
 * the port for himself.
 */
export async function openMulticastReceiver(
  { hostname, group, port }: MulticastOptions & { readonly port: number },
): Promise<UdpSocket> {
  // Bound to the group it hears no other that uses the port; Windows binds to
  // interfaces only.
  const socket = listen(Deno.build.os === "windows" ? hostname : group, port);
  try {
    await socket.joinMulticastV4(group, hostname);
    return new PortableUdpSocket(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
}

function listen(hostname: string, port: number): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname,
    port,
    reuseAddress: true,
    loopback: true,
  });
}
