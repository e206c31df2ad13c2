/**
 * What repair makes of bad hops: four peers, every hop losing and reordering in
 * both directions by our lossy relay.
 *
 * `deno task bench chain_repair` runs it. The bars: 2 % lost and 5 % reordered
 * on every hop leave 99.9 % of the frames whole at the last peer, for at most
 * 6 % more datagrams; 10 % lost leave 99 %.
 *
 * @module
 */

import { formatTable } from "../../src/cli/table.ts";
import type { Impairment } from "../support/impairment.ts";
import { play } from "../services/support/lossy_chain.ts";

/** Twenty seconds. */
const FRAMES = 1000;

const CASES: readonly {
  readonly what: string;
  readonly hop: Impairment;
  readonly parityPercent: number;
}[] = [
  { what: "nothing", hop: {}, parityPercent: 0 },
  {
    what: "2 % lost, 5 % reordered",
    hop: { loss: 0.02, reorder: 0.05 },
    parityPercent: 0,
  },
  { what: "10 % lost", hop: { loss: 0.1 }, parityPercent: 0 },
  { what: "10 % lost, 20 % parity", hop: { loss: 0.1 }, parityPercent: 20 },
];

const rows: string[][] = [];
for (const { what, hop, parityPercent } of CASES) {
  const { whole, datagrams, fragments } = await play(hop, {
    frames: FRAMES,
    parityPercent,
  });
  const more = (count: number): string =>
    ((count / (FRAMES * fragments) - 1) * 100).toFixed(1);
  rows.push([
    what,
    ...whole.map((count) => (count * 100 / FRAMES).toFixed(2)),
    more(Math.max(...datagrams)),
  ]);
}
console.log(`\n${FRAMES} frames over four bad hops`);
console.log(formatTable(
  ["on every hop", "% whole at 1", "2", "3", "4", "% more datagrams at most"],
  rows,
));
