/**
 * The command line: commands, flags, help, events, signals, exit codes.
 *
 * @module
 */

export { main } from "./main.ts";
