/**
 * Packets in order into pictures, in either dialect.
 *
 * @module
 */

import { checkJpeg, checkJpegParts, type JpegParts } from "../../jpeg/mod.ts";
import {
  JpegDepacketizer,
  LabDepacketizer,
  type RtpPacket,
} from "../../rtp/mod.ts";

/** A picture of which every packet came. */
export interface MadePicture {
  /** The parts of a file, in buffers that are used again, or a file. */
  readonly picture: JpegParts | Uint8Array<ArrayBuffer>;
  /** `undefined` where timestamps are no clock. */
  readonly timestamp: number | undefined;
}

/** Makes the pictures of one track. */
export class PictureMaker {
  readonly #jpeg: JpegDepacketizer;
  readonly #lab: LabDepacketizer | undefined;

  /** `dimensions` is the size that the description tells. */
  constructor(
    dialect: "standard" | "lab",
    dimensions: { readonly width: number; readonly height: number } | undefined,
  ) {
    this.#jpeg = new JpegDepacketizer(
      dimensions === undefined ? {} : { dimensions },
    );
    this.#lab = dialect === "lab" ? new LabDepacketizer() : undefined;
  }

  /** Frames of which something came, and not all. */
  get framesIncomplete(): number {
    return (this.#lab ?? this.#jpeg).framesIncomplete;
  }

  /**
   * Takes a packet; gives the picture that it completes.
   *
   * @throws {RtpProtocolError} when it is none of the dialect's; the next can
   * be pushed.
   */
  push(packet: RtpPacket): MadePicture | undefined {
    if (this.#lab === undefined) {
      const frame = this.#jpeg.pushForParts(packet);
      return frame === undefined
        ? undefined
        : { picture: frame.parts, timestamp: frame.timestamp };
    }
    const jpeg = this.#lab.push(packet);
    // A whole file in one packet is a view of that packet.
    return jpeg === undefined
      ? undefined
      : { picture: new Uint8Array(jpeg), timestamp: undefined };
  }

  /** What is not complete stays so. */
  flush(): void {
    this.#jpeg.flush();
  }
}

/**
 * Size of a picture that is sound: what is not must never be shown.
 *
 * @throws {JpegError} when it is not.
 */
export function soundSize(
  picture: MadePicture["picture"],
): { readonly width: number; readonly height: number } {
  if (picture instanceof Uint8Array) return checkJpeg(picture);
  checkJpegParts(picture);
  return picture;
}
