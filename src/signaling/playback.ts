/**
 * Where the film is: a position, the moment it was there, and a rate.
 *
 * @module
 */

/** The state of a room's film. All clients compute the same position from it. */
export interface Playback {
  /** Seconds into the film at the moment `at`. */
  readonly position: number;
  /** That moment, ms of the server's clock. */
  readonly at: number;
  /** Seconds of film a second, when it plays. */
  readonly rate: number;
  /** Whether it plays, as people want it. */
  readonly playing: boolean;
  /** Ids of members that buffer and are waited for; it stands still meanwhile. */
  readonly waitingFor: readonly string[];
  /** 0 to 1. */
  readonly volume: number;
}

/** A film that has not begun. */
export function initialPlayback(now: number): Playback {
  return {
    position: 0,
    at: now,
    rate: 1,
    playing: false,
    waitingFor: [],
    volume: 1,
  };
}

/** Film seconds a second right now: 0 while it is paused or waits. */
export function effectiveRate(playback: Playback): number {
  return playback.playing && playback.waitingFor.length === 0
    ? playback.rate
    : 0;
}

/** Position at `now`, ms of the server's clock. */
export function positionAt(playback: Playback, now: number): number {
  const passed = Math.max(0, now - playback.at) / 1000;
  return Math.max(0, playback.position + passed * effectiveRate(playback));
}

/** What a person did to the film. */
export interface PlaybackAction {
  /** The button. */
  readonly action: "play" | "pause" | "seek" | "volume" | "speed";
  /** Position, seconds. */
  readonly time?: number;
  /** 0 to 1. */
  readonly volume?: number;
  /** Film seconds a second. */
  readonly speed?: number;
}

/** The state after an action that took place at `at`. */
export function applyAction(
  playback: Playback,
  { action, time, volume, speed }: PlaybackAction,
  at: number,
): Playback {
  const moved: Playback = {
    ...playback,
    position: time !== undefined && action !== "volume" && action !== "speed"
      ? time
      : positionAt(playback, at),
    at,
  };
  switch (action) {
    case "play":
      return { ...moved, playing: true };
    case "pause":
      return { ...moved, playing: false };
    case "seek":
      return moved;
    case "speed":
      return { ...moved, rate: speed ?? playback.rate };
    case "volume":
      return { ...playback, volume: volume ?? playback.volume };
  }
}

/** The state when the film waits for these members from `at` on; nobody: it goes on. */
export function applyWaiting(
  playback: Playback,
  waitingFor: readonly string[],
  at: number,
): Playback {
  return {
    ...playback,
    position: positionAt(playback, at),
    at,
    waitingFor,
  };
}
