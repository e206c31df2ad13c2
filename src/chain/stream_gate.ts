/**
 * Which stream a hop is playing, and whose datagrams may change that.
 *
 * Anybody can send a datagram to a peer's port, so a stream that nobody
 * announced does not end one that runs. A new stream is taken at once when
 *
 * - there is none, or the current one has ended, or
 * - nothing of the current one came for half a second, or
 * - the datagram came from the current upstream, or the coordinator announced
 *   the stream over its session.
 *
 * That is all there is as long as nobody has said who the upstream is, and who
 * sends a whole frame is taken for it. Once the coordinator has named it, the
 * relay listens to nobody else (`Relay.guardUpstream`).
 *
 * Streams that were replaced are remembered, so that their stragglers do not
 * begin them again. One that had not ended comes back: when its datagrams
 * come from the upstream and those of the stream that replaced it never did,
 * or when that has gone silent.
 *
 * @module
 */

import type { DropReason } from "./drop_reason.ts";
import type { ChainWire } from "./report.ts";

/** A stream of at least 2 frames/s never pauses for this long. */
export const STREAM_SILENCE_US = 500_000;

/** Replaced streams remembered: nobody restarts more often than stragglers travel. */
const MAX_PAST_STREAMS = 8;

/**
 * Copies of an end of stream that go on. Senders repeat it three times; a
 * sender that never stops, or a ring of peers, must not have it for ever.
 */
const MAX_END_COPIES = 8;

/**
 * How far behind the newest a StrandCast frame must be to mean that its
 * sender began again: reordering does not reach over two seconds of video.
 */
const RESTART_DISTANCE = 64;

/** How long stragglers of StrandCast's previous stream, which has no id, are expected. */
const STRAGGLER_US = 1_000_000;

/** Frames by which the new stream's own datagrams may run ahead meanwhile. */
const STRAGGLER_LEAD = 8;

/** Keeps the current stream; knows no frames and no bytes. */
export class StreamGate {
  #wire: ChainWire | undefined;
  #streamId = 0;
  #endFrames = -1;
  #endCopies = 0;
  #acceptedAt = -Infinity;
  #upstreamAcceptedAt = -Infinity;
  #announced = 0;
  readonly #past: { streamId: number; ended: boolean }[] = [];
  #stragglers = { from: 0, to: -1, until: -Infinity };

  /** Wire of the current stream; `undefined` before the first. */
  get wire(): ChainWire | undefined {
    return this.#wire;
  }

  /** Id of the current stream; 0 before the first and on StrandCast's wire. */
  get streamId(): number {
    return this.#streamId;
  }

  /** Frames of the current stream once its end is known, else -1. */
  get endFrames(): number {
    return this.#endFrames;
  }

  /** Id of the stream that the coordinator announced last; 0 before that. */
  get announced(): number {
    return this.#announced;
  }

  /** Whether the upstream has sent nothing of use in this stream for a while. */
  isUpstreamSilent(nowUs: number): boolean {
    return nowUs - this.#upstreamAcceptedAt >= STREAM_SILENCE_US;
  }

  /** The coordinator says over its session that this stream is its own. */
  announce(streamId: number): void {
    this.#announced = streamId;
  }

  /** Whether frame numbers far from the newest are to be believed: after silence. */
  mayJump(nowUs: number, fromUpstream: boolean): boolean {
    return fromUpstream
      ? this.isUpstreamSilent(nowUs)
      : nowUs - this.#acceptedAt >= STREAM_SILENCE_US;
  }

  /** Notes that a datagram of the current stream was of use. */
  accept(nowUs: number, fromUpstream: boolean): void {
    this.#acceptedAt = nowUs;
    if (fromUpstream) this.#upstreamAcceptedAt = nowUs;
  }

