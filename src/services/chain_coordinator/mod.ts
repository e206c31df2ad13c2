/**
 * `chain-coordinator`: where a chain begins.
 *
 * @module
 */

import { formatHostPort, type HttpServer } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import { ChainCoordinator } from "./coordinator.ts";
import type { ChainCoordinatorOptions } from "./options.ts";
import { serveCoordinatorPage } from "./page.ts";

export { ChainCoordinator, ChainStateError } from "./coordinator.ts";
export type { ChainCoordinatorOptions } from "./options.ts";

/** A coordinator with its page. */
export interface RunningCoordinator {
  /** The chain's state and its buttons. */
  readonly coordinator: ChainCoordinator;
  /** Where peers register, `host:port`. */
  readonly address: string;
  /** The page's URL; `undefined` without one. */
  readonly pageUrl: string | undefined;
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
    address: formatHostPort(options.host, coordinator.port),
    pageUrl: page?.url,
    async close() {
      const totals = await coordinator.close();
      await page?.close();
      return totals;
    },
  };
}
