/**
 * A swarm without a network: members with the real scheduler and plan, whose
 * uplinks hold what they send to so many bits a second, in a time that is made.
 *
 * @module
 */

import {
  BLOCK_BYTES,
  CHUNK_BYTES,
  ChunkScheduler,
  encodeHaveList,
  neighboursOf,
  SwarmPlan,
} from "../../src/signaling/mod.ts";

const HAVE_MS = 50;
const PLAY_MS = 100;
/** The room waits for the first chunks, as rooms do. */
const START_MS = 2000;
const BLOCKS = CHUNK_BYTES / BLOCK_BYTES;

/** What is different about a member. */
export interface SimMember {
  /** bits a second; without limit when left out. */
  readonly uplink?: number;
  /** ms of the beginning. */
  readonly joinsAt?: number;
  /** ms at which it goes without a word. */
  readonly leavesAt?: number;
  /** Takes and does not give. */
  readonly freeRider?: boolean;
  /** Every chunk that it gives is wrong. */
  readonly poisons?: boolean;
}

/** What is watched. */
export interface SimOptions {
  /** Chunks of the film. */
  readonly chunks: number;
  /** The viewers. */
  readonly viewers: readonly SimMember[];
  /** bits a second of the host. */
  readonly hostUplink?: number;
  /** ms at which the host goes. */
  readonly hostLeavesAt?: number;
  /** Chunks a second that are played; 0 when nobody plays. */
  readonly rate?: number;
  /** One way, ms. */
  readonly latency?: number;
  /** The end, ms. */
  readonly until?: number;
}

/** How it went. */
export interface SimResult {
  /** What the host sent, in films. */
  readonly hostFilms: number;
  /** When the last one was done, ms. */
  readonly doneAt: number;
  /** By viewer. */
  readonly viewers: readonly {
    readonly chunks: number;
    readonly doneAt: number;
    readonly sentFilms: number;
    readonly stalls: number;
    readonly stalledMs: number;
    /** Who poisons, and ms from its first wrong chunk until it was left. */
    readonly left: ReadonlyMap<string, number>;
  }[];
}

/** What waits for an uplink: blocks to one member each. */
interface Lane {
  readonly to: Node;
  readonly blocks: { chunk: number; left: number }[];
}

class Node {
  readonly scheduler: ChunkScheduler;
  readonly plan: SwarmPlan;
  readonly lanes = new Map<string, Lane>();
  readonly fresh: number[] = [];
  readonly banned = new Map<string, number>();
  neighbours = new Set<string>();
  alive = false;
  sending = false;
  sent = 0;
  doneAt = Infinity;
  playing = 0;
  started = false;
  stalled = false;
  stalls = 0;
  stalledMs = 0;
  timer = Infinity;
  haveTimer = false;
  toldAt = -Infinity;
  firstWrong = Infinity;

  constructor(
    readonly id: string,
    readonly what: SimMember,
    total: number,
    rate: number,
  ) {
    this.plan = new SwarmPlan(total, id);
    this.plan.setRate(rate);
    this.scheduler = new ChunkScheduler(
      total,
      undefined,
      Object.assign(this.plan, { measured() {}, left() {} }),
    );
  }
}

