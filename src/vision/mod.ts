/**
 * Seeing: from pictures in grey, or from what a model found, to two fencers'
 * tracks; lens correction; made-up phrases of which the truth is known. No I/O.
 *
 * @module
 */

export { type GrayImage, grayImage } from "./gray_image.ts";
export {
  fillLetterbox,
  type Letterbox,
  letterbox,
  letterboxInput,
} from "./letterbox.ts";
export { Lens, type LensOptions, type Point } from "./lens.ts";
export { overlap, type ScoredBox, suppress } from "./nms.ts";
export type { Candidate } from "./people.ts";
export { PeopleObserver } from "./people_observer.ts";
export {
  correctTracks,
  type FencerTrack,
  followFencers,
  type PhraseTracks,
  seenShare,
  type TrackProblem,
  trackProblem,
} from "./phrase_tracks.ts";
export { resampleTracks } from "./resample.ts";
export {
  type FrameObservation,
  type SceneObservations,
  SceneObserver,
} from "./scene_observer.ts";
export { fillGaps, quantile, smoothSeries } from "./series.ts";
export { type Scenario, SCENARIOS } from "./synthetic_motion.ts";
export {
  type Condition,
  CONDITIONS,
  type FrameTruth,
  type PhraseOptions,
  SyntheticPhrase,
} from "./synthetic_phrase.ts";
export {
  type Person,
  readPeople,
  type YoloLayout,
  yoloLayout,
} from "./yolo_output.ts";
