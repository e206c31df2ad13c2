import assert from "node:assert/strict";
import { formatMetrics, metricsResponse } from "../../src/net/mod.ts";

Deno.test("figures in the form of Prometheus", async () => {
  const metrics = [
    { name: "a_total", help: "Things", type: "counter", value: 3 },
    {
      name: "b",
      help: "More",
      type: "gauge",
      value: [[{ code: 'x"\\\n', host: "h" }, 1], [{ code: "y" }, 2]],
    },
    { name: "none", help: "Without values", type: "gauge", value: [] },
  ] as const;
  const text = [
    "# HELP a_total Things",
    "# TYPE a_total counter",
    "a_total 3",
    "# HELP b More",
    "# TYPE b gauge",
    'b{code="x\\"\\\\\\n",host="h"} 1',
    'b{code="y"} 2',
    "",
  ].join("\n");
  assert.equal(formatMetrics(metrics), text);
  const response = metricsResponse(metrics);
  assert.match(response.headers.get("content-type") ?? "", /version=0\.0\.4/);
  assert.equal(await response.text(), text);
});
