/**
 * The Transport header (RFC 2326 section 12.39), with what players really
 * write: lists, a single client port, TCP without channels, quoted modes, and
 * `RTP/UDP; client_port= 25000` of the teaching dialect.
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import { parseInteger, splitParameter, splitValue } from "./header_values.ts";

/** Most alternatives read of one header; GStreamer sends three. */
const MAX_SPECS = 16;

/** Two numbers that belong together: RTP and RTCP port or channel. */
export type Pair = readonly [rtp: number, rtcp: number];

/** One alternative. */
export interface TransportSpec {
  /** `RTP/AVP`, `RTP/SAVP`; `RTP/UDP` is the teaching dialect's. Upper case. */
  readonly protocol: string;
  /** What carries the packets; TCP is this connection. */
  readonly lower: "udp" | "tcp";
  /** To one player or to a group. */
  readonly delivery: "unicast" | "multicast";
  /** Ports at the player. */
  readonly clientPorts?: Pair;
  /** Ports at the server. */
  readonly serverPorts?: Pair;
  /** Ports of a multicast group. */
  readonly ports?: Pair;
  /** Channels within the RTSP connection. */
  readonly interleaved?: Pair;
  /** Hops of multicast. */
  readonly ttl?: number;
  /** Address packets go to; of a group, as players may not choose another. */
  readonly destination?: string;
  /** Address packets come from. */
  readonly source?: string;
  /** The source of the packets. */
  readonly ssrc?: number;
  /** Absent means play. */
  readonly mode?: "play" | "record";
}

type Draft = { -readonly [Key in keyof TransportSpec]: TransportSpec[Key] };

/**
 * Reads the alternatives of a Transport header in their order; those that
 * cannot be read are left out.
 *
 * @throws {RtspProtocolError} with status 461 when none can.
 */
export function parseTransport(text: string): TransportSpec[] {
  const specs: TransportSpec[] = [];
  for (const part of splitValue(text, ",").slice(0, MAX_SPECS)) {
    const spec = parseSpec(part);
    if (spec !== undefined) specs.push(spec);
  }
  if (specs.length === 0) {
    throw new RtspProtocolError(
      "RTSP_BAD_TRANSPORT",
      `Cannot read Transport: "${text.slice(0, 80)}" names no usable transport`,
      461,
    );
  }
  return specs;
}

/** Writes one alternative. */
export function formatTransport(spec: TransportSpec): string {
  const parts = [
    spec.lower === "tcp" ? `${spec.protocol}/TCP` : spec.protocol,
    spec.delivery,
  ];
  const pair = (name: string, value: Pair | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value[0]}-${value[1]}`);
  };
  if (spec.destination !== undefined) {
    parts.push(`destination=${spec.destination}`);
  }
  if (spec.source !== undefined) parts.push(`source=${spec.source}`);
  pair("interleaved", spec.interleaved);
  pair("port", spec.ports);
  pair("client_port", spec.clientPorts);
  pair("server_port", spec.serverPorts);
  if (spec.ttl !== undefined) parts.push(`ttl=${spec.ttl}`);
  if (spec.ssrc !== undefined) parts.push(`ssrc=${formatSsrc(spec.ssrc)}`);
  if (spec.mode !== undefined) parts.push(`mode=${spec.mode}`);
  return parts.join(";");
}

/** Eight hexadecimal digits. */
export function formatSsrc(ssrc: number): string {
  return (ssrc >>> 0).toString(16).toUpperCase().padStart(8, "0");
}

function parseSpec(part: string): TransportSpec | undefined {
  const [first, ...rest] = splitValue(part, ";");
  const match = /^([A-Za-z][\w-]*)\/([\w-]+)(?:\/(TCP|UDP))?$/i.exec(
    first ?? "",
  );
  if (match === null) return undefined;
  const protocol = `${match[1]}/${match[2]}`.toUpperCase();
  const spec: Draft = {
    protocol,
    lower: match[3]?.toUpperCase() === "TCP" ? "tcp" : "udp",
    // Multicast is the RFC's default where neither is written, and nobody
    // means it: a player that gives its port wants the packets there.
    delivery: "unicast",
  };
  for (const parameter of rest) {
    const { name, value } = splitParameter(parameter);
    if (!readParameter(spec, name, value)) return undefined;
  }
  return spec;
}

/** `false` when the value makes the alternative unusable. */
function readParameter(
  spec: Draft,
  name: string,
  value: string | undefined,
): boolean {
  switch (name) {
    case "unicast":
    case "multicast":
      spec.delivery = name;
      return true;
    case "client_port":
      return assignPair(spec, "clientPorts", value, 1, 65535);
    case "server_port":
      return assignPair(spec, "serverPorts", value, 1, 65535);
    case "port":
      return assignPair(spec, "ports", value, 1, 65535);
    case "interleaved":
      return assignPair(spec, "interleaved", value, 0, 255);
    case "ttl": {
      const ttl = parseInteger(value, 0, 255);
      if (ttl !== undefined) spec.ttl = ttl;
      return ttl !== undefined;
    }
    case "destination":
      if (value !== undefined && value !== "") spec.destination = value;
      return true;
    case "source":
      if (value !== undefined && value !== "") spec.source = value;
      return true;
    case "ssrc":
      // One that cannot be read is no reason to refuse the transport.
      if (value !== undefined && /^[0-9a-f]{1,8}$/i.test(value)) {
        spec.ssrc = parseInt(value, 16);
      }
      return true;
    case "mode":
      spec.mode = /record|receive/i.test(value ?? "") ? "record" : "play";
      return true;
    default:
      return true;
  }
}

function assignPair(
  spec: Draft,
  key: "clientPorts" | "serverPorts" | "ports" | "interleaved",
  value: string | undefined,
  min: number,
  max: number,
): boolean {
  const [first, second, more] = (value ?? "").split("-").map((text) =>
    text.trim()
  );
  const rtp = parseInteger(first, min, max);
  const rtcp = second === undefined || second === ""
    ? (rtp ?? max) + 1
    : parseInteger(second, min, max);
  if (
    rtp === undefined || rtcp === undefined || rtcp > max || more !== undefined
  ) {
    return false;
  }
  spec[key] = [rtp, rtcp];
  return true;
}
