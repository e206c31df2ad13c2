/**
 * What a 1400-byte packet costs on either path of `src/net`, beside a bare
 * loop over the same system calls in the same run; what one hop carries
 * without loss; and what it allocates.
 *
 * `deno task bench udp` runs it. The bars: a hop at most 1.5 times the bare
 * loop, 300 MB/s without loss, nothing allocated a packet.
 *
 * @module
 */

import process from "node:process";
import { formatTable } from "../../src/cli/table.ts";
import { DatagramBatch, openUdpSocket } from "../../src/net/mod.ts";
import type { UdpAddress, UdpSocket } from "../../src/net/mod.ts";
import { BareSocket } from "./bare_udp.ts";

const PACKET_BYTES = 1400;
/** What one call of the kernel cuts up: 64 KB. */
const BURST = 46;
/** Larger than a packet, as a receiver must have them. */
const SLOT_BYTES = 2048;
const LOCAL = { hostname: "127.0.0.1", port: 0 };
/**
 * Packets on their way at most while the rate is measured: a quarter of a large
 * buffer, half of the default one.
 */
const WINDOWS = { fast: 11 * BURST, portable: BURST };

type Cpu = { send: number; hop: number; receive: number };

const [mode = "", ...args] = Deno.args;
if (mode === "hop") await runHop(args[0] === "portable");
else if (mode === "heap") await countAllocations();
else await main(Number(mode) || 400_000);

async function main(packets: number): Promise<void> {
  await costs(packets);
  for (const size of [1, 8]) await costs(packets / 8, size);
  await rates();
  await heap();
}

/** CPU of this process so far, µs. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** A burst at a time through a hop, every part's CPU by itself. */
async function costs(packets: number, burst = BURST): Promise<void> {
  const rows: string[][] = [];
  const add = (name: string, { send, hop, receive }: Cpu): void => {
    const sent = Math.floor(packets / burst) * burst;
    rows.push([
      name,
      ...[send, receive, hop].map((cpu) => (cpu / sent).toFixed(2)),
    ]);
  };
  const rounds = Math.floor(packets / burst);
  // The first run warms up.
  for (const counts of [false, true]) {
    const n = counts ? rounds : Math.min(rounds, 500);
    const results: [string, Cpu][] = [
      ["bare FFI loop", bareCosts(n, burst)],
      ["fast path", await socketCosts(n, burst, true)],
      ["portable", await socketCosts(n, burst, false)],
    ];
    for (const [name, cpu] of counts ? results : []) add(name, cpu);
  }
  console.log(
    `\nµs of CPU a packet of ${PACKET_BYTES} bytes, ${burst} at once`,
  );
  console.log(formatTable(["", "send", "receive", "hop"], rows));
}

function bareCosts(rounds: number, burst: number): Cpu {
  using source = new BareSocket(PACKET_BYTES, burst);
  using relay = new BareSocket(PACKET_BYTES, burst);
  using sink = new BareSocket(PACKET_BYTES, burst);
  source.aimAt(relay.port);
  relay.aimAt(sink.port);
  const cpu = { send: 0, hop: 0, receive: 0 };
  for (let i = 0; i < rounds; i++) {
    const t0 = cpuMicros();
    source.send(burst);
    const t1 = cpuMicros();
    relay.send(relay.receive());
    const t2 = cpuMicros();
    sink.receive();
    const t3 = cpuMicros();
    cpu.send += t1 - t0;
    cpu.hop += t2 - t1;
    cpu.receive += t3 - t2;
  }
  return cpu;
}

async function socketCosts(
  rounds: number,
  burst: number,
  fastPath: boolean,
): Promise<Cpu> {
  using source = openUdpSocket({ ...LOCAL, fastPath });
  using relay = openUdpSocket({ ...LOCAL, fastPath });
  using sink = openUdpSocket({ ...LOCAL, fastPath });
  const out = filled(burst);
  const batch = new DatagramBatch(64, SLOT_BYTES);
  const cpu = { send: 0, hop: 0, receive: 0 };
  for (let i = 0; i < rounds; i++) {
    const t0 = cpuMicros();
    await source.send(out, 0, burst, relay.address);
    const t1 = cpuMicros();
    for (let moved = 0; moved < burst;) {
      moved += await hop(relay, batch, sink.address);
    }
    const t2 = cpuMicros();
    for (let received = 0; received < burst;) {
      await sink.receive(batch);
      received += batch.count;
    }
    const t3 = cpuMicros();
    cpu.send += t1 - t0;
    cpu.hop += t2 - t1;
    cpu.receive += t3 - t2;
  }
  return cpu;
}

