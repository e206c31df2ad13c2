/**
 * What clients send to the server: checked field by field, so that behind this
 * file everything has the type it says.
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";
import {
  type Fields,
  fieldsOf,
  numberIn,
  opaque,
  optionalText,
  readRoomId,
  text,
} from "./event_fields.ts";
import {
  MAX_CHAT_LENGTH,
  MAX_CHUNKS,
  MAX_NAME_LENGTH,
  MAX_POSITION_S,
  MAX_SECRET_LENGTH,
  SPEED_RANGE,
} from "./limits.ts";
import { MOST_NEIGHBOURS } from "./swarm_ring.ts";
import type { PlaybackAction } from "./playback.ts";

/** Somebody comes, or comes back. */
export interface JoinEvent {
  /** Which event. */
  readonly type: "join-room";
  /** The room's id. */
  readonly roomId: string;
  /** The name as it is shown. */
  readonly userName: string;
  /** The room's password, where it has one. */
  readonly password?: string;
  /** What the server gave at the first join: whoever shows it is the same member. */
  readonly token?: string;
  /** Whether the client can come back: it is kept a while when its connection is lost. */
  readonly resumable: boolean;
  /** A host's secret; whoever knows it is the host. */
  readonly hostKey?: string;
  /** SHA-256 of the host's secret as the room told it: lets any member bring back a room that a server lost. */
  readonly hostClaim?: string;
}

/** What a host may set. */
export interface RoomSettings {
  /** Who joins must know it; empty for none. */
  readonly password: string;
  /** Who joins must be let in by the host. */
  readonly knock: boolean;
  /** Everybody may play, pause and seek. */
  readonly sharedControl: boolean;
  /** All wait for those who buffer. */
  readonly waitForBuffering: boolean;
}

/** A member's part in a swarm. */
export interface SwarmStatus {
  /** Which film, as in its manifest. */
  readonly filmId: string;
  /** Whether it gives as well as takes. */
  readonly uploads: boolean;
  /** Part of the film that it has, 0 to 1. */
  readonly have: number;
  /** What comes from whom now: members and bits a second. */
  readonly from: readonly (readonly [memberId: string, bps: number])[];
}

/** How a member's own player is doing. */
export interface PeerStatus {
  /** Its position less the room's, ms; null when it is not known. */
  readonly driftMs: number | null;
  /** Film it has beyond its position, seconds. */
  readonly bufferedS: number;
  /** What the player does. */
  readonly state: "idle" | "playing" | "paused" | "buffering" | "ended";
  /** Bits a second it takes in. */
  readonly downBps: number;
  /** Bits a second it gives. */
  readonly upBps: number;
  /** How the film comes: `rtc`, `relay`, `http`, `file`. */
  readonly path: string;
  /** Its part in a swarm, when it has one. */
  readonly swarm?: SwarmStatus;
}

/** Every event of a client, checked. */
export type ClientEvent =
  | JoinEvent
  | { readonly type: "leave-room"; readonly roomId: string }
  | (PlaybackAction & {
    readonly type: "video-event";
    readonly roomId: string;
    /** When it was done, ms of the server's clock, by clients that know it. */
    readonly at?: number;
  })
  | {
    readonly type: "chat-message";
    readonly roomId: string;
    readonly message: string;
  }
  | {
    readonly type: "webrtc-offer" | "webrtc-answer" | "ice-candidate";
    readonly roomId: string;
    /** The target. */
    readonly participantId: string;
    /** What the server passes on and does not look into. */
    readonly payload: unknown;
  }
  | {
    readonly type: "join-stream-request";
    readonly roomId: string;
    /** Whose film is wanted; the host's when it is left out, as in the original app. */
    readonly participantId?: string;
  }
  | {
    readonly type: "streaming-started";
    readonly roomId: string;
    readonly metadata: unknown;
    readonly totalChunks: number;
    readonly quality: string;
  }
  | { readonly type: "streaming-stopped"; readonly roomId: string }
  | {
    readonly type: "room-settings";
    readonly roomId: string;
    readonly settings: Partial<RoomSettings>;
  }
  | {
    readonly type: "admit";
    readonly roomId: string;
    readonly knockId: string;
    readonly admit: boolean;
  }
  | {
    readonly type: "peer-status";
    readonly roomId: string;
    readonly status: PeerStatus;
  }
  | {
    readonly type: "relay-open";
    readonly roomId: string;
    readonly participantId: string;
  };

