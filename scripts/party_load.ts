/**
 * Joins a watch party many times over:
 * `deno run -A scripts/party_load.ts LINK [COUNT [UPLOAD_MBIT]]`.
 *
 * Each of them is a viewer as `share --join` is one. It takes the whole film
 * into a file that is thrown away, gives to the others what it has, and stays
 * until all have it. `UPLOAD_MBIT` is the uplink of each.
 *
 * @module
 */

import { createLogger } from "../src/log/mod.ts";

import { receiveShare, type ViewerTotals } from "../src/services/share/mod.ts";

/** How to join. */
export interface LoadOptions {
  /** The room's link. */
  readonly link: string;
  /** How many join. */
  readonly count: number;
  /** Upload of each at most, bytes a second. */
  readonly uploadLimit?: number;
  /** Everybody leaves when this aborts, done or not. */
  readonly signal?: AbortSignal;
  /** One of them has all of it. */
  readonly onComplete?: (name: string) => void;
}

/** Joins, and resolves when all have the film; rejects when one of them cannot. */
export async function joinMany(
  { link, count, uploadLimit, signal, onComplete }: LoadOptions,
): Promise<ViewerTotals[]> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_load_" });
  const over = new AbortController();
  const ends = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
  const log = createLogger({
    level: "error",
    format: "text",
    color: false,
    now: () => new Date(),
    write: (line) => console.error(line),
  });
  try {
    let left = count;
    const viewers = Array.from({ length: count }, (_, index) => {
      const name = `viewer ${index + 1}`;
      return receiveShare({
        link,
        output: `${folder}/${index}`,
        name,
        password: undefined,
        downloadLimit: undefined,
        uploadLimit,
        stay: true,
        onComplete() {
          onComplete?.(name);
          if (--left === 0) over.abort();
        },
      }, { signal: ends, log, emit: () => {} });
    });
    const failed = viewers.map((viewer) =>
      viewer.catch((error) => {
        over.abort();
        throw error;
      })
    );
    return await Promise.all(failed);
  } finally {
    over.abort();
    await Deno.remove(folder, { recursive: true });
  }
}

/** What they did, as a table. */
export function loadTable(totals: readonly ViewerTotals[]): string {
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const rows = totals.map((one, index) => [
    `${index + 1}`,
    one.seconds.toFixed(1),
    (one.bytes * 8 / 1e6 / one.seconds).toFixed(1),
    mb(one.receivedBytes - one.fromOthers),
    mb(one.fromOthers),
    mb(one.sentBytes),
  ]);
  const head = [
    "viewer",
    "s",
    "Mbit/s",
    "MB from host",
    "from others",
    "given",
  ];
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => cell.padStart(head[column]?.length ?? 0))
        .join("  ")
    )
    .join("\n");
}

if (import.meta.main) {
  const [link, count = "8", mbit] = Deno.args;
  if (link === undefined || !(Number(count) >= 1)) {
    console.error("Usage: party_load.ts LINK [COUNT [UPLOAD_MBIT]]");
    Deno.exit(2);
  }
  const totals = await joinMany({
    link,
    count: Number(count),
    ...(mbit === undefined ? {} : { uploadLimit: Number(mbit) * 125_000 }),
    onComplete: (name) => console.error(`${name} has all of it`),
  });
  console.log(loadTable(totals));
  Deno.exit(0); // libdatachannel's threads would hold it
}
