/**
 * The servers that the RTSP bench compares, and the viewers it gives them.
 *
 * @module
 */

import { join } from "node:path";
import { PROGRAM_PERMISSIONS, ROOT } from "../../../scripts/support.ts";
import { MjpegReader } from "../../../src/jpeg/mod.ts";
import { silentLogger } from "../../../src/log/mod.ts";
import {
  LiveFrames,
  mjpegResponse,
  NO_FAST_PATH_VARIABLE,
  startHttpServer,
} from "../../../src/net/mod.ts";
import { ffmpegPath } from "../../support/clips.ts";
import { type RunningProcess, startProcess } from "../../support/process.ts";
import type { ViewersResult } from "../rtsp_viewers.ts";

/** Longest wait for what a server or the viewers say. */
const PATIENCE_MS = 120_000;

/** gst-rtsp-server with one shared stream of the JPEGs in an AVI file. */
const GST_SERVER = `
import sys, gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( filesrc location="%s" ! avidemux ! rtpjpegpay name=pay0 mtu=1400 )' % sys.argv[1])
factory.set_shared(True)
server.get_mount_points().add_factory("/movie", factory)
server.attach(None)
print("port", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;

/** A server under test. */
export interface BenchServer extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly url: string;
}

/** `rtsp-serve` with one source; `fast` lets it use the Linux path of UDP. */
export async function startOurs(
  source: string,
  fast: boolean,
): Promise<BenchServer> {
  const process = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--config", `${ROOT}deno.json`],
    ...[...PROGRAM_PERMISSIONS, "--allow-ffi", `${ROOT}main.ts`],
    ...["rtsp-serve", source, "--loop", "--port", "0", "--no-page", "--json"],
    ...["--max-sessions-per-address", "1000"],
  ], { json: true, env: fast ? {} : { [NO_FAST_PATH_VARIABLE]: "1" } });
  const { url } = await process.event("listening");
  return {
    process,
    url: String(url),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/**
 * A shared stream without a price of its own: the film's JPEGs as a chain peer's
 * page has them, sent by this process.
 */
export async function startPeerPage(
  movie: string,
  fps: number,
): Promise<AsyncDisposable & { source: string }> {
  const live = new LiveFrames();
  const reader = new MjpegReader("raw");
  reader.push(await Deno.readFile(movie));
  const jpegs: Uint8Array[] = [];
  for (let jpeg = reader.next(); jpeg; jpeg = reader.next()) jpegs.push(jpeg);
  const start = performance.now();
  let number = 0;
  let timer: ReturnType<typeof setTimeout>;
  const publish = (): void => {
    const bytes = jpegs[number++ % jpegs.length]!;
    live.publish({ bytes, retain() {}, release() {} }, number, Date.now());
    const due = start + number * 1000 / fps;
    timer = setTimeout(publish, Math.max(0, due - performance.now()));
  };
  publish();
  const server = await startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    flag: "",
    log: silentLogger,
    handler: (request, { closing }) =>
      new URL(request.url).pathname === "/stream.mjpeg"
        ? mjpegResponse(live, closing)
        : Response.json({ fps }),
  });
  return {
    source: `chain://${new URL(server.url).host}`,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      live.close();
      await server.close();
    },
  };
}

/** gst-rtsp-server; `undefined` where it or its Python binding is not installed. */
export async function startGst(
  movie: string,
  dir: string,
  fps: number,
): Promise<BenchServer | undefined> {
  const avi = join(dir, "movie.avi");
  // Long enough for a measurement: it plays once.
  await new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-y", "-v", "error", "-stream_loop", "30", "-r", String(fps)],
      ...["-f", "mjpeg", "-i", movie, "-c", "copy", avi],
    ],
  }).output();
  const process = startProcess("/usr/bin/python3", ["-c", GST_SERVER, avi]);
  try {
    const line = await process.line(/^port \d+/, { within: 10_000 });
    return {
      process,
      url: `rtsp://127.0.0.1:${line.split(" ")[1]}/movie`,
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  } catch {
    await process[Symbol.asyncDispose]();
    return undefined;
  }
}

/** The runtime's share: a program that only sends. */
export async function startBare(
  frameBytes: number,
  fps: number,
): Promise<BenchServer> {
  const process = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--allow-net", "--unstable-net"],
    new URL("./bare_sender.ts", import.meta.url).pathname,
    ...[frameBytes, fps].map(String),
  ]);
  const line = await process.line(/^port \d+/, { within: PATIENCE_MS });
  return {
    process,
    url: `rtsp://127.0.0.1:${line.split(" ")[1]}/frame`,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** Viewers in a process of their own. */
export function startViewers(
  url: string,
  transport: string,
  count: number,
  seconds: number,
  joinMs: number,
): RunningProcess {
  return startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--allow-net", "--unstable-net"],
    new URL("../rtsp_viewers.ts", import.meta.url).pathname,
    ...[url, transport, count, seconds, joinMs].map(String),
  ]);
}

/** What they saw, when they are done. */
export async function resultOf(
  viewers: RunningProcess,
): Promise<ViewersResult> {
  await viewers.exited({ within: PATIENCE_MS });
  const last = viewers.lines.at(-1);
  if (last === undefined || !last.includes("frames")) {
    throw new Error(`Cannot measure: ${viewers.errorLines.join("\n")}`);
  }
  return JSON.parse(last);
}
