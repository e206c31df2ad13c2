/**
 * Names of peers. They become parts of file names (`peer_<name>_frames`), log
 * lines and page elements, so a name that is safe in all of them is asked for
 * at the door.
 *
 * @module
 */

import { ChainProtocolError } from "./chain_error.ts";
import { quoted } from "./strict_json.ts";

/** Longest name: fits every file system with its prefix and suffix. */
export const MAX_PEER_NAME_LENGTH = 64;

/** The rule, in words for a person. */
export const PEER_NAME_RULE =
  `1 to ${MAX_PEER_NAME_LENGTH} letters (A-Z, a-z), digits, ".", "_" or "-", not starting with "." and not "__proto__"`;

const PATTERN = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * `name`, when it may be a peer's.
 *
 * @throws {ChainProtocolError} `bad-name`, naming the rule, when it may not.
 */
export function checkPeerName(name: unknown): string {
  if (
    typeof name !== "string" || name.length > MAX_PEER_NAME_LENGTH ||
    !PATTERN.test(name) || name === "__proto__"
  ) {
    throw new ChainProtocolError(
      "bad-name",
      `Cannot name a peer ${quoted(name)}: a name is ${PEER_NAME_RULE}`,
    );
  }
  return name;
}
