/**
 * A session description as data (RFC 8866).
 *
 * @module
 */

/** An `a=` line: a property (`recvonly`) or a name with a value. */
export interface SdpAttribute {
  /** Before the colon. */
  readonly name: string;
  /** Behind the colon; absent when there is none. */
  readonly value?: string;
}

/** The `o=` line: who made the session (RFC 8866 section 5.2). */
export interface SdpOrigin {
  /** `-` for nobody. */
  readonly username: string;
  /** Digits, unique for its maker. */
  readonly sessionId: string;
  /** Digits, higher with each change. */
  readonly sessionVersion: string;
  /** `IN`. */
  readonly networkType: string;
  /** `IP4` or `IP6`. */
  readonly addressType: string;
  /** The machine's address or name. */
  readonly address: string;
}

/** A `c=` line: where media goes (RFC 8866 section 5.7). */
export interface SdpConnection {
  /** `IN`. */
  readonly networkType: string;
  /** `IP4` or `IP6`. */
  readonly addressType: string;
  /** Without TTL and count. */
  readonly address: string;
  /** Of an IPv4 multicast address. */
  readonly ttl?: number;
  /** Contiguous multicast addresses, 1 when absent. */
  readonly count?: number;
}

/** A `b=` line. */
export interface SdpBandwidth {
  /** `AS`, `CT`, `TIAS`, `RS`, `RR`. */
  readonly type: string;
  /** In the type's unit; kilobits a second for AS and CT. */
  readonly value: number;
}

/** A `t=` line; 0 and 0 is a permanent session. */
export interface SdpTime {
  /** NTP seconds. */
  readonly start: number;
  /** NTP seconds. */
  readonly stop: number;
}

/** An `m=` line with all that follows it. */
export interface SdpMedia {
  /** `video`, `audio`, `application`, … */
  readonly type: string;
  /** 0 under RTSP: SETUP negotiates it. */
  readonly port: number;
  /** Port pairs, 1 when absent. */
  readonly portCount?: number;
  /** `RTP/AVP`, `RTP/SAVP`, … */
  readonly protocol: string;
  /** Payload types, as text. */
  readonly formats: readonly string[];
  /** `i=`, for people. */
  readonly title?: string;
  /** `c=`; absent where the session's holds. */
  readonly connections: readonly SdpConnection[];
  /** `b=`. */
  readonly bandwidths: readonly SdpBandwidth[];
  /** `a=`. */
  readonly attributes: readonly SdpAttribute[];
}

/** A whole description. */
export interface SdpDescription {
  /** `o=`. */
  readonly origin?: SdpOrigin;
  /** `s=`; empty when the server gave none. */
  readonly name: string;
  /** `i=`, for people. */
  readonly information?: string;
  /** `c=`, of all media without their own. */
  readonly connection?: SdpConnection;
  /** `b=`. */
  readonly bandwidths: readonly SdpBandwidth[];
  /** `t=`. */
  readonly times: readonly SdpTime[];
  /** `a=` before the first `m=`. */
  readonly attributes: readonly SdpAttribute[];
  /** `m=`. */
  readonly media: readonly SdpMedia[];
}

/** Value of the first attribute `name`; `""` for a property, `undefined` when it is not there. */
export function attributeValue(
  attributes: readonly SdpAttribute[],
  name: string,
): string | undefined {
  const found = attributes.find((attribute) => attribute.name === name);
  return found === undefined ? undefined : found.value ?? "";
}

/** Values of all attributes `name`, in order. */
export function attributeValues(
  attributes: readonly SdpAttribute[],
  name: string,
): string[] {
  return attributes.filter((attribute) => attribute.name === name)
    .map((attribute) => attribute.value ?? "");
}
