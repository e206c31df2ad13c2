/**
 * The swarm of the watch party, measured with real viewers on this machine: what
 * the host sends, what each viewer gets, what the loss of the host and of a
 * server costs.
 *
 * The bars: the host sends at most 1.3 films to 8 viewers and 2 to 19 (a room of
 * 20); four viewers with 6 Mbit/s uplinks get 60 % of what is possible; a new
 * host within 3 s. `deno task bench swarm` runs it, `deno task bench swarm eight`
 * a part of it: eight, nineteen, slow, gone.
 *
 * @module
 */

import { joinMany, loadTable } from "../../scripts/party_load.ts";
import { formatTable } from "../../src/cli/table.ts";
import {
  receiveShare,
  type ShareHost,
  startShareHost,
} from "../../src/services/share/mod.ts";
import { testContext } from "../support/service.ts";
import { startTestSignal } from "../support/signal.ts";
import { waitUntil } from "../support/wait.ts";

/** Bytes a second of a 6 Mbit/s line. */
const SLOW_LINE = 750_000;
const PATIENT = { within: 300_000 };

const rows: [what: string, measured: string, bar: string][] = [];

function record(what: string, measured: string, bar: string): void {
  rows.push([what, measured, bar]);
  console.log(`${what}: ${measured} (${bar})`);
}

async function makeNoise(bytes: number): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".mp4" });
  using file = await Deno.open(path, { write: true });
  const part = new Uint8Array(65_536);
  for (let at = 0; at < bytes; at += part.length) {
    crypto.getRandomValues(part);
    await file.write(part);
  }
  return path;
}

async function withHost(
  megabytes: number,
  uploadLimit: number,
  use: (host: ShareHost, bytes: number) => Promise<void>,
): Promise<void> {
  await using server = await startTestSignal({
    limits: { usersPerRoom: 40, connectionsPerAddress: 500 },
  });
  const film = await makeNoise(megabytes * 1_000_000);
  const { size } = await Deno.stat(film);
  const host = await startShareHost({
    file: film,
    server: server.url,
    room: undefined,
    name: "host",
    settings: {},
    uploadLimit,
    duration: null,
  }, testContext());
  try {
    await use(host, size);
  } finally {
    host.close();
    await Deno.remove(film);
  }
}

/** How many films the host sends to so many viewers. */
async function hostShare(count: number, bar: number): Promise<void> {
  await withHost(60, 5_000_000, async (host, bytes) => {
    const totals = await joinMany({ link: host.link, count });
    const films = host.totals().bytes / bytes;
    console.log(loadTable(totals));
    record(
      `host's upload, ${count} viewers`,
      `${films.toFixed(2)} films`,
      `at most ${bar}`,
    );
  });
}

/** Four viewers whose uplinks, as the host's, are slow. */
async function slowLines(): Promise<void> {
  await withHost(30, SLOW_LINE, async (host) => {
    const totals = await joinMany({
      link: host.link,
      count: 4,
      uploadLimit: SLOW_LINE,
    });
    console.log(loadTable(totals));
    const worst = Math.min(
      ...totals.map(({ bytes, seconds }) => bytes / seconds),
    );
    record(
      "4 viewers and a host with 6 Mbit/s each, slowest viewer",
      `${(100 * worst / SLOW_LINE).toFixed(0)} % of the best`,
      "at least 60 %",
    );
  });
}

/** The host goes without a word at half of the film. */
async function hostGone(): Promise<void> {
  await withHost(30, 3_000_000, async (host) => {
    const over = new AbortController();
    const viewers = ["a", "b", "c"].map((name) => {
      const context = testContext();
      let bytes = 0;
      let hosts = 0;
      const done = receiveShare({
        link: host.link,
        output: () => Promise.resolve(),
        name,
        password: undefined,
        downloadLimit: undefined,
        onProgress: (now) => bytes = now,
        onState: ({ users, userId }) => {
          if (users.some(({ id, isHost }) => isHost && id === userId)) hosts++;
        },
      }, { ...context, signal: over.signal }).catch(() => {});
      return { done, bytes: () => bytes, hosts: () => hosts };
    });
    await waitUntil(
      () => viewers.every(({ bytes }) => bytes() > 15_000_000),
      PATIENT,
    );
    const gone = performance.now();
    host.close();
    await waitUntil(() => viewers.some(({ hosts }) => hosts() > 0), PATIENT);
    record(
      "a new host after the host left",
      `${((performance.now() - gone) / 1000).toFixed(2)} s`,
      "at most 3 s",
    );
    over.abort();
    for (const { done } of viewers) await done;
  });
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  eight: () => hostShare(8, 1.3),
  nineteen: () => hostShare(19, 2),
  slow: slowLines,
  gone: hostGone,
};
for (const [name, run] of Object.entries(parts)) {
  if (Deno.args.length === 0 || Deno.args.includes(name)) await run();
}
console.log(formatTable(["what", "measured", "bar"], rows));
Deno.exit(0); // libdatachannel's threads would hold it
