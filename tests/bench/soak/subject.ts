/**
 * A system under load in the soak, and what can be done to it.
 *
 * @module
 */

import type { RunningProcess } from "../../support/process.ts";
import type { SeededRandom } from "../../support/random.ts";

/** What a witness, whom nothing is done to, has seen. */
export interface Witnessed {
  /** Frames, or chunks of a film, that arrived whole. */
  readonly frames: number;
  /** Those that did not. */
  readonly lost: number;
}

/** One system with its processes. */
export interface SoakSubject extends AsyncDisposable {
  /** Its name in the table. */
  readonly name: string;
  /** Processes that must live from the first to the last minute, without growing. */
  readonly lasting: readonly RunningProcess[];
  /** Ports that junk is thrown at. */
  readonly ports: {
    readonly tcp: readonly number[];
    readonly udp: readonly number[];
  };
  /** Does one bad thing to it and tells what. */
  torment(random: SeededRandom): Promise<string>;
  /** What the witnesses have seen. */
  witnessed(): Promise<Witnessed>;
  /** Why it is not well, some seconds after the last blow; `undefined` when it is. */
  recovered(): Promise<string | undefined>;
}

/** The port in a URL. */
export function portOf(url: unknown): number {
  return Number(new URL(String(url).replace(/^\w+:/, "http:")).port);
}
