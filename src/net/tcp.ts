/**
 * TCP servers and one-shot exchanges.
 *
 * @module
 */

import { listenOrExplain } from "./listen_error.ts";

/** A listening TCP server. */
export interface TcpServer {
  /** The address it is bound to, with the real port. */
  readonly hostname: string;
  /** The port it is bound to. */
  readonly port: number;
  /** Stops accepting, closes every connection and waits for their handlers. */
  close(): Promise<void>;
}

/** What {@linkcode serveTcp} is told. */
export interface TcpServerOptions {
  /** Address to bind. */
  readonly hostname: string;
  /** Port to bind; 0 takes a free one. */
  readonly port: number;
  /** The flag that chooses the port, for the error message. */
  readonly flag: string;
  /** Connections beyond this many are closed at once. */
  readonly maxConnections: number;
  /** One connection; it is closed when the promise settles. */
  readonly handle: (connection: Deno.TcpConn) => Promise<void>;
  /** Told of what a handler threw; a broken connection is no news. */
  readonly onError: (error: unknown) => void;
}

/**
 * Accepts connections until closed.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveTcp(options: TcpServerOptions): TcpServer {
  const { hostname, port, flag } = options;
  const listener = listenOrExplain(
    hostname,
    port,
    flag,
    () => Deno.listen({ hostname, port }),
  );
  return serveConnections(listener, options);
}

/** Whatever accepts connections: plain TCP, TLS. */
interface ConnectionListener<C extends Deno.Conn> {
  readonly addr: Deno.Addr;
  accept(): Promise<C>;
  close(): void;
}

/** Accepts from a listener until closed; takes it over. */
export function serveConnections<C extends Deno.Conn>(
  listener: ConnectionListener<C>,
  options: Pick<TcpServerOptions, "maxConnections" | "onError"> & {
    readonly handle: (connection: C) => Promise<void>;
  },
): TcpServer {
  const open = new Map<C, Promise<void>>();

  async function serve(connection: C): Promise<void> {
    try {
      await options.handle(connection);
    } catch (error) {
      if (!isDisconnect(error)) options.onError(error);
    } finally {
      closeQuietly(connection);
      open.delete(connection);
    }
  }

  async function acceptAll(): Promise<void> {
    while (true) {
      try {
        const connection = await listener.accept();
        if (open.size >= options.maxConnections) closeQuietly(connection);
        else open.set(connection, serve(connection));
      } catch (error) {
        // Too many open files, or a client that reset before it was accepted:
        // the next one may be luckier.
        if (!isDisconnect(error)) options.onError(error);
        if (isClosed(error)) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  const accepting = acceptAll();
  const address = listener.addr as Deno.NetAddr;
  return {
    hostname: address.hostname,
    port: address.port,
    async close(): Promise<void> {
      closeQuietly(listener);
      await accepting;
      const handlers = [...open.values()];
      for (const connection of open.keys()) closeQuietly(connection);
      await Promise.all(handlers);
    },
  };
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

/** Whether an error only says that the other side, or we, closed the connection. */
export function isDisconnect(error: unknown): boolean {
  return isClosed(error) ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.UnexpectedEof;
}

/** Closes a connection or listener that may be closed already. */
export function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // Closed before: that is what was wanted.
  }
}

/** Writes all of `bytes`. */
export async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at));
  }
}

/**
 * Connects, with a time limit that closes what comes too late.
 *
 * @throws {Deno.errors.TimedOut} after `timeoutMs`.
 */
export async function connectTcp(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<Deno.TcpConn> {
  let late = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connecting = Deno.connect({ hostname, port });
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(
        new Deno.errors.TimedOut(
          `Cannot connect to ${hostname}:${port}: no answer in ${timeoutMs} ms`,
        ),
      );
    }, timeoutMs);
  });
  connecting.then((connection) => {
    if (late) connection.close();
  }, () => {});
  try {
    return await Promise.race([connecting, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
