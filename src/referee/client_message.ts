/**
 * What a client says: JSON text, after some of them one binary message.
 *
 * ```text
 *  session_start   session_id fps width height [expected_frames video_format]
 *  frame + bytes   session_id frame_number timestamp [encoding quality size]
 *  session_end     session_id total_frames
 *  signal + bytes  session_id filename size
 *  ping
 *  session_abort   session_id
 *  session_resume  session_id                       ours
 * ```
 *
 * Ours are also `resume_key` and `cumulative_acks` of session_start, `resume_key` of
 * session_resume and `swap_sides` of signal; all of them may be left out.
 *
 * @module
 */

import { RefereeProtocolError } from "./error.ts";
import { Fields, parseObject } from "./fields.ts";
import { SERVER_MESSAGE_TYPES } from "./server_message.ts";

/** Longest text message that is read, in bytes: ours have some hundred, Python's library sends up to 1 MiB. */
export const MAX_TEXT_BYTES = 64 * 1024;

/** Highest rate that a session may state: high-speed cameras reach 1,000. */
export const MAX_SESSION_FPS = 10_000;

/** Widest and highest picture that a session may state: JPEG's own limit. */
export const MAX_SESSION_SIDE = 65_535;

/** Opens a session. */
export interface SessionStart {
  readonly type: "session_start";
  readonly session_id: string;
  /** Frames a second, nominal. */
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  /** 0 when it is not known. */
  readonly expected_frames: number;
  /** Pixel format of raw frames; "bgr24" unless it says otherwise. */
  readonly video_format: string;
  /** Ours: who knows it may resume the session; without one the id is enough. */
  readonly resume_key?: string | undefined;
  /** Ours: one frame_ack may stand for several frames. */
  readonly cumulative_acks?: boolean | undefined;
}

/** Announces the bytes of one frame. */
export interface FrameMessage {
  readonly type: "frame";
  readonly session_id: string;
  readonly frame_number: number;
  /** Seconds, of any clock that goes on. */
  readonly timestamp: number;
  /** What the client says the bytes are; they are looked at themselves. */
  readonly encoding?: string | undefined;
  /** Bytes that follow, as the client counted them. */
  readonly size?: number | undefined;
}

/** All frames were sent. */
export interface SessionEnd {
  readonly type: "session_end";
  readonly session_id: string;
  readonly total_frames: number;
}

/** Announces the bytes of the scoring box's file. */
export interface SignalMessage {
  readonly type: "signal";
  readonly session_id: string;
  readonly filename: string;
  readonly size: number;
  /** Ours: the box's sides are exchanged. */
  readonly swap_sides?: boolean | undefined;
}

/** Asks for a pong. */
export interface Ping {
  readonly type: "ping";
}

/** Throws a session away. */
export interface SessionAbort {
  readonly type: "session_abort";
  readonly session_id: string;
}

/** Ours: goes on with a session whose connection broke. */
export interface SessionResume {
  readonly type: "session_resume";
  readonly session_id: string;
  readonly resume_key?: string | undefined;
}

/** All that a client says. */
export type ClientMessage =
  | SessionStart
  | FrameMessage
  | SessionEnd
  | SignalMessage
  | Ping
  | SessionAbort
  | SessionResume;

/**
 * Reads one text message of a client.
 *
 * @throws {RefereeProtocolError} `INVALID_MESSAGE`, or `UNKNOWN_MESSAGE_TYPE`
 * for a type that only servers send.
 */
export function parseClientMessage(text: string): ClientMessage {
  if (text.length > MAX_TEXT_BYTES) {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      `Cannot read a text message of ${text.length} characters: the limit is ${MAX_TEXT_BYTES}`,
    );
  }
  const object = parseObject(text);
  const type = Object.hasOwn(object, "type") ? object.type : undefined;
  if (typeof type !== "string") {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      'Cannot read the message: "type" must be a text',
    );
  }
  const fields = new Fields(object, type);
  switch (type) {
    case "frame":
      return {
        type,
        session_id: fields.name("session_id"),
        frame_number: fields.integer("frame_number"),
        timestamp: fields.number("timestamp"),
        encoding: fields.optionalName("encoding"),
        size: fields.optionalInteger("size"),
      };
    case "session_start":
      return sessionStart(fields);
    case "session_end":
      return {
        type,
        session_id: fields.name("session_id"),
        total_frames: fields.integer("total_frames"),
      };
    case "signal":
      return {
        type,
        session_id: fields.name("session_id"),
        filename: fields.name("filename"),
        size: fields.integer("size"),
        swap_sides: fields.flag("swap_sides"),
      };
    case "ping":
      return { type };
    case "session_abort":
      return { type, session_id: fields.name("session_id") };
    case "session_resume":
      return {
        type,
        session_id: fields.name("session_id"),
        resume_key: fields.optionalName("resume_key"),
      };
    default:
      throw unknownType(type);
  }
}

function sessionStart(fields: Fields): SessionStart {
  const start: SessionStart = {
    type: "session_start",
    session_id: fields.name("session_id"),
    fps: fields.number("fps", 0),
    width: fields.integer("width", 1),
    height: fields.integer("height", 1),
    expected_frames: fields.optionalInteger("expected_frames") ?? 0,
    video_format: fields.optionalName("video_format") ?? "bgr24",
    resume_key: fields.optionalName("resume_key"),
    cumulative_acks: fields.flag("cumulative_acks"),
  };
  if (
    start.fps > MAX_SESSION_FPS || start.width > MAX_SESSION_SIDE ||
    start.height > MAX_SESSION_SIDE
  ) {
    throw new RefereeProtocolError(
      "INVALID_MESSAGE",
      `Cannot start a session of ${start.width} × ${start.height} at ${start.fps} frames/s: the limits are ${MAX_SESSION_SIDE} and ${MAX_SESSION_FPS}`,
      { sessionId: start.session_id },
    );
  }
  return start;
}

function unknownType(type: string): RefereeProtocolError {
  const shown = JSON.stringify(type.slice(0, 64));
  return SERVER_MESSAGE_TYPES.has(type)
    ? new RefereeProtocolError(
      "UNKNOWN_MESSAGE_TYPE",
      `Cannot obey ${shown}: only the server sends it`,
    )
    : new RefereeProtocolError(
      "INVALID_MESSAGE",
      `Cannot read the message: its type ${shown} is unknown`,
    );
}
