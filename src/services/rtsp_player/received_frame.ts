/**
 * A picture as the player has it: a file only for who looks at it.
 *
 * @module
 */

import { buildJpeg, type JpegParts } from "../../jpeg/mod.ts";
import type { FrameHandle } from "../../net/mod.ts";

/** A picture that arrived whole. */
export interface PlayerFrame {
  /**
   * A JPEG file; nobody writes to it again. It is made at the first look, which
   * must come before the call with the next picture returns.
   */
  readonly jpeg: Uint8Array<ArrayBuffer>;
  /** From 1; frames that were lost are counted. */
  readonly number: number;
  /** Frames lost directly before it. */
  readonly lostBefore: number;
  /** Seconds into the stream: by the sender's clock, or by ours where it has none. */
  readonly mediaTime: number;
  readonly width: number;
  readonly height: number;
}

/** A picture of which a file is made when somebody looks at it. */
export class UnbuiltFrame implements PlayerFrame {
  readonly number: number;
  readonly lostBefore: number;
  readonly mediaTime: number;
  readonly width: number;
  readonly height: number;
  #picture: JpegParts | Uint8Array<ArrayBuffer>;

  /** Of the parts, which may change after the next picture, or of a file. */
  constructor(
    picture: JpegParts | Uint8Array<ArrayBuffer>,
    facts: Omit<PlayerFrame, "jpeg">,
  ) {
    this.#picture = picture;
    this.number = facts.number;
    this.lostBefore = facts.lostBefore;
    this.mediaTime = facts.mediaTime;
    this.width = facts.width;
    this.height = facts.height;
  }

  /** See {@linkcode PlayerFrame.jpeg}. */
  get jpeg(): Uint8Array<ArrayBuffer> {
    if (!(this.#picture instanceof Uint8Array)) {
      this.#picture = buildJpeg(this.#picture);
    }
    return this.#picture;
  }
}

/** A picture for whoever asks for it. */
export class FrameOnDemand implements FrameHandle {
  readonly #frame: PlayerFrame;

  /** Of a frame that may not have a file yet. */
  constructor(frame: PlayerFrame) {
    this.#frame = frame;
  }

  /** Its file. */
  get bytes(): Uint8Array {
    return this.#frame.jpeg;
  }

  /** Nothing: nobody writes to a file again. */
  retain(): void {}

  /** Nothing. */
  release(): void {}
}
