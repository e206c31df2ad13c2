/**
 * What strangers throw at open ports.
 *
 * @module
 */

import type { SeededRandom } from "../../support/random.ts";

/** A UDP datagram's most bytes. */
const MAX_DATAGRAM = 65_507;
/** A connection that says nothing more is left after this. */
const TCP_PATIENCE_MS = 500;

/** Beginnings that real parsers believe for a moment. */
const LURES = [
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
  "DESCRIBE rtsp://x/y RTSP/9.9\r\nCSeq: x\r\nContent-Length: 99999999\r\n\r\n",
  '{"command":"register","name":"../../x","port":1}\n',
  '{"packet_id":0,"chunk_id":1,"total_chunks":2000000000,"data":"',
  "$\x00\xff\xff",
].map((text) => new TextEncoder().encode(text));

function junk(random: SeededRandom, most: number): Uint8Array<ArrayBuffer> {
  const lure = LURES[random.integer(LURES.length * 2)] ?? new Uint8Array();
  const bytes = new Uint8Array(
    Math.max(
      lure.length,
      1 + random.integer(random.next() < 0.1 ? most : 2000),
    ),
  );
  for (let at = lure.length; at < bytes.length; at++) {
    bytes[at] = random.integer(256);
  }
  bytes.set(lure);
  return bytes;
}

/** Sends a datagram of junk to each UDP port and says junk on a connection to each TCP port. */
export async function throwJunk(
  ports: { readonly tcp: readonly number[]; readonly udp: readonly number[] },
  socket: Deno.DatagramConn,
  random: SeededRandom,
): Promise<void> {
  for (const port of ports.udp) {
    await socket.send(junk(random, MAX_DATAGRAM), {
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    }).catch(() => {}); // nobody is there at the moment
  }
  await Promise.all(
    ports.tcp.map((port) => sayJunk(port, junk(random, 200_000))),
  );
}

async function sayJunk(
  port: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TCP_PATIENCE_MS);
    });
    const said = (async () => {
      const writer = conn.writable.getWriter();
      await writer.write(bytes);
      const reader = conn.readable.getReader();
      while (!(await reader.read()).done);
    })().catch(() => {});
    await Promise.race([said, patience]);
  } catch {
    // It was refused or cut, as it should be.
  } finally {
    clearTimeout(timer);
  }
}
