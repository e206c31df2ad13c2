/**
 * StrandCast's chain wire: one JSON object a datagram.
 *
 * ```text
 * {"type": "video_frame", "origin": "coordinator", "frame_num": 0, "chunk_id": 0, "total_chunks": 3, "data": "789c…"}
 * {"type": "video_end", "origin": "coordinator", "frame_num": 411}
 * {"type": "data", "origin": "A", "seq": 1, "sender": "A", "msg": "text"}
 * ```
 *
 * `data` is a part of `zlib(frame)`, in hexadecimal or base64; the frame is a
 * JPEG, or a pickle that holds one.
 *
 * @module
 */

import { ChainProtocolError } from "./chain_error.ts";
import { pythonJson } from "./python_json.ts";
import {
  badField,
  integerField,
  type JsonObject,
  parseJsonObject,
  quoted,
  textField,
} from "./strict_json.ts";
import {
  type DataEncoding,
  encodeText,
  type PackOptions,
  packStrandcastFrame,
} from "./strandcast_payload.ts";

/** Largest datagram by default: receivers have buffers of 65,536 bytes. */
export const DEFAULT_MAX_DATAGRAM = 60_000;

/** Largest payload of an IPv4 UDP datagram: 65,535 - 20 (IP) - 8 (UDP). */
const MAX_UDP_BYTES = 65_507;

/**
 * Chunks of a frame. A 178 KB frame has 6 at the default size and 300 at
 * 1400-byte datagrams.
 */
const MAX_CHUNKS = 16_384;

/** Frame numbers, as on our own wire: 32 bits, four years at 30 frames/s. */
const MAX_FRAME_NUMBER = 0xffff_ffff;

/** Names of origins and senders; ours have at most 64 characters. */
const MAX_NAME_LENGTH = 256;

/** Who the coordinator says it is. */
const DEFAULT_ORIGIN = "coordinator";

/** Part of a frame, its data still as text: the frame's first chunk tells the encoding. */
export interface StrandcastChunk {
  /** Tells it from the other messages. */
  readonly type: "video_frame";
  /** Who plays. */
  readonly origin: string;
  /** The frame's number, from 0. */
  readonly frameNumber: number;
  /** Which part, from 0. */
  readonly index: number;
  /** Parts of the frame. */
  readonly total: number;
  /** Hexadecimal or base64. */
  readonly data: string;
}

/** The last word of a stream. */
export interface StrandcastEnd {
  /** Tells it from the other messages. */
  readonly type: "video_end";
  /** Who played. */
  readonly origin: string;
  /** Frames sent. */
  readonly frames: number;
}

/** The older text message. */
export interface StrandcastText {
  /** Tells it from the other messages. */
  readonly type: "data";
  /** Who wrote it. */
  readonly origin: string;
  /** Its number at its origin. */
  readonly seq: number;
  /** Who sent it on. */
  readonly sender: string;
  /** What it says. */
  readonly message: string;
}

/** Everything that travels on this wire. */
export type StrandcastDatagram =
  | StrandcastChunk
  | StrandcastEnd
  | StrandcastText;

/** How to write a frame. */
export interface StrandcastFrameOptions extends PackOptions {
  /** The frame's number, from 0. */
  readonly frameNumber: number;
  /** Who plays; "coordinator" by default. */
  readonly origin?: string;
  /** "hex" by default, as the documents say; deployed peers use base64. */
  readonly encoding?: DataEncoding;
  /** Largest datagram in bytes; 60,000 by default. */
  readonly maxDatagram?: number;
}

const encoder = new TextEncoder();

/**
 * The datagrams of a frame, each at most `maxDatagram` bytes.
 *
 * @throws {RangeError} when the frame does not fit into datagrams that small.
 */
export function encodeStrandcastFrame(
  jpeg: Uint8Array,
  options: StrandcastFrameOptions,
): Uint8Array<ArrayBuffer>[] {
  const packed = packStrandcastFrame(jpeg, options);
  const encoding = options.encoding ?? "hex";
  const origin = options.origin ?? DEFAULT_ORIGIN;
  const room = (options.maxDatagram ?? DEFAULT_MAX_DATAGRAM) -
    emptyChunkBytes(origin, options.frameNumber);
  const { size, total } = chunking(packed.length, encoding, room);
  const datagrams: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < total; index++) {
    const part = packed.subarray(index * size, (index + 1) * size);
    datagrams.push(encodeStrandcastChunk({
      type: "video_frame",
      origin,
      frameNumber: options.frameNumber,
      index,
      total,
      data: encodeText(part, encoding),
    }));
  }
  return datagrams;
}

