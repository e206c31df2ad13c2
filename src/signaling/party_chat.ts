/**
 * The chat of a room: sealed, so that the server cannot read it.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import type { Fields } from "./event_fields.ts";
import type { ChatLine } from "./party_state.ts";
import { NONCE_BYTES, openValue, sealValue } from "./seal.ts";

/** What a sealed message begins with; one of the original app's clients is not sealed. */
const SEALED = "sealed:";

/** A message as it goes to the server. */
export async function sealChat(
  key: CryptoKey,
  message: string,
  random: (length: number) => Bytes,
): Promise<string> {
  const { sealed } = await sealValue(key, message, random(NONCE_BYTES));
  return `${SEALED}${sealed}`;
}

/** A line as it came from the server. */
export async function openChat(
  key: CryptoKey,
  fields: Fields,
): Promise<ChatLine> {
  let message = String(fields.message);
  if (message.startsWith(SEALED)) {
    try {
      const sealed = message.slice(SEALED.length);
      message = String(await openValue(key, { sealed }));
    } catch {
      message = "(sealed with another key)";
    }
  }
  return {
    id: String(fields.id),
    userId: String(fields.userId),
    userName: String(fields.userName),
    message,
    timestamp: Number(fields.timestamp),
  };
}
