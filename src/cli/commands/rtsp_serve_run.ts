/**
 * `streamtool rtsp-serve`
 *
 * @module
 */

import { isMulticastAddress, whenAborted } from "../../net/mod.ts";
import {
  type MulticastRange,
  type RtspServer,
  startRtspServer,
} from "../../services/rtsp_server/mod.ts";
import { readSource } from "../chain_options.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatTable } from "../table.ts";
import { obeyWords } from "../words.ts";
import type { RtspServeOptions } from "./rtsp_serve.ts";
import { type Push, startPush } from "./rtsp_serve_push.ts";

/** Smallest `--max-packet`: frames are split into pieces of this size. */
const MIN_PACKET = 1400;
/** Largest: a UDP datagram less the RTP header. */
const MAX_PACKET = 65_495;
/** Streams that the banner names; the rest is counted. */
const MAX_SHOWN = 10;

/** Runs a server until the signal or `quit`. */
export async function run(
  options: RtspServeOptions,
  context: CommandContext,
): Promise<number> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const sources = readSources(options);
  const running = await startRtspServer({
    sources,
    host: options.host,
    port: options.port,
    rtpPort: options.rtpPort,
    pagePort: options.page ? options.pagePort : undefined,
    fps: options.fps,
    quality: options.quality,
    loop: options.loop,
    maxPacket: readMaxPacket(options.maxPacket),
    tcpOnly: options.tcpOnly,
    multicast: readMulticast(options),
    users: options.users,
    tls: readTls(options),
    publishing: options.publishers === "none" ? undefined : {
      who: options.publishers,
      takeover: options.takeover,
      graceMs: options.publisherGrace,
    },
    sessionTimeout: Math.max(1, Math.round(options.sessionTimeout / 1000)),
    maxSessions: options.maxSessions,
    maxSessionsPerAddress: options.maxSessionsPerAddress,
    maxConnections: options.maxConnections,
    onPlay: options.onPlay,
    onStop: options.onStop,
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { server, pageUrl } = running;
  showBanner(server, pageUrl, context);
  let push: Push | undefined;
  try {
    push = await startPush(options, server, {
      signal,
      log: context.log,
      emit: (event) => context.emit(event),
    });
  } catch (error) {
    await running.close();
    throw error;
  }

  // Standard input is either a video or somebody who types.
  const words = sources.some(({ spec }) => spec.kind === "stdin")
    ? Promise.resolve()
    : obeyWords(context, {
      list: { help: "who watches what", run: () => viewersText(server) },
      status: { help: "the streams", run: () => statusText(server) },
      quit: { help: "say goodbye and end", run: () => quit.abort() },
      exit: { help: "the same as quit", run: () => quit.abort() },
    }).then(() => {
      if (options.exitWithStdin) quit.abort();
    });
  try {
    await Promise.race([whenAborted(signal), ...(push ? [push.failed] : [])]);
  } finally {
    quit.abort();
    await push?.over;
    const totals = await running.close();
    context.emit({ event: "end", ...totals });
  }
  if (context.signal.aborted) await words;
  return EXIT.ok;
}

function readSources(
  { source, camera, pattern }: RtspServeOptions,
): { text: string; spec: ReturnType<typeof readSource> }[] {
  const texts = [
    ...source,
    ...(camera === undefined ? [] : [`camera:${camera}`]),
    ...(pattern ? ["pattern"] : []),
  ];
  if (texts.length === 0) texts.push("pattern");
  if (texts.filter((text) => text === "-").length > 1) {
    throw new UsageError("Cannot serve standard input twice");
  }
  return texts.map((text) => ({ text, spec: readSource(text) }));
}

function readMaxPacket(bytes: number): number {
  if (bytes >= MIN_PACKET && bytes <= MAX_PACKET) return bytes;
  throw new UsageError(
    `Cannot use ${bytes} for --max-packet: it is from ${MIN_PACKET} to ${MAX_PACKET} bytes`,
  );
}

/** Port of the first group unless the user says so: RTP's own (RFC 3551 section 8). */
const MULTICAST_PORT = 5004;

function readMulticast(
  { multicast, multicastTtl, cert, tcpOnly }: RtspServeOptions,
): MulticastRange | undefined {
  if (multicast === undefined) return undefined;
  const other = cert !== undefined ? "--cert" : tcpOnly ? "--tcp-only" : "";
  if (other !== "") {
    throw new UsageError(
      `Cannot use --multicast with ${other}: packets to a group leave in clear, over UDP`,
    );
  }
  const [address = "", text = String(MULTICAST_PORT)] = multicast.split(":");
  const port = Number(text);
  if (
    !isMulticastAddress(address) || !/^\d{1,5}$/.test(text) || port < 2 ||
    port > 65_534 || port % 2 !== 0
  ) {
    throw new UsageError(
      `Cannot use "${multicast}" for --multicast: it is an IPv4 group and an even port, such as 239.255.42.1:${MULTICAST_PORT}`,
    );
  }
  return { address, port, ttl: multicastTtl };
}

function readTls(
  { cert, key }: RtspServeOptions,
): { cert: string; key: string } | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw new UsageError(
    `Cannot use --${cert === undefined ? "key" : "cert"} alone: pass --${
      cert === undefined ? "cert" : "key"
    } too`,
  );
}

function showBanner(
  server: RtspServer,
  pageUrl: string | undefined,
  context: CommandContext,
): void {
  const { streams } = server.report();
  const shown = context.json ? streams : streams.slice(0, MAX_SHOWN);
  const first = streams[0];
  context.banner({
    lines: [
      ...shown.map(({ url }) => ({ label: "Local", url })),
      ...(pageUrl === undefined ? [] : [{ label: "Page", url: pageUrl }]),
    ],
    ...(first === undefined ? {} : { tryLine: `ffplay ${first.url}` }),
  });
  if (shown.length < streams.length) {
    context.log.info(`and ${streams.length - shown.length} streams more: list`);
  }
  if (first === undefined) {
    context.log.warn("The folder has no video yet");
  }
  if (pageUrl !== undefined) context.open(pageUrl);
}

function viewersText(server: RtspServer): string {
  const { sessions } = server.report();
  if (sessions.length === 0) return "nobody watches";
  return formatTable(
    ["session", "stream", "viewer", "by", "state", "frames", "kbit/s", "loss"],
    sessions.map((each) => [
      each.id,
      each.stream,
      each.user === null ? each.address : `${each.user}@${each.address}`,
      each.transport,
      each.state,
      String(each.framesSent),
      each.kbps.toFixed(0),
      each.fractionLost === null
        ? "–"
        : `${(each.fractionLost * 100).toFixed(1)}%`,
    ]),
  );
}

function statusText(server: RtspServer): string {
  const { streams } = server.report();
  return formatTable(
    ["stream", "state", "size", "fps", "viewers", "kbit/s"],
    streams.map((each) => [
      each.path,
      each.state,
      each.width === 0 ? "–" : `${each.width}x${each.height}`,
      each.fps === 0 ? "–" : each.fps.toFixed(1),
      String(each.viewers),
      each.kbps.toFixed(0),
    ]),
  );
}
