/**
 * The peers' figures for `/metrics`: of one at its own page, of all at the
 * coordinator's.
 *
 * @module
 */

import type { HopReport, PeerReport } from "../../chain/mod.ts";
import type { Metric } from "../../net/mod.ts";

/** The figures of `reports`, told apart by the label `peer`. */
export function peerMetrics(reports: readonly PeerReport[]): Metric[] {
  const figure = (
    name: string,
    type: Metric["type"],
    help: string,
    value: (report: PeerReport) => number | null | undefined,
  ): Metric => ({
    name: `streamtool_chain_${name}`,
    type,
    help,
    value: reports.flatMap((report) => {
      const figure = value(report);
      return figure === null || figure === undefined
        ? []
        : [[{ peer: report.name }, figure]];
    }),
  });
  const hop = (
    name: string,
    help: string,
    value: (hop: HopReport) => number | null,
  ): Metric =>
    figure(name, "gauge", help, (report) => report.hop && value(report.hop));
  const seconds = (milliseconds: number | null | undefined): number | null =>
    milliseconds === undefined || milliseconds === null
      ? null
      : milliseconds / 1000;
  return [
    figure(
      "frames_received",
      "gauge",
      "Whole frames of this stream",
      ({ framesReceived }) => framesReceived,
    ),
    figure(
      "frames_lost",
      "gauge",
      "Frames of this stream that never became whole",
      ({ framesLost }) => framesLost,
    ),
    figure(
      "frames_saved",
      "gauge",
      "Frames of this stream on disk",
      ({ framesSaved }) => framesSaved,
    ),
    figure(
      "datagrams_received",
      "gauge",
      "Datagrams of this stream",
      ({ datagramsReceived }) => datagramsReceived,
    ),
    figure(
      "datagrams_forwarded",
      "gauge",
      "Datagrams sent on",
      ({ datagramsForwarded }) => datagramsForwarded,
    ),
    figure(
      "datagrams_duplicate",
      "gauge",
      "Datagrams seen before",
      ({ duplicates }) => duplicates,
    ),
    figure(
      "datagrams_corrupt",
      "gauge",
      "Datagrams that could not be read",
      ({ corrupt }) => corrupt,
    ),
    figure(
      "frames_per_second",
      "gauge",
      "Frames a second now",
      ({ fps }) => fps,
    ),
    figure(
      "hop_latency_seconds",
      "gauge",
      "Median from the upstream's send to the frame's receipt",
      ({ hopLatency }) => seconds(hopLatency?.p50),
    ),
    figure(
      "chain_latency_seconds",
      "gauge",
      "Median from the coordinator's send to the frame's receipt",
      ({ chainLatency }) => seconds(chainLatency?.p50),
    ),
    hop(
      "fragments_missed",
      "Fragments that were missing longer than the hop reorders",
      ({ missed }) => missed,
    ),
    hop(
      "fragments_repaired",
      "Missing fragments that came because they were sent again",
      ({ repaired }) => repaired,
    ),
    hop(
      "fragments_replaced",
      "Missing fragments that parity replaced",
      ({ replaced }) => replaced,
    ),
    hop(
      "fragments_reordered",
      "Fragments that were overtaken",
      ({ reordered }) => reordered,
    ),
    hop(
      "fragments_asked",
      "Fragments that the next peer asked for again",
      ({ asked }) => asked,
    ),
    hop(
      "fragments_resent",
      "Fragments sent again to the next peer",
      ({ resent }) => resent,
    ),
    hop(
      "fragments_withheld",
      "Fragments not sent again: asked for too often or too many at once",
      ({ withheld }) => withheld,
    ),
    hop(
      "queue_datagrams",
      "Most datagrams that waited at once since the last report",
      ({ queue }) => queue,
    ),
    hop(
      "send_errors",
      "Datagrams that the kernel refused",
      ({ sendErrors }) => sendErrors,
    ),
    hop(
      "jitter_seconds",
      "Variation of a datagram's time on the hop",
      ({ jitterMs }) => seconds(jitterMs),
    ),
    hop(
      "round_trip_seconds",
      "To the peer before and back",
      ({ roundTripMs }) => seconds(roundTripMs),
    ),
    {
      name: "streamtool_chain_datagrams_dropped",
      type: "gauge",
      help: "Datagrams dropped, by reason",
      value: reports.flatMap(({ name, hop }) =>
        Object.entries(hop?.drops ?? {}).map((
          [reason, count],
        ) => [{ peer: name, reason }, count])
      ),
    },
  ];
}
