/**
 * Keeps passwords and tokens out of logs, pages and error messages.
 *
 * @module
 */

/** What stands where a secret stood. */
export const REDACTED = "***";

/**
 * `scheme://user:password@`: up to the last `@` before the path, because passwords contain `@` unescaped.
 * The scheme's length is bounded, so that no text makes the search quadratic.
 */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s\/?#"'<>]*@/gi;

/** Query parameters that carry a secret by their name. */
const SECRET_PARAMETER =
  /([?&#;](?:access_?token|api_?key|auth|key|pass|passwd|password|pwd|secret|signature|token)=)[^&#;\s"'<>]*/gi;

/** `Authorization: Digest …` and friends, to the end of the line. */
const AUTHORIZATION = /\b((?:proxy-)?authorization\s*[:=]\s*)[^\r\n]*/gi;

/** Field names whose value is never shown. */
const SECRET_NAME =
  /^(?:.*[_-])?(?:authorization|cookie|credential|credentials|pass|passwd|password|private_?key|pwd|secret|token)$/i;

/**
 * `text` (a URL or a sentence with URLs in it) without credentials:
 * `rtsp://user:pw@camera/1` becomes `rtsp://***@camera/1`.
 */
export function redact(text: string): string {
  let clean = text;
  if (clean.includes("://")) {
    clean = clean.replace(USER_INFO, `$1${REDACTED}@`).replace(
      SECRET_PARAMETER,
      `$1${REDACTED}`,
    );
  }
  if (/authorization/i.test(clean)) {
    clean = clean.replace(AUTHORIZATION, `$1${REDACTED}`);
  }
  return clean;
}

/** Whether a field of this name holds a secret (`password`, `apiToken`, `proxy-authorization`, …). */
export function isSecretName(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  return SECRET_NAME.test(words);
}
