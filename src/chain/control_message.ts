/**
 * What peers ask the coordinator over TCP, one object a connection: `register`,
 * `list` and `lookup`, and the coordinator's answers.
 *
 * The keys and their order are StrandCast's; what we add to announce and use
 * our own wire comes after them, where existing peers ignore it:
 *
 * ```text
 * register  {"type": "register", "name": "A", "port": 10001, "ctrl_port": 20001,
 *            "wire": ["binary/1"], "page": "http://…", "buffer": 8388608, "session": true}
 * answer    {"name": "…", "port": …, "ctrl_port": …,
 *            "host": "10.0.0.6", "assigned": "A", "wire": ["binary/1"], "session": true}
 * ```
 *
 * Where a peer receives is where its connection comes from, never what it
 * says: a host in the message would let a stranger aim the video at anybody.
 *
 * When both sides say `session`, the connection stays after the answer and
 * speaks session messages (`session_message.ts`) in both directions.
 *
 * @module
 */

import { hostField, MAX_PORT, pageField, portField } from "./address_fields.ts";
import { BINARY_WIRE_NAME } from "./binary_header.ts";
import { nonceField } from "./control_seal.ts";
import { ChainProtocolError } from "./chain_error.ts";
import { checkPeerName } from "./peer_name.ts";
import { type JsonValue, pythonJson } from "./python_json.ts";
import {
  badField,
  integerField,
  type JsonObject,
  orAbsent,
  parseJsonObject,
  quoted,
  textField,
} from "./strict_json.ts";

/** A peer's control port is its UDP port plus this, unless it says otherwise. */
export const CONTROL_PORT_OFFSET = 10_000;

/** Wires a peer may announce; more is nonsense. */
const MAX_WIRES = 16;

/** Longest error text an answer carries. */
const MAX_ERROR_LENGTH = 1000;

/** A peer as `register`, `list` and `lookup` show it. */
export interface PeerEntry {
  /** Name in the chain. */
  readonly name: string;
  /** UDP port it receives at. */
  readonly port: number;
  /** TCP port it takes UPDATE_NEXT at. */
  readonly controlPort: number;
}

/** A peer joins the chain. */
export interface RegisterRequest extends PeerEntry {
  /** Tells it from the other requests. */
  readonly type: "register";
  /** As it wants to be called; empty when the coordinator is to choose. */
  readonly name: string;
  /** Whether it reads our binary wire. */
  readonly binary: boolean;
  /** Its own page. */
  readonly page: string | undefined;
  /** What a peer with a key begins its proof with (`control_seal.ts`). */
  readonly nonce?: string | undefined;
  /** How much its UDP socket holds, in the kernel's count, where it knows. */
  readonly bufferBytes: number | undefined;
  /** Whether the connection shall stay as a session. */
  readonly session: boolean;
}

/** What a connection to the coordinator may begin with. */
export type ControlRequest =
  | RegisterRequest
  | { readonly type: "list" }
  | { readonly type: "lookup"; readonly name: string };

/** What the coordinator tells a peer that has registered. */
export interface RegisterAnswer {
  /** The peer before it; `undefined` for the first. */
  readonly previous: PeerEntry | undefined;
  /** Where the previous peer sends from, when the coordinator said so. */
  readonly previousHost: string | undefined;
  /** The name the peer got; `undefined` from an existing coordinator. */
  readonly assigned: string | undefined;
  /** Whether the coordinator speaks our binary wire. */
  readonly binary: boolean;
  /** Whether the connection stays as a session. */
  readonly session: boolean;
  /** On a chain with a key: what the key of this run's datagrams is made with. */
  readonly epoch?: string | undefined;
}

/** UDP port plus 10000, the port a peer takes UPDATE_NEXT at by convention. */
export function defaultControlPort(port: number): number {
  return port + CONTROL_PORT_OFFSET;
}

function flagField(object: JsonObject, key: string): boolean {
  const value = object[key] ?? false;
  if (typeof value !== "boolean") throw badField(object, key, "true or false");
  return value;
}

/** Whether "wire", a list of names as in `register`, has ours. */
function announcesBinary(object: JsonObject): boolean {
  const wires = object["wire"] ?? [];
  if (
    !Array.isArray(wires) || wires.length > MAX_WIRES ||
    !wires.every((wire) => typeof wire === "string")
  ) {
    throw badField(object, "wire", `a list of at most ${MAX_WIRES} names`);
  }
  return wires.includes(BINARY_WIRE_NAME);
}

/**
 * Reads what a connection to the coordinator began with.
 *
 * @throws {ChainProtocolError} `unknown-type`, `bad-field`, or `bad-name`
 * naming the rule for names.
 */
export function parseControlRequest(object: JsonObject): ControlRequest {
  switch (object["type"]) {
    case "register":
      return parseRegister(object);
    case "list":
      return { type: "list" };
    case "lookup":
      // A name that no peer may have is simply not there.
      return { type: "lookup", name: textField(object, "name", 1024) };
    default:
      throw new ChainProtocolError(
        "unknown-type",
        `Cannot answer the message: its type ${
          quoted(object["type"])
        } is not known`,
      );
  }
}

