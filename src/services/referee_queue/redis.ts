/**
 * Where the queue is.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { connectTcp } from "../../net/mod.ts";

/** How long Redis may take to answer at the start, ms. */
export const REDIS_ANSWER_MS = 5000;

/** An address of Redis as BullMQ wants it. */
export interface RedisOptions {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<string, never>;
  /** Commands wait while the connection is gone. */
  readonly maxRetriesPerRequest: null;
}

/** An address that is none of Redis, or a Redis that does not answer. */
export class QueueError extends Error {
  /** The class, in messages. */
  override name = "QueueError";
}

/**
 * Reads `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS.
 *
 * @throws {QueueError} when it is none. The password is in no message.
 */
export function parseRedisUrl(text: string): RedisOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const db = Number(url?.pathname.slice(1) || 0);
  if (
    url === undefined || !/^rediss?:$/.test(url.protocol) ||
    url.hostname === "" || !Number.isInteger(db)
  ) {
    throw new QueueError(
      `Cannot use the queue "${
        redact(text)
      }": it is written redis://HOST:PORT, or rediss:// for TLS`,
    );
  }
  const { username, password } = url;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    db,
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
  };
}

/**
 * Tries whether somebody listens there: BullMQ's own connections wait for ever.
 *
 * @throws {QueueError} when nobody does.
 */
export async function reachRedis({ host, port }: RedisOptions): Promise<void> {
  try {
    const connection = await connectTcp(host, port, REDIS_ANSWER_MS);
    connection.close();
  } catch {
    throw new QueueError(
      `Cannot reach Redis at ${host}:${port}: nobody answers there. Start it, or name another with redis://HOST:PORT`,
    );
  }
}
