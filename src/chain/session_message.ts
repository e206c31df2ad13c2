/**
 * What coordinator and peer of ours say over a session: the connection that a
 * `register` with `"session": true` came over, after its answer. One JSON
 * object a line (NDJSON), both ways.
 *
 * @module
 */

import { hostField, portField } from "./address_fields.ts";
import { ChainProtocolError } from "./chain_error.ts";
import { checkPeerName } from "./peer_name.ts";
import { type JsonValue, pythonJson } from "./python_json.ts";
import { DROP_REASONS } from "./drop_reason.ts";
import type { HopReport, LatencySummary, PeerReport } from "./report.ts";
import {
  amountField,
  badField,
  integerField,
  type JsonObject,
  objectField,
  orAbsent,
  orNull,
  quoted,
  textField,
  wordField,
} from "./strict_json.ts";

const MAX_UINT32 = 0xffff_ffff;
const MAX_REASON_LENGTH = 1000;
const WIRES = ["binary", "strandcast"] as const;
const PATHS = ["linux", "portable"] as const;
const STATES = ["connecting", "waiting", "playing", "ended"] as const;

/** A line of a session. */
export type SessionMessage =
  /**
   * Coordinator: datagrams come from there now; null name: from the
   * coordinator. Port 0: from any port of that host (an existing peer may send
   * through another socket than it receives at).
   */
  | {
    readonly type: "upstream";
    readonly name: string | null;
    readonly host: string;
    readonly port: number;
  }
  /**
   * Coordinator: a stream begins, or runs already when the peer comes. Its
   * frames a second are more than 0.
   */
  | {
    readonly type: "started";
    readonly streamId: number;
    readonly fps: number;
  }
  /** Coordinator: a stream is over; the reliable copy of the end datagram. */
  | {
    readonly type: "end";
    readonly streamId: number;
    readonly frames: number;
  }
  /** Peer: its figures. */
  | { readonly type: "report"; readonly report: PeerReport }
  /** Peer: it goes, on purpose. */
  | { readonly type: "leave"; readonly reason: string };

/** A message as one line, newline included. */
export function encodeSessionMessage(
  message: SessionMessage,
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${pythonJson(lineOf(message))}\n`);
}

function lineOf(message: SessionMessage): JsonValue {
  switch (message.type) {
    case "started": {
      const { streamId, fps } = message;
      return { type: "started", stream_id: streamId, fps };
    }
    case "end": {
      const { streamId, frames } = message;
      return { type: "end", stream_id: streamId, frames };
    }
    case "report":
      return { type: "report", report: reportJson(message.report) };
    default:
      return { ...message };
  }
}

function reportJson(report: PeerReport): JsonValue {
  const { downstream, hopLatency, chainLatency, hop } = report;
  return {
    ...report,
    downstream: downstream === null ? null : { ...downstream },
    hopLatency: { ...hopLatency },
    chainLatency: { ...chainLatency },
    hop: hop === undefined ? undefined : { ...hop, drops: { ...hop.drops } },
  };
}

/**
 * Reads a session's line.
 *
 * @throws {ChainProtocolError} when it is none.
 */
export function parseSessionMessage(object: JsonObject): SessionMessage {
  switch (object["type"]) {
    case "leave":
      return {
        type: "leave",
        reason: textField(object, "reason", MAX_REASON_LENGTH),
      };
    case "upstream":
      return {
        type: "upstream",
        name: orNull(object, "name", nameField),
        host: hostField(object, "host"),
        port: integerField(object, "port", 0, 65_535),
      };
    case "started":
      return {
        type: "started",
        streamId: streamIdField(object, "stream_id"),
        fps: rateField(object, "fps"),
      };
    case "end":
      return {
        type: "end",
        streamId: streamIdField(object, "stream_id"),
        frames: integerField(object, "frames", 0, MAX_UINT32),
      };
    case "report":
      return {
        type: "report",
        report: parseReport(objectField(object, "report")),
      };
    default:
      throw new ChainProtocolError(
        "unknown-type",
        `Cannot follow the session: its message type ${
          quoted(object["type"])
        } is not known`,
      );
  }
}

function nameField(object: JsonObject, key: string): string {
  return checkPeerName(object[key]);
}

function streamIdField(object: JsonObject, key: string): number {
  return integerField(object, key, 0, MAX_UINT32);
}

function rateField(object: JsonObject, key: string): number {
  const rate = amountField(object, key);
  if (rate === 0) throw badField(object, key, "a number above 0");
  return rate;
}

/** Copies the fields it knows, each checked; what a newer peer adds is left out. */
function parseReport(object: JsonObject): PeerReport {
  const hop = orAbsent(object, "hop", hopField);
  const count = (key: string): number => integerField(object, key);
  return {
    name: nameField(object, "name"),
    state: wordField(object, "state", STATES),
    upstream: orNull(object, "upstream", nameField),
    downstream: orNull(object, "downstream", downstreamField),
    wire: orNull(object, "wire", (o, key) => wordField(o, key, WIRES)),
    streamId: streamIdField(object, "streamId"),
    frameNumber: integerField(object, "frameNumber", -1),
    framesReceived: count("framesReceived"),
    framesLost: count("framesLost"),
    duplicates: count("duplicates"),
    corrupt: count("corrupt"),
    invalidFrames: count("invalidFrames"),
    framesSaved: count("framesSaved"),
    framesNotSaved: count("framesNotSaved"),
    datagramsForwarded: count("datagramsForwarded"),
    datagramsReceived: count("datagramsReceived"),
    bytesReceived: count("bytesReceived"),
    fps: amountField(object, "fps"),
    kbps: amountField(object, "kbps"),
    width: count("width"),
    height: count("height"),
    hopLatency: latencyField(object, "hopLatency"),
    chainLatency: latencyField(object, "chainLatency"),
    framesInStream: orNull(object, "framesInStream", integerField),
    ...(hop === undefined ? {} : { hop }),
  };
}

function hopField(object: JsonObject, key: string): HopReport {
  const hop = objectField(object, key);
  const count = (name: string): number => integerField(hop, name);
  const drops = objectField(hop, "drops");
  const reasons = Object.keys(drops);
  if (!reasons.every((reason) => reason in DROP_REASONS)) {
    throw badField(hop, "drops", "counts of known reasons");
  }
  return {
    path: wordField(hop, "path", PATHS),
    packets: count("packets"),
    missed: count("missed"),
    repaired: count("repaired"),
    replaced: count("replaced"),
    reordered: count("reordered"),
    questions: count("questions"),
    jitterMs: amountField(hop, "jitterMs"),
    roundTripMs: orNull(hop, "roundTripMs", amountField),
    queue: count("queue"),
    asked: count("asked"),
    resent: count("resent"),
    withheld: count("withheld"),
    sendErrors: count("sendErrors"),
    drops: Object.fromEntries(
      reasons.map((reason) => [reason, integerField(drops, reason)]),
    ),
  };
}

function downstreamField(
  object: JsonObject,
  key: string,
): NonNullable<PeerReport["downstream"]> {
  const downstream = objectField(object, key);
  return {
    name: nameField(downstream, "name"),
    host: hostField(downstream, "host"),
    port: portField(downstream, "port"),
    wire: wordField(downstream, "wire", WIRES),
  };
}

function latencyField(object: JsonObject, key: string): LatencySummary {
  const latency = objectField(object, key);
  return {
    p50: amountField(latency, "p50"),
    p99: amountField(latency, "p99"),
    max: amountField(latency, "max"),
    count: integerField(latency, "count"),
  };
}
