/**
 * TCP servers that speak TLS.
 *
 * @module
 */

import { listenOrExplain } from "./listen_error.ts";
import {
  serveConnections,
  type TcpServer,
  type TcpServerOptions,
} from "./tcp.ts";

/** What {@linkcode serveTls} is told. */
export interface TlsServerOptions extends Omit<TcpServerOptions, "handle"> {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** One connection, whose handshake may still be under way; it is closed when the promise settles. */
  readonly handle: (connection: Deno.TlsConn) => Promise<void>;
}

/**
 * Accepts TLS connections until closed.
 *
 * @throws {ListenError} when the port cannot be had, or certificate and key are none.
 */
export function serveTls(options: TlsServerOptions): TcpServer {
  const { hostname, port, flag, cert, key } = options;
  const listener = listenOrExplain(
    hostname,
    port,
    flag,
    () => Deno.listenTls({ hostname, port, cert, key }),
  );
  return serveConnections(listener, options);
}
