/**
 * The one interface over which a film moves, whatever carries it.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";

/** What carries frames. */
export type TransportKind = "rtc" | "relay" | "http" | "memory";

/** Text is a message, bytes are a block or a page of hashes. */
export type Frame = string | Bytes;

/** What a transport tells; set by `listen`. */
export interface TransportEvents {
  /** A frame came. */
  frame(frame: Frame): void;
  /** It is over; called once, last. */
  closed(): void;
}

/** An open, ordered, reliable path for frames between two members. */
export interface FilmTransport {
  /** What it is. */
  readonly kind: TransportKind;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends a frame; does nothing once it is closed. */
  send(frame: Frame): void;
  /** Resolves when little waits to be sent, or it is closed. */
  drained(): Promise<void>;
  /** Frames come from here on; those that came before come first. */
  listen(events: TransportEvents): void;
  /** Ends it on both sides. */
  close(): void;
}

/** Bytes that may wait in a transport before its sender does: four chunks. */
export const HIGH_WATER_BYTES = 256 * 1024;
/** The sender goes on when fewer than these wait. */
export const LOW_WATER_BYTES = 128 * 1024;
/** Frames that are kept until somebody listens. */
const MAX_EARLY_FRAMES = 64;

/** What every transport does with what comes in. */
export class FrameInbox {
  #events: TransportEvents | undefined;
  #early: Frame[] = [];
  #closed = false;

  /** Whether it is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Hands over what came so far, and all that comes. */
  listen(events: TransportEvents): void {
    this.#events = events;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) events.frame(frame);
    if (this.#closed) events.closed();
  }

  /** A frame has come. */
  push(frame: Frame): void {
    if (this.#closed) return;
    if (this.#events !== undefined) this.#events.frame(frame);
    else if (this.#early.length < MAX_EARLY_FRAMES) this.#early.push(frame);
  }

  /** It is over. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events?.closed();
  }
}

/** Two ends in one memory; `schedule` runs a function soon and in order, such as `queueMicrotask`. */
export function memoryTransports(
  schedule: (run: () => void) => void,
): [FilmTransport, FilmTransport] {
  const inboxes = [new FrameInbox(), new FrameInbox()] as const;
  const end = (mine: FrameInbox, other: FrameInbox): FilmTransport => ({
    kind: "memory",
    bufferedAmount: 0,
    send: (frame) => {
      if (!mine.closed) schedule(() => other.push(frame));
    },
    drained: () => new Promise((resolve) => schedule(resolve)),
    listen: (events) => mine.listen(events),
    close: () => {
      mine.close();
      schedule(() => other.close());
    },
  });
  return [end(...inboxes), end(inboxes[1], inboxes[0])];
}

/** Time, for whoever must not read it: the browser's, Deno's, or a test's. */
export interface PartyClock {
  /** Monotonic, ms. */
  now(): number;
  /** Runs a function after so many ms; the function it gives cancels that. */
  after(ms: number, run: () => void): () => void;
}
