/**
 * Tracks of some frames as tracks of all frames.
 *
 * @module
 */

import type { FencerTrack, PhraseTracks } from "./phrase_tracks.ts";

/** Places, speeds and boxes between the frames that were looked at; `all` are the times of all frames, and what lies behind the last is left out. */
export function resampleTracks(
  tracks: PhraseTracks,
  all: Float64Array,
): PhraseTracks {
  const last = tracks.times.at(-1);
  if (last === undefined || tracks.times.length < 2) return tracks;
  // The frames of one stride behind the last that was looked at are like it.
  const until = last + (last - tracks.times.at(-2)!) * 0.999;
  const times = all.filter((time) => time <= until);
  const places = Array.from(times, (time) => placeOf(tracks.times, time));
  const fencer = (
    { x, speed, stretch, seen, boxes, keypoints }: FencerTrack,
  ): FencerTrack => ({
    x: between(x, places),
    speed: between(speed, places),
    stretch: between(stretch, places),
    seen: Uint8Array.from(places, (place) => seen[Math.round(place)]!),
    boxes: Float32Array.from({ length: 4 * places.length }, (_, i) => {
      const place = places[i >> 2]!;
      const below = 4 * Math.floor(place) + (i & 3);
      const share = place % 1;
      return share === 0
        ? boxes[below]!
        : boxes[below]! + (boxes[below + 4]! - boxes[below]!) * share;
    }),
    keypoints: places.map((place) =>
      Number.isInteger(place) ? keypoints[place] : undefined
    ),
  });
  return {
    ...tracks,
    times,
    left: fencer(tracks.left),
    right: fencer(tracks.right),
    dx: between(tracks.dx, places),
  };
}

/** Where `time` is among `times`, as a position with its part. */
function placeOf(times: Float64Array, time: number): number {
  const last = times.length - 1;
  if (time <= times[0]!) return 0;
  if (time >= times[last]!) return last;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= time) low = middle;
    else high = middle;
  }
  return low + (time - times[low]!) / (times[high]! - times[low]!);
}

function between(
  values: Float64Array,
  places: readonly number[],
): Float64Array {
  return Float64Array.from(places, (place) => {
    const below = Math.floor(place);
    const share = place - below;
    return share === 0
      ? values[below]!
      : values[below]! + (values[below + 1]! - values[below]!) * share;
  });
}
