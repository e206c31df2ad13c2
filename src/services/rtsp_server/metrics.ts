/**
 * The server's figures for `/metrics`.
 *
 * @module
 */

import type { Metric, MetricSample } from "../../net/mod.ts";
import type { ServerReport } from "./report.ts";

/** The report as metrics. */
export function metricsOf(report: ServerReport): Metric[] {
  const { totals, streams, sessions } = report;
  const metrics: Metric[] = [];
  const add = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    value: number | readonly MetricSample[],
  ): void => {
    metrics.push({ name: `streamtool_rtsp_${name}`, type, help, value });
  };
  add("uptime_seconds", "gauge", "Time since start", report.seconds);
  add("connections", "gauge", "Open connections", report.connections);
  add(
    "connections_total",
    "counter",
    "Connections accepted",
    totals.connections,
  );
  add("sessions_total", "counter", "Sessions set up", totals.sessions);
  add("frames_sent_total", "counter", "Frames sent", totals.frames);
  add(
    "frames_skipped_total",
    "counter",
    "Frames left out for slow viewers",
    totals.skipped,
  );
  add("packets_sent_total", "counter", "RTP packets sent", totals.packets);
  add("bytes_sent_total", "counter", "RTP payload sent", totals.bytes);
  add(
    "stream_viewers",
    "gauge",
    "Sessions on a stream",
    streams.map(({ path, viewers }) => [{ path }, viewers]),
  );
  add(
    "stream_ready",
    "gauge",
    "Whether a stream can be played now",
    streams.map(({ path, state }) => [{ path }, state === "ready" ? 1 : 0]),
  );
  const reported = sessions.filter(({ fractionLost }) => fractionLost !== null);
  const labels = (
    { id, stream, transport }: ServerReport["sessions"][number],
  ) => ({ session: id, path: `/${stream}`, transport });
  add(
    "session_loss_ratio",
    "gauge",
    "Share of packets lost, as the viewer reports",
    reported.map((each) => [labels(each), each.fractionLost ?? 0]),
  );
  add(
    "session_jitter_seconds",
    "gauge",
    "Interarrival jitter, as the viewer reports",
    reported.map((each) => [labels(each), (each.jitterMs ?? 0) / 1000]),
  );
  return metrics;
}
