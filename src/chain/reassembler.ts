/**
 * Puts the fragments of our wire together again.
 *
 * @module
 */

import { BINARY_HEADER_BYTES, type BinaryHeader } from "./binary_header.ts";
import type { DropReason } from "./drop_reason.ts";
import type { FramePool, PooledFrame } from "./frame_pool.ts";
import { mixIn, PARITY_PREFIX_BYTES } from "./parity.ts";
import type { StoredFrame } from "./repair_responder.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  FrameSlot,
  FrameWindow,
  type FrameWindowOptions,
} from "./frame_window.ts";

/** Limits, and where frames come from. */
export interface ReassemblerOptions extends FrameWindowOptions {
  /** Larger frames are refused. */
  readonly maxFrameBytes?: number;
  /** Gives the frames' buffers. */
  readonly pool: FramePool;
}

/**
 * Whole frames that stay here so that their fragments can be sent again: six of
 * 178 KB, a fifth of a second, in which a fragment is asked for five times.
 * More would be memory that every frame finds cold (measured: 8 MiB cost 9 MB
 * and a sixth of the CPU time).
 */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Parity that waits for the rest of its group: a tenth of 16 frames of 2.5 MB. */
const MAX_PARITY_BYTES = 4 * 1024 * 1024;

/** A header with a seal; longer ones are not of ours. */
const MAX_HEADER_BYTES = BINARY_HEADER_BYTES + 16;

class FragmentSlot extends FrameSlot {
  frame: PooledFrame | undefined;
  total = 0;
  missing = 0;
  originTimeUs = 0;
  /** A bit for every fragment; grows to the largest frame's need and stays. */
  seen = new Uint32Array(8);

