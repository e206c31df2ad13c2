/**
 * Reading a control connection, of either end.
 *
 * @module
 */

import type { ControlReader, JsonObject } from "../../chain/mod.ts";

/** Bytes read at a time: most messages are shorter, and `reader` holds the rest. */
const READ_BYTES = 4096;

/** The next whole object; `undefined` at the connection's end. */
export async function nextObject(
  connection: Deno.TcpConn,
  reader: ControlReader,
): Promise<JsonObject | undefined> {
  const buffer = new Uint8Array(READ_BYTES);
  while (true) {
    const object = reader.next();
    if (object !== undefined) return object;
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    reader.push(buffer.subarray(0, count));
  }
}