/** Names of the events, to listen for. */
export const CLIENT_EVENTS = [
  "join-room",
  "leave-room",
  "video-event",
  "chat-message",
  "webrtc-offer",
  "webrtc-answer",
  "ice-candidate",
  "join-stream-request",
  "streaming-started",
  "streaming-stopped",
  "room-settings",
  "admit",
  "peer-status",
  "relay-open",
] as const satisfies readonly ClientEvent["type"][];

/** Where the payload of the three signaling events is. */
export const PAYLOAD_FIELDS = {
  "webrtc-offer": "offer",
  "webrtc-answer": "answer",
  "ice-candidate": "candidate",
} as const;

/**
 * Checks what a client sent under a name.
 *
 * @throws {SignalProtocolError} whose message is for the client.
 */
export function parseClientEvent(
  type: ClientEvent["type"],
  value: unknown,
): ClientEvent {
  const fields = fieldsOf(type, value);
  if (type === "join-room") return parseJoin(fields);
  const roomId = readRoomId(fields);
  switch (type) {
    case "leave-room":
    case "streaming-stopped":
      return { type, roomId };
    case "join-stream-request": {
      const of = optionalText(fields, "participantId", MAX_SECRET_LENGTH);
      return {
        type,
        roomId,
        ...(of === undefined ? {} : { participantId: of }),
      };
    }
    case "video-event":
      return { type, roomId, ...parseAction(fields) };
    case "chat-message":
      return {
        type,
        roomId,
        message: text(fields, "message", MAX_CHAT_LENGTH),
      };
    case "webrtc-offer":
    case "webrtc-answer":
    case "ice-candidate":
      return {
        type,
        roomId,
        participantId: text(fields, "participantId", MAX_SECRET_LENGTH),
        payload: opaque(fields, PAYLOAD_FIELDS[type]),
      };
    case "streaming-started":
      return {
        type,
        roomId,
        metadata: opaque(fields, "metadata"),
        totalChunks: numberIn(fields, "totalChunks", 0, MAX_CHUNKS) ?? 0,
        quality: optionalText(fields, "quality", MAX_NAME_LENGTH) ?? "",
      };
    case "room-settings":
      return { type, roomId, settings: parseSettings(fields) };
    case "admit":
      return {
        type,
        roomId,
        knockId: text(fields, "knockId", MAX_SECRET_LENGTH),
        admit: fields.admit === true,
      };
    case "peer-status":
      return { type, roomId, status: parseStatus(fields) };
    case "relay-open":
      return {
        type,
        roomId,
        participantId: text(fields, "participantId", MAX_SECRET_LENGTH),
      };
  }
}

function parseJoin(fields: Fields): JoinEvent {
  const roomId = fields.roomId;
  const name = typeof fields.userName === "string"
    ? cleanName(fields.userName)
    : "";
  if (typeof roomId !== "string" || roomId === "" || name === "") {
    throw new SignalProtocolError(
      "bad-field",
      "Room ID and user name are required",
    );
  }
  const password = optionalText(fields, "password", MAX_SECRET_LENGTH);
  const token = optionalText(fields, "token", MAX_SECRET_LENGTH);
  const hostKey = optionalText(fields, "hostKey", MAX_SECRET_LENGTH);
  const hostClaim = optionalText(fields, "hostClaim", MAX_SECRET_LENGTH);
  return {
    type: "join-room",
    roomId: readRoomId(fields),
    userName: name,
    resumable: fields.resumable === true,
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(hostClaim === undefined ? {} : { hostClaim }),
  };
}