async function hop(
  relay: UdpSocket,
  batch: DatagramBatch,
  to: UdpAddress,
): Promise<number> {
  if (!await relay.receive(batch)) return Infinity;
  await relay.send(batch, 0, batch.count, to);
  return batch.count;
}

function filled(count: number): DatagramBatch {
  const batch = new DatagramBatch(count, PACKET_BYTES);
  for (let i = 0; i < count; i++) batch.append(new Uint8Array(PACKET_BYTES));
  return batch;
}

/** What a hop in a process of its own carries; source and sink are bare loops in this one. */
async function rates(): Promise<void> {
  const rows: string[][] = [];
  for (const path of ["fast", "portable"] as const) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename!, "hop", path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    using source = new BareSocket(PACKET_BYTES, BURST);
    using sink = new BareSocket(PACKET_BYTES, 64);
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${sink.port}\n`));
    source.aimAt(Number((await lines.read()).value));
    const seconds = 3;
    const start = performance.now();
    let sent = 0;
    let received = 0;
    let progress = start;
    for (let now = start; now - start < seconds * 1000;) {
      if (sent - received <= WINDOWS[path] - BURST) sent += source.send(BURST);
      const some = sink.receive();
      received += some;
      now = performance.now();
      if (some > 0) progress = now;
      // Nothing for so long: what is missing is lost, go on without it.
      if (now - progress > 200) break;
    }
    const elapsed = (performance.now() - start) / 1000;
    for (const until = performance.now() + 300; performance.now() < until;) {
      received += sink.receive();
    }
    await writer.close();
    const cpu = Number((await lines.read()).value);
    await lines.cancel();
    await child.status;
    rows.push([
      path,
      (received * PACKET_BYTES / 1e6 / elapsed).toFixed(0),
      String(received),
      String(sent - received),
      (cpu / received).toFixed(2),
      (PACKET_BYTES * received / cpu).toFixed(0),
    ]);
  }
  console.log("\nOne hop in its own process");
  console.log(formatTable(
    [
      "path",
      "MB/s",
      "packets",
      "lost",
      "CPU µs/packet",
      "MB a second of CPU",
    ],
    rows,
  ));
}

async function runHop(isPortable: boolean): Promise<void> {
  using relay = openUdpSocket({ ...LOCAL, fastPath: !isPortable });
  const buffer = new Uint8Array(64);
  const length = await Deno.stdin.read(buffer) ?? 0;
  const port = Number(new TextDecoder().decode(buffer.subarray(0, length)));
  console.log(relay.address.port);
  const to = { hostname: "127.0.0.1", port };
  const batch = new DatagramBatch(64, SLOT_BYTES);
  const before = cpuMicros();
  Deno.stdin.read(buffer).then(() => relay.close());
  while (await hop(relay, batch, to) !== Infinity);
  console.log(cpuMicros() - before);
}

/** Runs a million packets where nothing is ever collected, so that growth is what was allocated. */
async function heap(): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--v8-flags=--expose-gc,--min-semi-space-size=256,--max-semi-space-size=256",
      import.meta.filename!,
      "heap",
    ],
    stderr: "inherit",
  }).output();
  console.log(new TextDecoder().decode(stdout));
}

async function countAllocations(): Promise<void> {
  const gc = (globalThis as unknown as { gc: () => void }).gc;
  using source = new BareSocket(PACKET_BYTES, BURST);
  using relay = openUdpSocket(LOCAL);
  using sink = new BareSocket(PACKET_BYTES, 64);
  source.aimAt(relay.address.port);
  const to = { hostname: "127.0.0.1", port: sink.port };
  const batch = new DatagramBatch(64, SLOT_BYTES);
  const run = async (packets: number): Promise<number> => {
    let moved = 0;
    while (moved < packets) {
      source.send(BURST);
      for (let some = 0; some < BURST;) some += await hop(relay, batch, to);
      sink.receive();
      moved += BURST;
    }
    return moved;
  };
  await run(200_000);
  gc();
  const before = Deno.memoryUsage().heapUsed;
  const moved = await run(1_000_000);
  const allocated = Deno.memoryUsage().heapUsed - before;
  gc();
  const kept = Deno.memoryUsage().heapUsed - before;
  console.log(`\nHeap over ${moved} packets through one hop (${relay.path})`);
  console.log(
    `  allocated ${(allocated / moved).toFixed(2)} bytes a packet, ${
      (allocated / moved * BURST).toFixed(0)
    } a burst of ${BURST}; kept ${(kept / 1000).toFixed(1)} KB in all`,
  );
}