  has(index: number): boolean {
    return index < this.total &&
      (this.seen[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /** Groups of parity, 0 before any came; which came, and the ones that are of use still. */
  groups = 0;
  readonly parityCame = new Set<number>();
  readonly parities = new Map<number, Uint8Array>();

  /** The only fragment of a group that has not come; `undefined` for none or several. */
  onlyMissing(group: number): number | undefined {
    let only: number | undefined;
    for (let index = group; index < this.total; index += this.groups) {
      if (this.has(index)) continue;
      if (only !== undefined) return undefined;
      only = index;
    }
    return only;
  }

  begin(frame: PooledFrame, total: number): void {
    this.groups = 0;
    this.parityCame.clear();
    this.parities.clear();
    this.frame = frame;
    this.total = this.missing = total;
    const words = (total + 31) >>> 5;
    if (words > this.seen.length) this.seen = new Uint32Array(words);
    else this.seen.fill(0, 0, words);
  }

  /** Marks a fragment; false when it was marked before. */
  mark(index: number): boolean {
    const bit = 1 << (index & 31);
    const word = this.seen[index >>> 5]!;
    if ((word & bit) !== 0) return false;
    this.seen[index >>> 5] = word | bit;
    return true;
  }
}

/** Fragments in, whole frames out; nothing is allocated for a fragment. */
export class Reassembler extends FrameWindow<FragmentSlot> {
  readonly #maxFrameBytes: number;
  readonly #pool: FramePool;
  readonly #scratch = new Uint8Array(MAX_HEADER_BYTES);
  #keptBytes = 0;
  #parityBytes = 0;
  #replaced = 0;

  /**
   * The frame that the last `add` made whole, and the caller's to release;
   * `undefined` when it made none whole.
   */
  completed: PooledFrame | undefined;

  /** Holds nothing yet. */
  constructor(options: ReassemblerOptions) {
    super(() => new FragmentSlot(), options);
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    this.#pool = options.pool;
  }

  /**
   * Takes a fragment whose header was read (and so checked) from `datagram`;
   * its bytes are copied. Gives 0, or why it was dropped. `mayJump` lets it be
   * of any frame, however far from the newest: for streams that were silent.
   */
  add(
    header: BinaryHeader,
    datagram: Uint8Array,
    mayJump = false,
  ): DropReason | 0 {
    this.completed = undefined;
    const { frameBytes, index } = header;
    if (frameBytes > this.#maxFrameBytes) return "too-large";
    const slot = this.#slotFor(header, index === 0, mayJump);
    if (typeof slot === "string") return slot;
    if (!slot.mark(index)) return "duplicate";
    this.#copy(header, datagram, slot.frame!.bytes);
    slot.originTimeUs = header.originTimeUs;
    this.#count(slot);
    if (slot.groups > 0 && slot.missing > 0) {
      this.#replace(slot, index % slot.groups);
    }
    return 0;
  }

  /**
   * Takes a parity datagram likewise. It may replace a fragment that is
   * missing, now or when the others of its group have come.
   */
  addParity(
    header: BinaryHeader,
    datagram: Uint8Array,
    mayJump = false,
  ): DropReason | 0 {
    this.completed = undefined;
    const { frameBytes, index: group, groups } = header;
    if (frameBytes > this.#maxFrameBytes) return "too-large";
    const whole = this.slotOf(header.frameNumber);
    if (whole?.missing === 0 && whole.frame !== undefined) {
      // Of no use here, but whoever comes after may lack something.
      if (whole.parityCame.has(group)) return "duplicate";
      whole.parityCame.add(group);
      return 0;
    }
    const slot = this.#slotFor(header, false, mayJump);
    if (typeof slot === "string") return slot;
    if (slot.groups !== 0 && slot.groups !== groups) return "conflict";
    if (slot.parityCame.has(group)) return "duplicate";
    slot.groups = groups;
    slot.parityCame.add(group);
    const parity = datagram.slice(header.payloadStart + PARITY_PREFIX_BYTES);
    // What goes on may be of use to the next; here there is no room for it.
    if (this.#parityBytes + parity.length > MAX_PARITY_BYTES) return 0;
    this.#parityBytes += parity.length;
    slot.parities.set(group, parity);
    if (slot.originTimeUs === 0) slot.originTimeUs = header.originTimeUs;
    this.#replace(slot, group);
    return 0;
  }

  /** Fragments that parity replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  #slotFor(
    header: BinaryHeader,
    atStart: boolean,
    mayJump: boolean,
  ): FragmentSlot | DropReason {
    const { frameBytes, total } = header;
    const slot = this.locate(header.frameNumber, atStart, mayJump);
    if (typeof slot === "string") return slot;
    if (slot.frame === undefined) {
      if (!this.hold(slot, frameBytes)) return "no-room";
      slot.begin(this.#pool.acquire(frameBytes), total);
    } else if (slot.total !== total || slot.bytes !== frameBytes) {
      return "conflict";
    }
    return slot;
  }

  /** Another fragment is there. */
  #count(slot: FragmentSlot): void {
    if (--slot.missing > 0) return;
    this.#forgetParities(slot);
    this.completed = slot.frame?.retain();
    this.complete(slot);
    this.#keep(slot);
  }

  /** Replaces the only fragment of a group that is missing, if its parity is there. */
  #replace(slot: FragmentSlot, group: number): void {
    const parity = slot.parities.get(group);
    const index = parity && slot.onlyMissing(group);
    if (parity === undefined || index === undefined) return;
    const { bytes } = slot.frame!;
    const stride = parity.length;
    for (let each = group; each < slot.total; each += slot.groups) {
      if (each === index) continue;
      const start = each * stride;
      mixIn(parity, 0, bytes, start, Math.min(start + stride, bytes.length));
    }
    const start = index * stride;
    const length = Math.min(stride, bytes.length - start);
    bytes.set(parity.subarray(0, length), start);
    this.#parityBytes -= stride;
    slot.parities.delete(group);
    slot.mark(index);
    this.#replaced++;
    this.#count(slot);
  }

  /** Fragments of a partial frame. */
  totalOf(number: number): number {
    return this.slotOf(number)?.total ?? 0;
  }

  /** Whether a partial frame has a fragment. */
  has(number: number, index: number): boolean {
    return this.slotOf(number)?.has(index) ?? false;
  }

  /** What is there of a frame, for being sent again; valid until the next `add`. */
  stored(number: number): StoredFrame | undefined {
    const slot = this.slotOf(number);
    if (slot?.frame === undefined) return undefined;
    const { total, originTimeUs, frame: { bytes } } = slot;
    const has = slot.has.bind(slot);
    return { number, bytes, total, originTimeUs, has };
  }

  /** Gives up everything, as at the start of another stream. */
  override reset(): void {
    super.reset();
    this.#replaced = 0;
  }

  #forgetParities(slot: FragmentSlot): void {
    for (const parity of slot.parities.values()) {
      this.#parityBytes -= parity.length;
    }
    slot.parities.clear();
  }

  protected override discard(slot: FragmentSlot): void {
    this.#forgetParities(slot);
    if (slot.missing === 0) this.#keptBytes -= slot.frame?.bytes.length ?? 0;
    slot.frame?.release();
    slot.frame = undefined;
  }

  /** Holds a whole frame as long as there is room: the oldest go first. */
  #keep(slot: FragmentSlot): void {
    this.#keptBytes += slot.frame?.bytes.length ?? 0;
    for (
      let number = this.newest - this.size + 1;
      this.#keptBytes > MAX_KEPT_BYTES && number <= this.newest;
      number++
    ) {
      const oldest = this.slotOf(number);
      if (oldest?.missing === 0) this.discard(oldest);
    }
  }

  /**
   * Copies the payload to its place. A view of the payload would be an
   * allocation a fragment, so the whole datagram is copied such that its
   * payload falls into place, and the bytes its header fell on are put back.
   */
  #copy(header: BinaryHeader, datagram: Uint8Array, frame: Uint8Array): void {
    const { offset, payloadStart } = header;
    if (offset < payloadStart || payloadStart > MAX_HEADER_BYTES) {
      frame.set(datagram.subarray(payloadStart), offset);
      return;
    }
    const start = offset - payloadStart;
    const scratch = this.#scratch;
    for (let at = 0; at < payloadStart; at++) {
      scratch[at] = frame[start + at]!;
    }
    frame.set(datagram, start);
    for (let at = 0; at < payloadStart; at++) {
      frame[start + at] = scratch[at]!;
    }
  }
}
