/**
 * The states of a server's session (RFC 2326 appendix A.2) and of the teaching
 * dialect's, as tables. A method that a state does not list is answered with
 * 455.
 *
 * @module
 */

/** Where a session stands. */
export type ServerState = "init" | "ready" | "playing" | "recording";

/** The methods that change the state. */
export type StateMethod = "SETUP" | "PLAY" | "PAUSE" | "RECORD" | "TEARDOWN";

/** Next state by state and method. */
export type StateTable = Readonly<
  Record<ServerState, Readonly<Partial<Record<StateMethod, ServerState>>>>
>;

/**
 * The standard's. A SETUP while playing is not allowed, which section 10.4
 * leaves to the server.
 */
export const STANDARD_STATES: StateTable = {
  init: { SETUP: "ready", TEARDOWN: "init" },
  ready: {
    SETUP: "ready",
    PLAY: "playing",
    RECORD: "recording",
    TEARDOWN: "init",
  },
  playing: { PLAY: "playing", PAUSE: "ready", TEARDOWN: "init" },
  recording: { RECORD: "recording", PAUSE: "ready", TEARDOWN: "init" },
};

/** The teaching dialect's: one SETUP, and PLAY only when it is not playing. */
export const LAB_STATES: StateTable = {
  init: { SETUP: "ready" },
  ready: { PLAY: "playing", TEARDOWN: "init" },
  playing: { PAUSE: "ready", TEARDOWN: "init" },
  recording: {},
};

/** Whether `method` is one of those that change the state. */
export function isStateMethod(method: string): method is StateMethod {
  return method === "SETUP" || method === "PLAY" || method === "PAUSE" ||
    method === "RECORD" || method === "TEARDOWN";
}

/** For the Allow header of a 455: what `state` takes. */
export function allowedMethods(table: StateTable, state: ServerState): string {
  return ["OPTIONS", ...Object.keys(table[state]), "GET_PARAMETER"].join(", ");
}
