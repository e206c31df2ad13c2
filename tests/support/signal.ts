/**
 * A signal server for tests, and what a test does with Chromium's party page.
 *
 * @module
 */

import {
  type SignalServer,
  type SignalServerOptions,
  startSignalServer,
} from "../../src/services/signal_server/mod.ts";
import { type TestContext, testContext } from "./service.ts";

/** A server on free ports. */
export async function startTestSignal(
  options: Partial<SignalServerOptions> = {},
  context: TestContext = testContext(),
): Promise<SignalServer> {
  return await startSignalServer({
    host: "127.0.0.1",
    port: 0,
    stunPort: 0,
    iceServers: [],
    tls: undefined,
    allowedOrigins: [],
    limits: {},
    ...options,
  }, context);
}
