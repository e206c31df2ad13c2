/**
 * Free ports of 127.0.0.1, for programs that must be told a port. A program
 * that takes port 0 and says which one it got is better: no other process can
 * come between.
 *
 * @module
 */

/** Tries before a search for neighbouring ports gives up. */
const MAX_TRIES = 200;

/** A UDP port that was free a moment ago. */
export function freeUdpPort(): number {
  return freeUdpPorts(1)[0]!;
}

/** `count` different UDP ports that were free a moment ago. */
export function freeUdpPorts(count: number): number[] {
  const sockets = Array.from({ length: count }, () => bindUdp(0));
  return sockets.map((socket) => release(socket));
}

/** An even UDP port whose next one was free too, as RTP and RTCP want them (RFC 3550 section 11). */
export function freeUdpPortPair(): number {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const first = bindUdp(0);
    const port = (first.addr as Deno.NetAddr).port;
    if (port % 2 === 1 || port === 65_534) {
      first.close();
      continue;
    }
    try {
      release(bindUdp(port + 1));
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    } finally {
      first.close();
    }
  }
  throw new Error(`Cannot find a pair of free UDP ports: ${MAX_TRIES} tries`);
}

/** A TCP port that was free a moment ago. */
export function freeTcpPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function bindUdp(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port,
  });
}

function release(socket: Deno.DatagramConn): number {
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}
