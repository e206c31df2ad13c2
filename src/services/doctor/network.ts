/**
 * Ports, datagrams and socket buffers.
 *
 * @module
 */

import {
  DatagramBatch,
  NO_FAST_PATH_VARIABLE,
  openUdpSocket,
} from "../../net/mod.ts";
import type { UdpSocket } from "../../net/mod.ts";
import type { Check } from "./check.ts";
import { outputOf } from "./check.ts";

/** Receive buffer that holds a frame of any size we meet; measured with frames of 150 KB. */
const WANTED_BUFFER = 4 * 1024 * 1024;

/** Largest datagram of the chain's compatibility wire. */
const LARGE_DATAGRAM = 60_000;

/** One Ethernet frame's datagram. */
const SMALL_DATAGRAM = 1200;

/** Milliseconds a datagram may take from us to us. */
const LOOPBACK_LIMIT = 1000;

function tryPort(transport: "TCP" | "UDP", port: number): string | undefined {
  try {
    if (transport === "TCP") {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    } else openUdpSocket({ hostname: "127.0.0.1", port }).close();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse ||
        (error instanceof Error && error.cause instanceof Deno.errors.AddrInUse)
      ? "taken"
      : "not allowed";
  }
}

/** Whether the ports that commands take by default are free. */
export function checkPorts(
  transport: "TCP" | "UDP",
  ports: readonly number[],
): Check {
  const name = `${transport} ports`;
  const busy = ports.map((port) => [port, tryPort(transport, port)] as const)
    .filter(([, state]) => state !== undefined);
  if (busy.length === 0) {
    return { name, status: "ok", detail: `${ports.join(", ")} are free` };
  }
  return {
    name,
    status: "warn",
    detail: busy.map(([port, state]) => `${port} is ${state}`).join(", "),
    remedy:
      "Stop the program that has it, or give the command another port (0 for a free one)",
  };
}

async function arrives(
  sender: UdpSocket,
  receiver: UdpSocket,
  size: number,
): Promise<boolean> {
  const batch = new DatagramBatch(1, 65_536);
  await sender.sendOne(new Uint8Array(size).fill(0x55), receiver.address);
  const timer = setTimeout(() => receiver.close(), LOOPBACK_LIMIT);
  try {
    return await receiver.receive(batch) && batch.lengths[0] === size;
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a small and a large datagram to ourselves. */
export async function checkUdpLoopback(): Promise<Check> {
  const name = "UDP loopback";
  try {
    using sender = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    using receiver = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    if (!await arrives(sender, receiver, SMALL_DATAGRAM)) {
      return {
        name,
        status: "fail",
        detail:
          `a datagram to 127.0.0.1 did not arrive within ${LOOPBACK_LIMIT} ms`,
        remedy: "Let the firewall pass UDP on 127.0.0.1",
      };
    }
    if (await arrives(sender, receiver, LARGE_DATAGRAM)) {
      return {
        name,
        status: "ok",
        detail:
          `datagrams of ${SMALL_DATAGRAM} and ${LARGE_DATAGRAM} bytes arrive`,
      };
    }
    return {
      name,
      status: "warn",
      detail:
        `datagrams of ${LARGE_DATAGRAM} bytes do not arrive, small ones do`,
      remedy: Deno.build.os === "darwin"
        ? "Run: sudo sysctl -w net.inet.udp.maxdgram=65507, or pass --max-datagram 9000"
        : "Pass --max-datagram 9000 where the strandcast wire is spoken",
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      name,
      status: "fail",
      detail,
      remedy: "Allow programs to open UDP sockets",
    };
  }
}

/** How UDP is sent and received: many datagrams a call where that can be. */
export function checkUdpPath(): Check {
  const name = "UDP path";
  try {
    using socket = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    const { path, receiveBufferBytes = 0 } = socket;
    if (path === "linux") {
      return {
        name,
        status: "ok",
        detail:
          `many datagrams a call (Linux), receive buffer ${receiveBufferBytes} bytes`,
      };
    }
    const detail = "a datagram a call (portable)";
    if (Deno.build.os !== "linux") return { name, status: "ok", detail };
    const { state } = Deno.permissions.querySync({ name: "ffi" });
    return {
      name,
      status: "ok",
      detail: state === "granted"
        ? `${detail}: ${NO_FAST_PATH_VARIABLE} is set, or the C library cannot be called`
        : `${detail}: pass --allow-ffi to Deno for the fast one`,
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, status: "fail", detail };
  }
}

/** A kernel setting: from its file, or from a program where the runtime's permissions keep us from it. */
async function linuxSetting(name: string): Promise<number | undefined> {
  const path = `/proc/sys/${name.replaceAll(".", "/")}`;
  let text: string | undefined;
  try {
    text = await Deno.readTextFile(path);
  } catch {
    text = await outputOf("cat", [path]);
  }
  return text === undefined ? undefined : Number(text);
}

/** How much the system lets a socket keep for us while we are busy. */
export async function checkBuffers(): Promise<Check> {
  const name = "UDP buffers";
  const isLinux = Deno.build.os === "linux";
  const [largest, standard] = isLinux
    ? await Promise.all(
      ["net.core.rmem_max", "net.core.rmem_default"].map(linuxSetting),
    )
    : [
      Number(await outputOf("sysctl", ["-n", "kern.ipc.maxsockbuf"]) ?? NaN),
      undefined,
    ];
  if (largest === undefined || Number.isNaN(largest)) {
    return {
      name,
      status: "ok",
      detail: "this system does not tell its limit",
    };
  }
  const usual = standard === undefined ? "" : `, ${standard} unless asked for`;
  const detail = `a socket may hold ${largest} bytes${usual}`;
  if (largest >= WANTED_BUFFER) return { name, status: "ok", detail };
  const setting = isLinux ? "net.core.rmem_max" : "kern.ipc.maxsockbuf";
  return {
    name,
    status: "warn",
    detail: `${detail}: bursts of large frames may be lost`,
    remedy: `Run: sudo sysctl -w ${setting}=${WANTED_BUFFER}`,
  };
}
