/**
 * The watch party, measured: throughput on loopback, time to the first picture,
 * seeks, drift and what a shaped link carries.
 *
 * The bars, on a machine with nothing else to do: at least 25 MB/s on loopback;
 * first frame within 0.3 s on loopback and 1.0 s at 20 Mbit/s and 50 ms (1.5 s
 * for a two-hour MP4); a seek within 0.6 s into what is there and 1.0 s
 * elsewhere; 90 % of the link's rate; drift p50 20 ms, p95 50 ms.
 * `deno task bench signal` runs it.
 *
 * @module
 */

import { formatTable } from "../../src/cli/table.ts";
import type { SignalServer } from "../../src/services/signal_server/mod.ts";
import {
  type ShareHost,
  startShareHost,
} from "../../src/services/share/mod.ts";
import type { RtcFactory, TransportKind } from "../../src/signaling/mod.ts";
import { ffmpegPath } from "../support/clips.ts";
import { makeFilm } from "../support/films.ts";
import type { Impairment } from "../support/impairment.ts";
import { startStreamtool } from "../support/process.ts";
import { testContext } from "../support/service.ts";
import { ShapedRtc } from "../support/shaped_rtc.ts";
import { ShapedTcp, SharedRate } from "../support/shaped_tcp.ts";
import { startTestSignal } from "../support/signal.ts";
import { TcpRelay } from "../support/tcp_relay.ts";
import { waitUntil } from "../support/wait.ts";
import {
  type BarePage as Page,
  withBarePage,
} from "./support/bare_chromium.ts";

const PATIENT = { within: 120_000 };
/** Bytes of the film for throughput. */
const BIG = 420_000_000;
/** Ways are compared at the beginning, ms. */
const SETTLE_MS = 5500;
/** 20 Mbit/s, 50 ms there and back. */
const LINK = { bytesPerSecond: 2_500_000, delayMs: 25, queueBytes: 256 * 1024 };

type Row = readonly [what: string, measured: string, bar: string];

const rows: Row[] = [];

function record(what: string, measured: string, bar: string): void {
  rows.push([what, measured, bar]);
  console.log(`${what}: ${measured} (${bar})`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Positions in a sorted list. */
function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(part * sorted.length))
  ] ??
    NaN;
}

async function enter(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await waitUntil(
    () =>
      ask<boolean>(
        page,
        `!!globalThis.party && !!document.querySelector("#start input")`,
      ).catch(() => false),
    PATIENT,
  );
  await ask(
    page,
    `(async () => {
      await navigator.serviceWorker.ready;
      document.querySelector("#start input").value = ${JSON.stringify(name)};
      [...document.querySelectorAll("#start button")]
        .find(({ textContent }) => /Make a room|Join/.test(textContent))
        .click();
    })()`,
  );
  await waitUntil(
    () => ask<boolean>(page, `!document.querySelector("#room").hidden`),
    PATIENT,
  );
}

/** Runs an expression on the page's party. */
function ask<T>(page: Page, expression: string): Promise<T> {
  return page.ask<T>(expression);
}

async function firstFrame(page: Page): Promise<number> {
  return Number(
    await waitUntil(
      () => ask<string | undefined>(page, "document.body.dataset.firstFrame"),
      PATIENT,
    ),
  );
}

/**
 * A viewer's line: WebRTC and what comes through the server share its rate and
 * have its delay.
 */
class ShapedLink implements AsyncDisposable {
  readonly rtc: ShapedRtc;
  readonly #isLossy: boolean;
  #isCut = false;
  readonly #tcp: ShapedTcp;

  constructor(port: number, shape: Impairment) {
    const { delayMs = 0, bytesPerSecond } = shape;
    this.#isLossy = shape.loss !== undefined;
    const rate = bytesPerSecond === undefined
      ? {}
      : { rate: new SharedRate(bytesPerSecond) };
    this.rtc = new ShapedRtc({ delayMs, drop: () => this.#isCut }, {
      ...shape,
      drop: (_, { length }) => {
        rate.rate?.take(length);
        return this.#isCut;
      },
    });
    this.#tcp = new ShapedTcp(port, {
      forward: { delayMs },
      backward: { delayMs, ...rate },
    });
  }

  /**
   * For the `rtc` of a host. Each connection has a line of its own here: where
   * the rate is what counts there is one, where loss is there may be more.
   */
  wrap(factory: RtcFactory): RtcFactory {
    const shaped = this.rtc.wrap(factory);
    let open = 0;
    return (options, events) => {
      if (open > 0 && !this.#isLossy) {
        queueMicrotask(() => events.closed());
        return { accept() {}, close() {} };
      }
      open++;
      return shaped(options, {
        ...events,
        closed() {
          open--;
          events.closed();
        },
      });
    };
  }

  /** Nothing gets through for a while. */
  async cut(ms: number): Promise<void> {
    this.#isCut = true;
    this.#tcp.cut();
    await pause(ms);
    this.#isCut = false;
    this.#tcp.mend();
  }

  /** In place of the server's. */
  get port(): number {
    return this.#tcp.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tcp[Symbol.asyncDispose]();
    await this.rtc[Symbol.asyncDispose]();
  }
}

