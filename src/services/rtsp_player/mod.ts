/**
 * `rtsp-play`: plays a stream of either dialect.
 *
 * @module
 */

import type { HttpServer } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { PlayerReport, RtspPlayerOptions } from "./options.ts";
import { servePlayerPage } from "./page.ts";
import { RtspPlayer } from "./player.ts";

export { connectRtsp, explainConnection, USER_AGENT } from "./connect.ts";
export type { RtspEndpoint } from "./connect.ts";
export type {
  PacketFigures,
  PlayerReport,
  PlayerState,
  RtspPlayerOptions,
} from "./options.ts";
export { PlayError, RtspPlayer } from "./player.ts";
export { openUdpPair } from "./udp_pair.ts";
export type { UdpPair } from "./udp_pair.ts";
export { MediaReceiver } from "./receiver.ts";
export type { PlayerFrame } from "./received_frame.ts";
export type { ReceiverOptions } from "./receiver.ts";
export { probeRtsp } from "./probe.ts";
export type { ProbeOptions, ProbeResult, ProbeTrack } from "./probe_result.ts";

/** A player with its page. */
export interface RunningPlayer {
  /** Buttons and figures. */
  readonly player: RtspPlayer;
  /** Its page; `undefined` without one. */
  readonly pageUrl: string | undefined;
  /**
   * Settles when the player is done: its signal aborted, its duration or the
   * stream is over, or with the {@linkcode PlayError} that ended it.
   */
  readonly finished: Promise<void>;
  /** Closes everything after `finished`; gives the last figures. */
  close(): Promise<PlayerReport>;
}

/**
 * Starts a player and its page.
 *
 * @throws {ListenError} when the page's port cannot be had.
 * @throws {MediaError} when a file or folder cannot be written to.
 * @throws {MissingProgramError} when recording needs ffmpeg and there is none.
 */
export async function startRtspPlayer(
  options: RtspPlayerOptions,
  context: ServiceContext,
): Promise<RunningPlayer> {
  const player = await RtspPlayer.open(options, context);
  let page: HttpServer | undefined;
  try {
    if (options.pagePort !== undefined) {
      page = await servePlayerPage(player, {
        hostname: options.host,
        port: options.pagePort,
        log: context.log,
      });
    }
  } catch (error) {
    await player.close();
    throw error;
  }
  return {
    player,
    pageUrl: page?.url,
    finished: player.run(),
    async close() {
      const report = await player.close();
      await page?.close();
      return report;
    },
  };
}
