/**
 * How many cases a fuzz test tries: few in the ordinary run, many under
 * `deno task fuzz`.
 *
 * @module
 */

/** `base` cases, times the FUZZ_RUNS environment variable when it is set. */
export function fuzzRuns(base = 200): number {
  const factor = Number(Deno.env.get("FUZZ_RUNS") ?? "1");
  return Math.max(1, Math.round(base * (Number.isFinite(factor) ? factor : 1)));
}
