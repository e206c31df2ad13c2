/**
 * `streamtool rtsp-probe`
 *
 * @module
 */

import { probeRtsp } from "../../services/rtsp_player/mod.ts";
import type { ProbeResult } from "../../services/rtsp_player/mod.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../errors.ts";
import { readCredentials, requireRtspUrl } from "../rtsp_flags.ts";
import type { RtspProbeOptions } from "./rtsp_probe.ts";

const OK = 200;

/** Asks and tells. */
export async function run(
  options: RtspProbeOptions,
  context: CommandContext,
): Promise<number> {
  const result = await probeRtsp({
    url: requireRtspUrl(options.url, context),
    ...await readCredentials(options),
  }, {
    signal: context.signal,
    log: context.log,
    emit: (event) => context.emit(event),
  });
  context.print(describe(result));
  context.emit({ event: "end", ...result });
  return EXIT.ok;
}

function describe(result: ProbeResult): string {
  const { url, dialect, server, name, duration, methods, transports } = result;
  const rows: [string, string | null][] = [
    ["url", url],
    [
      "dialect",
      dialect === "lab" ? "the course project's" : "standard (RFC 2326)",
    ],
    ["server", server],
    ["name", name],
    [
      "duration",
      duration === null ? "live, or not said" : `${duration.toFixed(3)} s`,
    ],
    ["methods", methods.join(", ") || null],
    [
      "transports",
      Object.entries(transports).map(([transport, status]) =>
        status === OK ? transport : `no ${transport} (${status})`
      ).join(", ") || null,
    ],
    ["password", result.authentication],
    [
      "answers in",
      result.roundTripMs === null ? null : `${result.roundTripMs} ms`,
    ],
    ...result.tracks.map((track): [string, string] => [
      track.type,
      [
        `${track.codecs.join(", ") || "unknown"} over ${track.protocol}`,
        ...(track.width === null ? [] : [`${track.width}×${track.height}`]),
        ...(track.fps === null ? [] : [`${track.fps} frames/s`]),
        ...(track.playable ? [] : ["not for rtsp-play"]),
      ].join(", "),
    ]),
  ];
  const shown = rows.filter(([, value]) => value !== null);
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`)
    .join("\n");
}
