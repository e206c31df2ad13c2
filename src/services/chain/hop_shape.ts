/**
 * How a frame is cut up and spread, which depends on where the chain is: on
 * one machine the receivers' buffers are the only thing that can overflow.
 *
 * @module
 */

import { DEFAULT_FRAGMENT_BYTES } from "../../chain/mod.ts";
import { LOOPBACK_TICK_US, type PacerOptions } from "../../net/mod.ts";

/**
 * Payload of a fragment on a chain that never leaves this machine. A datagram
 * of 15,872 bytes just fits one of the kernel's 16 KiB buffers, so the default
 * receive buffer (212,992 bytes) holds 13 of them, 206 KB of video, where it
 * holds only 130 KB in datagrams of 1400; and it costs a tenth of the calls.
 */
const LOOPBACK_FRAGMENT_BYTES = 15_832;

/**
 * A receive buffer that holds frames and not pieces of one, and the part of it
 * that one burst may fill: others wait in it while the receiver is busy.
 */
const LARGE_BUFFER_BYTES = 1024 * 1024;
const BURST_PART = 8;

/**
 * Time between bursts to such buffers. A burst wakes every process of the
 * chain, which costs more than all its datagrams: the longer, the fewer.
 */
const FULL_FRAME_TICK_US = 30_000;

/** How frames go on a chain. */
export interface HopShape {
  /** Payload bytes of a binary fragment. */
  readonly fragmentBytes: number;
  /** How they are spread over the frame time. */
  readonly pacing: PacerOptions;
}

/**
 * The shape for a chain that is all on this machine (`isLocal`) or not, whose
 * smallest receive buffer holds `bufferBytes` as the kernel counts them; 0 when
 * one peer did not say.
 */
export function hopShape(isLocal: boolean, bufferBytes: number): HopShape {
  if (!isLocal) return { fragmentBytes: DEFAULT_FRAGMENT_BYTES, pacing: {} };
  return {
    fragmentBytes: LOOPBACK_FRAGMENT_BYTES,
    pacing: bufferBytes < LARGE_BUFFER_BYTES ? { tickUs: LOOPBACK_TICK_US } : {
      tickUs: FULL_FRAME_TICK_US,
      burstBytes: bufferBytes / BURST_PART,
    },
  };
}