/** A name without what would change the line it stands in, cut to its length. */
function cleanName(name: string): string {
  const plain = name.slice(0, 4 * MAX_NAME_LENGTH)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();
  return [...plain].slice(0, MAX_NAME_LENGTH).join("");
}

const ACTIONS = new Set(["play", "pause", "seek", "volume", "speed"]);

function parseAction(fields: Fields): PlaybackAction & { at?: number } {
  // Which events are meant decides the field `type`, also of the original app.
  const action = fields.type;
  if (typeof action !== "string" || !ACTIONS.has(action)) {
    throw new SignalProtocolError("bad-field", `Unknown video event`);
  }
  const time = numberIn(fields, "time", 0, MAX_POSITION_S);
  const volume = numberIn(fields, "volume", 0, 1);
  const speed = numberIn(fields, "speed", ...SPEED_RANGE);
  const at = numberIn(fields, "at", 0, Number.MAX_SAFE_INTEGER);
  const missing = action === "seek" && time === undefined && "time" ||
    action === "volume" && volume === undefined && "volume" ||
    action === "speed" && speed === undefined && "speed";
  if (missing) {
    throw new SignalProtocolError(
      "bad-field",
      `Field "${missing}" is required for ${action}`,
    );
  }
  return {
    action: action as PlaybackAction["action"],
    ...(time === undefined ? {} : { time }),
    ...(volume === undefined ? {} : { volume }),
    ...(speed === undefined ? {} : { speed }),
    ...(at === undefined ? {} : { at }),
  };
}

function parseSettings(fields: Fields): Partial<RoomSettings> {
  const password = optionalText(fields, "password", MAX_SECRET_LENGTH);
  const switches = (["knock", "sharedControl", "waitForBuffering"] as const)
    .filter((name) => typeof fields[name] === "boolean")
    .map((name) => [name, fields[name]] as const);
  return {
    ...(password === undefined ? {} : { password }),
    ...Object.fromEntries(switches),
  };
}

const STATES = new Set(["idle", "playing", "paused", "buffering", "ended"]);

function parseStatus(fields: Fields): PeerStatus {
  const state = fields.state;
  if (typeof state !== "string" || !STATES.has(state)) {
    throw new SignalProtocolError("bad-field", `Field "state" is unknown`);
  }
  return {
    driftMs: fields.driftMs === null
      ? null
      : numberIn(fields, "driftMs", -1e9, 1e9) ?? null,
    bufferedS: numberIn(fields, "bufferedS", 0, MAX_POSITION_S) ?? 0,
    state: state as PeerStatus["state"],
    downBps: numberIn(fields, "downBps", 0, 1e12) ?? 0,
    upBps: numberIn(fields, "upBps", 0, 1e12) ?? 0,
    path: optionalText(fields, "path", MAX_NAME_LENGTH) ?? "",
    ...parseSwarm(fields.swarm),
  };
}

function parseSwarm(value: unknown): { swarm?: SwarmStatus } {
  if (typeof value !== "object" || value === null) return {};
  const fields = value as Fields;
  const from = (Array.isArray(fields.from) ? fields.from : [])
    .slice(0, MOST_NEIGHBOURS)
    .filter((one): one is [string, number] =>
      Array.isArray(one) && typeof one[0] === "string" &&
      one[0].length <= MAX_SECRET_LENGTH && typeof one[1] === "number"
    )
    .map(([id, bps]) => [id, bps] as const);
  return {
    swarm: {
      filmId: text(fields, "filmId", MAX_NAME_LENGTH * 2),
      uploads: fields.uploads === true,
      have: numberIn(fields, "have", 0, 1) ?? 0,
      from,
    },
  };
}
