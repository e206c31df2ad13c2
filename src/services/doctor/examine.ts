/**
 * Everything `doctor` looks at, in order.
 *
 * @module
 */

import type { Check, DoctorOptions } from "./check.ts";
import {
  checkBuffers,
  checkPorts,
  checkUdpLoopback,
  checkUdpPath,
} from "./network.ts";
import {
  checkBrowser,
  checkFfmpeg,
  checkFolder,
  checkRuntime,
} from "./programs.ts";

/** Looks at one thing after the other; each check is there as soon as it is done. */
export async function* examine(options: DoctorOptions): AsyncGenerator<Check> {
  yield checkRuntime();
  yield await checkFfmpeg(options);
  yield checkPorts("TCP", options.tcpPorts);
  yield checkPorts("UDP", options.udpPorts);
  yield await checkUdpLoopback();
  yield checkUdpPath();
  yield await checkBuffers();
  yield await checkBrowser(options);
  yield await checkFolder(options.folder);
}
