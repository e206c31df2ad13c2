/**
 * Writing session descriptions (RFC 8866 section 5, lines in its order).
 *
 * @module
 */

import type {
  SdpAttribute,
  SdpBandwidth,
  SdpConnection,
  SdpDescription,
  SdpMedia,
} from "./description.ts";

/**
 * Writes a description with CR LF lines.
 *
 * @throws {RangeError} when a value holds a line break.
 */
export function formatSdp(description: SdpDescription): string {
  const lines = ["v=0"];
  const { origin, connection } = description;
  lines.push(
    origin === undefined
      ? "o=- 0 0 IN IP4 127.0.0.1"
      : `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} ${origin.networkType} ${origin.addressType} ${origin.address}`,
  );
  lines.push(`s=${description.name === "" ? " " : description.name}`);
  if (description.information !== undefined) {
    lines.push(`i=${description.information}`);
  }
  if (connection !== undefined) lines.push(formatConnection(connection));
  pushBandwidths(lines, description.bandwidths);
  const times = description.times.length === 0
    ? [{ start: 0, stop: 0 }]
    : description.times;
  for (const { start, stop } of times) lines.push(`t=${start} ${stop}`);
  pushAttributes(lines, description.attributes);
  for (const media of description.media) pushMedia(lines, media);
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) {
      throw new RangeError(
        `Cannot write session description: a line break within "${
          line.slice(0, 40)
        }"`,
      );
    }
  }
  return lines.join("\r\n") + "\r\n";
}

function pushMedia(lines: string[], media: SdpMedia): void {
  const count = media.portCount === undefined ? "" : `/${media.portCount}`;
  lines.push(
    `m=${media.type} ${media.port}${count} ${media.protocol} ${
      media.formats.join(" ")
    }`,
  );
  if (media.title !== undefined) lines.push(`i=${media.title}`);
  for (const connection of media.connections) {
    lines.push(formatConnection(connection));
  }
  pushBandwidths(lines, media.bandwidths);
  pushAttributes(lines, media.attributes);
}

function formatConnection(connection: SdpConnection): string {
  const ttl = connection.ttl === undefined ? "" : `/${connection.ttl}`;
  const count = connection.count === undefined ? "" : `/${connection.count}`;
  return `c=${connection.networkType} ${connection.addressType} ${connection.address}${ttl}${count}`;
}

function pushBandwidths(
  lines: string[],
  bandwidths: readonly SdpBandwidth[],
): void {
  for (const { type, value } of bandwidths) lines.push(`b=${type}:${value}`);
}

function pushAttributes(
  lines: string[],
  attributes: readonly SdpAttribute[],
): void {
  for (const { name, value } of attributes) {
    lines.push(value === undefined ? `a=${name}` : `a=${name}:${value}`);
  }
}
