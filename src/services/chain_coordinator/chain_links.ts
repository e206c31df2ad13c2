/**
 * Keeps everybody's idea of the chain the same as the roster's: where the
 * coordinator sends, where peers send, and whom peers listen to.
 *
 * @module
 */

import {
  type Link,
  type LinkUpdate,
  type SessionMessage,
  type TopologyPeer,
} from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import {
  formatHostPort,
  isLoopback,
  nowMicros,
  sleepUntil,
  type UdpAddress,
} from "../../net/mod.ts";
import {
  hostSeenFrom,
  isAnyAddress,
  whyUnreachable,
} from "../chain/addresses.ts";
import { hopShape } from "../chain/hop_shape.ts";
import type { FanSender } from "./fan_sender.ts";
import { LinkAnnouncer } from "./link_announcer.ts";
import type { Member, Roster } from "./roster.ts";

/** A stream waits so long for peers to hear of their next ones. */
const READY_TIMEOUT_MS = 1000;

/** What the links need of the coordinator. */
export interface ChainLinksOptions {
  /** Who is in the chain. */
  readonly roster: Roster;
  /** Sends to the first peer of each chain. */
  readonly sender: FanSender;
  /** Where `sender` sends from. */
  readonly sendsFrom: UdpAddress;
  /** Payload bytes of a binary fragment; `auto` looks where the peers are. */
  readonly fragmentBytes: number | "auto";
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** An existing peer cannot be told its next one: it is not there. */
  readonly onUnreachable: (peer: TopologyPeer) => void;
}

/** Tells the chain of its changes. */
export class ChainLinks {
  readonly #options: ChainLinksOptions;
  readonly #announcer: LinkAnnouncer;

  /** Tells nobody anything yet. */
  constructor(options: ChainLinksOptions) {
    this.#options = options;
    const { log, signal, onUnreachable, roster } = options;
    this.#announcer = new LinkAnnouncer({
      log,
      signal,
      onUnreachable,
      seal: (peer, message) =>
        roster.member(peer)?.session?.sealUpdate(message) ?? message,
    });
  }

  /**
   * Next hops have changed. Who is to listen to another one is told before the
   * other one is told to send.
   */
  apply(updates: readonly LinkUpdate[]): void {
    const { roster } = this.#options;
    for (const { next } of updates) {
      if (next !== undefined) this.tellUpstream(next.peer.name);
    }
    this.#sendToHeads();
    for (const { from, next } of updates) {
      const member = roster.member(from?.name ?? "");
      if (from !== undefined) {
        this.#announcer.announce(from, this.#asSeenFrom(next, member));
      }
    }
  }

  /** Names a peer of ours the one before it. */
  tellUpstream(name: string): void {
    const { roster } = this.#options;
    const member = roster.member(name);
    if (member?.session === undefined) return;
    const previous = roster.topology.previousOf(name);
    member.session.send(this.#upstreamOf(member, previous));
  }

  /** A peer has gone: it is told nothing any more. */
  forget(name: string): void {
    this.#announcer.forget(name);
  }

  /**
   * Resolves when every peer knows its next one, so that no first frame ends
   * at a peer that has just got a successor; at the latest after
   * {@linkcode READY_TIMEOUT_MS}, for who cannot be told.
   */
  async ready(signal: AbortSignal): Promise<void> {
    const patience = new AbortController();
    const until = nowMicros() + READY_TIMEOUT_MS * 1000;
    await Promise.race([
      this.#announcer.settled(),
      sleepUntil(until, AbortSignal.any([signal, patience.signal])),
    ]);
    patience.abort();
  }

  /** Waits for what is under way. */
  async settled(): Promise<void> {
    await this.#announcer.settled();
  }

  #upstreamOf(
    { from }: Member,
    previous: TopologyPeer | undefined,
  ): SessionMessage {
    if (previous === undefined) {
      const { hostname, port } = this.#options.sendsFrom;
      const host = isAnyAddress(hostname) ? from.coordinatorHost : hostname;
      return { type: "upstream", name: null, host, port };
    }
    return {
      type: "upstream",
      name: previous.name,
      host: hostSeenFrom(previous.host, from),
      // An existing peer may send through another socket than it receives at.
      port: previous.session ? previous.port : 0,
    };
  }

  #sendToHeads(): void {
    const { roster, sender, sendsFrom, log } = this.#options;
    const before = new Set(sender.hops.map((hop) => hop?.name));
    const heads = roster.topology.firstHops;
    sender.hops = heads.map((link) =>
      link === undefined ? undefined : {
        name: link.peer.name,
        address: { hostname: link.peer.host, port: link.peer.port },
        wire: link.wire,
      }
    );
    const peers = roster.topology.list();
    const isLocal = peers.every(({ host }) => isLoopback(host));
    const shape = hopShape(
      isLocal,
      Math.min(...peers.map(({ bufferBytes = 0 }) => bufferBytes)),
    );
    const { fragmentBytes } = this.#options;
    sender.pace(shape.pacing);
    sender.fragmentBytes = fragmentBytes === "auto"
      ? shape.fragmentBytes
      : fragmentBytes;
    for (const link of heads) {
      if (link === undefined || before.has(link.peer.name)) continue;
      const { name, host, port } = link.peer;
      const why = whyUnreachable(sendsFrom.hostname, host);
      if (why === undefined) continue;
      log.error(
        `Cannot send to ${name} at ${
          formatHostPort(host, port)
        } from the coordinator: ${why}`,
      );
    }
  }

  /** A next hop with the address at which `viewer` reaches it. */
  #asSeenFrom(
    next: Link | undefined,
    viewer: Member | undefined,
  ): Link | undefined {
    if (next === undefined || viewer === undefined) return next;
    const host = hostSeenFrom(next.peer.host, viewer.from);
    if (host === next.peer.host) return next;
    this.#options.log.warn(
      `${next.peer.name} is on the coordinator's machine and ${viewer.peer.name} is not: ${next.peer.name} must listen at ${host}, as with --host 0.0.0.0`,
    );
    return { ...next, peer: { ...next.peer, host } };
  }
}
