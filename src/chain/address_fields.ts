/**
 * Ports, hosts and page addresses in control messages.
 *
 * @module
 */

import {
  badField,
  integerField,
  type JsonObject,
  textField,
} from "./strict_json.ts";

/** Largest UDP or TCP port. */
export const MAX_PORT = 65_535;

/** Longest host name in the DNS (RFC 1035 section 2.3.4), with room for a zone. */
const MAX_HOST_LENGTH = 300;
const HOST_PATTERN = /^[A-Za-z0-9._:%-]+$/;

/** Longest page address that every browser takes. */
const MAX_PAGE_LENGTH = 2048;

/** A port, never 0. @throws {ChainProtocolError} `bad-field` */
export function portField(object: JsonObject, key: string): number {
  return integerField(object, key, 1, MAX_PORT);
}

/** A host name or address. @throws {ChainProtocolError} `bad-field` */
export function hostField(object: JsonObject, key: string): string {
  const host = textField(object, key, MAX_HOST_LENGTH);
  if (!HOST_PATTERN.test(host)) {
    throw badField(object, key, "a host name or address");
  }
  return host;
}

/** An http(s) address. @throws {ChainProtocolError} `bad-field` */
export function pageField(object: JsonObject, key: string): string {
  const page = textField(object, key, MAX_PAGE_LENGTH);
  const protocol = URL.parse(page)?.protocol;
  if (protocol !== "http:" && protocol !== "https:") {
    throw badField(object, key, "an http or https address");
  }
  return page;
}
