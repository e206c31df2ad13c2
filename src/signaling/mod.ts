/**
 * The watch party without its I/O: what a member needs, and what the server
 * does beside it.
 *
 * @module
 */

export * from "./client_event.ts";
export * from "./member.ts";
export * from "./room.ts";
export type { RoomAction } from "./room_outbox.ts";
export * from "./room_snapshot.ts";
export * from "./room_table.ts";
export * from "./stun.ts";
