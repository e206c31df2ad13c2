/**
 * Connections to RTSP servers, plain and TLS, and why there is none.
 *
 * @module
 */

import { closeQuietly, connectTcp, resolveHost } from "../../net/mod.ts";

/** The name servers see. */
export const USER_AGENT = "streamtool";

/** Milliseconds a connection may take to open: less than the 5 s that stopping may take. */
const CONNECT_TIMEOUT_MS = 4000;

/** Where to connect to. */
export interface RtspEndpoint {
  readonly host: string;
  readonly port: number;
  /** TLS. */
  readonly secure: boolean;
  /** PEM certificates that are trusted besides the system's. */
  readonly caCerts: readonly string[];
}

/**
 * Opens a connection, small packets at once.
 *
 * @throws what {@linkcode explainConnection} can say in words.
 */
export async function connectRtsp(
  { host, port, secure, caCerts }: RtspEndpoint,
): Promise<Deno.TcpConn | Deno.TlsConn> {
  const plain = await connectTcp(
    await resolveHost(host),
    port,
    CONNECT_TIMEOUT_MS,
  );
  if (!secure) {
    plain.setNoDelay(true);
    return plain;
  }
  const timer = setTimeout(() => closeQuietly(plain), CONNECT_TIMEOUT_MS);
  try {
    const connection = await Deno.startTls(plain, {
      hostname: host,
      caCerts: [...caCerts],
    });
    await connection.handshake();
    return connection;
  } catch (error) {
    closeQuietly(plain);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** In words, why a connection failed. */
export function explainConnection(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "nobody listens there";
  }
  if (error instanceof Deno.errors.TimedOut) return "it does not answer";
  if (
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted
  ) return "the server closed the connection";
  const { message } = error as Error;
  if (
    /UnknownIssuer|CaUsedAsEndEntity|NotValidForName|certificate/i.test(message)
  ) {
    return `its certificate is not trusted (${message}). Pass --ca FILE with the certificate to trust`;
  }
  return message;
}
