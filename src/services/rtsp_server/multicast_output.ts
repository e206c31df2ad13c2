/**
 * A viewer of a multicast group: the group sends, here it is counted.
 *
 * @module
 */

import type { MulticastGroup } from "./multicast_group.ts";
import type { MediaOutput, OutputFigures } from "./output.ts";
import { RtpStream } from "./rtp_stream.ts";

/** Stands for a group; its figures are the group's since it was made. */
export class MulticastOutput implements MediaOutput {
  readonly #group: MulticastGroup;
  /** Reads what this viewer reports. */
  readonly #reports: RtpStream;
  readonly #before: OutputFigures;

  /** For one viewer of `group`. */
  constructor(group: MulticastGroup) {
    this.#group = group;
    this.#reports = new RtpStream({ ssrc: group.ssrc, sequence: 0, cname: "" });
    this.#before = group.figures();
  }

  /** Number of the group's next packet. */
  get sequence(): number {
    return this.#group.sequence;
  }

  /** Nothing: the group numbers its packets. */
  join(_sequence: number): void {}

  /** Nothing: the group has its own. */
  frame(): void {}

  /** Nothing: the group says it to all. */
  ended(): void {}

  /** Nothing waits here. */
  flush(): void {}

  /** See {@linkcode MediaOutput.receiveReports}. */
  receiveReports(bytes: Uint8Array): boolean {
    return this.#reports.receiveReports(bytes);
  }

  /** What the group has sent since the viewer came. */
  figures(): OutputFigures {
    const now = this.#group.figures();
    const before = this.#before;
    return {
      framesSent: now.framesSent - before.framesSent,
      framesSkipped: now.framesSkipped - before.framesSkipped,
      packetsSent: now.packetsSent - before.packetsSent,
      bytesSent: now.bytesSent - before.bytesSent,
      receiver: this.#reports.receiver,
    };
  }

  /** Nothing is its own. */
  close(): void {}
}
