/**
 * The attributes of a media description that RTSP players need.
 *
 * @module
 */

import type { SdpDescription, SdpMedia } from "./description.ts";
import { attributeValue, attributeValues } from "./description.ts";

/** What an `a=rtpmap:` line says (RFC 8866 section 6.6). */
export interface SdpCodec {
  /** As the formats of the `m=` line name it. */
  readonly payloadType: number;
  /** Upper case: `JPEG`, `H264`, … */
  readonly encoding: string;
  /** Ticks a second. */
  readonly clockRate: number;
  /** Audio channels, when given. */
  readonly channels?: number;
}

/** Static payload types that come without rtpmap (RFC 3551 section 6). */
const STATIC_CODECS: ReadonlyMap<number, SdpCodec> = new Map([
  [0, "PCMU", 8000],
  [3, "GSM", 8000],
  [8, "PCMA", 8000],
  [9, "G722", 8000],
  [10, "L16", 44_100],
  [11, "L16", 44_100],
  [14, "MPA", 90_000],
  [26, "JPEG", 90_000],
  [31, "H261", 90_000],
  [32, "MPV", 90_000],
  [33, "MP2T", 90_000],
  [34, "H263", 90_000],
].map(([payloadType, encoding, clockRate]) => [
  payloadType as number,
  {
    payloadType: payloadType as number,
    encoding: encoding as string,
    clockRate: clockRate as number,
  },
]));

/** The codecs of a media's payload types, in its order of preference. */
export function mediaCodecs(media: SdpMedia): SdpCodec[] {
  const maps = attributeValues(media.attributes, "rtpmap").map(parseRtpmap);
  const codecs: SdpCodec[] = [];
  for (const format of media.formats) {
    const payloadType = Number(format);
    if (
      !Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127
    ) {
      continue;
    }
    const codec = maps.find((map) => map?.payloadType === payloadType) ??
      STATIC_CODECS.get(payloadType);
    if (codec !== undefined) codecs.push(codec);
  }
  return codecs;
}

function parseRtpmap(value: string): SdpCodec | undefined {
  const match = /^(\d{1,3})\s+([^/\s]+)\/(\d{1,9})(?:\/(\d{1,3}))?/.exec(value);
  if (match === null || Number(match[3]) === 0) return undefined;
  const codec = {
    payloadType: Number(match[1]),
    encoding: match[2]!.toUpperCase(),
    clockRate: Number(match[3]),
  };
  return match[4] === undefined
    ? codec
    : { ...codec, channels: Number(match[4]) };
}

/** Parameters of a payload type's `a=fmtp:` line; names in lower case. */
export function formatParameters(
  media: SdpMedia,
  payloadType: number,
): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const value of attributeValues(media.attributes, "fmtp")) {
    const match = /^(\d{1,3})\s+(.*)$/.exec(value);
    if (match === null || Number(match[1]) !== payloadType) continue;
    for (const part of match[2]!.split(";")) {
      const equals = part.indexOf("=");
      const name = (equals < 0 ? part : part.slice(0, equals)).trim();
      if (name === "") continue;
      parameters.set(
        name.toLowerCase(),
        equals < 0 ? "" : part.slice(equals + 1).trim(),
      );
    }
  }
  return parameters;
}

/** Frames a second of `a=framerate:` or `a=x-framerate:`. */
export function mediaFrameRate(media: SdpMedia): number | undefined {
  const value = attributeValue(media.attributes, "framerate") ??
    attributeValue(media.attributes, "x-framerate");
  const rate = value === undefined || value === "" ? NaN : Number(value);
  return Number.isFinite(rate) && rate > 0 ? rate : undefined;
}

/**
 * Picture size of `a=x-dimensions:w,h` (QuickTime), `a=framesize:pt w-h`
 * (3GPP) or `a=cliprect:0,0,h,w`.
 */
export function mediaDimensions(
  media: SdpMedia,
): { width: number; height: number } | undefined {
  const sources = [
    ["x-dimensions", /^(\d{1,5})\s*,\s*(\d{1,5})$/, 1, 2],
    ["framesize", /^\d{1,3}\s+(\d{1,5})\s*-\s*(\d{1,5})$/, 1, 2],
    ["cliprect", /^\d+\s*,\s*\d+\s*,\s*(\d{1,5})\s*,\s*(\d{1,5})$/, 2, 1],
  ] as const;
  for (const [name, pattern, widthGroup, heightGroup] of sources) {
    const match = pattern.exec(attributeValue(media.attributes, name) ?? "");
    if (match === null) continue;
    const width = Number(match[widthGroup]);
    const height = Number(match[heightGroup]);
    if (width > 0 && height > 0) return { width, height };
  }
  return undefined;
}

/** One `a=crypto:` line (RFC 4568). */
export interface SdpCrypto {
  /** Number within the media. */
  readonly tag: number;
  /** `AES_CM_128_HMAC_SHA1_80`, … */
  readonly suite: string;
  /** `inline:` parameters and all that follows, as they stand. */
  readonly parameters: string;
}

/** The `a=crypto:` lines of a media. */
export function mediaCryptos(media: SdpMedia): SdpCrypto[] {
  const cryptos: SdpCrypto[] = [];
  for (const value of attributeValues(media.attributes, "crypto")) {
    const match = /^(\d{1,9})\s+(\S+)\s+(\S.*)$/.exec(value);
    if (match === null) continue;
    cryptos.push({
      tag: Number(match[1]),
      suite: match[2]!,
      parameters: match[3]!,
    });
  }
  return cryptos;
}

/**
 * The MIKEY message of `a=key-mgmt:mikey …` (RFC 4567 section 3.1) in base64:
 * the media's own, else the session's.
 */
export function mediaMikey(
  description: SdpDescription,
  media: SdpMedia,
): string | undefined {
  for (const attributes of [media.attributes, description.attributes]) {
    for (const value of attributeValues(attributes, "key-mgmt")) {
      const match = /^mikey\s+([A-Za-z0-9+/=]+)$/i.exec(value);
      if (match !== null) return match[1]!;
    }
  }
  return undefined;
}

/** The media that carries JPEG, and its payload type; `undefined` when none does. */
export function findJpegMedia(
  description: SdpDescription,
): { index: number; media: SdpMedia; codec: SdpCodec } | undefined {
  for (const [index, media] of description.media.entries()) {
    if (media.type !== "video") continue;
    const codec = mediaCodecs(media).find(({ encoding }) =>
      encoding === "JPEG"
    );
    if (codec !== undefined) return { index, media, codec };
  }
  return undefined;
}