/** Bytes of a chunk's datagram without its data and its two chunk numbers. */
function emptyChunkBytes(origin: string, frameNumber: number): number {
  const chunk = { origin, frameNumber, index: 0, total: 1, data: "" };
  return encodeStrandcastChunk({ type: "video_frame", ...chunk }).length - 2;
}

/** Finds chunk size and count together: the count's digits take room too. */
function chunking(
  bytes: number,
  encoding: DataEncoding,
  room: number,
): { size: number; total: number } {
  let total = 1;
  while (total <= MAX_CHUNKS) {
    const left = room - String(total).length - String(total - 1).length;
    const size = encoding === "hex"
      ? Math.floor(left / 2)
      : Math.floor(left / 4) * 3;
    if (size < 1) break;
    const needed = Math.ceil(bytes / size);
    if (needed <= total) return { size, total: needed };
    total = needed;
  }
  throw new RangeError(
    `Cannot chunk a frame of ${bytes} bytes: ${room} bytes a datagram are too few`,
  );
}

/** One chunk as Python would write it. */
export function encodeStrandcastChunk(
  chunk: StrandcastChunk,
): Uint8Array<ArrayBuffer> {
  return encoder.encode(pythonJson({
    type: "video_frame",
    origin: chunk.origin,
    frame_num: chunk.frameNumber,
    chunk_id: chunk.index,
    total_chunks: chunk.total,
    data: chunk.data,
  }));
}

/** The datagram that ends a stream of `frames` frames. */
export function encodeStrandcastEnd(
  frames: number,
  origin = DEFAULT_ORIGIN,
): Uint8Array<ArrayBuffer> {
  return encoder.encode(
    pythonJson({ type: "video_end", origin, frame_num: frames }),
  );
}

/** A text message. */
export function encodeStrandcastText(
  text: StrandcastText,
): Uint8Array<ArrayBuffer> {
  const { type, origin, seq, sender, message } = text;
  return encoder.encode(
    pythonJson({ type, origin, seq, sender, msg: message }),
  );
}

/** Whether a datagram claims to be of this wire. */
export function isStrandcastDatagram(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads one datagram of StrandCast's wire.
 *
 * @throws {ChainProtocolError} when it is none.
 */
export function decodeStrandcastDatagram(
  bytes: Uint8Array,
): StrandcastDatagram {
  if (bytes.length > MAX_UDP_BYTES) {
    throw new ChainProtocolError(
      "too-large",
      `Cannot read a datagram of ${bytes.length} bytes: UDP takes ${MAX_UDP_BYTES}`,
    );
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new ChainProtocolError(
      "bad-json",
      "Cannot read the message: it is not UTF-8",
      { cause },
    );
  }
  const object = parseJsonObject(text);
  switch (object["type"]) {
    case "video_frame":
      return readChunk(object);
    case "video_end":
      return {
        type: "video_end",
        origin: textField(object, "origin", MAX_NAME_LENGTH),
        frames: integerField(object, "frame_num", 0, MAX_FRAME_NUMBER),
      };
    case "data":
      return {
        type: "data",
        origin: textField(object, "origin", MAX_NAME_LENGTH),
        seq: integerField(object, "seq"),
        sender: textField(object, "sender", MAX_NAME_LENGTH),
        message: textField(object, "msg", MAX_UDP_BYTES),
      };
    default:
      throw new ChainProtocolError(
        "bad-type",
        `Cannot read the datagram: its type ${
          quoted(object["type"])
        } is not known`,
      );
  }
}

function readChunk(object: JsonObject): StrandcastChunk {
  const total = integerField(object, "total_chunks", 1, MAX_CHUNKS);
  const data = textField(object, "data", MAX_UDP_BYTES);
  if (data === "") throw badField(object, "data", "a part of a frame");
  return {
    type: "video_frame",
    origin: textField(object, "origin", MAX_NAME_LENGTH),
    frameNumber: integerField(object, "frame_num", 0, MAX_FRAME_NUMBER),
    index: integerField(object, "chunk_id", 0, total - 1),
    total,
    data,
  };
}
