/**
 * A session description as data (RFC 8866).
 *
 * @module
 */

/** An `a=` line: a property (`recvonly`) or a name with a value. */
export interface SdpAttribute {
  readonly name: string;
  readonly value?: string;
}

/** The `o=` line: who made the session (RFC 8866 section 5.2). */
export interface SdpOrigin {
  readonly username: string;
  readonly sessionId: string;
  readonly sessionVersion: string;
  readonly networkType: string;
  readonly addressType: string;
  readonly address: string;
}

/** A `c=` line: where media goes (RFC 8866 section 5.7). */
export interface SdpConnection {
  readonly networkType: string;
  /** `IP4` or `IP6`. */
  readonly addressType: string;
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
  readonly start: number;
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
  readonly title?: string;
  readonly connections: readonly SdpConnection[];
  readonly bandwidths: readonly SdpBandwidth[];
  readonly attributes: readonly SdpAttribute[];
}

/** A whole description. */
export interface SdpDescription {
  readonly origin?: SdpOrigin;
  /** `s=`; empty when the server gave none. */
  readonly name: string;
  readonly information?: string;
  readonly connection?: SdpConnection;
  readonly bandwidths: readonly SdpBandwidth[];
  readonly times: readonly SdpTime[];
  readonly attributes: readonly SdpAttribute[];
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
