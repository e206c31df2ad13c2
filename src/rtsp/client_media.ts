/**
 * What a player reads of a description, and writes of a wish.
 *
 * @module
 */

import {
  attributeValue,
  findJpegMedia,
  mediaCodecs,
  parseMediaRange,
  parseSdp,
  SdpProtocolError,
} from "../sdp/mod.ts";
import type { SdpDescription } from "../sdp/mod.ts";
import type { ClientAction, ClientTrack, PlayWish } from "./client_actions.ts";
import { parseDecimal } from "./header_values.ts";
import type { RtspResponse } from "./message.ts";
import {
  formatKeyManagement,
  parseKeyManagement,
  parseRtpInfo,
} from "./session_header.ts";
import { formatTransport, parseTransport } from "./transport.ts";
import type { Pair } from "./transport.ts";
import { descriptionBase, resolveControl } from "./url.ts";

/** What a server offers, as far as it can be played. */
export type Described =
  | {
    readonly track: ClientTrack;
    readonly description: SdpDescription;
    /** URL of the whole session. */
    readonly aggregate: string;
    /** Seconds; `undefined` for a live stream. */
    readonly duration: number | undefined;
  }
  | {
    readonly track: undefined;
    /** What there is in place of JPEG. */
    readonly codecs: readonly string[];
  };

/**
 * Reads the answer to DESCRIBE of `url`.
 *
 * @throws {SdpProtocolError} when it is no description.
 */
export function readDescribed(response: RtspResponse, url: string): Described {
  const description = parseSdp(new TextDecoder().decode(response.body));
  const found = findJpegMedia(description);
  if (found === undefined) {
    const codecs = description.media.flatMap(mediaCodecs)
      .map(({ encoding }) => encoding);
    return { track: undefined, codecs };
  }
  const base = descriptionBase(
    url,
    response.headers.get("content-base"),
    response.headers.get("content-location"),
  );
  const { index, media, codec } = found;
  const control = (attributes: SdpDescription["attributes"]) =>
    resolveControl(base, attributeValue(attributes, "control") ?? "*");
  return {
    description,
    aggregate: control(description.attributes),
    duration: durationOf(description),
    track: {
      index,
      url: control(media.attributes),
      payloadType: codec.payloadType,
      clockRate: codec.clockRate,
      protocol: media.protocol.toUpperCase().includes("SAVP")
        ? "RTP/SAVP"
        : "RTP/AVP",
    },
  };
}

/** Headers of a SETUP: over UDP to these ports, or in the connection without any. */
export function setupHeaders(
  track: ClientTrack,
  clientPorts: Pair | undefined,
  keyManagement: string | undefined,
): (readonly [string, string])[] {
  const transport = formatTransport({
    protocol: track.protocol,
    lower: clientPorts === undefined ? "tcp" : "udp",
    delivery: "unicast",
    ...(clientPorts === undefined ? { interleaved: [0, 1] } : { clientPorts }),
  });
  const key = keyManagement === undefined ? [] : [
    [
      "KeyMgmt",
      formatKeyManagement({ uri: track.url, data: keyManagement }),
    ] as const,
  ];
  return [["Transport", transport], ...key];
}

/** What came of a SETUP over UDP or TCP. */
export type Settled = Extract<ClientAction, { type: "transport" }> & {
  readonly transport: { readonly kind: "udp" | "tcp" };
};

/**
 * Reads the answer to SETUP.
 *
 * @throws {RtspProtocolError} when its Transport cannot be read.
 */
export function readSetUp({ headers }: RtspResponse): Settled {
  const [spec] = parseTransport(headers.get("transport") ?? "");
  const { lower, interleaved, serverPorts, source, ssrc } = spec!;
  const key = parseKeyManagement(headers.get("keymgmt") ?? "");
  return {
    type: "transport",
    transport: lower === "tcp"
      ? { kind: "tcp", channels: interleaved ?? [0, 1] }
      : { kind: "udp", serverPorts, source },
    ssrc,
    ...(key === undefined ? {} : { keyManagement: key.data }),
  };
}

/** Reads the answer to PLAY. */
export function readPlaying(
  { headers }: RtspResponse,
): Extract<ClientAction, { type: "playing" }> {
  const range = readNptRange(headers.get("range"));
  const [info] = parseRtpInfo(headers.get("rtp-info") ?? "");
  return {
    type: "playing",
    from: range?.from,
    to: range?.to,
    scale: parseDecimal(headers.get("scale")) ?? 1,
    sequence: info?.sequence,
    timestamp: info?.timestamp,
  };
}

/** Range and Scale of a PLAY. */
export function playHeaders(
  wish: PlayWish,
): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  if (wish.from !== undefined) {
    headers.push(["Range", `npt=${wish.from.toFixed(3)}-`]);
  }
  if (wish.scale !== undefined && wish.scale !== 1) {
    headers.push(["Scale", wish.scale.toFixed(3)]);
  }
  return headers;
}

/** What a server says about time, in seconds; what cannot be read is as good as not said. */
export function readNptRange(
  text: string | undefined,
): { from: number | undefined; to: number | undefined } | undefined {
  if (text === undefined) return undefined;
  try {
    const range = parseMediaRange(text.split(";")[0]!);
    if (range.unit !== "npt") return undefined;
    return {
      from: range.from === "now" ? undefined : range.from,
      to: range.to,
    };
  } catch (error) {
    if (error instanceof SdpProtocolError) return undefined;
    throw error;
  }
}

function durationOf(description: SdpDescription): number | undefined {
  const text = attributeValue(description.attributes, "range") ??
    description.media.map(({ attributes }) =>
      attributeValue(attributes, "range")
    ).find((value) => value !== undefined);
  return readNptRange(text)?.to;
}
