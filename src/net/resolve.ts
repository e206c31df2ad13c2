/**
 * Names to addresses, once and not a datagram.
 *
 * @module
 */

/**
 * The numeric address of `hostname`: itself when it is one, 127.0.0.1 for
 * "localhost", else the first A record (AAAA when there is none).
 *
 * @throws {Error} when the name has no address.
 */
export async function resolveHost(hostname: string): Promise<string> {
  if (isNumericAddress(hostname)) return hostname;
  if (hostname === "localhost") return "127.0.0.1";
  for (const type of ["A", "AAAA"] as const) {
    try {
      const [address] = await Deno.resolveDns(hostname, type);
      if (address !== undefined) return address;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(
    `Cannot resolve "${hostname}": the name has no address. Check the spelling or pass a number such as 192.168.0.10`,
  );
}

/** Whether `hostname` is a dotted IPv4 address or an IPv6 address. */
export function isNumericAddress(hostname: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname) || hostname.includes(":");
}

/** Whether an address stays on this machine (127.0.0.0/8 or ::1, RFC 6890). */
export function isLoopback(address: string): boolean {
  return /^127\./.test(address) || address === "::1" ||
    address === "localhost";
}

/** `host:port` as it stands in a URL: IPv6 in brackets (RFC 3986, 3.2.2). */
export function formatHostPort(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}
