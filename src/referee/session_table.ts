/**
 * All sessions that are alive, and whether another one may begin.
 *
 * @module
 */

import type { SessionStart } from "./client_message.ts";
import { RefereeProtocolError } from "./error.ts";
import { MIB, type RefereeLimits } from "./limits.ts";
import { memoryReached, RefereeSession, type SessionStats } from "./session.ts";

/** Addresses whose sessions are counted; beyond it the oldest is forgotten. */
const MAX_ADDRESSES = 10_000;

const HOUR_MS = 3_600_000;

/** `/streaming/stats`. */
export interface StreamingStats {
  readonly active_sessions: number;
  readonly max_sessions: number;
  readonly total_memory_mb: number;
  readonly max_memory_mb: number;
  readonly total_frames: number;
  readonly sessions: Readonly<Record<string, SessionStats>>;
}

/** The sessions by their id; times are milliseconds of one steady clock. */
export class SessionTable {
  readonly #limits: RefereeLimits;
  readonly #spill: boolean;
  readonly #sessions = new Map<string, RefereeSession>();
  /** When each address began its sessions of the last hour. */
  readonly #begun = new Map<string, number[]>();

  /** `spill` says that frames go to disk, so that memory refuses nobody. */
  constructor(limits: RefereeLimits, spill: boolean) {
    this.#limits = limits;
    this.#spill = spill;
  }

  /** The sessions that are alive. */
  get sessions(): Iterable<RefereeSession> {
    return this.#sessions.values();
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session of that name. */
  get(id: string): RefereeSession | undefined {
    return this.#sessions.get(id);
  }

  /** Memory of all sessions, in bytes. */
  get memoryBytes(): number {
    let sum = 0;
    for (const session of this.#sessions.values()) sum += session.memoryBytes;
    return sum;
  }

  /** Memory that is left for frames, in bytes; without end where they go to disk. */
  get room(): number {
    return this.#spill
      ? Infinity
      : this.#limits.max_streaming_memory_mb * MIB - this.memoryBytes;
  }

  /**
   * Begins a session for a client at `address`.
   *
   * @throws {RefereeProtocolError} `SESSION_START_FAILED` with the limit's name.
   */
  start(start: SessionStart, address: string, now: number): RefereeSession {
    this.#checkRoom(start.session_id);
    this.countStart(address, now, start.session_id);
    const session = new RefereeSession(start, this.#limits, now);
    this.#sessions.set(session.id, session);
    return session;
  }

  /**
   * Takes a session in that was put away; what it began with counts no more.
   *
   * @throws {RefereeProtocolError} `SESSION_START_FAILED` as `start` does.
   */
  adopt(start: SessionStart, now: number): RefereeSession {
    this.#checkRoom(start.session_id);
    const session = new RefereeSession(start, this.#limits, now);
    this.#sessions.set(session.id, session);
    return session;
  }

  #checkRoom(id: string): void {
    const { max_streaming_sessions, max_streaming_memory_mb } = this.#limits;
    if (this.#sessions.has(id)) {
      throw startFailed(id, `Session ${id} already exists`);
    }
    if (this.#sessions.size >= max_streaming_sessions) {
      throw startFailed(
        id,
        `Maximum concurrent sessions reached (${max_streaming_sessions})`,
      );
    }
    if (this.room <= 0) {
      throw startFailed(id, memoryReached(max_streaming_memory_mb));
    }
  }

  /**
   * Counts a session or an upload of `address`.
   *
   * @throws {RefereeProtocolError} `SESSION_START_FAILED` when it had too many within an hour.
   */
  countStart(address: string, now: number, id: string | null = null): void {
    const { max_sessions_per_hour } = this.#limits;
    const recent = (this.#begun.get(address) ?? [])
      .filter((at) => now - at < HOUR_MS);
    if (recent.length >= max_sessions_per_hour) {
      throw startFailed(
        id,
        `Maximum sessions per hour reached (${max_sessions_per_hour} from one address, max_sessions_per_hour)`,
      );
    }
    recent.push(now);
    // Set anew, so that the address that was quiet for longest stands in front.
    this.#begun.delete(address);
    this.#begun.set(address, recent);
    if (this.#begun.size > MAX_ADDRESSES) {
      for (const oldest of this.#begun.keys()) {
        this.#begun.delete(oldest);
        break;
      }
    }
  }

  /** Forgets a session. */
  remove(session: RefereeSession): void {
    if (this.#sessions.get(session.id) === session) {
      this.#sessions.delete(session.id);
    }
  }

  /** Sessions that nobody has spoken of for too long. */
  expired(now: number): RefereeSession[] {
    const limit = this.#limits.session_timeout_seconds * 1000;
    return [...this.#sessions.values()].filter((session) =>
      session.idle(now) > limit &&
      (session.state === "RECEIVING_FRAMES" ||
        session.state === "FRAMES_COMPLETE")
    );
  }

  /** `/streaming/stats`; every id is a name of its own here, `__proto__` too. */
  stats(now: number): StreamingStats {
    const { max_streaming_sessions, max_streaming_memory_mb } = this.#limits;
    const sessions = [...this.#sessions.values()];
    return {
      active_sessions: sessions.length,
      max_sessions: max_streaming_sessions,
      total_memory_mb: Math.round(this.memoryBytes / MIB * 100) / 100,
      max_memory_mb: max_streaming_memory_mb,
      total_frames: sessions.reduce((sum, one) => sum + one.received.count, 0),
      sessions: Object.fromEntries(
        sessions.map((session) => [session.id, session.stats(now)]),
      ),
    };
  }
}

function startFailed(
  sessionId: string | null,
  message: string,
): RefereeProtocolError {
  return new RefereeProtocolError("SESSION_START_FAILED", message, {
    sessionId,
  });
}
