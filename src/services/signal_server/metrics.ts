/**
 * The server's figures for `/metrics`.
 *
 * @module
 */

import type { Metric } from "../../net/mod.ts";
import type { SignalReport } from "./server.ts";

/** The report as metrics. */
export function metricsOf(report: SignalReport): Metric[] {
  const rows:
    readonly (readonly [string, "gauge" | "counter", string, number])[] = [
      ["uptime_seconds", "gauge", "Time since start", report.seconds],
      ["rooms", "gauge", "Rooms", report.rooms],
      ["users", "gauge", "Members of all rooms", report.users],
      ["connections", "gauge", "Socket.IO connections", report.connections],
      ["relays", "gauge", "Blind relays", report.relays],
      ["joins_total", "counter", "Joins", report.joins],
      ["resumes_total", "counter", "Members that came back", report.resumes],
      ["messages_total", "counter", "Messages taken", report.messages],
      ["refused_total", "counter", "Messages refused", report.refused],
      ["dropped_total", "counter", "Messages above the rate", report.dropped],
      ["relay_bytes_total", "counter", "Bytes relayed", report.relayBytes],
      ["stun_answers_total", "counter", "STUN answers", report.stunAnswers],
    ];
  return rows.map(([name, type, help, value]) => ({
    name: `streamtool_signal_${name}`,
    type,
    help,
    value,
  }));
}
