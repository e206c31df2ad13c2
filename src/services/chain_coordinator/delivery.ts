/**
 * Watches a stream's end arrive at every peer.
 *
 * @module
 */

import type { Member } from "./roster.ts";

/** How long peers may take to report a stream's end before it is told without them. */
const DELIVERY_TIMEOUT_MS = 3000;

/** A stream that has ended. */
export interface EndedStream {
  /** Its id. */
  readonly streamId: number;
  /** Frames that were sent. */
  readonly frames: number;
}

/** One ended stream at a time. */
export class DeliveryWatch {
  readonly #members: () => Iterable<Member>;
  readonly #onDelivered: (stream: EndedStream) => void;
  #stream: EndedStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks at `members`; tells once for each stream, complete or not. */
  constructor(
    members: () => Iterable<Member>,
    onDelivered: (stream: EndedStream) => void,
  ) {
    this.#members = members;
    this.#onDelivered = onDelivered;
  }

  /** A stream has ended: waits for everybody who reports. */
  begin(stream: EndedStream): void {
    this.cancel();
    this.#stream = stream;
    this.#timer = setTimeout(() => this.#finish(), DELIVERY_TIMEOUT_MS);
    this.check();
  }

  /** Somebody reported or left. */
  check(): void {
    if (this.#stream === undefined) return;
    for (const member of this.#members()) {
      if (!this.#hasEnd(member, this.#stream)) return;
    }
    this.#finish();
  }

  /** Waits no longer and tells nothing. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#stream = undefined;
  }

  /** Existing peers report nothing and are not waited for. */
  #hasEnd({ session, report }: Member, { streamId }: EndedStream): boolean {
    if (session === undefined) return true;
    // Streams have no id on StrandCast's wire.
    return report?.state === "ended" &&
      (report.streamId === streamId || report.wire !== "binary");
  }

  #finish(): void {
    const stream = this.#stream;
    this.cancel();
    if (stream !== undefined) this.#onDelivered(stream);
  }
}
