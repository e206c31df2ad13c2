/**
 * JPEGs inside Python pickles. Deployed StrandCast programs send
 * `pickle.dumps(array)` of a numpy `uint8` array that holds a JPEG.
 *
 * A pickle is a program for a stack machine and running a stranger's is giving
 * him the machine. Nothing is run here: the walk below only steps from one
 * opcode to the next (their argument sizes are in CPython's `pickletools`) and
 * collects the binary strings on its way; exactly one must be a JPEG.
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";
import { ChainProtocolError } from "./chain_error.ts";

/**
 * Bytes a pickle may add to a JPEG: opcodes and names, 300 at most with
 * numpy's. (Protocol 2 doubles the JPEG itself besides: see `latin1FromUtf8`.)
 */
export const PICKLE_OVERHEAD_BYTES = 4096;

/** Opcodes in a pickle: numpy's arrays have 30 to 60. */
const MAX_OPCODES = 10_000;

/** How an opcode's argument is laid out. */
type Argument =
  /** So many bytes. */
  | { readonly kind: "fixed"; readonly bytes: number }
  /** A little-endian length of so many bytes, then as many bytes. */
  | {
    readonly kind: "counted";
    readonly lengthBytes: 1 | 4 | 8;
    readonly holds: "bytes" | "text" | "other";
  }
  /** So many lines. */
  | { readonly kind: "lines"; readonly lines: number };

const ARGUMENTS = new Map<number, Argument>();

function define(opcodes: string | number[], argument: Argument): void {
  const codes = typeof opcodes === "string"
    ? Array.from(opcodes, (letter) => letter.charCodeAt(0))
    : opcodes;
  for (const code of codes) ARGUMENTS.set(code, argument);
}

function counted(
  lengthBytes: 1 | 4 | 8,
  holds: "bytes" | "text" | "other",
): Argument {
  return { kind: "counted", lengthBytes, holds };
}

// MARK, POP, POP_MARK, DUP, NONE, BINPERSID, REDUCE, APPEND, BUILD, DICT, …
define("(012NQRabde}l]ostu)", { kind: "fixed", bytes: 0 });
// NEWOBJ, TUPLE1..3, NEWTRUE, NEWFALSE, EMPTY_SET, ADDITEMS, FROZENSET,
// NEWOBJ_EX, STACK_GLOBAL, MEMOIZE, NEXT_BUFFER, READONLY_BUFFER
define(
  [
    ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89],
    ...[0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98],
  ],
  { kind: "fixed", bytes: 0 },
);
define("Khq", { kind: "fixed", bytes: 1 }); // BININT1, BINGET, BINPUT
define([0x80, 0x82], { kind: "fixed", bytes: 1 }); // PROTO, EXT1
define("M", { kind: "fixed", bytes: 2 }); // BININT2
define([0x83], { kind: "fixed", bytes: 2 }); // EXT2
define("Jjr", { kind: "fixed", bytes: 4 }); // BININT, LONG_BINGET, LONG_BINPUT
define([0x84], { kind: "fixed", bytes: 4 }); // EXT4
define("G", { kind: "fixed", bytes: 8 }); // BINFLOAT
define([0x95], { kind: "fixed", bytes: 8 }); // FRAME: its content follows
define("FILPSVgp", { kind: "lines", lines: 1 });
define("ci", { kind: "lines", lines: 2 }); // GLOBAL, INST
define("UC", counted(1, "bytes")); // SHORT_BINSTRING, SHORT_BINBYTES
define("TB", counted(4, "bytes")); // BINSTRING, BINBYTES
define([0x8e, 0x96], counted(8, "bytes")); // BINBYTES8, BYTEARRAY8
define([0x8c], counted(1, "text")); // SHORT_BINUNICODE
define("X", counted(4, "text")); // BINUNICODE
define([0x8d], counted(8, "text")); // BINUNICODE8
define([0x8a], counted(1, "other")); // LONG1
define([0x8b], counted(4, "other")); // LONG4

const STOP = 0x2e;
const PROTO = 0x80;
const NEWLINE = 0x0a;

/**
 * The JPEG in a frame's payload: a bare JPEG, or the one in a pickle (bytes
 * or an ndarray; protocols 2 to 5). A view of `payload` but for protocol 2,
 * which needs a copy.
 *
 * @throws {ChainProtocolError} `bad-pickle` when it is a broken pickle,
 * `no-jpeg` when there is no JPEG or more than one.
 */
export function extractJpeg(payload: Uint8Array): Uint8Array {
  if (startsJpeg(payload)) return bareJpeg(payload);
  if (payload[0] !== PROTO) throw noJpeg("it is neither a JPEG nor a pickle");
  let found: Uint8Array | undefined;
  for (const blob of binaryStrings(payload)) {
    if (!startsJpeg(blob) || !endsJpeg(blob)) continue;
    if (found !== undefined) throw noJpeg("its pickle holds more than one");
    found = blob;
  }
  if (found === undefined) throw noJpeg("its pickle holds none");
  return found;
}

function startsJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

function endsJpeg(bytes: Uint8Array): boolean {
  return bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;
}

/** Without what follows the end marker: some encoders pad. */
function bareJpeg(payload: Uint8Array): Uint8Array {
  for (let end = payload.length; end > 4; end--) {
    end = payload.lastIndexOf(0xd9, end - 1) + 1;
    if (end === 0) break;
    if (payload[end - 2] === 0xff) return payload.subarray(0, end);
  }
  throw noJpeg("it begins like one and has no end marker");
}

