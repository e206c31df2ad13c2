/**
 * What a coordinator can be told.
 *
 * @module
 */

import type { MacKey } from "../../chain/mod.ts";
import type { SourceSpec } from "../../media/mod.ts";
import type { StrandcastOptions } from "../chain/frame_sender.ts";

/** Options of {@linkcode startChainCoordinator}. */
export interface ChainCoordinatorOptions {
  /** What to play. */
  readonly source: SourceSpec;
  /** What the user called it, without credentials, for pages and logs. */
  readonly sourceLabel: string;
  /** Address to listen at for peers and for the page. */
  readonly host: string;
  /** TCP port that peers register at; 0 takes a free one. */
  readonly port: number;
  /** Port of the page, 0 for a free one; `undefined` for no page. */
  readonly pagePort: number | undefined;
  /** Starts by itself when this many peers have registered. */
  readonly startWhen: number | undefined;
  /** Frames a second to play at; `undefined` keeps the source's rate. */
  readonly fps: number | undefined;
  /** JPEG quality 1–100 where the source must be encoded. */
  readonly quality: number;
  /** Starts over at the source's end. */
  readonly loop: boolean;
  /** Ends the stream after this many milliseconds of video. */
  readonly durationMs: number | undefined;
  /** `auto` speaks our wire with every peer that can, `strandcast` with none. */
  readonly wire: "auto" | "binary" | "strandcast";
  /** How frames are written on the StrandCast wire. */
  readonly strandcast: StrandcastOptions;
  /** Payload bytes of a binary fragment; `auto` looks where the peers are. */
  readonly fragmentBytes: number | "auto";
  /** Most parity, in percent of what is sent; the loss decides how much of it. 0 sends none. */
  readonly parityPercent?: number | undefined;
  /** Chains that are fed; who registers goes to the end of the shortest. 1 by default. */
  readonly fanOut?: number | undefined;
  /** Leaves frames out while a hop cannot carry all of them. */
  readonly adapt?: boolean | undefined;
  /** The chain's key: who has it not, is refused. */
  readonly key?: MacKey | undefined;
  /** `false` keeps UDP to a datagram a call; else the fast path where it can be had. */
  readonly fastPath?: boolean | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
}
