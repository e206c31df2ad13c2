/**
 * Makes text harmless for a log line or a terminal: whatever a peer on the
 * network chose to send, it stays on its line and moves no cursor.
 *
 * @module
 */

/**
 * Everything that could break a line, drive a terminal, or reverse the text's
 * direction: C0 and C1 controls, line and paragraph separators, the
 * bidirectional overrides ("Trojan Source", CVE-2021-42574) and lone surrogates.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** Escapes with a letter of their own, as in JavaScript source. */
const NAMED: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeOne(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * `text` with every control character written out (`\n`, `\x1b`, `\u202e`).
 * Letters, emoji and backslashes stay as they are.
 *
 * ```ts
 * import { escapeControls } from "./mod.ts";
 * import assert from "node:assert/strict";
 * assert.equal(escapeControls("name\n12:00 error forged"), "name\\n12:00 error forged");
 * ```
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** Like {@link escapeControls} for text that is JSON already: only `\uXXXX` is used, so that it stays JSON. */
export function escapeControlsInJson(json: string): string {
  return json.replace(
    UNSAFE,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