function noJpeg(state: string): ChainProtocolError {
  return new ChainProtocolError(
    "no-jpeg",
    `Cannot find a JPEG in the frame's payload: ${state}`,
  );
}

function badPickle(state: string): ChainProtocolError {
  return new ChainProtocolError(
    "bad-pickle",
    `Cannot read the pickle: ${state}`,
  );
}

/** Walks a pickle's opcodes up to STOP and yields its strings of bytes. */
function* binaryStrings(pickle: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  for (let count = 0; count < MAX_OPCODES; count++) {
    const opcode = pickle[at++];
    if (opcode === undefined) throw badPickle("it ends before its STOP");
    if (opcode === STOP) return;
    const argument = ARGUMENTS.get(opcode);
    if (argument === undefined) {
      throw badPickle(
        `opcode 0x${opcode.toString(16).padStart(2, "0")} is not known`,
      );
    }
    switch (argument.kind) {
      case "fixed":
        at += argument.bytes;
        break;
      case "lines":
        at = afterLines(pickle, at, argument.lines);
        break;
      case "counted": {
        const start = at + argument.lengthBytes;
        at = start + countAt(pickle, at, argument.lengthBytes);
        if (at > pickle.length) break;
        const content = pickle.subarray(start, at);
        if (argument.holds === "bytes") yield content;
        if (argument.holds === "text" && startsJpegAsText(content)) {
          yield latin1FromUtf8(content);
        }
      }
    }
    if (at > pickle.length) throw badPickle("an argument goes beyond its end");
  }
  throw badPickle(`it has more than ${MAX_OPCODES} opcodes`);
}

function afterLines(pickle: Uint8Array, from: number, lines: number): number {
  let at = from;
  for (let line = 0; line < lines; line++) {
    const end = pickle.indexOf(NEWLINE, at);
    if (end < 0) throw badPickle("a line goes beyond its end");
    at = end + 1;
  }
  return at;
}

/** Lengths beyond 2^53 come out inexact, and far beyond the pickle's end. */
function countAt(pickle: Uint8Array, at: number, bytes: number): number {
  let count = 0;
  for (let index = bytes - 1; index >= 0; index--) {
    count = count * 256 + (pickle[at + index] ?? 0);
  }
  return count;
}

/** `ff d8 ff` as UTF-8 of the characters U+00FF U+00D8 U+00FF. */
function startsJpegAsText(text: Uint8Array): boolean {
  const start = [0xc3, 0xbf, 0xc3, 0x98, 0xc3, 0xbf];
  return start.every((byte, index) => text[index] === byte);
}

/**
 * Protocol 2 has no opcode for bytes, so Python 3 writes them as text and a
 * call of `_codecs.encode(text, "latin1")`: every byte a character.
 */
function latin1FromUtf8(text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const first = text[at]!;
    if (first < 0x80) {
      bytes[length++] = first;
      continue;
    }
    const second = text[++at] ?? 0;
    if ((first !== 0xc2 && first !== 0xc3) || (second & 0xc0) !== 0x80) {
      throw badPickle("its text is no Latin-1");
    }
    bytes[length++] = ((first & 0x03) << 6) | (second & 0x3f);
  }
  return bytes.subarray(0, length);
}

/** `SHORT_BINUNICODE` with an ASCII text. */
function text(value: string): number[] {
  return [0x8c, value.length, ...new TextEncoder().encode(value)];
}

/** STACK_GLOBAL: `module.name`. */
function global(module: string, name: string): number[] {
  return [...text(module), ...text(name), 0x93];
}

// numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b"), then the
// start of its state: version 1 and the shape's opcode.
const BEFORE_SHAPE = Uint8Array.from([
  ...[0x80, 0x04],
  ...global("numpy.core.multiarray", "_reconstruct"),
  ...global("numpy", "ndarray"),
  ...[0x4b, 0x00, 0x85, 0x43, 0x01, 0x62, 0x87, 0x52],
  ...[0x28, 0x4b, 0x01, 0x4a],
]);

// numpy.dtype("u1", False, True) with its state, then C order and BINBYTES.
const BETWEEN_SHAPE_AND_BYTES = Uint8Array.from([
  0x85,
  ...global("numpy", "dtype"),
  ...[...text("u1"), 0x89, 0x88, 0x87, 0x52],
  ...[0x28, 0x4b, 0x03, ...text("|"), 0x4e, 0x4e, 0x4e],
  ...[0x4a, 0xff, 0xff, 0xff, 0xff, 0x4a, 0xff, 0xff, 0xff, 0xff],
  ...[0x4b, 0x00, 0x74, 0x62, 0x89, 0x42],
]);

const AFTER_BYTES = Uint8Array.from([0x74, 0x62, 0x2e]);

/**
 * A pickle (protocol 4) of the numpy `uint8` array of shape `(N,)` that holds
 * `jpeg`, in a form that every numpy from 1.24 to 2.4 loads.
 */
export function pickleJpeg(jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter(jpeg.length + PICKLE_OVERHEAD_BYTES)
    .bytes(BEFORE_SHAPE)
    .uint32le(jpeg.length)
    .bytes(BETWEEN_SHAPE_AND_BYTES)
    .uint32le(jpeg.length)
    .bytes(jpeg)
    .bytes(AFTER_BYTES)
    .finish();
}
