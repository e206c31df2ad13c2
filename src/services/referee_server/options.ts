/**
 * What a referee server can be told.
 *
 * @module
 */

import type { Analyzer, RefereeLimits } from "../../referee/mod.ts";

/** How long artifacts are kept. */
export interface Retention {
  /** Milliseconds; `undefined` keeps them whatever their age. */
  readonly ageMs: number | undefined;
  /** Bytes of all of them; the oldest go first. `undefined` keeps all. */
  readonly bytes: number | undefined;
}

/** Options of {@linkcode startRefereeServer}. */
export interface RefereeServerOptions {
  /** Address to listen at. */
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Folder for recordings and results; nothing is written elsewhere. */
  readonly outputDir: string;
  readonly limits: RefereeLimits;
  /** Whether frames are written to disk as they arrive; else they stay in memory. */
  readonly spill: boolean;
  /** What clients must bring; `undefined` lets everybody in. */
  readonly token: string | undefined;
  /** Certificate and key as PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Names that the server goes by, besides its addresses. */
  readonly allowedHosts: readonly string[];
  readonly retention: Retention;
  /** Milliseconds that a session whose connection broke can be resumed. */
  readonly resumeMs: number;
  /** Who analyses; without one the scoring box alone decides. */
  readonly analyzer: Analyzer | undefined;
  /** Seconds to add to the times of signals to get those of the video; 0 when left out. */
  readonly signalOffset?: number;
  /** Recordings that are processed at once; 1 by default, more where others do the work. */
  readonly parallel?: number;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
}