async function host(
  file: string,
  server: string,
  shape?: ShapedLink,
  ways?: readonly TransportKind[],
): Promise<ShareHost> {
  return await startShareHost({
    file,
    server,
    room: undefined,
    name: "host",
    settings: { sharedControl: true },
    uploadLimit: undefined,
    duration: null,
    ...(shape === undefined
      ? {}
      : { rtc: (factory: RtcFactory) => shape.wrap(factory) }),
    ...(ways === undefined ? {} : { ways }),
  }, testContext());
}

/** A file of noise that browsers take for a film. */
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

/** Two hours of film with the index that so long a film has. */
async function makeLongFilm(): Promise<string> {
  const short = await makeFilm({ size: "320x180", bitrate: "100k" });
  const path = short.replace(".mp4", "_two_hours.mp4");
  try {
    Deno.statSync(path);
    return path;
  } catch {
    // made below
  }
  await new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-v", "error", "-nostdin", "-y", "-stream_loop", "359"],
      ...["-i", short, "-c", "copy", "-movflags", "+faststart", path],
    ],
  }).output();
  return path;
}

async function throughput(): Promise<void> {
  const film = await makeNoise(BIG);
  try {
    await using server = await startTestSignal();
    {
      await using hosted = startStreamtool([
        ...["share", film, "--server", server.url],
      ]);
      const { link } = await hosted.event("link", PATIENT);
      await using viewer = startStreamtool([
        ...["share", "--join", String(link), "-o", `${film}.out`],
      ]);
      const end = await viewer.event("end", PATIENT);
      record(
        "loopback, program to program",
        `${(BIG / 1e6 / Number(end.seconds)).toFixed(0)} MB/s`,
        "≥ 25 MB/s",
      );
      await withBarePage(async (page) => {
        await enter(page, String(link), "viewer");
        record(
          "loopback, program to browser",
          `${(await pageRate(page)).toFixed(0)} MB/s`,
          "≥ 25 MB/s",
        );
      });
    }
    await withBarePage(async (first) => {
      await enter(first, server.url, "host");
      await first.setFiles(`document.querySelector("input[type=file]")`, [
        film,
      ]);
      await waitUntil(
        () => ask(first, "party.state()?.film?.fileName"),
        PATIENT,
      );
      const link = await ask<string>(first, "location.href");
      await withBarePage(async (page) => {
        await enter(page, link, "viewer");
        record(
          "loopback, browser to browser",
          `${(await pageRate(page)).toFixed(0)} MB/s`,
          "≥ 25 MB/s",
        );
      });
    });
  } finally {
    await Deno.remove(film);
    await Deno.remove(`${film}.out`).catch(() => {});
  }
}

/** MB/s while 160 MB come, when it has been found out which way is the quickest. */
async function pageRate(page: Page): Promise<number> {
  const count = (): Promise<number> => ask(page, "party.received().count ?? 0");
  await waitUntil(async () => await count() > 50, PATIENT);
  const began = performance.now();
  await waitUntil(() => performance.now() - began > SETTLE_MS, PATIENT);
  const from = await count();
  const at = performance.now();
  await waitUntil(async () => await count() > from + 2500, PATIENT);
  const more = await count() - from;
  return more * 65_536 / 1e3 / (performance.now() - at);
}

