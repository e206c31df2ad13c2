/**
 * All sessions of a server: they may outlive their connection and be spoken to
 * from another.
 *
 * @module
 */

import type { RandomSource } from "./server_authentication.ts";
import type {
  Dialect,
  ServerAction,
  TeardownReason,
} from "./server_actions.ts";
import type { ControlledSession } from "./server_session.ts";
import { DEFAULT_SESSION_TIMEOUT } from "./session_header.ts";

/** Sessions at once unless told otherwise. */
export const MAX_SESSIONS = 1000;
/** Sessions at once from one address unless told otherwise: a class room behind one router. */
export const MAX_SESSIONS_PER_ADDRESS = 250;

/** Limits of a registry. */
export interface SessionRegistryOptions {
  /** For ids. */
  readonly random: RandomSource;
  /** Seconds without a sign of life; 60 when left out. */
  readonly timeout?: number;
  /** Sessions at once; {@linkcode MAX_SESSIONS} when left out. */
  readonly maxSessions?: number;
  /** The same for one address; {@linkcode MAX_SESSIONS_PER_ADDRESS} when left out. */
  readonly maxSessionsPerAddress?: number;
}

/** Finds, limits and expires sessions. */
export class SessionRegistry {
  readonly #random: RandomSource;
  readonly #maxSessions: number;
  readonly #maxPerAddress: number;
  readonly #sessions = new Map<
    string,
    { session: ControlledSession; address: string }
  >();
  readonly #perAddress = new Map<string, number>();
  /** Seconds without a sign of life that end a session. */
  readonly timeout: number;

  /** An empty registry. */
  constructor(options: SessionRegistryOptions) {
    this.#random = options.random;
    this.timeout = options.timeout ?? DEFAULT_SESSION_TIMEOUT;
    this.#maxSessions = options.maxSessions ?? MAX_SESSIONS;
    this.#maxPerAddress = options.maxSessionsPerAddress ??
      MAX_SESSIONS_PER_ADDRESS;
  }

  /** Sessions at the moment. */
  get size(): number {
    return this.#sessions.size;
  }

  /** An id nobody has: 16 hexadecimal digits, six decimal ones in the teaching dialect. */
  newId(dialect: Dialect): string {
    for (;;) {
      const bytes = this.#random(8);
      const id = dialect === "lab"
        ? String(
          100_000 +
            ((bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!) % 900_000,
        )
        : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
          .join("");
      if (!this.#sessions.has(id)) return id;
    }
  }

  /** Whether one more session from `address` is within the limits. */
  hasRoom(address: string): boolean {
    return this.#sessions.size < this.#maxSessions &&
      (this.#perAddress.get(address) ?? 0) < this.#maxPerAddress;
  }

  /** Adds a session of a viewer at `address`. */
  add(session: ControlledSession, address: string): void {
    this.#sessions.set(session.id, { session, address });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  /** The session called `id`. */
  get(id: string): ControlledSession | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** All sessions. */
  *[Symbol.iterator](): IterableIterator<ControlledSession> {
    for (const { session } of this.#sessions.values()) yield session;
  }

  /** Forgets a session that has ended by itself. */
  delete(id: string): void {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return;
    this.#sessions.delete(id);
    const left = this.#perAddress.get(entry.address)! - 1;
    if (left === 0) this.#perAddress.delete(entry.address);
    else this.#perAddress.set(entry.address, left);
  }

  /** Ends a session and forgets it. */
  end(id: string, reason: TeardownReason): ServerAction[] {
    const session = this.get(id);
    if (session === undefined) return [];
    this.delete(id);
    return session.end(reason);
  }

  /** A sign of life that did not come through a connection: RTCP over UDP, a publisher's RTP. */
  touch(id: string, now: number): void {
    this.get(id)?.touch(now);
  }

  /** When the next session ends for want of a sign of life. */
  nextTimeoutAt(): number | undefined {
    let next: number | undefined;
    for (const { session } of this.#sessions.values()) {
      const at = session.nextTimeoutAt();
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  /** Ends the sessions whose time is over. */
  handleTimeout(now: number): ServerAction[] {
    const actions: ServerAction[] = [];
    for (const [id, { session }] of [...this.#sessions]) {
      const at = session.nextTimeoutAt();
      if (at !== undefined && at <= now) {
        actions.push(...this.end(id, "timeout"));
      }
    }
    return actions;
  }
}
