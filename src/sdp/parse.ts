/**
 * Reading session descriptions (RFC 8866), as strict as what servers send
 * allows: `o=`, `s=` and `t=` may be missing, lines may end in CR LF, LF or
 * CR, lines of unknown type are skipped.
 *
 * @module
 */

import type {
  SdpAttribute,
  SdpBandwidth,
  SdpConnection,
  SdpDescription,
  SdpOrigin,
  SdpTime,
} from "./description.ts";
import { SdpProtocolError } from "./errors.ts";

/** Largest description; the body of an RTSP message is bounded the same. */
export const MAX_SDP_LENGTH = 128 * 1024;
/** Most lines; cameras with every ONVIF track send under 200. */
export const MAX_SDP_LINES = 4096;
/** Most media; gortsplib and GStreamer set no limit, twenty is the most seen. */
export const MAX_SDP_MEDIA = 64;

interface MediaDraft {
  type: string;
  port: number;
  portCount?: number;
  protocol: string;
  formats: string[];
  title?: string;
  connections: SdpConnection[];
  bandwidths: SdpBandwidth[];
  attributes: SdpAttribute[];
}

interface SessionDraft {
  origin?: SdpOrigin;
  name: string;
  information?: string;
  connection?: SdpConnection;
  bandwidths: SdpBandwidth[];
  times: SdpTime[];
  attributes: SdpAttribute[];
  media: MediaDraft[];
}

/**
 * Reads a description.
 *
 * @throws {SdpProtocolError} when it is too large, does not start with `v=0`,
 * has a line without `=` or an `m=` line without its four fields.
 */
export function parseSdp(text: string): SdpDescription {
  if (text.length > MAX_SDP_LENGTH) {
    throw new SdpProtocolError(
      "SDP_TOO_LARGE",
      `Cannot read session description: ${text.length} characters exceed ${MAX_SDP_LENGTH}`,
    );
  }
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)
    .map((line) => line.trim()).filter((line) => line !== "" && line !== "\0");
  if (lines.length > MAX_SDP_LINES) {
    throw new SdpProtocolError(
      "SDP_TOO_LARGE",
      `Cannot read session description: ${lines.length} lines exceed ${MAX_SDP_LINES}`,
    );
  }
  if (!/^v=\s*0$/.test(lines[0] ?? "")) {
    throw new SdpProtocolError(
      "SDP_BAD_VERSION",
      `Cannot read session description: it starts with "${
        (lines[0] ?? "").slice(0, 40)
      }", not with "v=0"`,
    );
  }
  const session: SessionDraft = {
    name: "",
    bandwidths: [],
    times: [],
    attributes: [],
    media: [],
  };
  for (const line of lines.slice(1)) {
    if (line[1] !== "=") {
      throw new SdpProtocolError(
        "SDP_BAD_LINE",
        `Cannot read session description: the line "${
          line.slice(0, 40)
        }" has no "=" behind its type`,
      );
    }
    parseLine(session, line[0]!, line.slice(2).trim());
  }
  return session satisfies SdpDescription;
}

function parseLine(session: SessionDraft, type: string, value: string): void {
  const media = session.media.at(-1);
  const target = media ?? session;
  switch (type) {
    case "m":
      session.media.push(parseMedia(session, value));
      return;
    case "a":
      target.attributes.push(parseAttribute(value));
      return;
    case "b": {
      const bandwidth = parseBandwidth(value);
      if (bandwidth !== undefined) target.bandwidths.push(bandwidth);
      return;
    }
    case "c": {
      const connection = parseConnection(value);
      if (connection === undefined) return;
      if (media === undefined) session.connection = connection;
      else media.connections.push(connection);
      return;
    }
    case "i":
      if (media === undefined) session.information = value;
      else media.title = value;
      return;
    case "o": {
      const origin = parseOrigin(value);
      if (media === undefined && origin !== undefined) session.origin = origin;
      return;
    }
    case "s":
      if (media === undefined) session.name = value;
      return;
    case "t": {
      const [start, stop] = value.split(/\s+/).map(Number);
      if (Number.isFinite(start) && media === undefined) {
        session.times.push({
          start: start!,
          stop: Number.isFinite(stop) ? stop! : 0,
        });
      }
      return;
    }
    default:
      // u, e, p, r, z, k and whatever else: nothing a player needs.
      return;
  }
}

function parseMedia(session: SessionDraft, value: string): MediaDraft {
  const match = /^(\S+)\s+(\d{1,5})(?:\/(\d{1,5}))?\s+(\S+)\s*(.*)$/.exec(
    value,
  );
  if (match === null || Number(match[2]) > 65535) {
    throw new SdpProtocolError(
      "SDP_BAD_MEDIA",
      `Cannot read session description: "m=${
        value.slice(0, 40)
      }" is no media line`,
    );
  }
  if (session.media.length >= MAX_SDP_MEDIA) {
    throw new SdpProtocolError(
      "SDP_TOO_LARGE",
      `Cannot read session description: more than ${MAX_SDP_MEDIA} media`,
    );
  }
  const [, type, port, portCount, protocol, formats] = match;
  const media: MediaDraft = {
    type: type!,
    port: Number(port),
    protocol: protocol!,
    formats: formats!.split(/\s+/).filter((format) => format !== ""),
    connections: [],
    bandwidths: [],
    attributes: [],
  };
  if (portCount !== undefined) media.portCount = Number(portCount);
  return media;
}

function parseAttribute(value: string): SdpAttribute {
  const colon = value.indexOf(":");
  return colon < 0 ? { name: value } : {
    name: value.slice(0, colon).trim(),
    value: value.slice(colon + 1).trim(),
  };
}

function parseBandwidth(value: string): SdpBandwidth | undefined {
  const match = /^([\w-]+):\s*(\d{1,12})/.exec(value);
  return match === null
    ? undefined
    : { type: match[1]!, value: Number(match[2]) };
}

function parseConnection(value: string): SdpConnection | undefined {
  const match = /^(\S+)\s+(\S+)\s+([^\s/]+)(?:\/(\d{1,5}))?(?:\/(\d{1,5}))?$/
    .exec(value);
  if (match === null) return undefined;
  const [, networkType, addressType, address, first, second] = match;
  const connection = {
    networkType: networkType!,
    addressType: addressType!,
    address: address!,
  };
  if (first === undefined) return connection;
  // IPv6 has no TTL: its first number is the count (RFC 8866 section 5.7).
  if (addressType === "IP6") return { ...connection, count: Number(first) };
  const withTtl = { ...connection, ttl: Number(first) };
  return second === undefined ? withTtl : { ...withTtl, count: Number(second) };
}

function parseOrigin(value: string): SdpOrigin | undefined {
  const fields = value.split(/\s+/);
  // A user name with spaces, as some cameras write it: the last five are sure.
  if (fields.length < 6) return undefined;
  const [sessionId, sessionVersion, networkType, addressType, address] = fields
    .slice(-5);
  return {
    username: fields.slice(0, -5).join(" "),
    sessionId: sessionId!,
    sessionVersion: sessionVersion!,
    networkType: networkType!,
    addressType: addressType!,
    address: address!,
  };
}
