/**
 * Which ports a peer takes when it is told none.
 *
 * @module
 */

/** A peer's control port is its UDP port plus this, by convention. */
const CONTROL_PORT_OFFSET = 10_000;
/** Peer A receives at 10001, B at 10002 … */
const FIRST_PEER_PORT = 10_001;
/** Numbers at a name's end up to here give a port. */
const MAX_NUMBERED_PEER = 9999;

/**
 * The UDP port that follows from a peer's name: A–Z 10001–10026, a name that
 * ends in a number n from 1 the port 10000 + n, any other a free port (0).
 */
export function defaultUdpPort(name: string): number {
  if (/^[A-Za-z]$/.test(name)) {
    return FIRST_PEER_PORT + name.toUpperCase().charCodeAt(0) - 65;
  }
  const number = Number(/(\d+)$/.exec(name)?.[1] ?? 0);
  return number >= 1 && number <= MAX_NUMBERED_PEER
    ? FIRST_PEER_PORT - 1 + number
    : 0;
}

/**
 * The control port for a bound UDP port: the one of the convention when the UDP
 * port was chosen by somebody, so that documents and firewalls hold. A free UDP
 * port that the system gave takes any free control port (0): it is announced.
 */
export function defaultControlPort(udpPort: number, chosen: boolean): number {
  const port = udpPort + CONTROL_PORT_OFFSET;
  return chosen && port <= 65_535 ? port : 0;
}
