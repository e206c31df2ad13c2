/**
 * Processes of our own program, started by another of ours.
 *
 * @module
 */

export { Child, type ChildEvent, type ChildOptions } from "./child.ts";
export { startChild, type StartChildOptions, whenReady } from "./start.ts";
