/**
 * `streamtool doctor`
 *
 * @module
 */

import { escapeControls } from "../../log/mod.ts";
import { examine } from "../../services/doctor/mod.ts";
import type { Check } from "../../services/doctor/mod.ts";
import { createPaint } from "../color.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../errors.ts";
import type { DoctorOptions } from "./doctor.ts";

/** Ports that commands listen on unless told otherwise: chain, its page, RTSP, the other pages, signalling. */
const TCP_PORTS = [9000, 8090, 8554, 8080, 3001];

/** Peers A to D. */
const UDP_PORTS = [10001, 10002, 10003, 10004];

const MARKS = { ok: "✔", warn: "!", fail: "✘" } as const;

function lines(check: Check, color: boolean): string[] {
  const paint = createPaint(color);
  const painter = { ok: paint.green, warn: paint.yellow, fail: paint.red }[
    check.status
  ];
  const first = `${painter(MARKS[check.status])} ${check.status.padEnd(4)}  ${
    paint.bold(check.name.padEnd(12))
  }  ${escapeControls(check.detail)}`;
  if (check.remedy === undefined) return [first];
  return [
    first,
    `${" ".repeat(22)}${paint.cyan("➜")} ${escapeControls(check.remedy)}`,
  ];
}

/** Prints each check as it is done; 1 when something needed does not work. */
export async function run(
  _options: DoctorOptions,
  context: CommandContext,
): Promise<number> {
  const counts = { ok: 0, warn: 0, fail: 0 };
  const checks = examine({
    ffmpeg: context.ffmpegFlag,
    folder: ".",
    tcpPorts: TCP_PORTS,
    udpPorts: UDP_PORTS,
    env: (name) => Deno.env.get(name),
  });
  for await (const check of checks) {
    context.signal.throwIfAborted();
    counts[check.status]++;
    context.emit({ event: "check", ...check });
    for (const line of lines(check, context.colorOutput)) context.print(line);
  }
  context.emit({ event: "end", ...counts });
  return counts.fail === 0 ? EXIT.ok : EXIT.failed;
}
