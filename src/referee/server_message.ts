/**
 * What the server says: JSON text.
 *
 * @module
 */

import {
  REFEREE_ERROR_CODES,
  type RefereeErrorCode,
  RefereeProtocolError,
} from "./error.ts";
import { Fields, parseObject } from "./fields.ts";
import type { FrameRange } from "./frame_intervals.ts";
import type { RefereeResult } from "./result.ts";
import type { SessionValidation } from "./validation.ts";

/** Largest message that existing clients take (Python's websockets: `max_size` 1 MiB). */
export const MAX_SERVER_MESSAGE_BYTES = 1024 * 1024;

/** The stages of the processing, in their order. */
export const STAGES = [
  "video_reconstruction",
  "fisheye",
  "yolo",
  "decision",
  "overlay",
] as const;

/** One stage of the processing. */
export type Stage = (typeof STAGES)[number];

/** How far a session has come, as `session_resumed` names it. */
export type ResumedState = "receiving" | "frames_complete" | "processing";

/** All that the server says. */
export type ServerMessage =
  | {
    readonly type: "session_started";
    readonly session_id: string;
    /** Ours: how many frames may be under way without an ack. */
    readonly window?: number;
    /** Ours: whether the session survives its connection. */
    readonly resumable?: boolean;
  }
  | FrameAck
  | ({
    readonly type: "session_ended";
    readonly session_id: string;
    readonly validation: SessionValidation;
  })
  | {
    readonly type: "signal_ack";
    readonly session_id: string;
    readonly status: "received";
  }
  | {
    readonly type: "process_start";
    readonly session_id: string;
    /** Ours: recordings that are processed before this one. */
    readonly queue_position?: number;
  }
  | {
    readonly type: "process_progress";
    readonly session_id: string;
    readonly stage: Stage;
    /** From 0 to 1, of this stage. */
    readonly progress: number;
    readonly message: string;
    /** Ours: recordings that are processed before this one. */
    readonly queue_position?: number;
  }
  | {
    readonly type: "process_complete";
    readonly session_id: string;
    readonly result: RefereeResult;
  }
  | { readonly type: "pong" }
  | {
    /** Ours: the answer to `session_resume`. */
    readonly type: "session_resumed";
    readonly session_id: string;
    readonly state: ResumedState;
    /** Frame numbers that are safe, as inclusive ranges. */
    readonly received: readonly FrameRange[];
    readonly frames_received: number;
    readonly has_signal: boolean;
    readonly window: number;
  }
  | ErrorMessage;

/** The fate of one frame. */
export interface FrameAck {
  readonly type: "frame_ack";
  readonly session_id: string;
  readonly frame_number: number;
  readonly status: "received" | "duplicate" | "error";
  /** Ours, with cumulative acks: frame messages of this session answered on this connection. */
  readonly acked?: number;
}

/** Something went wrong. */
export interface ErrorMessage {
  readonly type: "error";
  readonly session_id: string | null;
  readonly error_code: RefereeErrorCode;
  readonly error_message: string;
  readonly recoverable: boolean;
  /** Ours: the reason behind it. */
  readonly detail?: string;
}

/** Types that only servers send. */
export const SERVER_MESSAGE_TYPES: ReadonlySet<string> = new Set<
  ServerMessage["type"]
>([
  "session_started",
  "frame_ack",
  "session_ended",
  "signal_ack",
  "process_start",
  "process_progress",
  "process_complete",
  "pong",
  "session_resumed",
  "error",
]);

/** The message that tells a client of an error. */
export function errorMessage(error: RefereeProtocolError): ErrorMessage {
  const { code, message, sessionId, detail, recoverable } = error;
  return {
    type: "error",
    session_id: sessionId,
    error_code: code,
    error_message: message,
    recoverable,
    ...(detail === undefined ? {} : { detail }),
  };
}

/**
 * Several acks of one batch as the client wants them: with cumulative acks a
 * run of frames that were received becomes the last one's ack. What was
 * received twice or refused is always said by itself.
 */
export function coalesceAcks(
  messages: readonly ServerMessage[],
): ServerMessage[] {
  return messages.filter((message, index) => {
    const next = messages[index + 1];
    return !(isReceived(message) && next !== undefined && isReceived(next) &&
      message.session_id === next.session_id);
  });
}

function isReceived(message: ServerMessage): message is FrameAck {
  return message.type === "frame_ack" && message.status === "received" &&
    message.acked !== undefined;
}

/**
 * Reads one text message of a server, as a client does: known fields are
 * checked, unknown ones and unknown types are left alone (`undefined`).
 *
 * @throws {RefereeProtocolError} `INVALID_MESSAGE`.
 */
export function parseServerMessage(text: string): ServerMessage | undefined {
  const object = parseObject(text);
  const type = Object.hasOwn(object, "type") ? object.type : undefined;
  if (typeof type !== "string" || !SERVER_MESSAGE_TYPES.has(type)) {
    return undefined;
  }
  const fields = new Fields(object, type);
  if (type === "error") {
    const code = fields.name("error_code");
    return {
      type,
      session_id: fields.optionalName("session_id") ?? null,
      error_code: REFEREE_ERROR_CODES.has(code)
        ? code as RefereeErrorCode
        : "INTERNAL_ERROR",
      error_message: String(object.error_message ?? code),
      recoverable: object.recoverable === true,
      ...(typeof object.detail === "string" ? { detail: object.detail } : {}),
    };
  }
  if (type === "pong") return { type };
  fields.name("session_id");
  if (type === "frame_ack") {
    fields.integer("frame_number");
    fields.name("status");
  } else if (type === "process_progress") {
    fields.name("stage");
    fields.number("progress");
  } else if (type === "process_complete" || type === "session_ended") {
    const body = object[type === "process_complete" ? "result" : "validation"];
    if (typeof body !== "object" || body === null) {
      throw new RefereeProtocolError(
        "INVALID_MESSAGE",
        `Cannot read ${type}: it brings no object`,
      );
    }
  } else if (type === "session_resumed") {
    readRanges(object.received);
  }
  return object as unknown as ServerMessage;
}

function readRanges(value: unknown): void {
  const sound = Array.isArray(value) &&
    value.every((range) =>
      Array.isArray(range) && range.length === 2 &&
      range.every((end) => Number.isSafeInteger(end) && end >= 0)
    );
  if (!sound) {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      'Cannot read session_resumed: "received" must be ranges of frame numbers',
    );
  }
}
