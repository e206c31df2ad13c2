/**
 * `share`: a host and a viewer of the watch party without a browser.
 *
 * @module
 */

export { filmDuration } from "./film_duration.ts";
export {
  type ShareHost,
  type ShareHostOptions,
  type ShareTotals,
  startShareHost,
} from "./host.ts";
export {
  receiveShare,
  type ShareViewerOptions,
  type ViewerTotals,
} from "./viewer.ts";
