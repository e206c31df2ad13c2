/**
 * One session of the teaching dialect on the server: SETUP, PLAY, PAUSE and
 * TEARDOWN over bare lines, answers of three lines.
 *
 * It lives as long as its connection: its clients send nothing while they play.
 *
 * @module
 */

import type { RtspRequest } from "./message.ts";
import type {
  Purpose,
  RtspMedia,
  ServerAction,
  ServerAnswer,
  TeardownReason,
} from "./server_actions.ts";
import { respondLab } from "./server_responses.ts";
import type { ControlledSession } from "./server_session.ts";
import { isStateMethod, LAB_STATES } from "./server_state.ts";
import type { ServerState } from "./server_state.ts";
import type { Pair } from "./transport.ts";

/** A session of the teaching dialect. */
export class LabSession implements ControlledSession {
  readonly id: string;
  readonly dialect = "lab";
  readonly media: RtspMedia;
  readonly purpose: Purpose = "play";
  #state: ServerState = "init";
  #pending: RtspRequest | undefined;
  #ended = false;

  /** `id` has six digits: clients call `int()` on it. */
  constructor(options: { id: string; media: RtspMedia }) {
    this.id = options.id;
    this.media = options.media;
  }

  /** Where it stands. */
  get state(): ServerState {
    return this.#state;
  }

  /** Whether an action waits for its answer. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** Nothing: it needs no sign of life. */
  touch(_now: number): void {}

  /** Never. */
  nextTimeoutAt(): undefined {
    return undefined;
  }

  /** Ends it. */
  end(reason: TeardownReason): ServerAction[] {
    const known = !this.#ended &&
      (this.#state !== "init" || this.#pending !== undefined);
    this.#ended = true;
    this.#state = "init";
    this.#pending = undefined;
    return known ? [{ type: "teardown", sessionId: this.id, reason }] : [];
  }

  /** Takes the SETUP that begins it: packets go to `clientPorts` at the connection's address. */
  setup(request: RtspRequest, clientPorts: Pair): ServerAction[] {
    this.#pending = request;
    return [{
      type: "setupTransport",
      sessionId: this.id,
      path: this.media.path,
      track: 0,
      purpose: "play",
      dialect: "lab",
      transport: { kind: "udp", clientPorts, secure: false },
    }];
  }

  /** Takes a further request of its connection. */
  receive(request: RtspRequest): ServerAction[] {
    const { method } = request;
    if (
      !isStateMethod(method) || LAB_STATES[this.#state][method] === undefined
    ) {
      return [
        respondLab(request, 455, "Method Not Valid in This State", this.id),
      ];
    }
    switch (method) {
      case "PLAY":
        this.#pending = request;
        return [{
          type: "play",
          sessionId: this.id,
          from: undefined,
          to: undefined,
          scale: 1,
          speed: 1,
        }];
      case "PAUSE":
        this.#state = LAB_STATES[this.#state].PAUSE!;
        return [{ type: "pause", sessionId: this.id }, this.#ok(request)];
      default:
        return [...this.end("request"), this.#ok(request)];
    }
  }

  /** Takes the shell's answer to SETUP or PLAY. */
  answer(answer: ServerAnswer): ServerAction[] {
    const request = this.#pending;
    if (request === undefined) return [];
    this.#pending = undefined;
    if (answer.type === "refused") {
      return [
        answer.status === 404
          ? respondLab(request, 404, "NOT FOUND")
          : respondLab(request, 500, "CONNECTION ERROR"),
      ];
    }
    if (request.method === "SETUP") {
      this.#state = LAB_STATES[this.#state].SETUP!;
      return [this.#ok(request)];
    }
    this.#state = LAB_STATES[this.#state].PLAY!;
    return [this.#ok(request), { type: "start", sessionId: this.id }];
  }

  #ok(request: RtspRequest): ServerAction {
    return respondLab(request, 200, "OK", this.id);
  }
}
