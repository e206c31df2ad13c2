/**
 * The description of a Motion JPEG stream (RFC 2435, RFC 2326 appendix C).
 *
 * @module
 */

import type { SdpAttribute, SdpDescription } from "./description.ts";
import { formatNptSeconds } from "./range.ts";

/** Control attribute of the one track. */
export const MJPEG_TRACK_CONTROL = "trackID=0";

/** What a Motion JPEG stream is like. */
export interface MjpegStreamInfo {
  /** Name for people. */
  readonly name: string;
  /** Number for the `o=` line, digits; changes when the stream does. */
  readonly sessionId: string;
  /** Our address, without brackets. */
  readonly address: string;
  /** Frames a second, when known. */
  readonly frameRate?: number;
  /** Pixels, when known. */
  readonly width?: number;
  /** Pixels, when known. */
  readonly height?: number;
  /** Seconds; absent for a live stream. */
  readonly duration?: number;
  /** Kilobits a second, when known. */
  readonly bandwidth?: number;
  /** MIKEY message in base64: offers `RTP/SAVP`. */
  readonly mikey?: string;
  /** Multicast group the stream can be had on, when it is offered. */
  readonly multicast?: { readonly address: string; readonly ttl: number };
}

/** Describes a Motion JPEG stream: one video track of payload type 26. */
export function describeMjpeg(info: MjpegStreamInfo): SdpDescription {
  const addressType = info.address.includes(":") ? "IP6" : "IP4";
  const track: SdpAttribute[] = [{ name: "rtpmap", value: "26 JPEG/90000" }];
  if (info.frameRate !== undefined) {
    track.push({
      name: "framerate",
      value: String(Math.round(info.frameRate * 1000) / 1000),
    });
  }
  if (info.width !== undefined && info.height !== undefined) {
    track.push({ name: "x-dimensions", value: `${info.width},${info.height}` });
  }
  if (info.mikey !== undefined) {
    track.push({ name: "key-mgmt", value: `mikey ${info.mikey}` });
  }
  track.push({ name: "control", value: MJPEG_TRACK_CONTROL });
  const range = info.duration === undefined
    ? "npt=now-"
    : `npt=0-${formatNptSeconds(info.duration)}`;
  const multicast = info.multicast;
  return {
    origin: {
      username: "-",
      sessionId: info.sessionId,
      sessionVersion: "1",
      networkType: "IN",
      addressType,
      address: info.address,
    },
    name: info.name,
    connection: {
      networkType: "IN",
      addressType,
      address: addressType === "IP6" ? "::" : "0.0.0.0",
    },
    bandwidths: [],
    times: [{ start: 0, stop: 0 }],
    attributes: [
      { name: "tool", value: "streamtool" },
      { name: "control", value: "*" },
      { name: "range", value: range },
    ],
    media: [{
      type: "video",
      port: 0,
      protocol: info.mikey === undefined ? "RTP/AVP" : "RTP/SAVP",
      formats: ["26"],
      connections: multicast === undefined ? [] : [{
        networkType: "IN",
        addressType: multicast.address.includes(":") ? "IP6" : "IP4",
        address: multicast.address,
        ...(multicast.address.includes(":") ? {} : { ttl: multicast.ttl }),
      }],
      bandwidths: info.bandwidth === undefined
        ? []
        : [{ type: "AS", value: Math.ceil(info.bandwidth) }],
      attributes: track,
    }],
  };
}
