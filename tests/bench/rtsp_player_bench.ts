/**
 * The player against its bars: CPU a second of receiving without decoding,
 * memory, and how long a picture takes to the page after its last packet.
 *
 * The stream is 640×480 at 24 frames a second, a test picture at ffmpeg's q 4.
 * openRTSP took 7.4 ms of CPU a second for such a stream, ffmpeg 9.0 over TCP
 * and 11.2 over UDP, GStreamer 10.3. All that are installed run beside ours,
 * and so does a program that only reads the same bytes: the runtime's share.
 *
 * `deno task bench rtsp_player_bench`; `--minutes N` plays for so long and
 * looks at memory and drift.
 *
 * @module
 */

import { join } from "node:path";
import { encodeMjpegFrame } from "../../src/jpeg/mod.ts";
import { formatTable } from "../../src/cli/table.ts";
import { makeJpegs } from "../support/clips.ts";
import { chromiumMissing, withPage } from "../support/chromium.ts";
import { startProcess, startStreamtool } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";

/** What happens before everything is compiled and has been used once. */
const WARM_UP_MS = 10_000;

/** How long CPU is counted. */
const MEASURED_MS = 20_000;

/** Pictures that the page is watched for. */
const PAGE_PICTURES = 200;

/** Of them, those that do not count. */
const FIRST_PICTURES = 20;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function play(url: string, ...more: readonly string[]): RunningProcess {
  return startStreamtool(["rtsp-play", url, ...more]);
}

/** Something that receives the stream. */
interface Receiver {
  readonly name: string;
  readonly transport: string;
  readonly process: RunningProcess;
}

/** Ours, the bare runtime's loop and whoever else is installed, one way. */
async function startReceivers(
  url: string,
  transport: "udp" | "tcp",
): Promise<Receiver[]> {
  const bare = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--allow-net", "--unstable-net"],
    new URL("./support/bare_receiver.ts", import.meta.url).pathname,
    ...[url, transport],
  ]);
  const ours = play(url, "--no-page", "--transport", transport);
  await bare.line(/playing/);
  await ours.event("playing");
  const others: readonly [string, readonly string[]][] = [
    ["ffmpeg", [
      ...["-v", "error", "-rtsp_transport", transport, "-i", url],
      ...["-c", "copy", "-f", "null", "-"],
    ]],
    ["gst-launch-1.0", [
      ...["-q", "rtspsrc", `location=${url}`, `protocols=${transport}`],
      ...["!", "rtpjpegdepay", "!", "fakesink"],
    ]],
  ];
  return [
    { name: "rtsp-play", transport, process: ours },
    { name: "Deno, only reading", transport, process: bare },
    ...others.filter(([name]) => isInstalled(name)).map(([name, args]) => ({
      name,
      transport,
      process: startProcess(name, args),
    })),
  ];
}

function isInstalled(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, program)).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Milliseconds of CPU for each second of play and resident megabytes, all
 * receivers side by side: what else the machine does hits all of them.
 */
async function cost(url: string, measuredMs: number): Promise<string[][]> {
  const receivers = [
    ...await startReceivers(url, "udp"),
    ...await startReceivers(url, "tcp"),
  ];
  try {
    await pause(WARM_UP_MS);
    const look = () =>
      Promise.all(receivers.map(({ process }) => process.usage()));
    const before = await look();
    const startedAt = performance.now();
    await pause(measuredMs);
    const after = await look();
    const seconds = (performance.now() - startedAt) / 1000;
    return receivers.map(({ name, transport }, index) => {
      const [first, last] = [before[index]!, after[index]!];
      return [
        name,
        transport,
        ((last.cpuSeconds - first.cpuSeconds) * 1000 / seconds).toFixed(1),
        (last.rssBytes / 1e6).toFixed(0),
      ];
    });
  } finally {
    for (const { process } of receivers) await process[Symbol.asyncDispose]();
  }
}

/** Plays for long: memory, loss and drift. */
async function soak(url: string, ms: number): Promise<string[]> {
  await using player = play(url, "--no-page", "--transport", "udp");
  await player.event("playing");
  await pause(WARM_UP_MS);
  const before = await player.usage();
  await pause(ms);
  const after = await player.usage();
  player.signal("SIGINT");
  const end = await player.event("end");
  const { lost } = end.packets as { lost: number };
  return [
    (ms / 60_000).toFixed(1),
    (before.rssBytes / 1e6).toFixed(0),
    (after.rssBytes / 1e6).toFixed(0),
    String(end.framesReceived),
    String(end.framesLost),
    String(lost),
    Number(end.driftMs).toFixed(1),
  ];
}

/**
 * What runs in the page before its own scripts: remembers how old each picture
 * is when it has been drawn. Both clocks are this machine's.
 */
const WATCH_DRAWING = `
  globalThis.ages = [];
  let time = 0;
  const fetchOriginal = globalThis.fetch;
  globalThis.fetch = async (...args) => {
    const response = await fetchOriginal(...args);
    time = Number(response.headers.get("x-frame-time") ?? time);
    return response;
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    draw.apply(this, args);
    if (time > 0) globalThis.ages.push(Date.now() - time);
    time = 0;
  };
`;

/** How old pictures are when Chromium has drawn them, ms: half of them, 99 of 100, the oldest. */
async function pageDelay(url: string): Promise<string[]> {
  await using player = play(url, "--transport", "udp");
  const { url: address } = await player.event("listening");
  await player.event("playing");
  let ages: number[] = [];
  await withPage({ width: 1280, height: 900 }, async (page) => {
    await page.addInitScript(WATCH_DRAWING);
    await page.goto(String(address));
    const drawn = (): Promise<number[]> =>
      page.evaluate("globalThis.ages") as Promise<number[]>;
    while (ages.length < PAGE_PICTURES) {
      await pause(500);
      ages = await drawn();
    }
  });
  // The first ones pay for what is compiled then.
  ages = ages.slice(FIRST_PICTURES).sort((a, b) => a - b);
  return [0.5, 0.99, 1].map((part) =>
    String(ages[Math.min(ages.length - 1, Math.floor(ages.length * part))])
  );
}

async function main(): Promise<void> {
  const minutes = Number(
    Deno.args[Deno.args.indexOf("--minutes") + 1] ?? NaN,
  );
  const folder = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  try {
    const jpegs = await makeJpegs({ frames: 96 });
    const parts = jpegs.map((jpeg) => encodeMjpegFrame("ascii", jpeg));
    await Deno.writeFile(
      join(folder, "movie.Mjpeg"),
      new Uint8Array(await new Blob(parts).arrayBuffer()),
    );
    await using server = startStreamtool(
      ["rtsp-serve", "movie.Mjpeg", "--loop", "--port", "0", "--no-page"],
      { cwd: folder },
    );
    const url = String((await server.event("listening")).url);
    if (Deno.args.includes("--minutes") && minutes > 0) {
      console.log(formatTable(
        [
          "minutes",
          "MB before",
          "MB after",
          "frames",
          "frames lost",
          "packets lost",
          "drift ms",
        ],
        [await soak(url, minutes * 60_000)],
      ));
      return;
    }
    console.log(formatTable(
      ["who", "transport", "CPU ms/s", "MB"],
      await cost(url, MEASURED_MS),
    ));
    const missing = chromiumMissing();
    if (missing !== undefined) {
      console.log(`The page is not measured: ${missing}`);
      return;
    }
    console.log();
    console.log(formatTable(
      ["picture drawn, p50 ms", "p99 ms", "most ms"],
      [await pageDelay(url)],
    ));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await main();
