/**
 * The implementations of UDP that this machine and these permissions have.
 *
 * @module
 */

import { openUdpSocket, type UdpPath } from "../../../src/net/udp.ts";

/** Any free port of this machine. */
export const LOCAL = { hostname: "127.0.0.1", port: 0 } as const;

/** Every path that can be had here, by what it is asked with. */
export const UDP_PATHS: readonly { path: UdpPath; fastPath: boolean }[] = [
  false,
  true,
]
  .map((fastPath) => {
    using socket = openUdpSocket({ ...LOCAL, fastPath });
    return { path: socket.path, fastPath };
  })
  .filter(({ path }, index) => index === 0 || path === "linux");

/** Whether the fast path is one of them. */
export const HAS_FAST_PATH: boolean = UDP_PATHS.length > 1;

/** A test of what holds on every path. */
export function testPaths(
  what: string,
  body: (fastPath: boolean) => void | Promise<void>,
): void {
  for (const { path, fastPath } of UDP_PATHS) {
    Deno.test(`${path} UDP: ${what}`, () => body(fastPath));
  }
}
