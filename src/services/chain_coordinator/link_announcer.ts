/**
 * Tells peers who comes after them.
 *
 * @module
 */

import {
  CONTROL_OK,
  encodeUpdateNext,
  type Link,
  type TopologyPeer,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import {
  closeQuietly,
  connectTcp,
  nowMicros,
  sleepUntil,
  writeAll,
} from "../../net/mod.ts";

/**
 * How long a peer is tried: existing peers register before they bind their
 * control socket, so the first attempt may be refused.
 */
const GIVE_UP_MS = 5000;
/** First wait before the next attempt; doubles up to the longest. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 800;
const ATTEMPT_TIMEOUT_MS = 1000;

interface Announcement {
  readonly peer: TopologyPeer;
  readonly next: Link | undefined;
  /** Aborted when there is a newer one, or the peer is gone. */
  readonly outdated: AbortController;
}

/** What the announcer needs. */
export interface LinkAnnouncerOptions {
  readonly log: Logger;
  /** Stops trying. */
  readonly signal: AbortSignal;
  /** An existing peer cannot be told: it has no session that could tell its death. */
  readonly onUnreachable: (peer: TopologyPeer) => void;
  /** Seals what a peer is told, on a chain with a key. */
  readonly seal: (peer: string, message: Uint8Array) => Uint8Array;
}

/** Sends `UPDATE_NEXT`, always the newest one a peer shall know. */
export class LinkAnnouncer {
  readonly #options: LinkAnnouncerOptions;
  readonly #newest = new Map<string, Announcement>();
  readonly #running = new Map<string, Promise<void>>();
  /** Since when a peer has not answered, µs: a newer word does not begin it anew. */
  readonly #failingSince = new Map<string, number>();

  /** Tells nobody anything yet. */
  constructor(options: LinkAnnouncerOptions) {
    this.#options = options;
  }

  /**
   * Tells a peer its next hop; returns at once. That there is none any more is
   * told only to peers of ours: an existing one does not know such a message.
   */
  announce(peer: TopologyPeer, next: Link | undefined): void {
    if (next === undefined && !peer.session) return;
    const { name } = peer;
    const update = { peer, next, outdated: new AbortController() };
    this.#newest.get(name)?.outdated.abort();
    this.#newest.set(name, update);
    // One after another: an older word must not arrive after a newer one.
    const before = this.#running.get(name) ?? Promise.resolve();
    const task = before.then(() => this.#deliver(update)).finally(() => {
      if (this.#running.get(name) === task) this.#running.delete(name);
      if (this.#newest.get(name) === update) this.#newest.delete(name);
    });
    this.#running.set(name, task);
  }

  /** A peer has gone: what it was to be told does not matter any more. */
  forget(name: string): void {
    this.#newest.get(name)?.outdated.abort();
    this.#newest.delete(name);
    this.#failingSince.delete(name);
  }

  /** Waits for what is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #deliver(update: Announcement): Promise<void> {
    const { peer } = update;
    const { log, onUnreachable } = this.#options;
    const signal = AbortSignal.any([
      this.#options.signal,
      update.outdated.signal,
    ]);
    let wait = FIRST_RETRY_MS;
    let failure: unknown;
    while (!signal.aborted) {
      try {
        if (await this.#attempt(update)) {
          this.#failingSince.delete(peer.name);
          return;
        }
        failure = new Error("it did not answer OK");
      } catch (error) {
        failure = error;
      }
      if (signal.aborted) return;
      const since = this.#failingSince.get(peer.name) ?? nowMicros();
      this.#failingSince.set(peer.name, since);
      if (nowMicros() - since > GIVE_UP_MS * 1000) break;
      await sleepUntil(nowMicros() + wait * 1000, signal);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
    if (signal.aborted) return;
    this.#failingSince.delete(peer.name);
    log.warn(
      `Cannot tell ${peer.name} its next peer: ${
        failure instanceof Error ? failure.message : failure
      }. Check that its control port ${peer.controlPort} can be reached`,
    );
    if (!peer.session) onUnreachable(peer);
  }

  async #attempt(update: Announcement): Promise<boolean> {
    const { peer, next } = update;
    const connection = await connectTcp(
      peer.host,
      peer.controlPort,
      ATTEMPT_TIMEOUT_MS,
    );
    const timer = setTimeout(
      () => closeQuietly(connection),
      ATTEMPT_TIMEOUT_MS,
    );
    try {
      const hop = next === undefined ? undefined : {
        name: next.peer.name,
        host: next.peer.host,
        port: next.peer.port,
        wire: next.wire,
      };
      const message = encodeUpdateNext(hop, peer.session);
      await writeAll(connection, this.#options.seal(peer.name, message));
      const answer = new Uint8Array(CONTROL_OK.length);
      let length = 0;
      while (length < answer.length) {
        const count = await connection.read(answer.subarray(length));
        if (count === null) return false;
        length += count;
      }
      return answer.every((byte, at) => byte === CONTROL_OK[at]);
    } finally {
      clearTimeout(timer);
      closeQuietly(connection);
    }
  }
}
