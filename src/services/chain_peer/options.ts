/**
 * What a peer can be told.
 *
 * @module
 */

import type { MacKey } from "../../chain/mod.ts";
import type { StrandcastOptions } from "../chain/frame_sender.ts";

/** Options of {@linkcode startChainPeer}. */
export interface ChainPeerOptions {
  /** The peer's name in the chain; also names its files. */
  readonly name: string;
  /** Address to listen at. */
  readonly host: string;
  /** UDP port; `undefined` takes the one that follows from the name. */
  readonly udpPort: number | undefined;
  /** Where the coordinator listens. */
  readonly coordinator: { readonly hostname: string; readonly port: number };
  /** Port of the page, 0 for a free one; `undefined` for no page. */
  readonly pagePort: number | undefined;
  /** Folder for the frames; `undefined` saves none. */
  readonly framesDir: string | undefined;
  /** Newest frames to keep; `undefined` keeps all. */
  readonly keep: number | undefined;
  /** Log file in the documents' form; `undefined` writes none. */
  readonly logFile: string | undefined;
  /** Video file to record into; `undefined` records none. */
  readonly record: string | undefined;
  /** `strandcast` announces no wire of ours. */
  readonly wire: "auto" | "binary" | "strandcast";
  /** How frames are written to a next peer that speaks StrandCast only. */
  readonly strandcast: StrandcastOptions;
  /** The chain's key: a coordinator that has it not is not believed. */
  readonly key?: MacKey | undefined;
  /** `false` keeps UDP to a datagram a call; else the fast path where it can be had. */
  readonly fastPath?: boolean | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
}
