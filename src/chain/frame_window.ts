/**
 * The frames around the newest one: which are being put together, which are
 * done, which were given up, and how many are lost. What the reassemblers of
 * both wires share.
 *
 * A slot belongs to each frame number in the window, so nothing a sender does
 * makes the bookkeeping grow. Lost frames are not counted as they go but
 * derived: all that were expected, less those that came, less those that still
 * may. So the figure stays right when frames arrive out of order.
 *
 * @module
 */

import type { DropReason } from "./drop_reason.ts";

/**
 * Frames that may be in flight at once: half a second at 30 frames/s. A gap
 * older than that is never filled.
 */
export const DEFAULT_FRAMES_IN_FLIGHT = 16;

/**
 * Largest frame: more than a 4K JPEG at the best quality, and what bounds the
 * memory one false header can claim.
 */
export const DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Bytes held for frames in flight: three of the largest, or 16 of 3 MiB. */
export const DEFAULT_BYTES_IN_FLIGHT = 48 * 1024 * 1024;

/**
 * How far ahead of the newest a frame number may be while the stream runs: ten
 * seconds at 30 frames/s. A longer gap is preceded by silence, and then any
 * number is taken.
 */
export const MAX_FRAME_JUMP = 300;

/** Nothing of this frame is kept: not begun, or refused at its first datagram. */
const EMPTY = 0;
/** Some of its datagrams have come. */
const PARTIAL = 1;
/** Whole and handed out. */
const DONE = 2;
/** Given up to make room; what still comes of it is dropped. */
const ABANDONED = 3;

/** A frame's place in the window. */
export class FrameSlot {
  /** The frame that the slot belongs to now; -1 for none. */
  number = -1;
  /** How far it is. */
  state: 0 | 1 | 2 | 3 = EMPTY;
  /** Bytes it holds while partial. */
  bytes = 0;
}

/** Limits of a window. */
export interface FrameWindowOptions {
  /** Rounded up to a power of two. */
  readonly maxFramesInFlight?: number;
  /** Bytes of all partial frames together. */
  readonly maxBytesInFlight?: number;
}

/** Slots for the newest frames and the account of the others. */
export abstract class FrameWindow<Slot extends FrameSlot> {
  readonly #slots: Slot[];
  readonly #mask: number;
  readonly #maxBytes: number;
  #first = 0;
  #newest = -1;
  #received = 0;
  #framesInFlight = 0;
  #bytesInFlight = 0;
  #total = -1;

  /** `makeSlot` makes the slots; there never are more. */
  constructor(makeSlot: () => Slot, options: FrameWindowOptions) {
    const wanted = options.maxFramesInFlight ?? DEFAULT_FRAMES_IN_FLIGHT;
    const size = 2 ** Math.ceil(Math.log2(Math.max(1, wanted)));
    this.#slots = Array.from({ length: size }, makeSlot);
    this.#mask = size - 1;
    this.#maxBytes = options.maxBytesInFlight ?? DEFAULT_BYTES_IN_FLIGHT;
  }

  /** Newest frame of which anything came; -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** Whole frames. */
  get framesReceived(): number {
    return this.#received;
  }

  /** Frames that are being put together. */
  get framesInFlight(): number {
    return this.#framesInFlight;
  }

  /** Bytes held for them. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** Frames this window keeps track of. */
  get size(): number {
    return this.#slots.length;
  }

