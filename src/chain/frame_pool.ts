/**
 * Buffers for whole frames, used again and again so that a peer's memory
 * stays flat however long the stream runs.
 *
 * @module
 */

/**
 * Free bytes a pool keeps for reuse: one of the largest frames, so that who
 * sends beginnings of such cannot make us allocate one after another; ninety of
 * 180 KB, more than are ever in flight at once.
 */
export const MAX_POOLED_BYTES = 16 * 1024 * 1024;

/** Smallest buffer: a smaller frame shares its class with 4 KiB ones. */
const SMALLEST_BUFFER_BYTES = 4096;

/**
 * Classes above the right one that are searched for a free buffer. Four
 * steps are a factor of two, so a frame never holds more than 2.5 times its size.
 */
const CLASSES_SEARCHED = 4;

/** A frame's bytes, held by everybody who retained it and not released it yet. */
export interface PooledFrame {
  /** Exactly the frame's bytes; not to be touched after the last release. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Adds a holder. @throws {Error} when nobody holds the frame any more. */
  retain(): this;
  /**
   * Drops a holder; the last one gives the buffer back to the pool.
   *
   * @throws {Error} when nobody holds the frame any more.
   */
  release(): void;
}

class Frame implements PooledFrame {
  #bytes: Uint8Array<ArrayBuffer>;
  #holders = 1;
  readonly #giveBack: (buffer: ArrayBuffer, bytes: number) => void;

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    giveBack: (buffer: ArrayBuffer, bytes: number) => void,
  ) {
    this.#bytes = bytes;
    this.#giveBack = giveBack;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  retain(): this {
    if (this.#holders === 0) {
      throw new Error("Cannot retain the frame: it was released by everybody");
    }
    this.#holders++;
    return this;
  }

  release(): void {
    if (this.#holders === 0) {
      throw new Error("Cannot release the frame: it was released by everybody");
    }
    if (--this.#holders > 0) return;
    const { buffer, length } = this.#bytes;
    // A use after the last release must be seen at once, and not as a
    // picture that changes under somebody's hands.
    this.#bytes = new Uint8Array(0);
    this.#giveBack(buffer, length);
  }
}

/** Quarter steps between powers of two: at most 25 % of a buffer is spare. */
function classOf(bytes: number): number {
  if (bytes <= SMALLEST_BUFFER_BYTES) return 0;
  const power = 31 - Math.clz32(bytes - 1);
  const quarter = ((bytes - 1) >>> (power - 2)) & 3;
  return (power - 12) * 4 + quarter + 1;
}

function classBytes(index: number): number {
  const power = Math.floor(index / 4) + 12;
  return (4 + index % 4) * 2 ** (power - 2);
}

/** Hands out frame buffers and takes them back. */
export class FramePool {
  readonly #maxPooledBytes: number;
  readonly #free: ArrayBuffer[][] = [];
  #pooledBytes = 0;
  #bytesInUse = 0;
  readonly #giveBack = (buffer: ArrayBuffer, bytes: number): void => {
    this.#bytesInUse -= bytes;
    if (this.#pooledBytes + buffer.byteLength > this.#maxPooledBytes) return;
    this.#pooledBytes += buffer.byteLength;
    (this.#free[classOf(buffer.byteLength)] ??= []).push(buffer);
  };

  /** Keeps at most `maxPooledBytes` of free buffers. */
  constructor(maxPooledBytes = MAX_POOLED_BYTES) {
    this.#maxPooledBytes = maxPooledBytes;
  }

  /** Bytes of free buffers that wait for reuse. */
  get pooledBytes(): number {
    return this.#pooledBytes;
  }

  /** Bytes of the frames that somebody holds. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /**
   * A frame of exactly `bytes` bytes, held once by the caller. Its content is
   * whatever the buffer's last frame left there.
   */
  acquire(bytes: number): PooledFrame {
    const buffer = this.#take(classOf(bytes));
    this.#bytesInUse += bytes;
    return new Frame(new Uint8Array(buffer, 0, bytes), this.#giveBack);
  }

  #take(wanted: number): ArrayBuffer {
    for (let index = wanted; index <= wanted + CLASSES_SEARCHED; index++) {
      const buffer = this.#free[index]?.pop();
      if (buffer !== undefined) {
        this.#pooledBytes -= buffer.byteLength;
        return buffer;
      }
    }
    return new ArrayBuffer(classBytes(wanted));
  }
}
