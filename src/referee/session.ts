/**
 * One session: a phrase on its way from the first frame to the result.
 *
 * It holds no frame; it says which frame is to be stored and what is to be
 * answered, and whoever drives it does both in this order.
 *
 * @module
 */

import type { FrameMessage, SessionStart } from "./client_message.ts";
import { RefereeProtocolError } from "./error.ts";
import { checkFrame } from "./frame_check.ts";
import { FrameFormatError } from "./frame_error.ts";
import { FrameRate } from "./frame_rate.ts";
import { FrameIntervals, type FrameRange } from "./frame_intervals.ts";
import { MIB, type RefereeLimits } from "./limits.ts";
import type { ResumedState, ServerMessage } from "./server_message.ts";
import { errorMessage } from "./server_message.ts";
import {
  nextState,
  type SessionEvent,
  type SessionState,
} from "./session_state.ts";
import { INDEX_ENTRY_BYTES } from "./spool_index.ts";
import { SPOOL_HEADER_BYTES, type SpoolFrame } from "./spool_record.ts";
import { type SessionValidation, validateSession } from "./validation.ts";

/** Most warnings that a session keeps. */
const MAX_WARNINGS = 20;

/** Frames that a client may have under way without an ack, as `session_started` says. */
export const FRAME_WINDOW = 64;

/** What is to be done about a frame: store it, if there is one to store, and then answer. */
export interface FrameOutcome {
  readonly store?: SpoolFrame;
  readonly reply: ServerMessage;
}

/** A session's line in `/streaming/stats`. */
export interface SessionStats {
  readonly session_id: string;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly expected_frames: number;
  readonly frames_received: number;
  readonly total_frames_received: number;
  readonly duplicate_frames: number;
  readonly out_of_order_frames: number;
  readonly missing_frames: number;
  readonly has_signal: boolean;
  readonly duration_seconds: number;
  readonly idle_seconds: number;
  readonly memory_mb: number;
  readonly completed: boolean;
  readonly aborted: boolean;
  /** Ours. */
  readonly state: SessionState;
  /** Ours: frames a second over the time since the first one. */
  readonly received_fps: number;
  /** Ours: frames a second now, over the last two seconds. */
  readonly current_fps: number;
  /** Ours: bytes of all frames. */
  readonly received_bytes: number;
}

/** A session; all times are milliseconds of one steady clock. */
export class RefereeSession {
  /** What the client said at the start. */
  readonly start: SessionStart;
  /** Numbers of the frames that are stored or on their way. */
  readonly received = new FrameIntervals();
  /** Odd things, for the result. */
  readonly warnings: string[] = [];
  /** Memory its frames take now, in bytes; kept by whoever stores them. */
  storeBytes = 0;

  readonly #limits: RefereeLimits;
  readonly #warned = new Set<string>();
  readonly #rate = new FrameRate();
  readonly #createdAt: number;
  #state: SessionState = "CREATE";
  #lastActivity: number;
  #firstFrameAt: number | undefined;
  #lastFrameAt = 0;
  #totalFrames = 0;
  #duplicates = 0;
  #outOfOrder = 0;
  #bytes = 0;
  #acked = 0;
  #promised = 0;
  #ended = false;
  #hasSignal = false;
  #aborted = false;

  /** A session that was asked for at `now`. */
  constructor(start: SessionStart, limits: RefereeLimits, now: number) {
    this.start = start;
    this.#limits = limits;
    this.#createdAt = now;
    this.#lastActivity = now;
  }

  /** The client's name for it. */
  get id(): string {
    return this.start.session_id;
  }

  /** Where it is. */
  get state(): SessionState {
    return this.#state;
  }

  /** Bytes of all frames that were taken. */
  get receivedBytes(): number {
    return this.#bytes;
  }

  /** What the client said at its end; 0 before. */
  get promisedFrames(): number {
    return this.#promised;
  }

