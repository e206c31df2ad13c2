/**
 * The part of Redis that several signal servers share: who of them lives, which
 * of them is home to a room, what is kept of the room, and one clock for all.
 *
 * ```text
 * streamtool:server:<server>  1, expires unless the server says that it lives
 * streamtool:home:<room>      the server that decides for the room
 * streamtool:room:<room>      the room as JSON
 * streamtool:to:<server>      channel: messages for a server
 * ```
 *
 * @module
 */

import type { Redis as RedisClient } from "ioredis";
import { ListenError } from "../../net/mod.ts";

/** A server that has not said for so long that it lives is gone, ms. */
const ALIVE_MS = 3000;
/** It says so this often, ms. */
const BEAT_MS = 750;
/** What is kept of a room expires after this, s: longer than an idle room lives. */
const ROOM_S = 2 * 3600;
/** Round trips that set the clock. */
const CLOCK_TRIPS = 5;
/** Redis is there within this, or not, ms. */
const CONNECT_MS = 5000;
/** Pause before Redis is tried again, at most, ms. */
const RETRY_MS = 1000;

/** Takes a room over from a server that is gone, unless somebody else was quicker. */
const TAKE_HOME = `
local home = redis.call("get", KEYS[1])
if home == false or home == ARGV[1] then
  redis.call("set", KEYS[1], ARGV[2], "ex", ARGV[3])
  return ARGV[2]
end
return home`;
/** Removes what a server keeps of a room, if it is still that server's. */
const DROP_ROOM = `
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("del", KEYS[1], KEYS[2])
end
return 0`;

/** A server's connection to what it shares. */
export class RedisLink implements AsyncDisposable {
  readonly #client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #timer: ReturnType<typeof setInterval>;
  #offsetMs = 0;
  #lost = false;

  private constructor(
    /** This server's name. */
    readonly serverId: string,
    client: RedisClient,
    subscriber: RedisClient,
    events: LinkEvents,
  ) {
    this.#client = client;
    this.#subscriber = subscriber;
    const own = channelOf(serverId);
    subscriber.on("message", (channel: string, text: string) => {
      if (channel === own) events.message(JSON.parse(text));
    });
    this.#timer = setInterval(() => {
      this.#beat().then((known) => {
        if (!known) events.fenced();
      }, () => {
        if (!this.#lost) events.problem("Redis does not answer");
        this.#lost = true;
      });
    }, BEAT_MS);
  }

  /**
   * Connects to a Redis server.
   *
   * @throws {ListenError} when there is none.
   */
  static async open(
    url: string,
    serverId: string,
    events: LinkEvents,
  ): Promise<RedisLink> {
    const { Redis } = await import("ioredis");
    const make = (): RedisClient =>
      new Redis(url, {
        lazyConnect: true,
        connectTimeout: CONNECT_MS,
        maxRetriesPerRequest: 1,
        retryStrategy: (times) => Math.min(100 * times, RETRY_MS),
      });
    const client = make();
    const subscriber = make();
    for (const one of [client, subscriber]) one.on("error", () => {});
    try {
      await Promise.all([client.connect(), subscriber.connect()]);
      await subscriber.subscribe(channelOf(serverId));
    } catch (error) {
      client.disconnect();
      subscriber.disconnect();
      const { hostname, port } = new URL(url);
      throw new ListenError(
        hostname,
        Number(port) || 6379,
        "--redis",
        error instanceof Error ? error : new Error(String(error)),
      );
    }
    const link = new RedisLink(serverId, client, subscriber, events);
    await link.#beat();
    await link.#setClock();
    return link;
  }

  /** Two connections for the adapter, which ends with this link. */
  get connections(): readonly [RedisClient, RedisClient] {
    return [this.#client, this.#subscriber];
  }

  /** The clock that all servers have, ms. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** The server that is home to a room, or makes this one its home. */
  async homeOf(roomId: string): Promise<string> {
    return await this.takeHome(roomId, "");
  }

  /** Makes this server the home of a room that was `from`'s; gives who is its home now. */
  async takeHome(roomId: string, from: string): Promise<string> {
    const home = await this.#client.eval(
      TAKE_HOME,
      1,
      homeKey(roomId),
      from,
      this.serverId,
      ROOM_S,
    );
    return String(home);
  }

  /** Sends to a server; `false` when it does not hear any more. */
  async send(serverId: string, message: unknown): Promise<boolean> {
    const text = JSON.stringify(message);
    return await this.#client.publish(channelOf(serverId), text) > 0;
  }

  /** Whether a server lives: it listens, and has said so. */
  async isAlive(serverId: string): Promise<boolean> {
    if (serverId === this.serverId) return true;
    const [[, listeners], said] = await Promise.all([
      this.#client.pubsub("NUMSUB", channelOf(serverId)) as Promise<
        [string, number]
      >,
      this.#client.exists(aliveKey(serverId)),
    ]);
    return Number(listeners) > 0 && said > 0;
  }

  /** Keeps rooms, by id. */
  async keep(rooms: ReadonlyMap<string, string>): Promise<void> {
    const pipeline = this.#client.pipeline();
    for (const [id, text] of rooms) {
      pipeline.set(roomKey(id), text, "EX", ROOM_S);
      pipeline.expire(homeKey(id), ROOM_S);
    }
    await pipeline.exec();
  }

  /** What is kept of a room; `undefined` for nothing. */
  async kept(roomId: string): Promise<unknown> {
    const text = await this.#client.get(roomKey(roomId));
    return text === null ? undefined : JSON.parse(text);
  }

  /** A room is no more. */
  async drop(roomId: string): Promise<void> {
    await this.#client.eval(
      DROP_ROOM,
      2,
      homeKey(roomId),
      roomKey(roomId),
      this.serverId,
    );
  }

  /** Says that this server is gone, and disconnects. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#client.del(aliveKey(this.serverId)).catch(() => {});
    this.#subscriber.disconnect();
    this.#client.disconnect();
  }

  /** Says that it lives; `false` when others had to think that it does not. */
  async #beat(): Promise<boolean> {
    const before = await this.#client.call(
      "SET",
      aliveKey(this.serverId),
      "1",
      "PX",
      ALIVE_MS,
      "GET",
    );
    const known = before !== null || !this.#lost;
    this.#lost = false;
    return known;
  }

  async #setClock(): Promise<void> {
    let best = Infinity;
    for (let trip = 0; trip < CLOCK_TRIPS; trip++) {
      const sent = Date.now();
      const [seconds, micros] = await this.#client.time();
      const took = Date.now() - sent;
      if (took >= best) continue;
      best = took;
      const there = 1000 * Number(seconds) + Number(micros) / 1000;
      this.#offsetMs = there - (sent + took / 2);
    }
  }
}

/** What a link tells. */
export interface LinkEvents {
  /** A message from another server. */
  message(message: unknown): void;
  /** Others think that we were gone, and have taken our rooms. */
  fenced(): void;
  /** Something does not work. */
  problem(reason: string): void;
}

function channelOf(serverId: string): string {
  return `streamtool:to:${serverId}`;
}

function aliveKey(serverId: string): string {
  return `streamtool:server:${serverId}`;
}

function homeKey(roomId: string): string {
  return `streamtool:home:${roomId}`;
}

function roomKey(roomId: string): string {
  return `streamtool:room:${roomId}`;
}