  /** `true`: a new stream may begin with this datagram. */
  #mayBegin(nowUs: number, fromUpstream: boolean): boolean {
    return this.#wire === undefined || this.#endFrames >= 0 || fromUpstream ||
      nowUs - this.#acceptedAt >= STREAM_SILENCE_US;
  }

  /**
   * Where a datagram of binary stream `streamId` belongs: `current`, `new`
   * (the caller then calls `begin`), or why to drop it.
   */
  admitBinary(
    streamId: number,
    nowUs: number,
    fromUpstream: boolean,
  ): "current" | "new" | DropReason {
    if (this.#wire === "binary" && streamId === this.#streamId) {
      return "current";
    }
    const past = this.#past.find((stream) => stream.streamId === streamId);
    if (past === undefined) {
      return streamId === this.#announced || this.#mayBegin(nowUs, fromUpstream)
        ? "new"
        : "foreign-stream";
    }
    if (past.ended) return "stale-stream";
    const usurped = fromUpstream && this.#upstreamAcceptedAt === -Infinity;
    const silent = nowUs - this.#acceptedAt >= STREAM_SILENCE_US;
    return usurped || silent ? "new" : "stale-stream";
  }

  /**
   * The same for frame `number` of a StrandCast stream. Streams have no id
   * there: one begins with frame 0 after an end, or when the numbers fall far
   * behind `newest`.
   */
  admitStrandcast(
    number: number,
    newest: number,
    nowUs: number,
    fromUpstream: boolean,
  ): "current" | "new" | DropReason {
    if (this.#wire !== "strandcast") {
      return this.#mayBegin(nowUs, fromUpstream) ? "new" : "foreign-stream";
    }
    if (this.#endFrames >= 0 && number === 0) return "new";
    if (newest - number > RESTART_DISTANCE) {
      return this.#mayBegin(nowUs, fromUpstream) ? "new" : "stale";
    }
    const silent = nowUs - this.#acceptedAt >= STREAM_SILENCE_US;
    if (silent && number === 0 && newest > 0) return "new";
    return this.straggles(number, newest, nowUs) ? "stale" : "current";
  }

  /**
   * Whether a StrandCast frame of that number, or an end after so many
   * frames, is one of the stream before: it is near the end of that and far
   * ahead of this.
   */
  straggles(number: number, newest: number, nowUs: number): boolean {
    const { from, to, until } = this.#stragglers;
    return nowUs < until && number >= from && number <= to &&
      number > newest + STRAGGLER_LEAD;
  }

  /**
   * Begins a stream. `newest` is the newest frame of the one before, `window`
   * how far behind it stragglers may be.
   */
  begin(
    wire: ChainWire,
    streamId: number,
    previous: { newest: number; window: number },
    nowUs: number,
  ): void {
    this.#forget(streamId);
    if (this.#wire === "binary") {
      this.#past.push({
        streamId: this.#streamId,
        ended: this.#endFrames >= 0,
      });
      if (this.#past.length > MAX_PAST_STREAMS) this.#past.shift();
    } else if (this.#wire === "strandcast") {
      const { newest, window } = previous;
      const until = nowUs + STRAGGLER_US;
      // An end carries the number after the last frame's.
      this.#stragglers = { from: newest - window, to: newest + 1, until };
    }
    this.#wire = wire;
    this.#streamId = streamId;
    this.#endFrames = -1;
    this.#endCopies = 0;
    this.#acceptedAt = nowUs;
    this.#upstreamAcceptedAt = -Infinity;
  }

  #forget(streamId: number): void {
    const index = this.#past.findIndex((past) => past.streamId === streamId);
    if (index >= 0) this.#past.splice(index, 1);
  }

  /**
   * Takes an end of the current stream after `frames` frames: `first` sight
   * of it, a `copy` that may go on, or why to drop it.
   */
  end(frames: number): "first" | "copy" | DropReason {
    this.#endCopies++;
    if (this.#endFrames < 0) {
      this.#endFrames = frames;
      return "first";
    }
    if (frames !== this.#endFrames) return "conflict";
    return this.#endCopies <= MAX_END_COPIES ? "copy" : "duplicate";
  }

  /** Forgets an end that the stream itself has disproved. */
  reopen(): void {
    this.#endFrames = -1;
    this.#endCopies = 0;
  }
}
