import assert from "node:assert/strict";
import { drawDemo } from "../../scripts/demo_picture.ts";
import { ROOT } from "../../scripts/support.ts";

const part = { title: "A <chain>", state: "proven", says: "120 of 120 frames" };

Deno.test("the demo's picture says what the run said, and nothing that a reader could run", () => {
  const svg = drawDemo({
    parts: [
      { ...part, id: "chain" },
      { ...part, id: "rtsp", state: "failed", says: `it "broke" & ended` },
    ],
    peers: [{ name: "A", framesReceived: 120 }, { name: "B" }],
  });
  assert.match(svg, /1 of 2 systems work/);
  assert.match(svg, /A &lt;chain&gt;/);
  assert.match(svg, /it &quot;broke&quot; &amp; ended/);
  assert.match(svg, /A: 120 frames/);
  assert.doesNotMatch(svg, /undefined|NaN|<script|<chain>/);
});

Deno.test("the README's picture is of a run in which everything worked", async () => {
  const svg = await Deno.readTextFile(`${ROOT}docs/demo.svg`);
  assert.match(svg, /All 4 systems work/);
});
