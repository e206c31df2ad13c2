/**
 * Flags that several chain commands share.
 *
 * @module
 */

import type { FlagTable } from "./flags.ts";

/** Where the moving picture comes from, besides the SOURCE argument. */
export const SOURCE_FLAGS = {
  "camera": {
    kind: "integer",
    min: 0,
    max: 255,
    help: "Use camera N: the same as the source camera:N",
  },
  "pattern": {
    kind: "boolean",
    help:
      "Use a moving test picture: the same as the source pattern:640x480@24",
  },
} as const satisfies FlagTable;

/** What the coordinator does about hops that are bad. */
export const SENDING_FLAGS = {
  "fec": {
    kind: "number",
    min: 0,
    max: 100,
    default: 0,
    valueName: "PERCENT",
    help:
      "Send up to this much parity, so that lost fragments need no asking; the loss decides",
  },
  "fan-out": {
    kind: "integer",
    min: 1,
    max: 16,
    default: 1,
    help: "Feed this many chains; who registers goes to the shortest",
  },
  "adapt": {
    kind: "boolean",
    help: "Send coarser pictures, then fewer, while a hop cannot carry all",
  },
} as const satisfies FlagTable;

/** How frames go over a hop. */
export const WIRE_FLAGS = {
  "wire": {
    kind: "choice",
    choices: ["auto", "binary", "strandcast"],
    default: "auto",
    env: "STREAMTOOL_WIRE",
    help: "What hops speak; auto is binary where both ends know it",
  },
  "data-encoding": {
    kind: "choice",
    choices: ["hex", "base64"],
    default: "hex",
    group: "advanced",
    help: "Text form of the data on the strandcast wire; both are read",
  },
  "payload": {
    kind: "choice",
    choices: ["jpeg", "pickle"],
    default: "jpeg",
    group: "advanced",
    help: "Form of a frame on the strandcast wire; both are read",
  },
  "zlib-level": {
    kind: "integer",
    min: 0,
    max: 9,
    default: 6,
    group: "advanced",
    help: "Compression on the strandcast wire",
  },
  "max-datagram": {
    kind: "size",
    default: "60000",
    group: "advanced",
    help: "Largest datagram on the strandcast wire",
  },
  "fragment-size": {
    kind: "integer",
    min: 256,
    max: 65_000,
    words: ["auto"],
    default: "auto",
    group: "advanced",
    help: "Bytes of a frame in one datagram of the binary wire",
  },
  "key-file": {
    kind: "path",
    valueName: "FILE",
    env: "STREAMTOOL_KEY_FILE",
    help: "Secret of the chain, 16 bytes or more; who has another is refused",
  },
  "fast-path": {
    kind: "boolean",
    default: true,
    group: "advanced",
    help: "Send and receive UDP a datagram a call, as on systems but Linux",
  },
} as const satisfies FlagTable;