async function playing(
  name: string,
  film: string,
  bars: { first: string; shape: Impairment | undefined },
): Promise<void> {
  await using server = await startTestSignal();
  await using link = new ShapedLink(server.port, bars.shape ?? {});
  const hosted = await host(
    film,
    server.url,
    bars.shape === undefined ? undefined : link,
  );
  try {
    hosted.client.control({ action: "play", time: 0 });
    await withBarePage(async (page) => {
      const url = bars.shape === undefined
        ? hosted.link
        : hosted.link.replace(`:${server.port}/`, `:${link.port}/`);
      await enter(page, url, "viewer");
      const ms = await firstFrame(page);
      record(`${name}: join to first frame`, `${ms.toFixed(0)} ms`, bars.first);
      if (bars.shape === undefined) return;
      for (
        const [where, to, bar] of [
          ["ahead", 0.8, "≤ 1000 ms"],
          ["back into what is there", 0.02, "≤ 600 ms"],
        ] as const
      ) {
        const took = await ask<number>(
          page,
          `(async () => {
            const video = document.querySelector("video");
            const to = ${to} * video.duration;
            const from = performance.now();
            globalThis.party.seek(to);
            await new Promise((resolve) => {
              const look = (_, { mediaTime }) =>
                Math.abs(mediaTime - to) < 5
                  ? resolve()
                  : video.requestVideoFrameCallback(look);
              video.requestVideoFrameCallback(look);
            });
            return performance.now() - from;
          })()`,
        );
        record(`${name}: seek ${where}`, `${took.toFixed(0)} ms`, bar);
      }
    });
  } finally {
    hosted.close();
  }
}

/** What a line carries of a film over these ways. */
async function rate(
  name: string,
  shape: Impairment,
  ways: readonly TransportKind[] | undefined,
  bar: string,
): Promise<void> {
  const film = await makeNoise(60_000_000);
  await using server = await startTestSignal();
  await using link = new ShapedLink(server.port, shape);
  const hosted = await host(film, server.url, link, ways);
  try {
    await withBarePage(async (page) => {
      await enter(
        page,
        hosted.link.replace(`:${server.port}/`, `:${link.port}/`),
        "viewer",
      );
      const bytes = (): Promise<number> =>
        ask(page, "(party.received().count ?? 0) * 65536");
      await waitUntil(async () => await bytes() > 500_000, PATIENT);
      await pause(SETTLE_MS + 2000);
      const from = await bytes();
      const at = performance.now();
      await pause(8000);
      const mbit = (await bytes() - from) * 8 / 1e3 / (performance.now() - at);
      record(name, `${mbit.toFixed(1)} Mbit/s`, bar);
    });
  } finally {
    hosted.close();
    await Deno.remove(film);
  }
}

/** Host and viewer in the middle of a film, and what becomes of it when `disturb` is done. */
async function fault(
  name: string,
  bar: string,
  disturb: (parts: {
    link: ShapedLink;
    server: SignalServer;
    page: Page;
  }) => Promise<number>,
): Promise<void> {
  const film = await makeFilm({ seconds: 120 });
  await using server = await startTestSignal();
  // It is the host that is behind the line.
  await using link = new ShapedLink(server.port, LINK);
  const hosted = await host(
    film,
    `http://127.0.0.1:${link.port}/`,
    link,
  );
  try {
    hosted.client.control({ action: "play", time: 0 });
    await withBarePage(async (page) => {
      await enter(
        page,
        hosted.link.replace(`:${link.port}/`, `:${server.port}/`),
        "viewer",
      );
      await firstFrame(page);
      await pause(2500);
      const position = (): Promise<number> =>
        ask(page, `document.querySelector("video").currentTime`);
      const from = await position();
      const at = performance.now();
      const back = await disturb({ link, server, page });
      const played = await position() - from;
      const passed = (performance.now() - at) / 1000;
      record(
        name,
        `${back.toFixed(0)} ms; played ${played.toFixed(1)} of ${
          passed.toFixed(1)
        } s`,
        bar,
      );
    });
  } finally {
    hosted.close();
  }
}

/** Milliseconds after a cut of 5 s until more of the film comes. */
async function cutHost(
  { link, page }: { link: ShapedLink; page: Page },
): Promise<number> {
  const count = (): Promise<number> => ask(page, "party.received().count ?? 0");
  await link.cut(5000);
  const before = await count();
  const mended = performance.now();
  await waitUntil(async () => await count() > before, PATIENT);
  return performance.now() - mended;
}

/** Milliseconds from the new server's start until both are back in their room. */
async function restartServer(
  { server }: { server: SignalServer },
): Promise<number> {
  const { port } = server;
  await server.close();
  const again = await startTestSignal({ port });
  const started = performance.now();
  await waitUntil(() => again.report().users === 2, PATIENT);
  const took = performance.now() - started;
  await pause(1000);
  await again.close();
  return took;
}