  /**
   * Frames that were expected and will not come: from the first that could
   * arrive whole (a stream joined in the middle of a frame begins at the next
   * one, unless it is the stream's very first) to the newest, or to the
   * stream's last once its end is known.
   */
  get framesLost(): number {
    let expected = (this.#total < 0 ? this.#newest + 1 : this.#total) -
      this.#first;
    if (this.#newest < 0) return 0;
    if (this.#total < 0) {
      for (const slot of this.#slots) {
        if (slot.state === PARTIAL && slot.number >= this.#first) expected--;
      }
    }
    return Math.max(0, expected - this.#received);
  }

  /** Says how many frames the stream had; `undefined` takes it back. */
  setTotal(frames: number | undefined): void {
    this.#total = frames ?? -1;
  }

  /** Gives up everything, as at the start of another stream. */
  reset(): void {
    this.#vacateAll();
    this.#first = this.#received = 0;
    this.#newest = this.#total = -1;
  }

  /** The oldest frame that may still become whole, of a stream seen from its beginning from frame 0. */
  get oldestOpen(): number {
    const oldest = this.#newest - this.size + 1;
    return oldest <= 0 ? 0 : Math.max(oldest, this.#first);
  }

  /** How far a frame of the window is. */
  progressOf(number: number): "absent" | "partial" | "settled" {
    const slot = this.slotOf(number);
    if (slot === undefined || slot.state === EMPTY) return "absent";
    return slot.state === PARTIAL ? "partial" : "settled";
  }

  /** The slot of a frame of which something came. */
  protected slotOf(number: number): Slot | undefined {
    const slot = this.#slots[number & this.#mask];
    return slot?.number === number ? slot : undefined;
  }

  /** Called when a partial or whole frame's slot is given to another: lets go what it holds. */
  protected abstract discard(slot: Slot): void;

  /**
   * The slot of frame `number`, empty or partial, or why there is none.
   * `atStart` says that the datagram is the frame's first, `mayJump` that any
   * number is to be believed (the stream was silent).
   */
  protected locate(
    number: number,
    atStart: boolean,
    mayJump: boolean,
  ): Slot | DropReason {
    const ahead = number - this.#newest;
    if (this.#newest < 0) {
      this.#first = atStart || number === 0 ? number : number + 1;
      this.#newest = number;
    } else if (ahead > 0) {
      if (ahead > MAX_FRAME_JUMP && !mayJump) return "frame-jump";
      this.#advance(number);
    } else if (ahead <= -this.size) {
      if (!mayJump) return "stale";
      this.#rewind(number);
    }
    const slot = this.#slots[number & this.#mask]!;
    slot.number = number;
    if (slot.state === DONE) return "duplicate";
    return slot.state === ABANDONED ? "stale" : slot;
  }

  /**
   * Takes `bytes` more for a slot; gives up the oldest frames when there is
   * no room. False when the slot's own frame is the oldest and was given up.
   */
  protected hold(slot: Slot, bytes: number): boolean {
    if (slot.state === EMPTY) {
      slot.state = PARTIAL;
      slot.bytes = 0;
      this.#framesInFlight++;
    }
    slot.bytes += bytes;
    this.#bytesInFlight += bytes;
    while (this.#bytesInFlight > this.#maxBytes) {
      const oldest = this.#oldestPartial(slot);
      this.abandon(oldest);
      if (oldest === slot) return false;
    }
    return true;
  }

  /** A frame is whole; what its slot holds is the caller's. */
  protected complete(slot: Slot): void {
    this.#letGo(slot);
    slot.state = DONE;
    this.#received++;
    // The middle of the first frame may come before its beginning.
    if (slot.number < this.#first) this.#first = slot.number;
  }

  /** Gives a partial frame up for good. */
  protected abandon(slot: Slot): void {
    this.discard(slot);
    this.#letGo(slot);
    slot.state = ABANDONED;
  }

  #letGo(slot: Slot): void {
    this.#framesInFlight--;
    this.#bytesInFlight -= slot.bytes;
    slot.bytes = 0;
  }

  #oldestPartial(fallback: Slot): Slot {
    let oldest = fallback;
    for (const slot of this.#slots) {
      if (slot.state === PARTIAL && slot.number < oldest.number) oldest = slot;
    }
    return oldest;
  }

  #advance(number: number): void {
    const steps = Math.min(number - this.#newest, this.size);
    for (let step = 1; step <= steps; step++) {
      this.#vacate(this.#slots[(this.#newest + step) & this.#mask]!);
    }
    this.#newest = number;
  }

  #rewind(number: number): void {
    this.#vacateAll();
    this.#newest = number;
    this.#first = Math.min(this.#first, number);
  }

  #vacateAll(): void {
    for (const slot of this.#slots) this.#vacate(slot);
  }

  #vacate(slot: Slot): void {
    if (slot.state === PARTIAL) this.abandon(slot);
    else if (slot.state === DONE) this.discard(slot);
    slot.state = EMPTY;
    slot.number = -1;
  }
}
