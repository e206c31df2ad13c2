/**
 * `rtsp-serve`: Motion JPEG for every player.
 *
 * @module
 */

import type { HttpServer } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { RtspServeOptions } from "./options.ts";
import { serveRtspPage } from "./page.ts";
import type { ServerTotals } from "./report.ts";
import { RtspServer } from "./server.ts";

// For who sends the same frames elsewhere.
export { ConnectionWriter } from "./connection_writer.ts";
export { FrameClock } from "./frame_clock.ts";
export type { MediaOutput } from "./output.ts";
export type { FrameSink, Playback, ServedMedia } from "./playback.ts";
export { isRefusal } from "./playback.ts";
export { RtpStream } from "./rtp_stream.ts";
export { TcpOutput } from "./tcp_output.ts";
export { UdpOutput } from "./udp_output.ts";
export { UdpPorts } from "./udp_ports.ts";
export type {
  NamedSource,
  PublishingRules,
  RtspServeOptions,
} from "./options.ts";
export type {
  ServerReport,
  ServerTotals,
  SessionReport,
  StreamReport,
} from "./report.ts";
export type { MulticastRange } from "./multicast_groups.ts";
export { RtspServer } from "./server.ts";
export { UsersFileError } from "./users.ts";

/** A server with its page. */
export interface RunningRtspServer {
  /** Port, URLs, figures. */
  readonly server: RtspServer;
  /** The page's URL; `undefined` without one. */
  readonly pageUrl: string | undefined;
  /** Says goodbye to all viewers, closes everything; gives the totals. */
  close(): Promise<ServerTotals & { seconds: number }>;
}

/**
 * Starts a server and its page. With a users file the page is for this machine
 * only, because it shows every stream.
 *
 * @throws {MediaError} for a source that is not there.
 * @throws {UsersFileError} for a users file that cannot be understood.
 * @throws {ListenError} when a port cannot be had; nothing listens then.
 */
export async function startRtspServer(
  options: RtspServeOptions,
  context: ServiceContext,
): Promise<RunningRtspServer> {
  const server = await RtspServer.open(options, context);
  let page: HttpServer | undefined;
  try {
    if (options.pagePort !== undefined) {
      page = await serveRtspPage(server, {
        hostname: options.users === undefined ? options.host : "127.0.0.1",
        port: options.pagePort,
        log: context.log,
      });
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    server,
    pageUrl: page?.url,
    async close() {
      const { totals, seconds } = server.report();
      await Promise.all([server.close(), page?.close()]);
      return { ...totals, seconds };
    },
  };
}
