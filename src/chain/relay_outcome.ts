/**
 * What a relay says about a datagram.
 *
 * @module
 */

import type { DropReason } from "./drop_reason.ts";
import type { PooledFrame } from "./frame_pool.ts";
import type { ChainWire } from "./report.ts";
import type { StrandcastText } from "./strandcast_datagram.ts";

/** A frame that has become whole. */
export interface RelayFrame {
  /** Its number in the stream. */
  readonly number: number;
  /** Its stream; 0 on StrandCast's wire. */
  readonly streamId: number;
  /** When the coordinator sent its last fragment, µs since the epoch; 0 when the wire does not say. */
  readonly originTimeUs: number;
  /** The wire it came on. */
  readonly wire: ChainWire;
  /** Who plays it; empty when the wire does not say. */
  readonly origin: string;
  /** Its bytes, held once for the caller, who must release them. */
  readonly jpeg: PooledFrame;
}

/** A stream that is over. */
export interface StreamEnd {
  /** The stream; 0 on StrandCast's wire. */
  readonly streamId: number;
  /** Frames that the coordinator sent. */
  readonly frames: number;
  /** The wire it came on. */
  readonly wire: ChainWire;
  /** Who played it; empty when the wire does not say. */
  readonly origin: string;
}

/** What became of a datagram. One object, filled again by every `receive`. */
export interface RelayOutcome {
  /** Send these very bytes on; the hop time in them is already ours. */
  readonly forward: boolean;
  /** Became whole now. */
  readonly frame: RelayFrame | undefined;
  /** Of a stream, at first sight. */
  readonly end: StreamEnd | undefined;
  /** Id of a stream that begins with this datagram (0 on StrandCast's wire). */
  readonly started: number | undefined;
  /** A text message, at first sight. */
  readonly text: StrandcastText | undefined;
  /** Why it was dropped; 0 when it was not. */
  readonly drop: DropReason | 0;
  /** Whether anything but `forward` is to be done. */
  readonly hasNews: boolean;
}

/** An outcome that is filled again and again. */
export class ReusedOutcome implements RelayOutcome {
  forward = false;
  frame: RelayFrame | undefined = undefined;
  end: StreamEnd | undefined = undefined;
  started: number | undefined = undefined;
  text: StrandcastText | undefined = undefined;
  drop: DropReason | 0 = 0;

  get hasNews(): boolean {
    return this.frame !== undefined || this.drop !== 0 ||
      this.started !== undefined || this.end !== undefined ||
      this.text !== undefined;
  }

  /** Nothing has happened. */
  clear(): void {
    this.forward = false;
    this.frame =
      this.end =
      this.started =
      this.text =
        undefined;
    this.drop = 0;
  }
}
