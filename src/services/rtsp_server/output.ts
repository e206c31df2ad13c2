/**
 * Ways from a session to its viewer.
 *
 * @module
 */

import type { ReceiverView } from "../../rtp/mod.ts";
import type { FrameSink } from "./playback.ts";
import type { Protection } from "./protection.ts";
import type { RtpStream } from "./rtp_stream.ts";

/** What an output counts. */
export interface OutputFigures {
  readonly framesSent: number;
  /** Frames left out because the viewer was slow. */
  readonly framesSkipped: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** What the viewer reported last. */
  readonly receiver: ReceiverView | undefined;
}

/** Sends frames to one viewer: TCP, UDP, multicast or the teaching dialect. */
export interface MediaOutput extends FrameSink {
  /** Number of the next packet. */
  readonly sequence: number;
  /** Takes over the numbers of a shared stream, unless something was sent. */
  join(sequence: number): void;
  /** Forgets what waits. What comes next has the number {@linkcode sequence}. */
  flush(): void;
  /** Reads a viewer's RTCP; `false` when it is none. */
  receiveReports(bytes: Uint8Array): boolean;
  figures(): OutputFigures;
  /** Says goodbye and lets go of everything. */
  close(): void;
}

/** What the outputs that number packets for one viewer have in common. */
export abstract class RtpOutput implements MediaOutput {
  /** Numbers and reports. */
  protected readonly stream: RtpStream;
  /** Makes it SRTP. */
  protected readonly protection: Protection | undefined;
  /** Frames left out because the viewer was slow. */
  protected skipped = 0;
  #closed = false;

  /** Of a viewer with these numbers. */
  constructor(stream: RtpStream, protection: Protection | undefined) {
    this.stream = stream;
    this.protection = protection;
  }

  /** See {@linkcode MediaOutput.sequence}. */
  get sequence(): number {
    return this.stream.sequence;
  }

  /** Whether nothing is sent any more. */
  protected get closed(): boolean {
    return this.#closed;
  }

  /** See {@linkcode MediaOutput.join}. */
  join(sequence: number): void {
    this.stream.join(sequence);
  }

  /** See {@linkcode FrameSink.frame}. */
  abstract frame(...args: Parameters<MediaOutput["frame"]>): void;
  /** See {@linkcode FrameSink.ended}. */
  abstract ended(): void;
  /** See {@linkcode MediaOutput.flush}. */
  abstract flush(): void;

  /** Sends a report as it is; nothing when there is none. */
  protected abstract sendReport(report: Uint8Array | undefined): void;
  /** Lets go of what only this output has. */
  protected release(): void {}

  /** A report as it leaves. */
  protected protectReport(report: Uint8Array): Uint8Array {
    return this.protection?.protectReport(report) ?? report;
  }

  /** See {@linkcode MediaOutput.receiveReports}. */
  receiveReports(bytes: Uint8Array): boolean {
    const clear = this.protection === undefined
      ? bytes
      : this.protection.openReport(bytes);
    return clear !== undefined && this.stream.receiveReports(clear);
  }

  /** See {@linkcode MediaOutput.figures}. */
  figures(): OutputFigures {
    const { framesSent, packets, octets, receiver } = this.stream;
    return {
      framesSent,
      framesSkipped: this.skipped,
      packetsSent: packets,
      bytesSent: octets,
      receiver,
    };
  }

  /** See {@linkcode MediaOutput.close}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.flush();
    this.release();
    this.sendReport(this.stream.bye());
  }
}
