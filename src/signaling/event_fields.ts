/**
 * Fields of what clients send, one by one. Each throws a
 * {@linkcode SignalProtocolError} whose message is for the client.
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";
import { MAX_PAYLOAD_LENGTH } from "./limits.ts";
import { isRoomId } from "./room_code.ts";

/** A payload before anything is known of it. */
export type Fields = Readonly<Record<string, unknown>>;

/** An event's payload as an object. */
export function fieldsOf(type: string, value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SignalProtocolError(
      "bad-event",
      type === "join-room"
        ? "Room ID and user name are required"
        : `Event "${type}" needs an object`,
    );
  }
  return value as Fields;
}

/** The room that an event is about. */
export function readRoomId(fields: Fields): string {
  const { roomId } = fields;
  if (typeof roomId !== "string" || !isRoomId(roomId)) {
    throw new SignalProtocolError(
      "bad-field",
      "Room ID must be letters and digits",
    );
  }
  return roomId;
}

/** A text, or nothing. */
export function optionalText(
  fields: Fields,
  name: string,
  longest: number,
): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.length > longest) {
    throw new SignalProtocolError(
      "bad-field",
      `Field "${name}" must be a text of at most ${longest} characters`,
    );
  }
  return value;
}

/** A text that must be there. */
export function text(fields: Fields, name: string, longest: number): string {
  const value = optionalText(fields, name, longest);
  if (value === undefined || value === "") {
    throw new SignalProtocolError("bad-field", `Field "${name}" is required`);
  }
  return value;
}

/** A number within a range, or nothing. */
export function numberIn(
  fields: Fields,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new SignalProtocolError(
      "bad-field",
      `Field "${name}" must be a number from ${least} to ${most}`,
    );
  }
  return value;
}

/** What is passed on unread, as long as it is not too much. */
export function opaque(fields: Fields, name: string): unknown {
  const value = fields[name];
  if (value === undefined) {
    throw new SignalProtocolError("bad-field", `Field "${name}" is required`);
  }
  let length: number;
  try {
    length = JSON.stringify(value)?.length ?? 0;
  } catch {
    length = Infinity; // a bigint, or nested deeper than anything real
  }
  if (length > MAX_PAYLOAD_LENGTH) {
    throw new SignalProtocolError(
      "bad-field",
      `Field "${name}" must have at most ${MAX_PAYLOAD_LENGTH} characters`,
    );
  }
  return value;
}
