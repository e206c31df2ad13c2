/**
 * `chain-peer`: one link of a chain.
 *
 * @module
 */

import type { PeerReport } from "../../chain/mod.ts";
import type { HttpServer } from "../../net/mod.ts";
import { pageUrls, reachedAtPort } from "../chain/addresses.ts";
import type { ServiceContext } from "../context.ts";
import type { ChainPeerOptions } from "./options.ts";
import { servePeerPage } from "./page.ts";
import { ChainPeer } from "./peer.ts";

export type { StrandcastOptions } from "../chain/frame_sender.ts";
export { ChainTermsError } from "./coordinator_link.ts";
export type { ChainPeerOptions } from "./options.ts";
export { ChainPeer } from "./peer.ts";

/** A peer with its page. */
export interface RunningPeer {
  /** Ports and figures. */
  readonly peer: ChainPeer;
  /** Where it receives video, `udp://host:port`, best first; several when it listens at all interfaces. */
  readonly videoUrls: readonly string[];
  /** Where it takes UPDATE_NEXT, `tcp://host:port`, likewise. */
  readonly controlUrls: readonly string[];
  /** Its page, likewise; none without a page. */
  readonly pageUrls: readonly string[];
  /**
   * Settles when the peer has stopped: because its signal aborted, or with the
   * reason why it cannot be in the chain.
   */
  readonly finished: Promise<void>;
  /** Closes everything after `finished`; gives the totals. */
  close(): Promise<{ frames: number } & PeerReport>;
}

/**
 * Starts a peer and its page; it registers as soon as the coordinator is there.
 *
 * @throws {ListenError} when a port cannot be had; nothing listens then.
 * @throws {ChainProtocolError} when the name is none.
 * @throws {Error} when a folder or file cannot be made.
 */
export async function startChainPeer(
  options: ChainPeerOptions,
  context: ServiceContext,
): Promise<RunningPeer> {
  const peer = await ChainPeer.open(options, context);
  let page: HttpServer | undefined;
  try {
    if (options.pagePort !== undefined) {
      page = await servePeerPage(peer, {
        hostname: options.host,
        port: options.pagePort,
        log: context.log,
      });
    }
  } catch (error) {
    await peer.close();
    throw error;
  }
  const { host } = options;
  return {
    peer,
    videoUrls: reachedAtPort(host, peer.udpPort).map((at) => `udp://${at}`),
    controlUrls: reachedAtPort(host, peer.controlPort)
      .map((at) => `tcp://${at}`),
    pageUrls: page === undefined ? [] : pageUrls(host, page.port),
    finished: peer.run(page?.url),
    async close() {
      const totals = await peer.close();
      await page?.close();
      return totals;
    },
  };
}
