/**
 * The command line: commands, flags, help, events, signals, exit codes.
 *
 * @module
 */

export type { Command, CommandSpec } from "./command.ts";
export { commands } from "./command_list.ts";
export { main } from "./main.ts";
