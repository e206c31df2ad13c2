/**
 * What is said on a data channel beside blocks and hashes, in the envelope of
 * the original design: `{type, roomId, fromUserId, data, timestamp}`.
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";
import { MAX_CHUNKS } from "./limits.ts";

/** Characters of a message: a manifest is the longest. */
export const MAX_CHANNEL_TEXT = 16 * 1024;
/** Connections between two members: more than four gain nothing. */
export const MAX_CONNECTIONS = 4;

/** A message. */
export type ChannelMessage =
  | { readonly type: "stream-start"; readonly data: unknown }
  | { readonly type: "stream-end" }
  | { readonly type: "chunk-request"; readonly chunk: number }
  | { readonly type: "hash-request"; readonly page: number }
  | { readonly type: "chunk-missing"; readonly chunk: number }
  | { readonly type: "connections"; readonly count: number }
  | {
    readonly type: "ping" | "pong";
    /** When the ping was sent, by the clock of who measures. */
    readonly sent: number;
    /** When this message was sent, by its sender's clock; read, not written. */
    readonly at?: number;
  };

/** Who sends it. */
export interface ChannelSender {
  /** The room. */
  readonly roomId: string;
  /** The member. */
  readonly fromUserId: string;
}

/** A message as it travels; `now` is ms of the sender's clock. */
export function encodeChannelMessage(
  message: ChannelMessage,
  { roomId, fromUserId }: ChannelSender,
  now: number,
): string {
  const { type, ...rest } = message;
  const data = "data" in rest ? rest.data : rest;
  return JSON.stringify({ type, roomId, fromUserId, data, timestamp: now });
}

/**
 * Reads a message; `undefined` for a type that this program does not know.
 *
 * @throws {SignalProtocolError} for what is none.
 */
export function parseChannelMessage(text: string): ChannelMessage | undefined {
  let value: unknown;
  try {
    value = text.length > MAX_CHANNEL_TEXT ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null) {
    throw new SignalProtocolError(
      "bad-frame",
      "Cannot read the message: it is no JSON object",
    );
  }
  const { type, data, timestamp } = value as Readonly<Record<string, unknown>>;
  const fields =
    (typeof data === "object" && data !== null ? data : {}) as Readonly<
      Record<string, unknown>
    >;
  switch (type) {
    case "stream-start":
      return { type, data };
    case "stream-end":
      return { type };
    case "chunk-request":
    case "chunk-missing":
      return { type, chunk: whole(fields, "chunk", MAX_CHUNKS) };
    case "hash-request":
      return { type, page: whole(fields, "page", MAX_CHUNKS) };
    case "connections":
      return { type, count: whole(fields, "count", MAX_CONNECTIONS) };
    case "ping":
    case "pong":
      return {
        type,
        sent: typeof fields.sent === "number" ? fields.sent : 0,
        ...(typeof timestamp === "number" ? { at: timestamp } : {}),
      };
    default:
      return undefined;
  }
}

function whole(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  most: number,
): number {
  const value = fields[name];
  if (
    typeof value !== "number" || !Number.isInteger(value) || value < 0 ||
    value > most
  ) {
    throw new SignalProtocolError(
      "bad-frame",
      `Cannot read the message: field "${name}" is wrong`,
    );
  }
  return value;
}
