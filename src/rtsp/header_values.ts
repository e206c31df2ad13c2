/**
 * Pieces that header values are made of (RFC 2326 section 15).
 *
 * @module
 */

/** Splits at `separator`, not within quotes; parts are trimmed, empty ones dropped. */
export function splitValue(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === "\\" && quoted) at++;
    else if (character === '"') quoted = !quoted;
    if (at >= text.length || (character === separator && !quoted)) {
      const part = text.slice(start, at).trim();
      if (part !== "") parts.push(part);
      start = at + 1;
    }
  }
  return parts;
}

/** `name=value` or `name`: the name in lower case, the value without its quotes. */
export function splitParameter(
  part: string,
): { name: string; value: string | undefined } {
  const equals = part.indexOf("=");
  if (equals < 0) return { name: part.trim().toLowerCase(), value: undefined };
  return {
    name: part.slice(0, equals).trim().toLowerCase(),
    value: unquote(part.slice(equals + 1).trim()),
  };
}

/** Takes quotes and the backslashes between them off. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) {
    return text;
  }
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** Puts quotes around, backslashes before quotes and backslashes. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Reads a decimal number from `min` to `max`; `undefined` for anything else. */
export function parseInteger(
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

/** Reads a decimal number with fraction and sign, as Scale and Speed have it. */
export function parseDecimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d{1,9}(?:\.\d{0,9})?$/.test(text.trim())) {
    return undefined;
  }
  return Number(text);
}
