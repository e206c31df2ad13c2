/**
 * `signal`: the server of the watch party.
 *
 * @module
 */

export type { IceServer, SignalServerOptions } from "./options.ts";
export {
  secureContextHint,
  type SignalReport,
  type SignalServer,
  startSignalServer,
} from "./server.ts";
