/**
 * The stream that a relay is in the middle of: its frames, its figures, what
 * is missing of it, and its end. On either wire.
 *
 * @module
 */

import { ChunkReassembler } from "./chunk_reassembler.ts";
import type { DropReason } from "./drop_reason.ts";
import type { FramePool } from "./frame_pool.ts";
import { type FrameWindowOptions, MAX_FRAME_JUMP } from "./frame_window.ts";
import { Reassembler } from "./reassembler.ts";
import { RelayFigures, type RelaySnapshot } from "./relay_figures.ts";
import type { RelayFrame, StreamEnd } from "./relay_outcome.ts";
import { type RepairFigures, RepairRequester } from "./repair_requester.ts";
import type { FragmentStore, StoredFrame } from "./repair_responder.ts";
import type { ChainWire } from "./report.ts";
import { StreamGate } from "./stream_gate.ts";

/** When a frame's last datagram left, on the wire that says it. */
export interface FrameTimes {
  /** Left the hop's sender, µs mod 2^32. */
  readonly hopTimeUs: number;
  /** Left the coordinator, µs since the epoch. */
  readonly originTimeUs: number;
}

/** One stream at a time; the next takes its place. */
export class RelayStream implements FragmentStore {
  /** Which stream it is, and which may follow. */
  readonly gate = new StreamGate();
  /** Frames of our wire. */
  readonly fragments: Reassembler;
  /** Frames of StrandCast's. */
  readonly chunks: ChunkReassembler;
  /** What is counted. */
  readonly figures = new RelayFigures();
  /** What is missing. */
  readonly requester: RepairRequester;

  /** No stream yet. */
  constructor(
    limits: FrameWindowOptions & {
      readonly maxFrameBytes?: number;
      readonly pool: FramePool;
    },
  ) {
    this.fragments = new Reassembler(limits);
    this.chunks = new ChunkReassembler(limits);
    this.requester = new RepairRequester(this.fragments, this.fragments.size);
  }

  /** Bytes held for frames that are not whole yet. */
  get bytesInFlight(): number {
    return this.fragments.bytesInFlight + this.chunks.bytesInFlight;
  }

  /** Frames that are not whole yet. */
  get framesInFlight(): number {
    return this.fragments.framesInFlight + this.chunks.framesInFlight;
  }

  /** The stream whose fragments can be sent again; 0 for none. */
  get storedStreamId(): number {
    return this.gate.wire === "binary" ? this.gate.streamId : 0;
  }

  /** A frame whose fragments can be sent again; valid until the next datagram. */
  stored(frame: number): StoredFrame | undefined {
    return this.fragments.stored(frame);
  }

  /** What repair has done. */
  get repairFigures(): RepairFigures & { readonly replaced: number } {
    const { replaced } = this.fragments;
    return { ...this.requester.figures, replaced };
  }

  /** Another stream begins. */
  begin(wire: ChainWire, streamId: number, nowUs: number): void {
    const { newest, size } = this.#window(this.gate.wire ?? wire);
    this.gate.begin(wire, streamId, { newest, window: size }, nowUs);
    this.close();
    this.figures.reset();
    this.requester.reset();
  }

  /**
   * The end of the stream at first sight, 0 for a copy of it, or why it is
   * refused: its count of frames cannot be, because more came already or far
   * fewer. A stranger's end would otherwise stop the figures, if not the
   * picture.
   */
  end(
    frames: number,
    mayJump: boolean,
    origin: string,
    nowUs: number,
  ): StreamEnd | DropReason | 0 {
    const { wire, streamId } = this.gate;
    if (wire === undefined) return "stale";
    const window = this.#window(wire);
    if (frames <= this.figures.newestWhole) return "conflict";
    const beyond = frames - 1 - window.newest > MAX_FRAME_JUMP;
    if (beyond && window.newest >= 0 && !mayJump) return "frame-jump";
    const sight = this.gate.end(frames);
    if (sight !== "first") return sight === "copy" ? 0 : sight;
    window.setTotal(frames);
    if (wire === "binary") this.requester.ended(frames, nowUs);
    return { streamId, frames, wire, origin };
  }

  /**
   * After a datagram of frame `number` was taken: counts, and gives the frame
   * if it is whole, which is the caller's. `times` as the datagram says them.
   */
  pass(
    number: number,
    origin: string,
    times: FrameTimes | undefined,
    nowUs: number,
  ): RelayFrame | undefined {
    const { gate } = this;
    const wire = gate.wire ?? "binary";
    const window = this.#window(wire);
    if (gate.endFrames >= 0 && number >= gate.endFrames) {
      gate.reopen();
      window.setTotal(undefined);
    }
    const jpeg = window.completed;
    if (jpeg === undefined) return undefined;
    window.completed = undefined;
    this.figures.countFrame(number, jpeg.bytes.length, nowUs);
    const { hopTimeUs = 0, originTimeUs = 0 } = times ?? {};
    if (times !== undefined) {
      // The hop time is a 32-bit number, so the difference is one with a sign.
      const hopUs = (nowUs - hopTimeUs) | 0;
      this.figures.measure(hopUs, nowUs - originTimeUs, nowUs);
    }
    const { streamId } = gate;
    return { number, streamId, originTimeUs, wire, origin, jpeg };
  }

  /** All figures at `nowUs`. */
  snapshot(nowUs: number): RelaySnapshot {
    const { wire = null, streamId, endFrames } = this.gate;
    const window = this.#window(wire ?? "binary");
    return this.figures.snapshot({
      wire,
      streamId,
      framesReceived: window.framesReceived,
      framesLost: window.framesLost,
      framesInStream: endFrames < 0 ? null : endFrames,
    }, nowUs);
  }

  /** Lets go of every frame in flight. */
  close(): void {
    this.fragments.reset();
    this.chunks.reset();
  }

  #window(wire: ChainWire): Reassembler | ChunkReassembler {
    return wire === "binary" ? this.fragments : this.chunks;
  }
}
