/**
 * The least that a hop can do: receives, sends on, knows nothing. A process of
 * its own, so that its CPU time can be read. Arguments: the port to send to, and
 * `fast` or `portable`.
 * Prints the port that it receives at.
 *
 * @module
 */

import { DatagramBatch, openUdpSocket } from "../../../src/net/mod.ts";

const to = { hostname: "127.0.0.1", port: Number(Deno.args[0]) };
using socket = openUdpSocket({
  hostname: "127.0.0.1",
  port: 0,
  fastPath: Deno.args[1] === "fast",
});
const batch = new DatagramBatch(32, 65_536);
console.log(socket.address.port);
while (await socket.receive(batch)) {
  await socket.send(batch, 0, batch.count, to);
}
