/**
 * Sessions whose connection broke: they are on disk, take no memory and no
 * place among the active ones, and wait for their client.
 *
 * @module
 */

import type { SessionDescription, SessionFolder } from "./session_folder.ts";

/** Most sessions that wait; beyond it the oldest is given up. */
export const MAX_PARKED = 64;

/** A session that waits. */
export interface ParkedSession {
  readonly folder: SessionFolder;
  readonly description: SessionDescription;
  /** Milliseconds of the server's clock since when it waits. */
  readonly since: number;
  /** Settles when everything of it is on disk. */
  readonly settled: Promise<void>;
}

/** All that wait. */
export class ParkedSessions {
  readonly #parked = new Set<ParkedSession>();

  /** How many there are. */
  get size(): number {
    return this.#parked.size;
  }

  /** Puts one away; gives the one that is given up for it, if any. */
  add(parked: ParkedSession): ParkedSession | undefined {
    this.#parked.add(parked);
    if (this.#parked.size <= MAX_PARKED) return undefined;
    const [oldest] = this.#parked;
    this.#parked.delete(oldest!);
    return oldest;
  }

  /** Takes out the newest of that name whose key fits; a session without a key needs none. */
  take(id: string, key: string | undefined): ParkedSession | undefined {
    const fitting = [...this.#parked].filter(({ description: { start } }) =>
      start.session_id === id && start.resume_key === key
    );
    const newest = fitting.at(-1);
    if (newest !== undefined) this.#parked.delete(newest);
    return newest;
  }

  /** Takes out those that wait since before `time`. */
  takeOlder(time: number): ParkedSession[] {
    const old = [...this.#parked].filter(({ since }) => since < time);
    for (const one of old) this.#parked.delete(one);
    return old;
  }
}
