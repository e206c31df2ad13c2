/**
 * Codes of rooms: short enough to be told over a telephone.
 *
 * @module
 */

import { MAX_ROOM_ID_LENGTH } from "./limits.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const CODE_LENGTH = 6;

/** Random bytes that {@linkcode roomCode} is given. */
export const ROOM_CODE_BYTES = 12;

/** Six of A–Z0–9 from {@linkcode ROOM_CODE_BYTES} random bytes. */
export function roomCode(random: Uint8Array): string {
  let code = "";
  for (let index = 0; index < CODE_LENGTH; index++) {
    // Two bytes a letter: 65536 is so near a multiple of 36 that no letter is favoured.
    const value = (random[2 * index] ?? 0) << 8 | (random[2 * index + 1] ?? 0);
    code += LETTERS[value % LETTERS.length];
  }
  return code;
}

/** Whether a text can be a room's id: ours, or one that another client made up. */
export function isRoomId(text: string): boolean {
  return text.length <= MAX_ROOM_ID_LENGTH && /^[A-Za-z0-9_-]+$/.test(text);
}
