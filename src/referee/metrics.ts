/**
 * Figures in the text form of Prometheus (exposition format 0.0.4).
 *
 * @module
 */

/** One figure. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** The value, or values by the words of one label. */
  readonly value:
    | number
    | {
      readonly label: string;
      readonly values: Readonly<Record<string, number>>;
    };
}

/** Content type of {@linkcode formatMetrics}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes the figures, one line each behind their help. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics.map(({ name, help, type, value }) => {
    const lines = typeof value === "number"
      ? [`${name} ${value}`]
      : Object.entries(value.values).map(([word, count]) =>
        `${name}{${value.label}="${escapeLabel(word)}"} ${count}`
      );
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""]
      .join("\n");
  }).join("");
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}
