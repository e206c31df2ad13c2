/**
 * `chain-coordinator`: where a chain begins.
 *
 * @module
 */

import type { HttpServer } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import { pageUrls, reachedAtPort } from "../chain/addresses.ts";
import { ChainCoordinator } from "./coordinator.ts";
import type { ChainCoordinatorOptions } from "./options.ts";
import { serveCoordinatorPage } from "./page.ts";

export { ChainCoordinator, ChainStateError } from "./coordinator.ts";
export type { Viewpoint } from "../chain/addresses.ts";
export type { StrandcastOptions } from "../chain/frame_sender.ts";
export type { ControlHandler } from "./control_server.ts";
export type { ChainCoordinatorOptions } from "./options.ts";
export type { PeerSession } from "./peer_session.ts";

/** A coordinator with its page. */
export interface RunningCoordinator {
  /** The chain's state and its buttons. */
  readonly coordinator: ChainCoordinator;
  /** Where peers register, `host:port`, best first; several when it listens at all interfaces. */
  readonly addresses: readonly string[];
  /** The page's URLs, best first; none without a page. */
  readonly pageUrls: readonly string[];
  /** Stops everything; gives the totals. */
  close(): Promise<{ frames: number; streams: number }>;
}

/**
 * Starts a coordinator and its page.
 *
 * @throws {ListenError} when a port cannot be had; nothing listens then.
 */
export async function startChainCoordinator(
  options: ChainCoordinatorOptions,
  context: ServiceContext,
): Promise<RunningCoordinator> {
  const coordinator = new ChainCoordinator(options, context);
  let page: HttpServer | undefined;
  try {
    if (options.pagePort !== undefined) {
      page = await serveCoordinatorPage(coordinator, {
        hostname: options.host,
        port: options.pagePort,
        log: context.log,
      });
    }
  } catch (error) {
    await coordinator.close();
    throw error;
  }
  return {
    coordinator,
    addresses: reachedAtPort(options.host, coordinator.port),
    pageUrls: page === undefined ? [] : pageUrls(options.host, page.port),
    async close() {
      const totals = await coordinator.close();
      await page?.close();
      return totals;
    },
  };
}
