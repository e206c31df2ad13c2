/**
 * `share`: a host and a viewer of the watch party without a browser.
 *
 * @module
 */

export { filmDuration } from "./film_duration.ts";
export {
  type ShareHost,
  type ShareHostOptions,
  startShareHost,
} from "./host.ts";
export {
  type LiveRoom,
  type LiveRoomOptions,
  MAX_SEGMENT_MS,
  MIN_SEGMENT_MS,
  startLiveRoom,
} from "./live_room.ts";
export { AUTO, ORIGINAL, QUALITY_LEVELS } from "./quality_choice.ts";
export { QualityLevels } from "./quality_levels.ts";
export type { ShareTotals } from "./served_films.ts";
export { EMBEDDED, readSubtitles } from "./subtitle_file.ts";
export {
  receiveShare,
  type ShareViewerOptions,
  type ViewerTotals,
} from "./viewer.ts";
