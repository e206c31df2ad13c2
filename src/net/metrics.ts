/**
 * Figures in the text form of Prometheus (exposition format 0.0.4).
 *
 * @module
 */

/** A value and the labels that tell it from the others of its figure. */
export type MetricSample = readonly [
  labels: Readonly<Record<string, string>>,
  value: number,
];

/** One figure. */
export interface Metric {
  /** `streamtool_rtsp_packets_sent_total`: in base units, counters end in `_total`. */
  readonly name: string;
  /** A few words. */
  readonly help: string;
  /** A counter only grows. */
  readonly type: "counter" | "gauge";
  /** The value, or values by their labels. */
  readonly value: number | readonly MetricSample[];
}

/** Writes the figures, their values a line each behind their help; one without values is left out. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics.map(({ name, help, type, value }) => {
    const samples: readonly MetricSample[] = typeof value === "number"
      ? [[{}, value]]
      : value;
    if (samples.length === 0) return "";
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(([labels, each]) =>
        `${name}${formatLabels(labels)} ${each}`
      ),
      "",
    ].join("\n");
  }).join("");
}

/** The answer to `GET /metrics`. */
export function metricsResponse(metrics: readonly Metric[]): Response {
  return new Response(formatMetrics(metrics), {
    headers: {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${
      value.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`)
    }"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