async function drift(roundTrip: number): Promise<void> {
  await using server = await startTestSignal();
  const oneWay = { delayMs: roundTrip / 2 };
  await using tcp = new TcpRelay({
    target: { port: server.port },
    forward: oneWay,
    backward: oneWay,
  });
  const jitter = setInterval(() => {
    tcp.forward = { delayMs: roundTrip / 2 + 20 * Math.random() };
    tcp.backward = { delayMs: roundTrip / 2 + 20 * Math.random() };
  }, 15);
  const hosted = await host(
    await makeFilm({ seconds: 60, bitrate: "500k" }),
    server.url,
  );
  try {
    hosted.client.control({ action: "play", time: 0 });
    await withBarePage(async (page) => {
      const link = hosted.link.replace(`:${server.port}/`, `:${tcp.port}/`);
      await enter(page, link, "far");
      await firstFrame(page);
      await waitUntil(
        async () =>
          Math.abs(await ask<number>(page, "party.figures().driftMs ?? 999")) <
            30,
        PATIENT,
      );
      await ask(page, "void (party.figures().drifts.length = 0)");
      await waitUntil(
        async () =>
          await ask<number>(page, "party.figures().drifts.length") > 300,
        PATIENT,
      );
      const drifts = await ask<number[]>(page, "party.figures().drifts");
      // The page's own clock against the truth, which this program knows.
      const error = await ask<number>(
        page,
        "party.serverNow() - (performance.timeOrigin + performance.now())",
      );
      const all = drifts.map((one) => Math.abs(one + error));
      record(
        `drift at ${roundTrip} ms with 20 ms of jitter`,
        `p50 ${percentile(all, 0.5).toFixed(0)} ms, p95 ${
          percentile(all, 0.95).toFixed(0)
        } ms`,
        "p50 ≤ 20 ms, p95 ≤ 50 ms",
      );
      const back = await ask<number>(
        page,
        `(async () => {
          const video = document.querySelector("video");
          video.currentTime -= 0.25;
          const from = performance.now();
          let last = from;
          while (performance.now() - from < 4000) {
            await new Promise((resolve) => setTimeout(resolve, 30));
            if (Math.abs(party.figures().driftMs ?? 999) > 50) {
              last = performance.now();
            }
          }
          return last - from;
        })()`,
      );
      record(
        `back in sync after 0.25 s at ${roundTrip} ms`,
        `${back.toFixed(0)} ms`,
        "≤ 1500 ms",
      );
    });
  } finally {
    clearInterval(jitter);
    hosted.close();
  }
}

/** Which parts to measure; all without arguments. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  throughput,
  loopback: async () =>
    await playing("loopback", await makeFilm(), {
      first: "≤ 300 ms",
      shape: undefined,
    }),
  link: async () =>
    await playing("20 Mbit/s, 50 ms", await makeFilm({ seconds: 120 }), {
      first: "≤ 1000 ms",
      shape: LINK,
    }),
  long: async () =>
    await playing("20 Mbit/s, 50 ms, two hours", await makeLongFilm(), {
      first: "≤ 1500 ms",
      shape: LINK,
    }),
  rate: async () => {
    await rate("20 Mbit/s, 50 ms, WebRTC", LINK, ["rtc"], "≥ 18 Mbit/s");
    await rate("the same, all ways", LINK, undefined, "≥ 18 Mbit/s");
    const lossy = { ...LINK, loss: 0.01 };
    await rate(
      "with 1 % loss, WebRTC",
      lossy,
      ["rtc"],
      "≥ 2.8 Mbit/s: one TCP connection's, 1.22 MSS / (RTT √p)",
    );
    await rate(
      "with 1 % loss, the relay's line without",
      lossy,
      undefined,
      "≥ 18 Mbit/s: the relay's",
    );
  },
  faults: async () => {
    await fault("host's network cut for 5 s", "plays on, goes on", cutHost);
    await fault(
      "server restarted mid-film",
      "plays on, back within 5000 ms",
      restartServer,
    );
  },
  drift: async () => {
    for (const roundTrip of [20, 200]) await drift(roundTrip);
  },
};

/** The browser's driver wants all permissions, which benches do not have. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] !== "--inner") {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--allow-all", import.meta.filename ?? ""],
        ...["--inner", ...args],
      ],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    return code;
  }
  for (const [name, measure] of Object.entries(PARTS)) {
    if (args.length > 1 && !args.includes(name)) continue;
    try {
      await measure();
    } catch (error) {
      record(name, `failed: ${error}`, "");
    }
  }
  console.log(`\n${formatTable(["what", "measured", "bar"], rows)}`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
