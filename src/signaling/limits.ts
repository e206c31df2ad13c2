/**
 * What a room, a member and a server may use.
 *
 * @module
 */

/** Characters of a name; the original app cuts there too. */
export const MAX_NAME_LENGTH = 20;
/** Characters of a chat message; a sealed one is a third longer than what it says. */
export const MAX_CHAT_LENGTH = 4000;
/** Characters of a room's id. Ours have six; other clients choose their own. */
export const MAX_ROOM_ID_LENGTH = 64;
/** Characters of a password, a token or a key. */
export const MAX_SECRET_LENGTH = 128;
/**
 * Characters of an offer, answer, candidate or description of a film, as JSON.
 * An offer of a browser with data channels only has about 1 kB, one with video 10 kB,
 * a film with two hours of subtitles 60 kB.
 */
export const MAX_PAYLOAD_LENGTH = 96 * 1024;
/** Bytes of a message of Socket.IO: the payload above, sealed, in its envelope. */
export const MAX_MESSAGE_BYTES = 128 * 1024;
/** Chunks a film may have: 64 KiB each, 1 TiB in all. */
export const MAX_CHUNKS = 2 ** 24;
/** Slowest and fastest speed: what browsers play with sound. */
export const SPEED_RANGE = [0.25, 4] as const;
/** A position behind a week is no film. */
export const MAX_POSITION_S = 7 * 24 * 3600;
/** How far the time that a client gives its action may lie from the server's, past and future, ms. */
export const ACTION_TIME_MS = [2000, 250] as const;
/** Room is kept for a member that lost its connection and can resume, ms: a page's reload, a tunnel. */
export const RESUME_GRACE_MS = 20_000;
/** After this a host that is away is no host until it comes back; the fullest of the others is, ms. */
export const HOST_GRACE_MS = 2000;
/** Everybody waits at most this long for one who buffers, ms. */
export const MAX_HOLD_MS = 15_000;
/** When all that buffered can play, they begin this much later, so that everybody has heard it, ms. */
export const RELEASE_LEAD_MS = 150;
/** Members that knock at once at one room's door. */
export const MAX_KNOCKS = 20;
/** Messages that a member may send at once, and a second: an ICE exchange is a burst of thirty. */
export const MESSAGE_BURST = 200;
/** Messages a second for which there is room. */
export const MESSAGES_PER_SECOND = 50;
/** Dropped messages after which a connection is ended: no client of anybody sends so many. */
export const MAX_DROPPED_MESSAGES = 2000;

/** What an operator may choose. */
export interface RoomLimits {
  /** Members of a room. */
  readonly usersPerRoom: number;
  /** Rooms of a server. */
  readonly rooms: number;
  /** Connections from one address. */
  readonly connectionsPerAddress: number;
  /** A room in which nothing happens is removed after this long, ms. */
  readonly idleRoomMs: number;
}

/** The limits when nobody chooses. */
export const DEFAULT_ROOM_LIMITS: RoomLimits = {
  usersPerRoom: 20,
  rooms: 10_000,
  connectionsPerAddress: 250,
  idleRoomMs: 30 * 60 * 1000,
};
