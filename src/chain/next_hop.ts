/**
 * UPDATE_NEXT: the coordinator tells a peer, at its control port, where to
 * send what it receives.
 *
 * ```text
 * {"cmd": "UPDATE_NEXT", "next_name": "B", "next_port": 10002}
 * {"cmd": "UPDATE_NEXT", "next_name": "B", "next_port": 10002, "next_host": "10.0.0.8", "wire": "binary/1"}
 * ```
 *
 * The first is what existing peers know, the second what ours get.
 *
 * @module
 */

import { hostField, portField } from "./address_fields.ts";
import { BINARY_WIRE_NAME } from "./binary_header.ts";
import { ChainProtocolError } from "./chain_error.ts";
import { checkPeerName } from "./peer_name.ts";
import { pythonJson } from "./python_json.ts";
import type { ChainWire } from "./report.ts";
import { type JsonObject, orAbsent, quoted } from "./strict_json.ts";

/** What a peer answers to UPDATE_NEXT: two bytes, no JSON. */
export const CONTROL_OK: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "OK",
);

/** Where a peer is to send what it receives. */
export interface NextHop {
  /** The next peer's name. */
  readonly name: string;
  /** Its address; `undefined` means the sender's own machine, as existing peers assume. */
  readonly host: string | undefined;
  /** Its UDP port. */
  readonly port: number;
  /** What to speak to it. */
  readonly wire: ChainWire;
}

/**
 * UPDATE_NEXT for a peer's control port. An existing peer gets the three keys
 * it knows; one of ours (`extended`) the address and the wire as well.
 * No next hop (only one of ours can be told) has null for name and port.
 */
export function encodeUpdateNext(
  next: NextHop | undefined,
  extended: boolean,
): Uint8Array<ArrayBuffer> {
  const update = {
    cmd: "UPDATE_NEXT",
    next_name: next?.name ?? null,
    next_port: next?.port ?? null,
    next_host: extended ? next?.host : undefined,
    wire: extended && next?.wire === "binary" ? BINARY_WIRE_NAME : undefined,
  };
  return new TextEncoder().encode(pythonJson(update));
}

/**
 * Reads what came to a peer's control port: the next hop, or `undefined` when
 * there is none any more.
 *
 * @throws {ChainProtocolError} when it is no UPDATE_NEXT.
 */
export function parseUpdateNext(object: JsonObject): NextHop | undefined {
  if (object["cmd"] !== "UPDATE_NEXT") {
    throw new ChainProtocolError(
      "unknown-type",
      `Cannot follow the command: ${quoted(object["cmd"])} is not known`,
    );
  }
  if (object["next_name"] === null && object["next_port"] === null) {
    return undefined;
  }
  return {
    name: checkPeerName(object["next_name"]),
    port: portField(object, "next_port"),
    host: orAbsent(object, "next_host", hostField),
    wire: object["wire"] === BINARY_WIRE_NAME ? "binary" : "strandcast",
  };
}