function parseRegister(object: JsonObject): RegisterRequest {
  const wanted = object["name"] ?? "";
  const port = portField(object, "port");
  if (
    object["ctrl_port"] === undefined && defaultControlPort(port) > MAX_PORT
  ) {
    throw new ChainProtocolError(
      "bad-field",
      `Cannot register: port ${port} plus ${CONTROL_PORT_OFFSET} is beyond ${MAX_PORT}. Give a "ctrl_port"`,
    );
  }
  return {
    type: "register",
    name: wanted === "" ? "" : checkPeerName(wanted),
    port,
    controlPort: orAbsent(object, "ctrl_port", portField) ??
      defaultControlPort(port),
    binary: announcesBinary(object),
    page: orAbsent(object, "page", pageField),
    bufferBytes: orAbsent(object, "buffer", integerField),
    session: flagField(object, "session"),
    ...(object["nonce"] === undefined
      ? {}
      : { nonce: nonceField(object, "nonce") }),
  };
}

function encode(value: JsonValue): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pythonJson(value));
}

function entryJson(entry: PeerEntry): { readonly [key: string]: JsonValue } {
  return { name: entry.name, port: entry.port, ctrl_port: entry.controlPort };
}

/** The bytes that ask the coordinator for something. */
export function encodeControlRequest(
  request: ControlRequest,
): Uint8Array<ArrayBuffer> {
  if (request.type !== "register") return encode({ ...request });
  return encode({
    type: "register",
    ...entryJson(request),
    wire: request.binary ? [BINARY_WIRE_NAME] : undefined,
    page: request.page,
    buffer: request.bufferBytes,
    session: request.session ? true : undefined,
    nonce: request.nonce,
  });
}

/**
 * The answer to `register`. An existing peer gets exactly the previous
 * peer's entry or `{}`; one of ours (`extended`) also what the answer adds.
 */
export function encodeRegisterAnswer(
  answer: RegisterAnswer,
  extended: boolean,
): Uint8Array<ArrayBuffer> {
  const entry = answer.previous === undefined ? {} : entryJson(answer.previous);
  if (!extended) return encode(entry);
  return encode({
    ...entry,
    host: answer.previousHost,
    assigned: answer.assigned,
    wire: answer.binary ? [BINARY_WIRE_NAME] : undefined,
    session: answer.session ? true : undefined,
    epoch: answer.epoch,
  });
}

/** The answer to `list`. */
export function encodeListAnswer(
  entries: readonly PeerEntry[],
): Uint8Array<ArrayBuffer> {
  return encode(entries.map(entryJson));
}

/** The answer to `lookup`: the entry, or `{}` when there is none. */
export function encodeLookupAnswer(
  entry: PeerEntry | undefined,
): Uint8Array<ArrayBuffer> {
  return encode(entry === undefined ? {} : entryJson(entry));
}

/** The answer to a message that cannot be answered otherwise. */
export function encodeErrorAnswer(error: Error): Uint8Array<ArrayBuffer> {
  const known = error instanceof ChainProtocolError &&
    error.code === "unknown-type";
  const text = known ? "unknown type" : error.message;
  return encode({ error: text.slice(0, MAX_ERROR_LENGTH) });
}

function parseEntry(object: JsonObject): PeerEntry {
  return {
    name: checkPeerName(object["name"]),
    port: portField(object, "port"),
    controlPort: portField(object, "ctrl_port"),
  };
}

/**
 * Reads the coordinator's answer to `register`.
 *
 * @throws {ChainProtocolError} when it is none, or with the coordinator's own
 * words when it refused (code `bad-field`).
 */
export function parseRegisterAnswer(object: JsonObject): RegisterAnswer {
  if (object["error"] !== undefined) {
    throw new ChainProtocolError(
      "bad-field",
      `Cannot register: the coordinator says ${
        JSON.stringify(textField(object, "error", MAX_ERROR_LENGTH))
      }`,
    );
  }
  return {
    previous: "name" in object ? parseEntry(object) : undefined,
    previousHost: orAbsent(object, "host", hostField),
    assigned: orAbsent(object, "assigned", (o, key) => checkPeerName(o[key])),
    binary: announcesBinary(object),
    session: flagField(object, "session"),
    ...(object["epoch"] === undefined
      ? {}
      : { epoch: nonceField(object, "epoch") }),
  };
}

/**
 * Reads the answer to `list` (an array, which is no control message).
 *
 * @throws {ChainProtocolError} when it is none.
 */
export function parseListAnswer(bytes: Uint8Array): PeerEntry[] {
  const wrapped = parseJsonObject(
    `{"list": ${new TextDecoder().decode(bytes)}}`,
  );
  const list = wrapped["list"];
  if (!Array.isArray(list)) throw badField(wrapped, "list", "an array");
  return list.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) {
      throw badField(wrapped, "list", "an array of entries");
    }
    return parseEntry(entry as JsonObject);
  });
}