/** Runs it to the end of the film, or of the time. */
export function simulate(options: SimOptions): SimResult {
  const { chunks, latency = 20, rate = 0, until = 3_600_000 } = options;
  let now = 0;
  const events: { at: number; order: number; run: () => void }[] = [];
  let order = 0;
  function at(time: number, run: () => void): void {
    const event = { at: time, order: order++, run };
    let index = events.push(event) - 1;
    while (index > 0) {
      const up = (index - 1) >> 1;
      if (before(events[up]!, event)) break;
      events[index] = events[up]!;
      index = up;
    }
    events[index] = event;
  }
  function before(a: typeof events[0], b: typeof events[0]): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }
  function take(): typeof events[0] | undefined {
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined) return undefined;
    if (events.length > 0) {
      let index = 0;
      for (;;) {
        let down = 2 * index + 1;
        if (down >= events.length) break;
        if (
          down + 1 < events.length && before(events[down + 1]!, events[down]!)
        ) down++;
        if (before(last, events[down]!)) break;
        events[index] = events[down]!;
        index = down;
      }
      events[index] = last;
    }
    return first;
  }

  const host = new Node(
    "host",
    options.hostUplink === undefined ? {} : { uplink: options.hostUplink },
    chunks,
    0,
  );
  host.alive = true;
  const viewers = options.viewers.map((what, index) =>
    new Node(`viewer${index}`, what, chunks, rate)
  );
  const nodes = new Map([host, ...viewers].map((node) => [node.id, node]));

  function meet(): void {
    const present = viewers.filter(({ alive }) => alive);
    const fetchers = present.filter(({ what }) => !what.freeRider)
      .map(({ id }) => id);
    for (const node of present) {
      node.plan.setFetchers(fetchers);
      const wanted = new Set(
        neighboursOf(present.map(({ id }) => id), node.id),
      );
      for (const id of node.neighbours) {
        if (!nodes.get(id)!.alive) unlink(node, id);
      }
      for (const id of wanted) {
        const other = nodes.get(id)!;
        if (node.neighbours.has(id) || node.banned.has(id)) continue;
        if (other.banned.has(node.id)) continue;
        link(node, other);
        link(other, node);
      }
    }
    for (const node of present) pump(node);
  }
  function link(node: Node, other: Node): void {
    node.neighbours.add(other.id);
    node.plan.addPeer(other.id, other.id);
    node.scheduler.addSource(other.id, now);
    if (other.what.freeRider) return;
    const all = Array.from({ length: chunks }, (_, chunk) => chunk)
      .filter((chunk) => other.scheduler.has(chunk));
    at(now + 2 * latency, () => {
      hear(node, other.id, all);
    });
  }
  function unlink(node: Node, id: string): void {
    node.neighbours.delete(id);
    node.scheduler.removeSource(id);
    node.lanes.delete(id);
  }

  function pump(node: Node): void {
    if (!node.alive || node === host) return;
    node.scheduler.expire(now);
    for (const { source, chunk } of node.scheduler.next(now)) {
      const from = nodes.get(source)!;
      at(now + latency, () => {
        if (from.alive) ask(from, node, chunk);
      });
    }
    const next = node.scheduler.nextTimeoutAt(now);
    if (next !== undefined && next < node.timer) {
      node.timer = next;
      at(Math.max(next, now + 1), () => {
        node.timer = Infinity;
        pump(node);
      });
    }
  }
  function ask(from: Node, to: Node, chunk: number): void {
    let lane = from.lanes.get(to.id);
    if (lane === undefined) {
      lane = { to, blocks: [] };
      from.lanes.set(to.id, lane);
    }
    lane.blocks.push({ chunk, left: BLOCKS });
    if (!from.sending) send(from);
  }
  /** One block of the next lane that has some: what the senders of many channels do. */
  function send(from: Node): void {
    const lane = [...from.lanes.values()].find(({ blocks }) =>
      blocks.length > 0
    );
    from.sending = lane !== undefined;
    if (lane === undefined) return;
    from.lanes.delete(lane.to.id); // to the end of the row
    from.lanes.set(lane.to.id, lane);
    const block = lane.blocks[0]!;
    const last = --block.left === 0;
    if (last) lane.blocks.shift();
    const { uplink } = from.what;
    const ms = uplink === undefined ? 0.05 : BLOCK_BYTES * 8000 / uplink;
    from.sent += BLOCK_BYTES;
    at(now + ms, () => {
      if (from.alive) send(from);
    });
    at(now + ms + latency, () => {
      if (!lane.to.alive) return;
      lane.to.scheduler.activity(from.id, now);
      if (last) arrive(lane.to, from, block.chunk);
    });
  }
  function arrive(node: Node, from: Node, chunk: number): void {
    if (!node.scheduler.wasAsked(from.id, chunk)) return;
    node.scheduler.landed(from.id, chunk, CHUNK_BYTES, now);
    if (from.what.poisons === true) {
      node.firstWrong = Math.min(node.firstWrong, now);
      if (node.scheduler.rejected(from.id, chunk)) {
        node.banned.set(from.id, now - node.firstWrong);
        unlink(node, from.id);
        unlink(from, node.id);
      }
      pump(node);
      return;
    }
    const had = node.scheduler.has(chunk);
    node.scheduler.accepted(chunk);
    if (!had) {
      node.fresh.push(chunk);
      if (!node.haveTimer) {
        node.haveTimer = true;
        at(Math.max(now, node.toldAt + HAVE_MS), () => tell(node));
      }
      if (node.scheduler.count === chunks) node.doneAt = now;
    }
    pump(node);
  }
  function tell(node: Node): void {
    node.haveTimer = false;
    node.toldAt = now;
    const fresh = node.fresh.splice(0);
    if (!node.alive || node.what.freeRider) return;
    for (const id of node.neighbours) {
      const other = nodes.get(id)!;
      at(now + latency, () => {
        if (!other.alive || !other.neighbours.has(node.id)) return;
        hear(other, node.id, fresh);
      });
    }
  }

  function hear(node: Node, from: string, chunks: readonly number[]): void {
    for (const frame of encodeHaveList("added", chunks)) {
      node.plan.heard(from, frame);
    }
    pump(node);
  }

  /** Plays with the rest of the room: its position is the room's, a stall is one's own. */
  function play(node: Node): void {
    if (!node.alive || rate === 0) return;
    const room = Math.max(0, Math.floor((now - START_MS) * rate / 1000));
    const chunk = Math.min(chunks - 1, room);
    if (node.scheduler.has(chunk)) {
      node.started = true;
      node.stalled = false;
    } else if (node.started) {
      if (!node.stalled) node.stalls++;
      node.stalled = true;
      node.stalledMs += PLAY_MS;
    }
    node.plan.setPlaying(chunk);
    node.scheduler.setPlayhead(chunk, chunks);
    pump(node);
    if (room < chunks) at(now + PLAY_MS, () => play(node));
  }

  for (const node of viewers) {
    at(node.what.joinsAt ?? 0, () => {
      node.alive = true;
      if (host.alive) node.scheduler.addSource("host", now);
      meet();
      play(node);
    });
    if (node.what.leavesAt !== undefined) {
      at(node.what.leavesAt, () => {
        node.alive = false;
        node.lanes.clear();
        meet();
      });
    }
  }
  if (options.hostLeavesAt !== undefined) {
    at(options.hostLeavesAt, () => {
      host.alive = false;
      host.lanes.clear();
      for (const node of viewers) {
        node.scheduler.removeSource("host");
        pump(node);
      }
    });
  }
  for (let event = take(); event !== undefined; event = take()) {
    if (event.at > until) break;
    now = event.at;
    event.run();
    const over = viewers.every((node) =>
      node.scheduler.count === chunks || node.what.leavesAt !== undefined
    );
    if (over) break;
  }
  const film = chunks * CHUNK_BYTES;
  return {
    hostFilms: host.sent / film,
    doneAt: Math.max(...viewers.map(({ doneAt }) => doneAt)),
    viewers: viewers.map((node) => ({
      chunks: node.scheduler.count,
      doneAt: node.doneAt,
      sentFilms: node.sent / film,
      stalls: node.stalls,
      stalledMs: node.stalledMs,
      left: node.banned,
    })),
  };
}
