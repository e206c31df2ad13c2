/**
 * The watch party without its I/O: rooms and what is said in them.
 *
 * Every module here runs in a browser as it is: the page loads these very
 * files, without their types.
 *
 * @module
 */

export * from "./block.ts";
export * from "./browser_rtc.ts";
export * from "./channel_message.ts";
export * from "./chunk.ts";
export * from "./chunk_memory.ts";
export * from "./chunk_scheduler.ts";
export * from "./client_event.ts";
export * from "./clock_offset.ts";
export * from "./error.ts";
export * from "./film_paths.ts";
export * from "./film_receiver.ts";
export * from "./film_sender.ts";
export * from "./http_transport.ts";
export * from "./limits.ts";
export * from "./manifest.ts";
export * from "./media_type.ts";
export * from "./party_client.ts";
export * from "./party_link.ts";
export * from "./playback.ts";
export * from "./relay_frame.ts";
export * from "./relay_socket.ts";
export * from "./relay_transport.ts";
export * from "./room.ts";
export * from "./room_code.ts";
export type { RoomAction } from "./room_outbox.ts";
export * from "./room_table.ts";
export * from "./rtc.ts";
export * from "./seal.ts";
export * from "./stun.ts";
export * from "./sync_steering.ts";
export * from "./token_bucket.ts";
export * from "./transport.ts";
