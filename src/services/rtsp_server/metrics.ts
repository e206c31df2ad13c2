/**
 * The server's figures for Prometheus (text format 0.0.4).
 *
 * @module
 */

import type { ServerReport } from "./report.ts";

/** What Prometheus wants as Content-Type. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Sample = readonly [
  labels: Readonly<Record<string, string>>,
  value: number,
];

/** The report as metrics. */
export function formatMetrics(report: ServerReport): string {
  const { totals, streams, sessions } = report;
  const lines: string[] = [];
  const add = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    samples: readonly Sample[],
  ): void => {
    if (samples.length === 0) return;
    lines.push(
      `# HELP streamtool_rtsp_${name} ${help}`,
      `# TYPE streamtool_rtsp_${name} ${type}`,
      ...samples.map(([labels, value]) =>
        `streamtool_rtsp_${name}${formatLabels(labels)} ${value}`
      ),
    );
  };
  const one = (value: number): Sample[] => [[{}, value]];
  add("uptime_seconds", "gauge", "Time since start", one(report.seconds));
  add("connections", "gauge", "Open connections", one(report.connections));
  add(
    "connections_total",
    "counter",
    "Connections accepted",
    one(totals.connections),
  );
  add("sessions_total", "counter", "Sessions set up", one(totals.sessions));
  add("frames_sent_total", "counter", "Frames sent", one(totals.frames));
  add(
    "frames_skipped_total",
    "counter",
    "Frames left out for slow viewers",
    one(totals.skipped),
  );
  add("packets_sent_total", "counter", "RTP packets sent", one(totals.packets));
  add("bytes_sent_total", "counter", "RTP payload sent", one(totals.bytes));
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
  return `${lines.join("\n")}\n`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${
      value.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`)
    }"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
