/**
 * JSON as Python's `json.dumps` writes it: `", "` and `": "` between things,
 * keys in the order given, everything beyond printable ASCII escaped. Existing peers
 * take any JSON; byte for byte the same is what can be compared and tested.
 *
 * @module
 */

/** What JSON can say; `undefined` members of objects are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Writes `value` as Python would.
 *
 * @throws {RangeError} when a number is not finite.
 */
export function pythonJson(value: JsonValue): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      if (!Number.isFinite(value)) {
        throw new RangeError(`Cannot write ${value} as JSON: it is not finite`);
      }
      return JSON.stringify(value);
    case "boolean":
      return String(value);
  }
  if (value === null) return "null";
  if (isList(value)) return `[${value.map(pythonJson).join(", ")}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    members.push(`${quote(key)}: ${pythonJson(member)}`);
  }
  return `{${members.join(", ")}}`;
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
