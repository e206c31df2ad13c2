/**
 * The peer's control port, where the coordinator names the next peer.
 *
 * @module
 */

import {
  ChainProtocolError,
  CONTROL_OK,
  ControlReader,
  type JsonObject,
  type NextHop,
  parseUpdateNext,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { serveTcp, type TcpServer, writeAll } from "../../net/mod.ts";

/** One coordinator talks at a time; the rest is room for mistakes. */
const MAX_CONNECTIONS = 16;
/** Who says nothing for so long is closed. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Listens for `UPDATE_NEXT`; anything else closes the connection.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveControlPort(
  options: {
    hostname: string;
    port: number;
    log: Logger;
    /** Checks a message's seal and takes it off; throws when it is wrong. */
    open: (message: JsonObject) => JsonObject;
  },
  onUpdate: (next: NextHop | undefined, from: string) => void,
): TcpServer {
  const { hostname, port, log, open } = options;
  return serveTcp({
    hostname,
    port,
    flag: "the UDP port",
    maxConnections: MAX_CONNECTIONS,
    onError: (error) => {
      log.debug(`Cannot serve a control connection: ${error}`);
    },
    handle: async (connection) => {
      const timer = setTimeout(() => connection.close(), REQUEST_TIMEOUT_MS);
      try {
        const reader = new ControlReader();
        const buffer = new Uint8Array(4096);
        let object = reader.next();
        while (object === undefined) {
          const count = await connection.read(buffer);
          if (count === null) return;
          reader.push(buffer.subarray(0, count));
          object = reader.next();
        }
        const remote = connection.remoteAddr as Deno.NetAddr;
        onUpdate(parseUpdateNext(open(object)), remote.hostname);
        await writeAll(connection, CONTROL_OK);
      } catch (error) {
        if (!(error instanceof ChainProtocolError)) throw error;
        log.debug(`refused a control message: ${error.message}`);
      } finally {
        clearTimeout(timer);
      }
    },
  });
}
