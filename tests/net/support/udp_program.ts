/**
 * What the tests run with permissions and flags of its own:
 * `udp_program.ts path|option|collect:PACKETS`. Prints one line of JSON.
 *
 * @module
 */

import { DatagramBatch, openUdpSocket } from "../../../src/net/udp.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
/** More than one run of equal sizes holds, less than a receive buffer. */
const BURST = 80;
const PACKET_BYTES = 1000;
/** Bursts a batch lives for. */
const BURSTS_A_BATCH = 7;

const [what = "", packets] = Deno.args[0]?.split(":") ?? [];
console.log(JSON.stringify(
  what === "collect" ? await collect(Number(packets)) : path(what),
));

function path(from: string): Record<string, unknown> {
  const forced = from === "option" ? { fastPath: false } : {};
  using socket = openUdpSocket({ ...LOCAL, ...forced });
  const { receiveBufferBytes } = socket;
  return { path: socket.path, receiveBufferBytes };
}

/**
 * Packets through a hop, each with its number all over. No batch lives long,
 * everything is collected all the time, and memory that is free is taken and
 * written at once: an address of a collected buffer would show.
 */
async function collect(total: number): Promise<Record<string, unknown>> {
  const gc = (globalThis as unknown as {
    gc: (how?: { type: "minor" | "major" }) => void;
  }).gc;
  using source = openUdpSocket(LOCAL);
  using relay = openUdpSocket(LOCAL);
  using sink = openUdpSocket(LOCAL);
  let out = new DatagramBatch(BURST, PACKET_BYTES);
  let through = new DatagramBatch(64, PACKET_BYTES + 1);
  let into = new DatagramBatch(64, PACKET_BYTES + 1);
  const spoilt: Uint32Array[] = [];
  let next = 0;
  let damaged = 0;
  let came = 0;
  for (let burst = 0; next < total; burst++) {
    if (burst % BURSTS_A_BATCH === 0) {
      out = new DatagramBatch(BURST, PACKET_BYTES);
      through = new DatagramBatch(64, PACKET_BYTES + 1);
      into = new DatagramBatch(64, PACKET_BYTES + 1);
      gc({ type: "major" });
      spoilt.length = 0;
      for (const { bytes } of [out, through, into]) {
        spoilt.push(new Uint32Array(bytes.length >> 2).fill(0xdeadbeef));
      }
    }
    const count = Math.min(BURST, total - next);
    out.count = 0;
    for (let i = 0; i < count; i++) {
      out.append(new Uint8Array(new Uint32Array(250).fill(next + i).buffer));
    }
    gc({ type: "minor" });
    await source.send(out, 0, count, relay.address);
    for (let moved = 0; moved < count; moved += through.count) {
      await relay.receive(through);
      gc({ type: "minor" });
      await relay.send(through, 0, through.count, sink.address);
    }
    for (let got = 0; got < count; got += into.count) {
      await sink.receive(into);
      for (let i = 0; i < into.count; i++) {
        const bytes = into.datagram(i);
        const from = into.sources[i];
        const words = new Uint32Array(bytes.slice().buffer);
        if (
          words.length !== 250 || from?.port !== relay.address.port ||
          words.some((word) => word !== next + got + i)
        ) damaged++;
        came++;
      }
    }
    next += count;
  }
  return { path: relay.path, packets: total, lost: total - came, damaged };
}
