/**
 * The player's figures for `/metrics`.
 *
 * @module
 */

import type { Metric } from "../../net/mod.ts";
import type { PlayerReport } from "./options.ts";

/** The report as metrics. */
export function metricsOf(report: PlayerReport): Metric[] {
  const { packets, jitterMs, latencyMs } = report;
  const figure = (
    name: string,
    type: Metric["type"],
    help: string,
    value: number | null,
  ): Metric => ({
    name: `streamtool_player_${name}`,
    type,
    help,
    value: value === null ? [] : value,
  });
  const seconds = (milliseconds: number | null): number | null =>
    milliseconds === null ? null : milliseconds / 1000;
  return [
    figure(
      "frames_received_total",
      "counter",
      "Whole frames",
      report.framesReceived,
    ),
    figure(
      "frames_lost_total",
      "counter",
      "Frames that did not arrive whole",
      report.framesLost,
    ),
    figure("bytes_received_total", "counter", "Payload", report.bytesReceived),
    figure(
      "packets_received_total",
      "counter",
      "RTP packets",
      packets.received,
    ),
    figure("packets_lost_total", "counter", "RTP packets lost", packets.lost),
    figure(
      "packets_duplicate_total",
      "counter",
      "RTP packets seen before",
      packets.duplicates,
    ),
    figure(
      "packets_reordered_total",
      "counter",
      "RTP packets out of order",
      packets.reordered,
    ),
    figure(
      "reconnects_total",
      "counter",
      "Connections anew",
      report.reconnects,
    ),
    figure("frames_per_second", "gauge", "Frames a second now", report.fps),
    figure("jitter_seconds", "gauge", "Interarrival jitter", seconds(jitterMs)),
    figure(
      "latency_seconds",
      "gauge",
      "From the sender's clock at a frame to the whole frame",
      seconds(latencyMs),
    ),
  ];
}
