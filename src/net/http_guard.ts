/**
 * Who may talk to a server on this machine.
 *
 * A web page from anywhere can make the user's browser send requests to
 * 127.0.0.1. Reading the answers needs DNS rebinding (the attacker's name
 * resolves to 127.0.0.1 the second time), which shows in the Host header;
 * changing things needs nothing but shows in the Origin header (RFC 6454).
 *
 * @module
 */

/**
 * Whether a `Host` header names this server: any IP address, `localhost`, the
 * host it is bound to or one of `allowedHosts`. No foreign name can be rebound to us then.
 */
export function hostAllowed(
  hostHeader: string,
  boundHost: string,
  allowedHosts: readonly string[] = [],
): boolean {
  const host = hostnameOf(hostHeader);
  if (host === undefined) return false;
  if (host === "localhost" || isAddress(host)) return true;
  return [boundHost, ...allowedHosts].some((one) => hostnameOf(one) === host);
}

/**
 * Whether a request that changes something comes from our own page or from a
 * program: the `Origin`, when there is one, must be the `Host`.
 */
export function originAllowed(
  originHeader: string | null,
  hostHeader: string,
): boolean {
  if (originHeader === null) return true; // no browser: curl, a script
  try {
    const origin = new URL(originHeader);
    if (origin.protocol !== "http:" && origin.protocol !== "https:") {
      return false;
    }
    return origin.host === new URL(`${origin.protocol}//${hostHeader}`).host;
  } catch {
    return false; // "null" too: a sandboxed frame or a local file
  }
}

/** Lower-case name without port; `undefined` for what is no host at all. */
function hostnameOf(hostHeader: string): string | undefined {
  if (/[/@?#\\\s]/.test(hostHeader)) return undefined;
  try {
    const { hostname } = new URL(
      // A bare IPv6 address, as in an option, has no brackets yet.
      /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i.test(hostHeader)
        ? `http://[${hostHeader}]`
        : `http://${hostHeader}`,
    );
    return hostname.replace(/\.$/, "") || undefined;
  } catch {
    return undefined;
  }
}

/** `URL` has normalised: IPv4 is four decimal numbers, IPv6 is in brackets. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}