  /** Whether the client said that all frames were sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Memory it takes, in bytes: its frames and what is noted of them. */
  get memoryBytes(): number {
    return this.storeBytes + this.received.count * INDEX_ENTRY_BYTES +
      this.received.size * 16;
  }

  /**
   * Moves on as the table says; gives where it is then.
   *
   * @throws {RefereeProtocolError} when the table has no such step.
   */
  step(event: SessionEvent, now: number): SessionState {
    const next = nextState(this.#state, event);
    if (next === undefined) {
      throw new RefereeProtocolError(
        event === "end" ? "SESSION_END_FAILED" : "NO_ACTIVE_SESSION",
        `Cannot ${event} session ${this.id}: it is in ${this.#state}`,
        { sessionId: this.id },
      );
    }
    this.#state = next;
    this.#lastActivity = now;
    if (event === "signal") this.#hasSignal = true;
    if (event === "abort" || event === "timeout") this.#aborted = true;
    return next;
  }

  /** Somebody spoke of it. */
  touch(now: number): void {
    this.#lastActivity = now;
  }

  /** Milliseconds since anybody spoke of it. */
  idle(now: number): number {
    return now - this.#lastActivity;
  }

  /** Takes back frames that a spool holds already, after a break. */
  restore(
    frames: Iterable<{ readonly number: number; readonly length: number }>,
  ): void {
    for (const { number, length } of frames) {
      if (!this.received.add(number)) continue;
      this.#totalFrames++;
      this.#bytes += length + SPOOL_HEADER_BYTES;
    }
  }

  /**
   * Judges one frame; throws nothing: what is wrong with it is the reply. `room` is the
   * memory that is left for frames, in bytes, where they are held in memory.
   */
  frame(
    message: FrameMessage,
    bytes: Uint8Array,
    now: number,
    room = Infinity,
  ): FrameOutcome {
    const { frame_number: number, session_id } = message;
    this.#lastActivity = now;
    this.#totalFrames++;
    this.#acked++;
    if (nextState(this.#state, "frame") === undefined) {
      return { reply: this.#ack(number, "error") };
    }
    if (this.received.has(number)) {
      this.#duplicates++;
      return { reply: this.#ack(number, "duplicate") };
    }
    try {
      const info = checkFrame(bytes, message.encoding, {
        width: this.start.width,
        height: this.start.height,
        maxPixels: this.#limits.max_frame_pixels,
      });
      this.#admit(number, bytes.length, room);
      if (message.size !== undefined && message.size !== bytes.length) {
        this.warn(
          "size",
          `Frame ${number} was announced with ${message.size} bytes and has ${bytes.length}`,
        );
      }
      if (
        info.width !== this.start.width || info.height !== this.start.height
      ) {
        this.warn(
          "picture",
          `Frames are ${info.width} × ${info.height}, the session said ${this.start.width} × ${this.start.height}`,
        );
      }
      this.#firstFrameAt ??= now;
      this.#lastFrameAt = now;
      this.#rate.count(now);
      return {
        store: { ...info, number, timestamp: message.timestamp, bytes },
        reply: this.#ack(number, "received"),
      };
    } catch (error) {
      if (
        !(error instanceof FrameFormatError) && !(error instanceof RangeError)
      ) throw error;
      return {
        reply: errorMessage(
          new RefereeProtocolError(
            "FRAME_PROCESSING_FAILED",
            error instanceof FrameFormatError
              ? `Failed to decode frame ${number}`
              : error.message,
            { sessionId: session_id, detail: error.message },
          ),
        ),
      };
    }
  }

  /** The client says that it has sent `total` frames. */
  end(total: number, now: number): ServerMessage {
    this.step("end", now);
    this.#promised = total;
    this.#ended = true;
    return {
      type: "session_ended",
      session_id: this.id,
      validation: this.validate(),
    };
  }

  /** What is to be said of its frames. */
  validate(timedOutAfter?: number): SessionValidation {
    return validateSession({
      received: this.received,
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      expected: this.start.expected_frames || this.#promised,
      hasSignal: this.#hasSignal,
      timedOutAfter,
    });
  }

  /** The answer to a client that came back; its acks count from here. */
  resumed(): ServerMessage {
    this.#acked = 0;
    return {
      type: "session_resumed",
      session_id: this.id,
      state: RESUMED[this.#state],
      received: this.receivedRanges(),
      frames_received: this.received.count,
      has_signal: this.#hasSignal,
      window: FRAME_WINDOW,
    };
  }

  /** Numbers of the frames that are stored, as many ranges as fit a message. */
  receivedRanges(): FrameRange[] {
    return this.received.ranges(MAX_RANGES);
  }

  /** Notes something odd, once for each kind of it. */
  warn(kind: string, text: string): void {
    if (this.#warned.has(kind) || this.warnings.length >= MAX_WARNINGS) return;
    this.#warned.add(kind);
    this.warnings.push(text);
  }

  /** Its line in `/streaming/stats`. */
  stats(now: number): SessionStats {
    const { fps, width, height, expected_frames } = this.start;
    const span = this.#lastFrameAt - (this.#firstFrameAt ?? this.#lastFrameAt);
    return {
      session_id: this.id,
      fps,
      width,
      height,
      expected_frames,
      frames_received: this.received.count,
      total_frames_received: this.#totalFrames,
      duplicate_frames: this.#duplicates,
      out_of_order_frames: this.#outOfOrder,
      missing_frames: this.received.missing().count,
      has_signal: this.#hasSignal,
      duration_seconds: seconds(now - this.#createdAt),
      idle_seconds: seconds(this.idle(now)),
      memory_mb: Math.round(this.memoryBytes / MIB * 100) / 100,
      completed: this.#state === "CLEANUP" && !this.#aborted,
      aborted: this.#aborted,
      state: this.#state,
      received_fps: span <= 0
        ? 0
        : Math.round((this.received.count - 1) / span * 1e5) / 100,
      current_fps: this.#rate.rate(now),
      received_bytes: this.#bytes,
    };
  }

  /** Notes a sound frame, or throws a RangeError that names the limit. */
  #admit(number: number, length: number, room: number): void {
    const { max_session_frames, max_session_mb, max_streaming_memory_mb } =
      this.#limits;
    if (length > room) {
      throw new RangeError(memoryReached(max_streaming_memory_mb));
    }
    if (this.received.count >= max_session_frames) {
      throw new RangeError(
        `Maximum frames reached (${max_session_frames}, max_session_frames)`,
      );
    }
    const size = length + SPOOL_HEADER_BYTES;
    if (this.#bytes + size > max_session_mb * MIB) {
      throw new RangeError(
        `Maximum session size reached (${max_session_mb} MB, max_session_mb)`,
      );
    }
    const highest = this.received.highest;
    this.received.add(number);
    if (number < highest) this.#outOfOrder++;
    this.#bytes += size;
  }

  #ack(
    frame_number: number,
    status: "received" | "duplicate" | "error",
  ): ServerMessage {
    const ack = {
      type: "frame_ack",
      session_id: this.id,
      frame_number,
      status,
    } as const;
    return this.start.cumulative_acks ? { ...ack, acked: this.#acked } : ack;
  }
}

/** Ranges in one message: 30 bytes each keep it below the 1 MiB that clients take. */
const MAX_RANGES = 20_000;

const RESUMED: Readonly<Record<SessionState, ResumedState>> = {
  CREATE: "receiving",
  RECEIVING_FRAMES: "receiving",
  FRAMES_COMPLETE: "frames_complete",
  PROCESSING: "processing",
  CLEANUP: "processing",
};

/** The wire's words for a server whose memory is full. */
export function memoryReached(megabytes: number): string {
  return `Maximum memory limit reached (${megabytes} MB)`;
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
