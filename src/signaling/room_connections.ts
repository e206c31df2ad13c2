/**
 * Who is connected to a server: from where, how much they say, and which member
 * of which room they are.
 *
 * @module
 */

import {
  MAX_DROPPED_MESSAGES,
  MESSAGE_BURST,
  MESSAGES_PER_SECOND,
} from "./limits.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Who says too much is told so once in this time, ms. */
const SAID_MS = 1000;

/** A connection. */
export interface Connection {
  /** Its id. */
  readonly socketId: string;
  /** Where it comes from. */
  readonly address: string;
  /** What it may say. */
  readonly bucket: TokenBucket;
  /** The room that it is in, or at whose door. */
  roomId: string | undefined;
  /** The member that it is; `undefined` at the door. */
  memberId: string | undefined;
  /** Messages that were too many. */
  dropped: number;
  /** When it was told so. */
  saidAt: number;
}

/** All connections of a server. */
export class RoomConnections {
  readonly #connections = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #mostPerAddress: number;

  /** None yet; at most so many of an address. */
  constructor(mostPerAddress: number) {
    this.#mostPerAddress = mostPerAddress;
  }

  /** Connections now. */
  get size(): number {
    return this.#connections.size;
  }

  /** A connection by its id. */
  get(socketId: string): Connection | undefined {
    return this.#connections.get(socketId);
  }

  /** A new connection; `false` when its address has too many. */
  add(socketId: string, address: string): boolean {
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#mostPerAddress) return false;
    this.#perAddress.set(address, count + 1);
    this.#connections.set(socketId, {
      socketId,
      address,
      bucket: new TokenBucket(MESSAGE_BURST, MESSAGES_PER_SECOND),
      dropped: 0,
      saidAt: -Infinity,
      roomId: undefined,
      memberId: undefined,
    });
    return true;
  }

  /** A connection is gone; gives what it was. */
  remove(socketId: string): Connection | undefined {
    const connection = this.#connections.get(socketId);
    if (connection === undefined) return undefined;
    this.#connections.delete(socketId);
    const count = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (count > 0) this.#perAddress.set(connection.address, count);
    else this.#perAddress.delete(connection.address);
    return connection;
  }
}

/** A message of a connection is too much: is it to be ended, told so, or is nothing said? */
export function dropMessage(
  connection: Connection,
  now: number,
): "end" | "tell" | "nothing" {
  if (++connection.dropped > MAX_DROPPED_MESSAGES) return "end";
  if (now - connection.saidAt < SAID_MS) return "nothing";
  connection.saidAt = now;
  return "tell";
}
