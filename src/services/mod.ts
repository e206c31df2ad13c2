/**
 * The services that a program can start by itself, each with its options, and
 * the context they are handed. `cli` loads each from its own folder.
 *
 * @module
 */

export type { ServiceContext, ServiceEvent } from "./context.ts";
export * from "./chain_coordinator/mod.ts";
export * from "./chain_peer/mod.ts";
