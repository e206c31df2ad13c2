/**
 * A member's part of the watch party. A page loads these very files, without
 * their types, and nothing of the server.
 *
 * @module
 */

export * from "./block.ts";
export * from "./browser_rtc.ts";
export * from "./channel_message.ts";
export * from "./channel_transport.ts";
export * from "./chunk.ts";
export * from "./chunk_memory.ts";
export * from "./chunk_policy.ts";
export * from "./chunk_scheduler.ts";
export * from "./chunk_window.ts";
export * from "./clock_offset.ts";
export * from "./error.ts";
export * from "./film_paths.ts";
export * from "./film_receiver.ts";
export * from "./film_sender.ts";
export * from "./hash_page.ts";
export * from "./http_transport.ts";
export * from "./identity.ts";
export * from "./limits.ts";
export * from "./manifest.ts";
export * from "./media_type.ts";
export * from "./member_ways.ts";
export * from "./party_client.ts";
export * from "./party_film.ts";
export * from "./party_link.ts";
export * from "./party_state.ts";
export * from "./playback.ts";
export * from "./relay_frame.ts";
export * from "./relay_socket.ts";
export * from "./relay_transport.ts";
export * from "./room_code.ts";
export * from "./rtc.ts";
export * from "./rtc_links.ts";
export * from "./seal.ts";
export * from "./subtitles.ts";
export * from "./swarm_film.ts";
export * from "./swarm_have.ts";
export * from "./swarm_plan.ts";
export * from "./swarm_ring.ts";
export * from "./swarm_split.ts";
export * from "./swarm_uplink.ts";
export * from "./swarm_watch.ts";
export * from "./sync_steering.ts";
export * from "./token_bucket.ts";
export * from "./transport.ts";
